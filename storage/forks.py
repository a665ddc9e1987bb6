"""One line for each writer: what gives way to an older one is set aside, and written again.

A device whose store was set back writes numbers that it used before, for other commits. Of
two lines of one writer the older at the fork stays, on every device: the smaller (`iat`,
CID). Whoever holds the other sets it aside with all that builds on it, makes the index anew
without, and writes the same commits again as lines of its own. Nothing that they did
changes, only their dots do. The new lines' names say what they stand for, so a device that
was killed on the way goes on where it stopped, and one that comes later finds it done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from blake3 import blake3

from storage.access.roles import Role
from storage.batches import batches
from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AccessError, BlockNotFound, CorruptBlock, DecodeError, NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.operate import apply
from storage.facts.renaming import Renaming, Run
from storage.facts.state import EMPTY, State
from storage.identity.device import writer_of
from storage.identity.did import did_of
from storage.intake import Intake
from storage.records.aside import MAX_AT_ONCE, SALT_SIZE, GivenWay, Part
from storage.records.record import (
    INCARNATION_SIZE,
    Author,
    Payload,
    Record,
    parse_record,
    write_record,
)
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
        for work in self._unwritten():
            # who may only view writes nothing; what is damaged here, others hold
            with suppress(AccessError, DecodeError, BlockNotFound, CorruptBlock, NotFound):
                touched |= self._write_all(work)
        core.name_writers()
        core.refresh_root()
        return frozenset(touched)

    def given_way(self) -> GivenWay:
        """Return what gave way ever."""
        core, found, kept = self._core, set[EntryId](), dict[Writer, int]()
        for record in (record for part in core.aside.parts() for record in part.records):
            writer, n = record.dot
            kept[writer] = min(n - 1, kept.get(writer, n))
            with suppress(DecodeError, BlockNotFound, CorruptBlock, NotFound):
                found.update(it.entry for it in core.history.open(record).operations)
        return GivenWay(frozenset(found), kept)

    def note(self, thing: Thing) -> None:
        """Learn from a thing of the packs what was set aside."""
        core = self._core
        if any(record.dot.writer == core.writer for record in core.aside.note(thing)):
            core.begin_anew()

    def rebuild(self) -> None:
        """Make the index anew from what the packs hold, without what was set aside."""
        core = self._core
        core.forget_records()
        for records in batches(core.blocks.scan(Kind.RECORD), _AT_ONCE):
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
        salt = core.entropy.take(SALT_SIZE)
        core.blocks.add(core.aside.add([step.digest for step in falling], salt))
        if any(step.dot.writer == core.writer for step in falling):
            core.begin_anew()
        return True

    # ------------------------------------------------------------ writing again

    def _unwritten(self) -> Iterator[_Work]:
        """Yield what was set aside together and is not all written again."""
        core = self._core
        for part in core.aside.parts():
            work = self._work(part)
            if not all(core.seen.includes(work.renaming.dot(dot)) for dot in work.dots.values()):
                yield work

    def _work(self, part: Part) -> _Work:
        lines: dict[Writer, list[Record]] = {}
        for record in sorted(part.records, key=lambda it: it.dot.n):
            lines.setdefault(record.dot.writer, []).append(record)
        incarnations = {
            writer: incarnation_again(line[0].cid, line[-1].cid, part.salt)
            for writer, line in lines.items()
        }
        public = self._core.device.signing.public
        ours = {
            writer: Run(line[0].dot.n, writer_of(public, incarnations[writer]))
            for writer, line in lines.items()
        }
        runs = ours | {
            writer: Run(ours[writer].first, by)
            for writer, line in lines.items()
            if (by := self._written_by(line)) is not None
        }
        dots = {record.cid: record.dot for record in part.records}
        work = _Work(part.records, dots, incarnations, Renaming(runs))
        if not self._is_right(work):
            work.renaming = Renaming(ours)
        return work

    def _written_by(self, line: Sequence[Record]) -> Writer | None:
        """Return who says to have written a line again, of all whose records are here."""
        core, name = self._core, name_again(line[0].cid, line[-1].cid)
        for writer, n in core.seen.items():
            begin = core.ledger.digest_at(Dot(writer, 1)) if n >= len(line) else None
            if begin is not None:
                with suppress(BlockNotFound, CorruptBlock):
                    if parse_record(core.blocks.get(begin)).incarnation.startswith(name):
                        return writer
        return None

    def _is_right(self, work: _Work) -> bool:
        """Say whether what others wrote again is what we would write."""
        core = self._core
        try:
            for record in work.records:
                begin = core.ledger.digest_at(work.renaming.dot(record.dot))
                if begin is not None:
                    old = core.history.open(record)
                    new = core.history.open(parse_record(core.blocks.get(begin)))
                    if work.renaming.operations(old.operations) != new.operations:
                        return False
        except (DecodeError, BlockNotFound, CorruptBlock, NotFound):
            return False
        return True

    def _write_all(self, work: _Work) -> set[EntryId]:
        core = self._core
        touched: set[EntryId] = set()
        proofs = core.members.proofs_to(Role.EDIT, core.clock.now())
        for record in work.records:
            dot = work.renaming.dot(record.dot)
            if not core.seen.includes(dot):
                incarnation = work.incarnations[record.dot.writer]
                author = Author(
                    core.device.signing, core.device.did, incarnation, dot.writer, proofs
                )
                touched |= self._write(record, work, author)
        return touched

    def _write(self, old: Record, work: _Work, author: Author) -> set[EntryId]:
        """Write one commit again: the same operations, against what its writer had seen."""
        core, renaming = self._core, work.renaming
        before = core.history.open(old)
        operations, seen = renaming.operations(before.operations), renaming.seen(before.seen)
        dot = renaming.dot(old.dot)
        if not core.seen.covers(seen):
            raise NotFound("what this builds on is not here")
        state = core.history.state_at(seen, work.states.get(dot.writer, EMPTY))
        state = work.states[dot.writer] = apply(state, operations, dot, seen)
        epoch, secret = core.members.current_epoch()
        payload = Payload(operations, seen, encode_tree(state, secret, epoch).root, before.words)
        written = write_record(
            author,
            did_of(core.space),
            payload,
            epoch=epoch,
            secret=secret,
            parents=self._parents(old, work),
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

    def _parents(self, old: Record, work: _Work) -> list[bytes]:
        """Return what a record builds on, by its new name."""
        ledger = self._core.ledger
        found = [
            ledger.cid_at(work.renaming.dot(work.dots[cid])) if cid in work.dots else cid
            for cid in old.parents
        ]
        return [cid for cid in found if cid is not None and ledger.holds(cid)]


@dataclass(slots=True)
class _Work:
    """What was set aside together, causes first, and how it is written again."""

    records: Sequence[Record]
    dots: dict[bytes, Dot]
    """By CID."""
    incarnations: dict[Writer, bytes]
    renaming: Renaming
    states: dict[Writer, State] = field(default_factory=dict[Writer, State])
    """As it was after the last record of each new line."""


def name_again(first: bytes, last: bytes) -> bytes:
    """Return how the incarnation begins in which the end of a line is written again."""
    return blake3(_PURPOSE + first + last).digest()[: INCARNATION_SIZE - SALT_SIZE]


def incarnation_again(first: bytes, last: bytes, salt: bytes) -> bytes:
    """Return the incarnation in which the end of a line is written again, by its CIDs."""
    return name_again(first, last) + salt
