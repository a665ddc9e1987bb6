"""One line for each writer: what gives way to an older one is set aside, and written again.

A device whose store was set back writes numbers that it used before, for other commits. Of
two lines of one writer the older at the fork stays, on every device: the smaller (`iat`,
CID). Whoever holds the other sets it aside with all that builds on it, makes the index anew
without, and writes the same commits again as lines of its own. Nothing that they did
changes, only their dots do. The new lines' names come from what they stand for, so a device
that was killed on the way goes on where it stopped, and finds what others did already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from blake3 import blake3

from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AccessError, BlockNotFound, CorruptBlock, DecodeError, NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.operate import apply
from storage.facts.renaming import Renaming, Run
from storage.facts.state import EMPTY, State
from storage.identity.device import writer_of
from storage.identity.did import did_of, public_of
from storage.intake import Intake
from storage.records.aside import MAX_AT_ONCE, Kept
from storage.records.record import INCARNATION_SIZE, Author, Payload, Record, write_record
from storage.tree.encode import encode_tree
from storage.wants import Wants

_PURPOSE = b"atoll/again/1"
_AT_ONCE = 256
_NONCE_SIZE = 16


class Forks:
    """Lets lines give way. The caller begins and commits transactions."""

    def __init__(self, core: Core, intake: Intake, wants: Wants) -> None:
        self._core = core
        self._intake = intake
        self._wants = wants

    def is_due(self) -> bool:
        """Say whether a line has to give way."""
        return bool(self._core.ledger.giving_way())

    def may_be_due(self) -> bool:
        """Say whether it was begun before, and perhaps not ended."""
        return self.is_due() or self._core.aside.any()

    def settle(self) -> frozenset[EntryId]:
        """Let lines give way to older ones, and write again what they did; say what it touched.

        Done twice it does nothing more: it can be broken off anywhere.
        """
        core = self._core
        touched: set[EntryId] = set()
        giving_way = self._set_aside(core.ledger.giving_way())
        if giving_way or core.aside.clashes():
            before = {step.cid for step in core.ledger.steps()}
            for step in core.ledger.steps():
                if core.aside.holds(step.cid):
                    touched.update(core.ledger.touched_by(step.pos))
            self.rebuild()
            for step in core.ledger.steps():
                if step.cid not in before:
                    touched.update(core.ledger.touched_by(step.pos))
        for part in self._parts():
            # who may only view writes nothing; what is damaged here, others hold
            with suppress(AccessError, DecodeError, BlockNotFound, CorruptBlock, NotFound):
                touched |= self._write_part(part)
        core.name_writers()
        core.refresh_root()
        return frozenset(touched)

    def note(self, thing: Thing) -> None:
        """Learn from a thing of the packs what was set aside."""
        core = self._core
        kept = core.aside.note(thing)
        if any(it.record.dot.writer == core.writer for it in kept):
            core.begin_anew()

    def rebuild(self) -> None:
        """Make the index anew from what the packs hold, without what was set aside."""
        core = self._core
        core.forget_records()
        for records in _batches(core.blocks.scan(Kind.RECORD)):
            self._intake.take(records, judged=True)
        core.name_writers()
        self._wants.look_again()
        core.refresh_root()

    def _set_aside(self, from_on: Mapping[Writer, int]) -> bool:
        """Set aside the ends of lines, and all that was made by who had seen any of it."""
        core = self._core
        if not from_on:
            return False

        def falls(dot: Dot, seen: Seen) -> bool:
            return any(
                seen.of(writer) >= n or (dot.writer == writer and dot.n >= n)
                for writer, n in from_on.items()
            )

        steps = core.ledger.steps(latest_first=False)
        falling = [step for step in steps if falls(step.dot, step.seen)]
        if len(falling) > MAX_AT_ONCE:
            core.ledger.let_stay()
            return False
        core.blocks.add(core.aside.add([step.digest for step in falling]))
        if any(step.dot.writer == core.writer for step in falling):
            core.begin_anew()
        return True

    # ------------------------------------------------------------ writing again

    def _parts(self) -> Iterator[_Part]:
        """Yield what was set aside together and is not all written again."""
        core = self._core
        for name in core.aside.parts():
            part = self._part(core.aside.part(name))
            if not all(core.seen.includes(part.renaming.dot(dot)) for dot in part.dots.values()):
                yield part

    def _part(self, kept: Sequence[Kept]) -> _Part:
        lines: dict[Writer, list[Record]] = {}
        for it in sorted(kept, key=lambda it: it.record.dot.n):
            lines.setdefault(it.record.dot.writer, []).append(it.record)
        incarnations = {
            writer: incarnation_again(line[0].cid, line[-1].cid) for writer, line in lines.items()
        }
        runs = {
            writer: Run(line[0].dot.n, self._who_writes(incarnations[writer], len(line)))
            for writer, line in lines.items()
        }
        dots = {it.record.cid: it.record.dot for it in kept}
        return _Part([it.record for it in kept], dots, incarnations, Renaming(runs))

    def _who_writes(self, incarnation: bytes, size: int) -> Writer:
        """Return who wrote a run again, of all that is here; this device when nobody did."""
        core = self._core
        for did in sorted(set(core.ledger.writers().values())):
            writer = writer_of(public_of(did), incarnation)
            if core.seen.of(writer) >= size:
                return writer
        return writer_of(core.device.signing.public, incarnation)

    def _write_part(self, part: _Part) -> set[EntryId]:
        core = self._core
        touched: set[EntryId] = set()
        proofs = core.members.proofs_to(Role.EDIT, core.clock.now())
        for record in part.records:
            dot = part.renaming.dot(record.dot)
            if not core.seen.includes(dot):
                incarnation = part.incarnations[record.dot.writer]
                author = Author(
                    core.device.signing, core.device.did, incarnation, dot.writer, proofs
                )
                touched |= self._write(record, part, author)
        return touched

    def _write(self, old: Record, part: _Part, author: Author) -> set[EntryId]:
        """Write one commit again: the same operations, against what its writer had seen."""
        core, renaming = self._core, part.renaming
        before = core.history.open(old)
        operations, seen = renaming.operations(before.operations), renaming.seen(before.seen)
        dot = renaming.dot(old.dot)
        state = core.history.state_at(seen, part.states.get(dot.writer, EMPTY))
        state = part.states[dot.writer] = apply(state, operations, dot, seen)
        epoch, secret = core.members.current_epoch()
        payload = Payload(operations, seen, encode_tree(state, secret, epoch).root, before.words)
        written = write_record(
            author,
            did_of(core.space),
            payload,
            epoch=epoch,
            secret=secret,
            parents=self._parents(old, part),
            blocks=old.blocks,
            nonce=core.entropy.take(_NONCE_SIZE),
            at=int(core.clock.now()),
        )
        core.blocks.add(written.payload)
        core.blocks.add(written.token)
        applied = core.catalog.apply(operations, dot, seen)
        core.seen = core.seen.with_dot(dot)
        core.ledger.note_applied(
            core.ledger.enter(written.record, written.token.digest, payload), applied
        )
        self._wants.note(applied.facts)
        return set(applied.facts)

    def _parents(self, old: Record, part: _Part) -> list[bytes]:
        """Return what a record builds on, by its new name."""
        ledger = self._core.ledger
        found = [
            ledger.cid_at(part.renaming.dot(part.dots[cid])) if cid in part.dots else cid
            for cid in old.parents
        ]
        return [cid for cid in found if cid is not None and ledger.holds(cid)]


@dataclass(slots=True)
class _Part:
    """What was set aside together, causes first, and how it is written again."""

    records: list[Record]
    dots: dict[bytes, Dot]
    """By CID."""
    incarnations: dict[Writer, bytes]
    renaming: Renaming
    states: dict[Writer, State] = field(default_factory=dict[Writer, State])
    """As it was after the last record of each new line."""


def incarnation_again(first: bytes, last: bytes) -> bytes:
    """Return the incarnation in which the end of a line is written again, by its CIDs."""
    return blake3(_PURPOSE + first + last).digest()[:INCARNATION_SIZE]


def _batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    rest = iter(things)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
