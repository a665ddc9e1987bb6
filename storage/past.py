"""A vault's past: its history, how things stood at any record, the bin, and kept versions."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from storage.crypto.link import Link
from storage.errors import NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.node import Tree
from storage.facts.state import EntryFacts
from storage.facts.whole import View
from storage.opened import Opened
from storage.records.history import after
from storage.records.ledger import Binned, Step
from storage.tree.walk import read_tree


class Past(Opened):
    """The door to what was."""

    def history(self, entry: EntryId | None = None, limit: int = 200) -> list[Step]:
        """Return the records that touched an entry, or all; the last to come first."""
        return self._core.ledger.steps(entry, limit)

    def history_below(self, inside: AbstractSet[EntryId], limit: int = 200) -> list[Step]:
        """Return the records that touched a folder or what is in it; the last to come first.

        `inside` holds the folder, what lies in it, and what was deleted in it; what was moved
        out since is found.
        """
        return self._core.history.below(inside, limit)

    def touched(self, step: Step) -> tuple[EntryId, ...]:
        """Return the entries that a record names."""
        return self._core.ledger.touched_by(step.pos)

    def touched_since(self, seen: Seen) -> set[EntryId]:
        """Return the entries that records name which `seen` does not include."""
        return self._core.ledger.touched_since(seen, self._core.seen)

    def step(self, beginning: bytes) -> Step:
        """Return the record whose id (the CID's digest) begins so. Raises NotFound."""
        return self._core.ledger.find(beginning)

    def at(self, record: bytes) -> Tree:
        """Return the folders and files as they were once a record (its CID) was made."""
        step = self._core.ledger.find(record[4:])
        return View(self._core.history.state_at(after(step)), self._core.device_name)

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
        facts = self.facts_at(entry, self._core.ledger.find(record[4:]))
        if not facts.get("content"):
            raise NotFound("it was not there then")
        return self._core.contents.read(facts)

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
