"""A change under way: what a person did, collected into operations for one commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from storage.contents import Contents, text_in
from storage.crypto.link import Link
from storage.errors import BadName, BlockNotFound, DecodeError, NameTaken, NotFound
from storage.facts.change import ENTRY_SIZE, TOP, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen
from storage.facts.names import check_name
from storage.facts.node import Node, Tree, below
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.values import (
    MAX_INLINE_EDIT,
    MAX_PATH_DEPTH,
    Content,
    Edit,
    EntryKind,
    Fact,
    Keep,
    Kind,
    Meta,
    Place,
    Scalar,
    Value,
)
from storage.facts.view import kept_path, sides, version_of, winner
from storage.ports import Clock, Entropy

_RANDOM_SIZE = 10
_ATTRIBUTES = ("kind", "place", "content", "edits", "meta", "keep")
_NOTHING = Seen()


class Reading(Protocol):
    """What a change needs to know of how things stand."""

    def tree(self) -> Tree:
        """Return the view of now."""
        ...

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        ...


class ChangeSet:
    """Collects operations. Nothing happens until the vault commits it."""

    def __init__(
        self,
        reading: Reading,
        contents: Contents,
        clock: Clock,
        entropy: Entropy,
        seen: Seen = _NOTHING,
    ) -> None:
        self.seen = seen
        """What had been seen when it began: what it replaces, it replaces knowing that."""
        self._reading = reading
        self._contents = contents
        self._clock = clock
        self._entropy = entropy
        self._operations: dict[tuple[EntryId, str | None], Operation] = {}
        self.documents: dict[EntryId, TextDocument] = {}
        """The texts as they are once this is committed."""
        self._fresh: dict[EntryId, tuple[EntryId, str]] = {}
        """Folders and files made in this change: where they are."""
        self._paths: dict[EntryId, tuple[str, ...]] = {TOP: ()}
        self._freed: dict[EntryId, EntryFacts] = {}
        """Side versions that become files of their own, or are settled: what they were."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return what was collected, in order."""
        return tuple(self._operations.values())

    def links(self) -> Iterator[bytes]:
        """Walk the addresses of the topmost blocks that it names."""
        for operation in self._operations.values():
            match operation:
                case Put(_, _, Content(link=link, document=document)):
                    yield from (found.digest for found in (link, document) if found is not None)
                case Put(_, _, Edit(update=Link() as link)):
                    yield link.digest
                case _:
                    pass

    def __len__(self) -> int:
        return len(self._operations)

    def add_folder(self, parent: EntryId, name: str, *, mtime_ns: int = 0) -> EntryId:
        """Make a folder and return its id.

        Raises:
            BadName: a name that no folder may hold.
        """
        return self._add(parent, name, EntryKind.FOLDER, None, Meta(mtime_ns, executable=False))

    def add_file(self, parent: EntryId, name: str, content: Content, meta: Meta) -> EntryId:
        """Make a file of content that is stored already, and return its id."""
        return self._add(parent, name, EntryKind.FILE, content, meta)

    def add_link(self, parent: EntryId, name: str, target: str, meta: Meta) -> EntryId:
        """Make a symbolic link, kept as text and never followed."""
        content = self._contents.store_bytes(target.encode())
        return self._add(parent, name, EntryKind.LINK, content, meta)

    def write(self, entry: EntryId, data: bytes, meta: Meta, base: bytes = b"") -> bytes:
        """Let an entry hold data (at most 2 MiB), which was made from the version `base`.

        Text becomes an edit, so that what came since stays; other bytes become a new content.
        Returns the token of the version that is exactly data, to make the next change from;
        empty when there is none, or it does not outlast this change.

        Raises:
            NotFound: no such entry.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        before = facts["content"][main] if main is not None else None
        text = text_in(data)
        if text is None or main is None or not isinstance(before, Content) or not before.is_text:
            self.replace(entry, self._contents.store_bytes(data), meta)
            return b""
        document = self._contents.document(facts)
        base = self._contents.version_named(document, base) or document.version()
        held = document.edit_from(base, text, self._peer())
        lasts = True
        if held is not None:
            self._free_sides(entry)
            lasts = self._put_version(entry, facts, main, document)
        self.set_meta(entry, meta)
        return (held or base) if lasts else b""

    def builds_on(self, entry: EntryId, base: bytes) -> bool:
        """Say whether a token names a version of an entry's text, so that `write` unites both.

        Else the text was replaced meanwhile as a whole: `write` would replace it once more.
        """
        facts = self._facts(entry)
        return bool(self._contents.version_named(self._contents.document(facts), base))

    def edit(self, entry: EntryId, update: bytes, meta: Meta) -> None:
        """Add an edit made in an open document; `update` is what TextDocument.since gives.

        Raises:
            NotFound: no such entry.
            DecodeError: not an update, or the entry is no text.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        if main is None:
            raise DecodeError("an edit of what is no text")
        document = self._contents.document(facts)
        if not document.knows(update):
            document.take(update)
            self._free_sides(entry)
            self._put_version(entry, facts, main, document)
        self.set_meta(entry, meta)

    def replace(self, entry: EntryId, content: Content, meta: Meta) -> None:
        """Let an entry hold a whole new content."""
        entry = self._own(entry)
        facts = self._facts(entry)
        self._free_sides(entry)
        self._drop_edits(entry, facts)
        self._put(entry, "content", content)
        self.set_meta(entry, meta)

    def set_meta(self, entry: EntryId, meta: Meta) -> None:
        """Say when it was changed and whether it can be run."""
        entry = self._own(entry)
        self._put(entry, "meta", meta)
        self._keep(entry)

    def move(self, entry: EntryId, parent: EntryId, name: str) -> None:
        """Give an entry another place: rename and move are one fact.

        Raises:
            BadName: a name that no folder may hold.
            NameTaken: a folder cannot lie in itself.
        """
        _check(name)
        revived = self._is_revived(entry)
        entry = self._own(entry)
        above: EntryId | None = parent
        while above is not None and above != TOP:
            if above == entry:
                raise NameTaken("a folder cannot lie in itself")
            above = self._parent(above)
        self._revive(parent)
        self._fresh[entry] = (parent, name)
        self._paths.clear()
        self._paths[TOP] = ()
        self._put(entry, "place", Place(parent, name))
        self._keep(entry)
        if revived:
            self._bring_along(entry)

    def remove(self, entry: EntryId) -> None:
        """Put an entry in the bin, a folder with all below it."""
        tree = self._reading.tree()
        node = tree.get(entry)
        if node is None:
            raise NotFound("nothing of that name is here")
        if node.side_of is not None:
            self._remove_side(node)
            return
        if node.kind != EntryKind.FOLDER:
            self._free_sides(entry)
        for found in [node, *below(tree, node)]:
            if found.side_of is None:
                self._forget(found.id)
                if found.kind != EntryKind.FOLDER or self._reading.facts(found.id):
                    self._operations[(found.id, None)] = Drop(found.id)

    def put_fact(self, entry: EntryId, name: str, value: Scalar) -> None:
        """Put a `fact:<name>`."""
        self._put(entry, f"fact:{name}", Fact(value))

    def bring_back(self, entry: EntryId, facts: EntryFacts, path: tuple[str, ...] = ()) -> None:
        """Let an entry be as these facts say: the place, content, meta of some moment.

        If its folder is gone, it comes back at `path`, where it lay last; without one, at the
        path of its last edit.

        Raises:
            BlockNotFound: not all of that version is on this device.
        """
        self._forget(entry)
        self._free_sides(entry)
        for attribute in ("kind", "place", "meta"):
            found = _largest(facts, attribute)
            if found is not None:
                self._put(entry, attribute, found[1])
        main = sides(facts)[0]
        if main is not None:
            self._drop_edits(entry, self._reading.facts(entry))
            self._put(entry, "content", self._contents.flatten(facts))
        place = winner(facts.get("place", {}))
        if place is not None and self._is_there(EntryId(place[1].parent)):
            self._fresh[entry] = (EntryId(place[1].parent), place[1].name)
            self._keep(entry)
        elif path := path or kept_path(facts) or ((place[1].name,) if place else ()):
            self._paths[entry] = path  # its folder is gone: the view brings that back, by name
            self._put(entry, "keep", Keep(path))

    def _add(
        self, parent: EntryId, name: str, kind: EntryKind, content: Content | None, meta: Meta
    ) -> EntryId:
        _check(name)
        self._revive(parent)
        entry = self._new_id()
        self._fresh[entry] = (parent, name)
        put = self._operations  # nothing was said of a new entry that this could replace
        put[entry, "kind"] = Put(entry, "kind", Kind(kind))
        put[entry, "place"] = Put(entry, "place", Place(parent, name))
        if content is not None:
            put[entry, "content"] = Put(entry, "content", content)
        put[entry, "meta"] = Put(entry, "meta", meta)
        self._keep(entry)
        return entry

    def _put_version(
        self, entry: EntryId, facts: EntryFacts, dot: Dot, document: TextDocument
    ) -> bool:
        """Put a version's content, and as one edit all that its document has beyond that.

        So what this device had seen stands on its own: a deletion elsewhere, which takes what
        it saw, does not take half of a text. Says whether its versions are kept with it.
        """
        content = facts["content"][dot]
        assert isinstance(content, Content)
        plain = self._contents.plain_version(content, document)
        update = document.since(plain) if document.version() != plain else b""
        if len(update) > MAX_INLINE_EDIT:
            content, update = self._contents.compact(content, document), b""
        whole = self._contents.reads_back(content, update, document.text)
        if whole:
            self.documents[entry] = document
        else:
            content, update = self._contents.store_bytes(document.text.encode()), b""
        if update:
            self._put(entry, "edits", Edit(dot, update))
        else:
            self._drop_edits(entry, self._reading.facts(entry))
        self._put(entry, "content", content)
        return whole

    def _drop_edits(self, entry: EntryId, facts: EntryFacts) -> None:
        self._operations.pop((entry, "edits"), None)
        if facts.get("edits") and entry not in self._freed:
            self._operations[(entry, "edits")] = Drop(entry, "edits")

    # ------------------------------------------------------------ versions side by side

    def _own(self, entry: EntryId) -> EntryId:
        """Let what only the view shows become an entry before it is changed; its id stays.

        That is a side version, or a folder that was brought back for what survived in it.
        """
        if entry in self._fresh:
            return entry
        node = self._reading.tree().get(entry)
        if node is None:
            return entry
        if node.side_of is not None:
            self._free(node)
            self._settle(node.side_of[0])
        elif node.kind == EntryKind.FOLDER:
            self._revive(entry)
        return entry

    def _remove_side(self, side: Node) -> None:
        """Take away a version beside a file; if it was about to be a file, it is not any more."""
        assert side.side_of is not None
        original, dot = side.side_of
        self._forget(side.id)
        self._fresh.pop(side.id, None)
        self._freed[side.id] = _version_facts(self._reading.facts(original), dot)
        if (original, None) not in self._operations:
            self._settle(original)

    def _settle(self, original: EntryId) -> None:
        """Say of a file that its present version is the one; the others are files of their own."""
        if (original, "content") in self._operations:
            return
        self._free_sides(original)
        self._put_as_is(original, self._reading.facts(original), None)

    def _free_sides(self, entry: EntryId) -> None:
        """Let the versions beside a file become files: what is put in its place takes them away."""
        if entry in self._freed or not sides(self._reading.facts(entry))[1]:
            return
        tree = self._reading.tree()
        node = tree.get(entry)
        for side in tree.children(node.parent) if node is not None else ():
            if side.side_of is not None and side.side_of[0] == entry:
                self._free(side)

    def _free(self, side: Node) -> None:
        """Let a version beside a file become a file of its own."""
        if side.id in self._freed:
            return
        assert side.side_of is not None
        original, dot = side.side_of
        facts = self._reading.facts(original)
        self._freed[side.id] = _version_facts(facts, dot)
        self._fresh[side.id] = (side.parent, side.name)
        self._put(side.id, "kind", Kind(EntryKind.FILE))
        self._put(side.id, "place", Place(side.parent, side.name))
        self._put_as_is(side.id, facts, dot)
        self._put(side.id, "meta", Meta(side.mtime_ns, side.executable))
        self._keep(side.id)

    def _put_as_is(self, entry: EntryId, facts: EntryFacts, dot: Dot | None) -> None:
        """Put a version of some facts, the main one or that of `dot`, with its edits."""
        main = sides(facts)[0] if dot is None else dot
        if main is None:
            return
        contents, edits = version_of(facts, main)
        content = facts["content"][main]
        if isinstance(content, Content) and content.is_text and (edits or len(contents) > 1):
            try:
                self._put_version(entry, facts, main, self._contents.document(facts, main))
            except BlockNotFound:
                pass  # its bytes are elsewhere still; what can be said is which they are
            else:
                return
        elif facts.get("edits"):
            self._drop_edits(entry, facts)
        self._put(entry, "content", content)

    # ------------------------------------------------------------ folders brought back

    def _is_revived(self, entry: EntryId) -> bool:
        node = self._reading.tree().get(entry)
        if node is None or node.kind != EntryKind.FOLDER or entry in self._fresh:
            return False
        return not self._reading.facts(entry)

    def _is_there(self, folder: EntryId) -> bool:
        if folder == TOP or folder in self._fresh:
            return True
        return self._reading.tree().get(folder) is not None

    def _bring_along(self, folder: EntryId) -> None:
        """Put what the view shows in a folder brought back really into it, for it moves."""
        for child in self._reading.tree().children(folder):
            if child.side_of is None and child.id not in self._fresh:
                revived = self._is_revived(child.id)
                if revived:
                    self._revive(child.id)
                self._fresh[child.id] = (folder, child.name)
                self._put(child.id, "place", Place(folder, child.name))
                self._keep(child.id)
                if revived:
                    self._bring_along(child.id)

    def _revive(self, folder: EntryId) -> None:
        """A folder that only the view brought back becomes one again when it is touched."""
        missing: list[Node] = []
        tree = self._reading.tree()
        while folder != TOP and folder not in self._fresh and not self._reading.facts(folder):
            node = tree.get(folder)
            if node is None:
                raise NotFound("the folder is not here")
            missing.append(node)
            folder = node.parent
        for node in reversed(missing):
            self._fresh[node.id] = (node.parent, node.name)
            self._put(node.id, "kind", Kind(EntryKind.FOLDER))
            self._put(node.id, "place", Place(node.parent, node.name))
            self._put(node.id, "meta", Meta(0, executable=False))
            self._keep(node.id)

    def _facts(self, entry: EntryId) -> EntryFacts:
        facts = self._freed.get(entry) or self._reading.facts(entry)
        if not facts and entry not in self._fresh:
            raise NotFound("nothing of that name is here")
        return facts

    def _put(self, entry: EntryId, attribute: str, value: Value) -> None:
        self._operations.pop((entry, None), None)
        self._operations[(entry, attribute)] = Put(entry, attribute, value)

    def _keep(self, entry: EntryId) -> None:
        path = self._path(entry)
        if len(path) > MAX_PATH_DEPTH:  # a hint of where to come back to need not be so long
            path = (*path[: MAX_PATH_DEPTH - 1], path[-1])
        if path:
            self._put(entry, "keep", Keep(path))

    def _forget(self, entry: EntryId) -> None:
        for attribute in (None, *_ATTRIBUTES):
            self._operations.pop((entry, attribute), None)

    def _path(self, entry: EntryId) -> tuple[str, ...]:
        below: list[EntryId] = []
        while entry not in self._paths and entry in self._fresh:
            below.append(entry)
            entry = self._fresh[entry][0]
        path = self._paths.get(entry)
        if path is None:
            path = self._paths[entry] = self._reading.tree().path(entry)
        for found in reversed(below):
            path = self._paths[found] = (*path, self._fresh[found][1])
        return path

    def _parent(self, entry: EntryId) -> EntryId | None:
        fresh = self._fresh.get(entry)
        if fresh is not None:
            return fresh[0]
        node = self._reading.tree().get(entry)
        return None if node is None else node.parent

    def _new_id(self) -> EntryId:
        """Time first, so that what is made together lies together in the tree."""
        milliseconds = int(self._clock.now() * 1000) & (2**48 - 1)
        time_part = milliseconds.to_bytes(ENTRY_SIZE - _RANDOM_SIZE, "big")
        return EntryId(time_part + self._entropy.take(_RANDOM_SIZE))

    def _peer(self) -> int:
        return int.from_bytes(self._entropy.take(8), "big") >> 1 or 2


def _version_facts(facts: EntryFacts, dot: Dot) -> EntryFacts:
    """Return one version of some facts, as if it were a file of its own."""
    contents, edits = version_of(facts, dot)
    return {"content": contents, "edits": edits} if edits else {"content": contents}


def _largest(facts: EntryFacts, attribute: str) -> tuple[Dot, Value] | None:
    dots = facts.get(attribute, {})
    if not dots:
        return None
    dot = max(dots, key=lambda found: found.rank)
    return dot, dots[dot]


def _check(name: str) -> None:
    try:
        check_name(name)
    except DecodeError as error:
        raise BadName(str(error)) from error
