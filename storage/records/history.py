"""What was, at any record: the state of the space, and the facts of one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from storage.blocks.store import BlockStore
from storage.errors import NotFound
from storage.facts.change import Drop, EntryId, Operation
from storage.facts.dots import Dot, Seen
from storage.facts.operate import apply, apply_to_entry, by_entry
from storage.facts.state import EMPTY, NO_FACTS, EntryFacts, State
from storage.records.ledger import Ledger, Step
from storage.records.record import Payload, Record, open_payload, parse_record

SecretOf = Callable[[int], bytes | None]


@dataclass(frozen=True, slots=True)
class Written:
    """What one record says of one entry."""

    dot: Dot
    seen: Seen
    operations: tuple[Operation, ...]

    def apply(self, facts: EntryFacts) -> EntryFacts:
        """Return the entry's facts after it."""
        return apply_to_entry(facts, self.operations, self.dot, self.seen)

    def puts(self, attributes: AbstractSet[str]) -> bool:
        """Say whether it puts or drops one of these."""
        return any(
            operation.attribute in attributes
            for operation in self.operations
            if operation.attribute is not None
        )

    @property
    def drops(self) -> bool:
        """Say whether it deletes the entry."""
        return any(isinstance(it, Drop) and it.attribute is None for it in self.operations)


class History:
    """Replays records. Causes come before what builds on them, as the ledger has them."""

    def __init__(self, ledger: Ledger, blocks: BlockStore, secret_of: SecretOf) -> None:
        self._ledger = ledger
        self._blocks = blocks
        self._secret_of = secret_of

    def payload(self, step: Step) -> Payload:
        """Return what a record did.

        Raises:
            NotFound: this device has no key for that time.
        """
        return self.open(parse_record(self._blocks.get(step.digest)))

    def open(self, record: Record) -> Payload:
        """Return what a record did, whether it counts or not. Raises as `payload` does."""
        secret = self._secret_of(record.epoch)
        if secret is None:
            raise NotFound("this device has no key for that time")
        return open_payload(record, self._blocks.get(record.payload_digest), secret)

    def state_at(self, seen: Seen, state: State = EMPTY) -> State:
        """Return the state of the whole space when so much was seen; go on from an earlier one."""
        for step in self._ledger.after(state.seen, seen):
            if seen.includes(step.dot):
                payload = self.payload(step)
                state = apply(state, payload.operations, step.dot, payload.seen)
        return state

    def facts_at(self, entry: EntryId, seen: Seen) -> EntryFacts:
        """Return the facts of one entry when so much was seen, {} when it was not there."""
        facts: EntryFacts = {}
        for step in self._ledger.steps(entry, latest_first=False):
            if seen.includes(step.dot):
                payload = self.payload(step)
                its = [o for o in payload.operations if o.entry == entry]
                facts = apply_to_entry(facts, its, step.dot, payload.seen)
        return facts

    def facts_of(
        self, entries: AbstractSet[EntryId], counts: Callable[[Dot], bool]
    ) -> dict[EntryId, EntryFacts]:
        """Return the facts that entries have by the records that count, {} for one without."""
        found = dict.fromkeys(entries, NO_FACTS)
        for entry, said in self._said(entries, counts):
            found[entry] = said.apply(found[entry])
        return found

    def said_of(self, entries: AbstractSet[EntryId]) -> dict[EntryId, list[Written]]:
        """Return all that records say of entries, causes first."""
        found: dict[EntryId, list[Written]] = {entry: [] for entry in entries}
        for entry, said in self._said(entries):
            found[entry].append(said)
        return found

    def _said(
        self, entries: AbstractSet[EntryId], counts: Callable[[Dot], bool] = lambda _: True
    ) -> Iterator[tuple[EntryId, Written]]:
        for step in self._ledger.steps_at(self._ledger.touching(entries)):
            if not counts(step.dot):
                continue
            payload = self.payload(step)
            for entry, its in by_entry(payload.operations).items():
                if entry in entries:
                    yield entry, Written(step.dot, payload.seen, tuple(its))


def after(step: Step) -> Seen:
    """Return what had been seen once a record was made."""
    return step.seen.with_dot(step.dot)
