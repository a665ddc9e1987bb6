"""What records did, one after the other: for whoever judges them before they go any further."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from storage.batches import rows_among
from storage.core import Core
from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import EntryId, Operation
from storage.facts.dots import Seen, Writer
from storage.facts.operate import apply_to_entry, by_entry
from storage.facts.state import EntryFacts
from storage.index.line import HIDDEN, plain_content
from storage.opened import Opened
from storage.records.ledger import Step

MOST_OPENED = 64
"""So many records are kept open while one looks back: what was made together is asked together."""
FEW_OPENED = 2
"""So many stay open until the next time: what comes in pieces is about the same records."""
Open = OrderedDict[bytes, Mapping[EntryId, Sequence[Operation]]]
"""What records did, by their addresses; the one that was asked for last comes last."""


class Lately(Opened):
    """The door to records as they came in."""

    def records_after(self, seen: Seen) -> Iterator[Step]:
        """Walk the records that `seen` does not include, causes first."""
        return self._core.ledger.after(seen, self._core.seen)

    def latest_records(self, limit: int) -> list[Step]:
        """Return the records that came in last, the very last first."""
        return self._core.ledger.steps(None, limit)

    def writers(self) -> dict[Writer, str]:
        """Return which device each writer is, by did:key."""
        return self._core.ledger.writers()

    def named_before(self, step: Step) -> frozenset[EntryId]:
        """Return the entries that a record names and an earlier one named too: it made no more."""
        rows = self._ready().connection.execute(
            "SELECT entry FROM touch AS now WHERE pos = ? AND EXISTS"
            " (SELECT 1 FROM touch WHERE entry = now.entry AND pos < now.pos)",
            (step.pos,),
        )
        return frozenset(EntryId(bytes(row[0])) for row in rows.fetchall())

    def contents_named(self, names: AbstractSet[str]) -> frozenset[tuple[str, bytes]]:
        """Return name and digest of all files that are shown under such names, unedited ones."""
        rows = self._ready().connection.execute(
            "SELECT name, plain FROM entry WHERE parent <> ? AND plain <> x''", (HIDDEN,)
        )
        return frozenset(
            (str(name), plain_content(bytes(plain)).digest)
            for name, plain in rows.fetchall()
            if name in names
        )

    def looking_back(self, opened: Open | None = None) -> LookingBack:
        """Look at what many entries were, opening each record once but those that are `opened`."""
        return LookingBack(self._ready(), OrderedDict() if opened is None else opened)

    def bytes_of(self, facts: EntryFacts) -> bytes:
        """Return what an entry with these facts holds.

        Raises:
            BlockNotFound: not all of it is here.
        """
        return b"".join(self._core.contents.read(facts))

    def lacked(self, facts: EntryFacts) -> frozenset[bytes]:
        """Return the blocks that an entry with these facts lacks, as far as that is known yet."""
        try:
            return frozenset(digest for digest, _ in self._core.contents.missing(facts))
        except (BlockNotFound, CorruptBlock, DecodeError):
            return frozenset()

    def awaited(self, digests: AbstractSet[bytes]) -> frozenset[bytes]:
        """Return those of the blocks that are to come: what is not kept here is not."""
        ask = "SELECT DISTINCT digest FROM want WHERE digest IN (…)"
        rows = rows_among(self._ready().connection, ask, digests)
        return frozenset(bytes(row[0]) for row in rows)


class LookingBack:
    """Opens records, and keeps the last ones open."""

    def __init__(self, core: Core, opened: Open) -> None:
        self._core = core
        self._open = opened
        self._first: dict[EntryId, int] = {}

    def did(self, step: Step) -> Mapping[EntryId, Sequence[Operation]]:
        """Return what a record did, entry by entry.

        Raises:
            NotFound: this device has no key for that time.
        """
        if step.digest in self._open:
            self._open.move_to_end(step.digest)
            return self._open[step.digest]
        found = self._open[step.digest] = by_entry(self._core.history.payload(step).operations)
        self._leave_open(MOST_OPENED)
        return found

    def close(self) -> None:
        """Leave few records open."""
        self._leave_open(FEW_OPENED)

    def _leave_open(self, most: int) -> None:
        while len(self._open) > most:
            self._open.popitem(last=False)

    def facts(self, entry: EntryId, seen: Seen, most: int) -> tuple[EntryFacts, bool]:
        """Return the facts of an entry when so much was seen, {} when it was not there.

        By its first record and so many last ones; say whether that is all. A text that was
        saved a thousand times is put whole in each record, so its content is
        right all the same; its place may be an earlier one.
        """
        steps = [step for step in self.steps(entry) if seen.includes(step.dot)]
        return self._made_by(entry, steps, most)

    def around(self, step: Step, entry: EntryId, most: int) -> tuple[EntryFacts, EntryFacts] | None:
        """Return the facts of an entry as they were here before a record came, and after it.

        None where that takes more records than `most`.
        """
        steps = [it for it in self.steps(entry) if it.pos <= step.pos]
        if len(steps) > most:
            return None
        earlier = [it for it in steps if it.pos < step.pos]
        return self._made_by(entry, earlier, most)[0], self._made_by(entry, steps, most)[0]

    def _made_by(self, entry: EntryId, steps: Sequence[Step], most: int) -> tuple[EntryFacts, bool]:
        whole = len(steps) <= most
        facts: EntryFacts = {}
        for step in steps if whole else [*steps[:1], *steps[-most:]]:
            facts = apply_to_entry(facts, self.did(step).get(entry, ()), step.dot, step.seen)
        return facts, whole

    def first(self, entry: EntryId) -> int:
        """Return the place of the record that made an entry; asked once for each entry."""
        if entry not in self._first:
            self._first[entry] = self._core.ledger.steps(entry, 1, latest_first=False)[0].pos
        return self._first[entry]

    def steps(self, entry: EntryId) -> list[Step]:
        """Return the records that named an entry, causes first."""
        return self._core.ledger.steps(entry, latest_first=False)
