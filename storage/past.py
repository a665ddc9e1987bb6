"""A vault's past: its history, how things stood at any record, the bin, and kept versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from itertools import islice

from blake3 import blake3

from storage.codec.cid import token_digest
from storage.core import Core
from storage.crypto.link import Link
from storage.errors import BlockNotFound, CorruptBlock, DecodeError, NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Seen, Writer
from storage.facts.node import Tree
from storage.facts.state import EntryFacts
from storage.facts.whole import View
from storage.index.catalog import PathFinder
from storage.index.sql import Connection
from storage.index.then import TreeThen
from storage.index.touch import How
from storage.moment import Moment, Present
from storage.opened import Opened
from storage.records.history import after
from storage.records.ledger import Binned, Step
from storage.records.trail import Trail, kinds
from storage.tree.walk import read_tree
from storage.undoing import Undoing, undo

_LAST = 8
"""Versions of a file that are looked through."""


class _Now:
    """The present, for who looks at another moment."""

    def __init__(self, ready: Callable[[], Core]) -> None:
        self._ready = ready

    @property
    def connection(self) -> Connection:
        """The catalog's tables."""
        return self._ready().connection

    @property
    def seen(self) -> Seen:
        """What is in them."""
        return self._ready().seen

    @property
    def gave_way(self) -> int:
        """How many records gave way to other lines, ever."""
        return self._ready().aside.count()

    def device_name(self, writer: Writer) -> str:
        """Return what a writer's device is called."""
        return self._ready().device_name(writer)

    def facts_since(self, seen: Seen) -> Mapping[EntryId, EntryFacts]:
        """Return for all that was named since what facts it had when so much was seen."""
        core = self._ready()
        changed = core.ledger.touched_since(seen, core.seen)
        return core.history.facts_of(changed, seen.includes)


class Past(Opened):
    """The door to what was."""

    def history(self, entry: EntryId | None = None, limit: int = 200) -> list[Step]:
        """Return the records that touched an entry, or all; the last to come first."""
        return self._core.ledger.steps(entry, limit)

    def history_below(self, roots: AbstractSet[EntryId], limit: int = 200) -> list[Step]:
        """Return the records that touched folders or what is or was in them; the last first."""
        trail = Trail(self._ready().connection, roots)
        return [self._core.ledger.at(pos) for pos in islice(trail.places(), limit)]

    def touched(self, step: Step, limit: int = -1) -> tuple[EntryId, ...]:
        """Return the entries that a record names."""
        return self._core.ledger.touched_by(step.pos, limit)

    def kinds(self, steps: Iterable[Step]) -> dict[int, dict[How, int]]:
        """Return for each record, by its position, to how many entries it did what."""
        return kinds(self._core.connection, [step.pos for step in steps])

    def paths(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[str, ...]]:
        """Return where those of the entries lie that are shown."""
        finder = PathFinder(self._core.connection)
        return {entry: path for entry in entries if (path := finder.path(entry))}

    def gone(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[tuple[str, ...], bool]]:
        """Return where deleted ones of these lay last, and whether they were folders."""
        return self._core.ledger.gone(entries)

    def steps_named(self, beginning: str, entry: EntryId | None = None) -> list[Step]:
        """Return at most two records whose id begins with these hex digits, of an entry or any."""
        return self._core.ledger.named(beginning, entry, 2)

    def touched_since(self, seen: Seen) -> set[EntryId]:
        """Return the entries that records name which `seen` does not include."""
        return self._core.ledger.touched_since(seen, self._core.seen)

    def step(self, beginning: bytes) -> Step:
        """Return the record whose id (the CID's digest) begins so. Raises NotFound."""
        return self._core.ledger.find(beginning)

    def at(self, record: bytes) -> Tree:
        """Return the folders and files as they were once a record (its CID) was made."""
        return self.moment(after(self._core.ledger.find(token_digest(record)))).tree

    def moment(self, seen: Seen) -> Moment:
        """Return how the space stood when so much was seen.

        What no later record names has the facts that it has now, so only what was changed
        since is read anew from its records, and a folder when somebody looks into it. It ends
        (Overtaken) when records give way to another line: what they said is known no more.

        Raises:
            NotFound: this device has no key for a part of that time.
            BlockNotFound: a record's own block is not here.
        """
        now = _Now(self._ready)
        return Moment(seen, TreeThen(now, now.facts_since(seen)), self._core.contents)

    def present(self) -> Present:
        """Return how the space stands now, to compare with how it stood."""
        return Present(self.tree(), self, self._core.contents)

    def undoing(self, issuers: AbstractSet[str], after_it: Seen, until: Seen) -> Undoing:
        """Return how to take back what some devices did between two moments.

        Raises:
            NotFound: this device has no key for a part of that time.
            BlockNotFound: a record's own block is not here.
        """
        core = self._ready()
        steps = core.ledger.made_between(issuers, after_it, until)
        named = {entry for step in steps for entry in core.ledger.touched_by(step.pos)}

        def show(changed: Mapping[EntryId, EntryFacts], texts: Mapping[EntryId, bytes]) -> Moment:
            return Moment(core.seen, TreeThen(_Now(self._ready), changed), core.contents, texts)

        batch = frozenset(step.dot for step in steps)
        return undo(self.present(), core.history.said_of(named), batch, show)

    def made_by(self, at: int) -> Seen:
        """Return what was made up to a time, by its writers' clocks, and all it builds on."""
        return self._core.ledger.made_by(at)

    def count_made_by(self, at: int) -> int:
        """Return how many records say that they were made up to a time."""
        return self._core.ledger.count_made_by(at)

    def facts_at(self, entry: EntryId, step: Step) -> EntryFacts:
        """Return an entry's facts once that record was made, {} when it was not there."""
        return self._core.history.facts_at(entry, after(step))

    def facts_before(self, entry: EntryId, step: Step) -> EntryFacts:
        """Return an entry's facts as the writer of that record had found them."""
        return self._core.history.facts_at(entry, step.seen)

    def read_at(self, entry: EntryId, record: bytes) -> Iterator[bytes]:
        """Yield a file's bytes as they were once a record (its CID) was made.

        Raises:
            NotFound: it was not there then.
            BlockNotFound: that version is not all here.
        """
        facts = self.facts_at(entry, self._core.ledger.find(token_digest(record)))
        if not facts.get("content"):
            raise NotFound("it was not there then")
        return self._core.contents.read(facts)

    def held_before(self, entry: EntryId, digest: bytes) -> bool:
        """Say whether one of the last versions of a file was the bytes of a BLAKE3. Reads them."""
        for step in self.history(entry, _LAST):
            hasher = blake3()
            with suppress(BlockNotFound, CorruptBlock, DecodeError, NotFound):
                for piece in self.read_at(entry, step.cid):
                    hasher.update(piece)
                if hasher.digest() == digest:
                    return True
        return False

    def bin(self) -> list[Binned]:
        """Return what was deleted, the last first."""
        return self._core.ledger.bin()

    def checkpoint(self) -> Link:
        """Store every node of the present tree, and return the link that opens all of it."""
        core = self._core
        return self._whole(lambda: core.nodes.write_all(core.sealing, core.seen, core.keep_node))

    def open_link(self, link: Link) -> Tree:
        """Return the folders and files that a root's link stands for.

        Raises:
            BlockNotFound, CorruptBlock, DecodeError: its nodes are not here, or damaged.
        """
        return View(read_tree(link, self._core.blocks.get)[1], self._core.device_name)
