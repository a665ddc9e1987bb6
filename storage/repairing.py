"""Making a store whole again: damage is taken out, made good where it can be, or wanted anew.

Nothing is deleted. A damaged block stays in its pack, and its bytes are kept in a file beside
it as well. What it was is made good from what is left of it, from the person's own file when
that holds the very content, or it is wanted again and comes from whoever has it. Then the
locator and the index are made anew from the packs, unless they know more than the packs do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from storage.blocks.packed import Damage
from storage.blocks.store import Kind, Thing
from storage.checking import Found, Step, damaged_blocks, found_of, lost_in_gaps
from storage.core import Core
from storage.crypto.link import Link
from storage.errors import StoreUnusable
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.values import Content
from storage.lasting import make_folder, replace_file
from storage.mending import mended, mended_frame
from storage.records.ledger import Step as Record
from storage.system import in_our_words
from storage.tree.chunker import Source
from storage.tree.content import store_content
from storage.uses import Use, Uses, version_of
from storage.wants import Wants

ASIDE = "damaged"
"""The folder of what was found damaged, beside the packs."""
WANTED = "wanted"
_MANY = 1000

OpenFile = Callable[[tuple[str, ...]], AbstractContextManager[Source | None]]
"""Opens the person's own file at a path, if there is one."""


def no_file(path: tuple[str, ...]) -> AbstractContextManager[Source | None]:
    """There is no folder of plain files."""
    del path
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Missing:
    """A version that is not whole here any more."""

    found: Found
    record: Record
    """Who holds what it did holds the version."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done."""

    damaged: int
    """How many things were damaged or gone."""
    mended: int
    """How many of them are good again, proved by their addresses."""
    from_files: int
    """How many of those from the person's own files."""
    missing: tuple[Missing, ...]
    """What is not whole here, until somebody brings it."""
    aside: tuple[str, ...]
    """Files in which damaged bytes were kept."""
    rebuilt: bool
    """The lists were made anew from nothing; else they know more than is left, and stay."""
    before: tuple[Seen, Link]
    after: tuple[Seen, Link]


@dataclass(slots=True)
class Repair:
    """One repair on its way. The caller begins and commits transactions."""

    core: Core
    wants: Wants
    step: Step
    gaps: tuple[Damage, ...]
    """Where the packs hold no whole frame, as far as that is known."""
    lost: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """What is damaged or gone, by digest, and where it lay."""
    good: dict[bytes, Thing] = field(default_factory=dict[bytes, Thing])
    aside: list[str] = field(default_factory=list[str])
    damaged: int = 0
    from_files: int = 0
    missing: tuple[Missing, ...] = ()

    def look(self) -> None:
        """Find what is damaged, keep what is left of it, and mend what can be mended."""
        core = self.core
        for digest, where in damaged_blocks(core, self.step).items():
            if not digest:
                continue  # the header of a pack: nothing is in it
            kind, body = core.blocks.kind_of(digest), core.blocks.left_of(digest)
            self.lost[digest] = where
            self._keep_aside(where, body)
            whole = mended(body, digest)
            if whole is not None:
                self.good[digest] = Thing(kind, whole)
        for gap in self.gaps:
            body = _stretch(core, gap)
            self._keep_aside(f"{gap.pack} at {gap.start}", body)
            thing = mended_frame(body)
            if thing is not None and not core.blocks.has(thing.digest):
                self.good[thing.digest] = thing
                self.lost[thing.digest] = gap.pack
        self.lost |= dict.fromkeys(lost_in_gaps(core), "")
        self.damaged = len(self.lost)
        self._take_up_wanted()

    def _take_up_wanted(self) -> None:
        """Look again at what was damaged earlier, unless much is to come: then it is on its way."""
        rows = self.core.connection.execute(
            "SELECT DISTINCT digest FROM want LIMIT ?", (_MANY,)
        ).fetchall()
        if len(rows) < _MANY:
            self.lost = dict.fromkeys((bytes(row[0]) for row in rows), "") | self.lost

    def mend_from(self, uses: Uses, open_file: OpenFile) -> None:
        """Make blocks anew from the person's own files, where they hold the very content."""
        tried: set[bytes] = set()
        for digest in self.left():
            for use in uses.by_digest.get(digest, ()):
                value, path = use.value, uses.path(use.entry) if use.entry else ()
                if isinstance(value, Content) and path and value.digest not in tried:
                    tried.add(value.digest)
                    self._seal_again(value, path, open_file)

    def left(self) -> list[bytes]:
        """Return what is not good yet."""
        return [digest for digest in self.lost if digest not in self.good]

    def take_out(self) -> None:
        """Take out what is damaged, and put back what is good: a record tells what others are."""
        core = self.core
        needs_keys = any(
            core.blocks.has(it) and core.blocks.kind_of(it) is Kind.KEYRING for it in self.left()
        )
        for digest in self.lost:
            core.blocks.forget(digest)
        for thing in self.good.values():
            core.blocks.add(thing)
        if needs_keys and core.members.has_keys:
            core.members.keep_keys(core.entropy)

    def put_back(self, uses: Uses) -> None:
        """Put back what files made good, and want the rest."""
        for thing in self.good.values():
            self.core.blocks.add(thing)
        for digest in self.left():
            self._want(digest, uses.by_digest.get(digest, ()))

    def find_missing(self, uses: Uses) -> Iterator[Missing]:
        """Yield the versions that are not whole here."""
        for digest in self.left():
            for found, use in _named(uses, digest):
                yield Missing(found, use.step)

    def _want(self, digest: bytes, uses: Iterable[Use]) -> None:
        """Ask others for it: for the entry that shows it, for older versions, or as it is."""
        now: set[EntryId] = set()
        for use in uses:
            if use.entry is None:
                self.wants.want_record(digest)
                continue
            facts = self.core.catalog.facts(use.entry)
            held = (*facts.get("content", {}).values(), *facts.get("edits", {}).values())
            if use.value in held:
                now.add(use.entry)
            elif isinstance(use.value, Content):
                self.wants.note_versions([use.value], {})
            elif use.value is not None:
                self.wants.note_edits([use.value])
        self.wants.note_kept(now)

    def _seal_again(self, content: Content, path: tuple[str, ...], open_file: OpenFile) -> None:
        for secret in self.core.members.secrets():
            made: list[bytes] = []
            with open_file(path) as source:
                if source is None:
                    return
                sealed = store_content(source, put=made.append, secret=secret)
            if (sealed.digest, sealed.size) != (content.digest, content.size):
                return
            for block in made:
                thing = Thing(Kind.BLOCK, block)
                if thing.digest in self.lost and thing.digest not in self.good:
                    self.good[thing.digest] = thing
                    self.from_files += 1

    def _keep_aside(self, where: str, body: bytes) -> None:
        """Keep damaged bytes under a name that says where they lay."""
        folder = self.core.folder / ASIDE
        path = folder / where.replace(" ", "-")
        with in_our_words("keep damaged bytes"):
            if path.exists():
                return
            make_folder(folder)
            replace_file(path, body)
        self.aside.append(f"{ASIDE}/{path.name}")


def put_right(
    core: Core, wants: Wants, step: Step, open_file: OpenFile, gaps: Iterable[Damage]
) -> Repair:
    """Do all of it but making the lists anew; what is in transactions is durable on return.

    Raises:
        StoreFull, StoreUnusable: nothing was changed, or what was is whole.
    """
    repair = Repair(core, wants, step, (*dict.fromkeys((*core.blocks.damage, *gaps)),))
    repair.look()
    if repair.lost:
        with core.transaction():
            repair.take_out()
            uses = Uses(core, repair.lost)
            repair.mend_from(uses, open_file)
            repair.put_back(uses)
        repair.missing = tuple(repair.find_missing(uses))
    return repair


def mend_keys(core: Core) -> bool:
    """Write again what was damaged of keys and rights, and can be mended; say whether any was."""
    kinds = {Kind.KEYRING, Kind.EPOCH, Kind.TOKEN}
    found = [mended_frame(_stretch(core, gap)) for gap in core.blocks.damage]
    things = [thing for thing in found if thing is not None and thing.kind in kinds]
    if things:
        with core.transaction():
            for thing in things:
                core.blocks.add(thing)
    return bool(things)


def _named(uses: Uses, digest: bytes) -> Iterator[tuple[Found, Use]]:
    for use in uses.by_digest.get(digest, ()):
        if use.entry is not None and uses.is_now(use):
            path = uses.path(use.entry)
            yield Found("a file", "/".join(path), WANTED, path, version_of(use.step)), use
    for use, found in zip(_steps_and_older(uses, digest), found_of(uses, digest), strict=True):
        yield found, use


def _steps_and_older(uses: Uses, digest: bytes) -> Iterator[Use]:
    """Yield the uses that `found_of` names, in its order."""
    for use in uses.by_digest.get(digest, ()):
        if use.entry is None or not uses.is_now(use):
            yield use


def _stretch(core: Core, gap: Damage) -> bytes:
    """Return what lies in a stretch that was found unreadable, proved by nothing."""
    disk = core.disk()
    try:
        return disk.read(gap.pack, gap.start, gap.end - gap.start)
    except StoreUnusable:
        return b""  # a bad sector
    finally:
        disk.close()
