"""A batch of what changed here: gathered into one change, committed, and only then agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from app.folder.agreed import DraftRow, Row
from app.folder.ground import Ground, Tally
from app.folder.intent import intend, is_done
from app.folder.match import Found
from app.folder.names import from_disk
from app.folder.port import Path, Stat
from app.folder.reading import Read, fresh, settled
from storage.changes import ChangeSet
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind, Meta

MAX_CHANGES = 1024
MAX_HELD = 16 << 20
_VERBS = ("added", "edited", "moved", "deleted")


def words_for(counts: Counter[str]) -> str:
    """Return what the history says of a change: "added 1,024 items, edited"."""
    return ", ".join(
        verb if counts[verb] == 1 else f"{verb} {counts[verb]:,} items"
        for verb in _VERBS
        if counts[verb]
    )


class _Added(NamedTuple):
    """A file that was added: its parent, name on disk and name; its stat and digest."""

    place: tuple[EntryId, str, str]
    stat: Stat
    digest: bytes


class Batch:
    """ChangeSet on their way into the space."""

    def __init__(self, ground: Ground, tally: Tally, folders: dict[Path, EntryId]) -> None:
        self.tree = ground.space.tree()
        self._ground = ground
        self._tally = tally
        self._folders = folders
        self._alive: dict[Path, EntryId] = {(): TOP}
        self._change: ChangeSet | None = None
        self._counts: Counter[str] = Counter()
        self._touched: set[EntryId] = set()
        self._agree: list[Callable[[], Iterable[Row]]] = []
        self._added: dict[EntryId, _Added] = {}
        self._edited: set[EntryId] = set()
        self._shown: dict[EntryId, tuple[Node, bytes]] = {}
        """What was added or edited as the space has it since the commit, with its token."""
        self._moved: dict[EntryId, Row] = {}
        self._held = 0
        self._intent: list[Row] = []
        """How edits will be agreed if a kill comes between the commit and that."""

    def begin(self, verb: str, entry: EntryId | None = None, count: int = 1) -> ChangeSet:
        """Return the change to put one more thing into; `count` entries are touched by it."""
        removal = verb == "deleted"
        mixed = bool(self._counts) and removal != (self._counts["deleted"] > 0)
        full = self._counts.total() + count > MAX_CHANGES or self._held > MAX_HELD
        if self._counts and (mixed or full or entry in self._touched):
            # A removal stands apart: what was moved out of a folder is out before it goes.
            self.flush()
        if self._change is None:
            self._change = self._ground.space.change()
        self._counts[verb] += count
        if entry is not None:
            self._touched.add(entry)
        return self._change

    def take_back(self, verb: str) -> None:
        """Count one thing less: it could not be put into the change."""
        self._counts[verb] -= 1

    def row(self, entry: EntryId) -> Row | None:
        """Return what is agreed of an entry, or is about to be."""
        return self._moved.get(entry) or self._ground.agreed.get(entry)

    def then(self, rows: Callable[[], Iterable[Row]]) -> None:
        """Agree on rows once the change is committed."""
        self._agree.append(rows)

    def then_forget(self, entries: list[EntryId]) -> None:
        """Agree on nothing any more about entries once the change is committed."""

        def agree() -> Iterable[Row]:
            self._ground.agreed.forget(entries)
            return ()

        self.then(agree)

    def flush(self) -> None:
        """Commit what was gathered, then agree on it."""
        counts, self._counts = self._counts, Counter()
        change, self._change = self._change, None
        agree, self._agree = self._agree, []
        touched, self._touched = self._touched, set()
        self._held = 0
        intent, self._intent = self._intent, []
        if change is not None and counts.total():
            if intent:
                intend(self._ground.agreed, intent)
            self._ground.space.commit(change, words_for(counts))
            self.tree = self._ground.space.tree()
            self._tally.added += counts["added"]
            self._tally.edited += counts["edited"]
            self._tally.moved += counts["moved"]
            self._tally.removed += counts["deleted"]
            self._tally.entries |= touched
        added, self._added = self._added, {}
        edited, self._edited = self._edited, set()
        wanted = added.keys() | edited
        shown = self._shown = self._ground.space.nodes_and_bases(wanted) if wanted else {}
        with self._ground.agreed.together():
            self._ground.agreed.put(
                file_row(shown[entry][0], read.place, read.stat, read.digest, shown[entry][1])
                for entry, read in added.items()
            )
            for rows in agree:
                self._ground.agreed.put(rows())
            if intent:
                is_done(self._ground.agreed)
        self._moved.clear()

    def draft(self, path: Path, entry: EntryId | None) -> None:
        """Remember that a path is changed here, and stays so."""
        self._tally.drafted.add(path)
        self._ground.agreed.put_draft(DraftRow(path, entry, self._ground.clock.now()))

    # -- folders ---------------------------------------------------------------------------
    def parent_of(self, path: Path) -> EntryId | None:
        """Return the entry that the folder around a path is known to be."""
        return self._folders.get(path[:-1])

    def is_folder(self, path: Path, entry: EntryId) -> None:
        """Note which entry a folder on the disk is."""
        self._folders[path] = entry

    def living(self, path: Path, stat: Stat | None = None) -> EntryId:
        """Return the entry of a folder on disk; one that is new or was deleted is made."""
        known = self._alive.get(path)
        if known is not None:
            return known
        entry = self._folders.get(path)
        if entry is None or (entry != TOP and self.tree.get(entry) is None):
            entry = self._make_folder(path, entry, stat)
        self._alive[path] = self._folders[path] = entry
        return entry

    def _make_folder(self, path: Path, old: EntryId | None, stat: Stat | None) -> EntryId:
        parent = self.living(path[:-1])
        if stat is None:
            with self._ground.folder.enter(path[:-1]) as place:
                stat = place.stat(path[-1])
        name = from_disk(path[-1], self._ground.ways)
        entry = self.begin("added").add_folder(parent, name, mtime_ns=stat.mtime_ns)
        self._touched.add(entry)
        row = folder_row(entry, parent, name, Found(path, stat))

        def agree() -> Iterable[Row]:
            if old is not None:
                self._ground.agreed.rekey(old, entry)
            return [row]

        self.then(agree)
        return entry

    # -- files -----------------------------------------------------------------------------
    def meta(self, stat: Stat, node: Node | None = None) -> Meta:
        """Return what is told of a file beside its bytes."""
        if node is not None and not self._ground.ways.keeps_modes:
            return Meta(stat.mtime_ns, node.executable)
        return Meta(stat.mtime_ns, stat.executable)

    def added(self, entry: EntryId, parent: EntryId, disk: str, read: Read) -> None:
        """Agree on a file that was added: nobody else can have touched it."""
        name = from_disk(disk, self._ground.ways)
        stat, digest = settled(read.stat, self._ground.clock.now()), read.digest
        self._touched.add(entry)
        self._added[entry] = _Added((parent, disk, name), stat, digest)

    def edited(
        self, row: Row, read: Read, *, held: bytes | None = None, token: bytes = b""
    ) -> None:
        """Agree on a file that was edited.

        `held`: what is there now is more than is here, and this is the token of what is here.
        `token` is that of what is here in any case, where it is a version of a text.
        """
        self._held += len(read.data)
        stat = settled(read.stat, self._ground.clock.now())
        self._intent.append(holding(row, stat, read.digest, token))
        self._edited.add(row.entry)

        def agree() -> Iterable[Row]:
            node, base = self._shown.get(row.entry, (None, b""))
            if node is None or held is not None:
                return [holding(row, stat, read.digest, held or b"")]
            new = row.with_stat(stat)
            return [new._replace(version=node.version, digest=read.digest, base=base)]

        self.then(agree)

    def holding(self, row: Row, stat: Stat, digest: bytes) -> None:
        """Agree that the bytes here are kept elsewhere; what is there is to be written."""
        self.to_bring(row.entry)
        self.then(lambda: [holding(row, stat, digest)])

    def to_bring(self, entry: EntryId) -> None:
        """Note that an entry is to be written to the folder."""
        self._tally.entries.add(entry)

    def moved(self, row: Row, parent: EntryId, found: Found, name: str) -> None:
        """Agree on where something lies now."""
        row = row._replace(parent=parent, disk=found.path[-1], name=name)
        same = row.inode == found.stat.inode and row.mtime_ns == found.stat.mtime_ns
        if row.kind == EntryKind.FOLDER or (same and row.size == found.stat.size):
            stat = found.stat
            if row.ctime_ns == -1 or fresh(stat, self._ground.clock.now()):
                stat = stat._replace(ctime_ns=-1)
            row = row.with_stat(stat)
        self._moved[row.entry] = row
        self.then(lambda: [row])


def folder_row(entry: EntryId, parent: EntryId, name: str, found: Found) -> Row:
    """Return what to agree on about a folder."""
    stat = found.stat
    row = Row(
        entry, parent, found.path[-1], name, EntryKind.FOLDER, 0, 0, 0, 0, 0, 0, b"", b"", b""
    )
    return row.with_stat(stat)


def file_row(
    node: Node, place: tuple[EntryId, str, str], stat: Stat, digest: bytes, base: bytes
) -> Row:
    """Return what to agree on about a file or link that holds what is there.

    `place` is its parent, its name on disk, and the name it stands for.
    """
    row = Row(node.id, *place, node.kind, 0, 0, 0, 0, 0, 0, node.version, digest, base)
    return row.with_stat(stat)


def holding(row: Row, stat: Stat, digest: bytes, base: bytes = b"") -> Row:
    """Return what to agree on about a file whose bytes here are kept elsewhere.

    Its version is none, so what is there is written over it. `base` is the token of these
    bytes where they are a version of the text: a save that comes first is made from that.
    """
    return row.with_stat(stat)._replace(version=b"", digest=digest, base=base)
