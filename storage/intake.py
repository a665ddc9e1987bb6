"""What comes from others: records, tokens and blocks of one space, and what of it is taken in.

Nothing is believed: a record is parsed, its right is judged, its payload opened, its dots
are checked to be its writer's, and the tree that comes out must be the one that its writer
signed, where both had seen the same. What cannot be judged yet waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.access.chain import SKEW
from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import (
    AtollError,
    BadToken,
    BlockNotFound,
    CorruptBlock,
    DecodeError,
    NotAllowed,
    StoreFull,
    StoreLocked,
    StoreUnusable,
)
from storage.exchange import Accepted
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.state import EntryFacts
from storage.facts.values import Content
from storage.records.receipt import read_receipt
from storage.records.record import Payload, Record, open_payload, parse_record
from storage.wants import Wants, contents_in

MAX_WAITING = 1024
MAX_ROUNDS = 9
"""A chain has eight links at most: so often a token may come before what it builds on."""
FORK = "access.fork"
ROOT_DIFFERS = "storage.root-differs"
TOO_EARLY = "sync.too-early"
_OURS = (StoreFull, StoreLocked, StoreUnusable)
"""Trouble of this machine, which says nothing of what came."""


@dataclass(slots=True)
class _Todo:
    """A record that waits for its turn, and what was found out about it."""

    thing: Thing
    record: Record
    payload: Payload | None = None
    older: bool = False
    """It is good, and the record that has its place here is to give way to it."""


@dataclass(slots=True)
class _Batch:
    """Records under way."""

    blocks: dict[bytes, Thing]
    judged: bool
    """They were judged when they came, and are read back."""
    todo: list[_Todo] = field(default_factory=list[_Todo])
    refused: list[tuple[bytes, str]] = field(default_factory=list[tuple[bytes, str]])
    facts: dict[EntryId, EntryFacts] = field(default_factory=dict[EntryId, EntryFacts])
    contents: list[Content] = field(default_factory=list[Content])
    """All contents that records brought, also those that others replaced at once."""
    kept: list[Thing] = field(default_factory=list[Thing])
    records: int = 0
    new_writers: bool = False
    disputed: dict[Writer, int] = field(default_factory=dict[Writer, int])
    """Up to which number the lines of writers are held in common, as far as is known."""
    forked: set[str] = field(default_factory=set[str])
    awaited: set[bytes] = field(default_factory=set[bytes])
    """CIDs of records whose place is to be given to them."""
    off: set[bytes] = field(default_factory=set[bytes])
    """CIDs of records that were refused for their line: what builds on one is refused as well."""

    def dispute(self, writer: Writer, n: int) -> None:
        """Note that the peer has another line of a writer, after n."""
        self.disputed[writer] = min(n, self.disputed.get(writer, n))


class RootDiffers(DecodeError):
    """A record's writer signed another tree than its operations make."""

    code = ROOT_DIFFERS


class Forked(BadToken):
    """One number of a writer's line with two contents: proof of a fault."""

    code = FORK


class Duplicate(DecodeError):
    """A record that is in already."""

    code = "storage.duplicate"


class Intake:
    """Takes things in. Everything that holds is taken, the rest is named with reasons."""

    def __init__(self, core: Core, wants: Wants) -> None:
        self._core = core
        self._wants = wants

    def take(self, things: Iterable[Thing], *, judged: bool = False) -> Accepted:
        """Judge things and take in what holds, inside a transaction.

        `judged` things were taken in before and are read back from packs: that a right has
        ended long ago is no reason to lose them.
        """
        core = self._core
        batch = _Batch({}, judged)
        tokens = self._sort(things, batch)
        others = self._take_tokens(tokens, batch)
        self._join_records(batch)
        for thing in batch.kept:
            core.blocks.add(thing)
        if batch.records:
            core.follow_names(batch.facts, new_writers=batch.new_writers)
            self._wants.note(batch.facts)
            self._wants.note_versions(batch.contents, batch.facts)
        if batch.blocks:
            self._wants.take(thing.data for thing in batch.blocks.values())
        if batch.records or core.epoch_moved:
            core.refresh_root()
        return Accepted(
            batch.records,
            frozenset(batch.facts),
            tuple(batch.refused),
            core.ledger.count_waiting(),
            others,
            tuple(batch.disputed.items()),
            frozenset(batch.forked),
        )

    def _sort(self, things: Iterable[Thing], batch: _Batch) -> list[Thing]:
        tokens: list[Thing] = []
        records: dict[bytes, Thing] = {}
        for thing in things:
            match thing.kind:
                case Kind.BLOCK:
                    batch.blocks[thing.digest] = thing
                case Kind.RECORD:
                    records[thing.digest] = thing
                case _:
                    tokens.append(thing)
        for thing in records.values():
            self._parse(thing, batch)
        return tokens

    def _parse(self, thing: Thing, batch: _Batch) -> None:
        try:
            batch.todo.append(_Todo(thing, parse_record(thing.data)))
        except AtollError as error:
            batch.refused.append((thing.digest, error.code))

    # ------------------------------------------------------------ tokens

    def _take_tokens(self, tokens: list[Thing], batch: _Batch) -> int:
        """Take tokens in any order: one may come before what it builds on."""
        taken = 0
        for _ in range(MAX_ROUNDS):
            later: list[tuple[Thing, str]] = []
            for thing in tokens:
                try:
                    taken += self._take_token(thing)
                except _OURS:
                    raise
                except AtollError as error:
                    later.append((thing, error.code))
            if not later or len(later) == len(tokens):
                break
            tokens = [thing for thing, _ in later]
        else:
            later = []
        batch.refused += [(thing.digest, code) for thing, code in later]
        return taken

    def _take_token(self, thing: Thing) -> int:
        if thing.kind == Kind.RECEIPT:
            self._take_receipt(thing)
            return 0
        return int(self._core.members.take(thing))

    def _take_receipt(self, thing: Thing) -> None:
        """Keep the furthest receipt of a member; of one that has seen less, nothing."""
        core = self._core
        receipt = read_receipt(thing.data)
        if receipt.space != core.space or receipt.did == core.device.did:
            raise BadToken("a receipt that is not for us")
        if not core.members.knows(receipt.did):
            raise NotAllowed("a receipt of someone who has no access")
        row = core.connection.execute(
            "SELECT body FROM receipt WHERE did = ?", (receipt.did,)
        ).fetchone()
        held = None if row is None else read_receipt(bytes(row[0]))
        if held is None or (receipt.at, len(receipt.seen)) >= (held.at, len(held.seen)):
            core.connection.execute(
                "INSERT OR REPLACE INTO receipt(did, body) VALUES (?, ?)", (receipt.did, thing.data)
            )

    # ------------------------------------------------------------ records

    def _join_records(self, batch: _Batch) -> None:
        """Apply all at once and compare roots at the end; on any trouble, one by one."""
        core = self._core
        start, todo, refused = core.seen, list(batch.todo), list(batch.refused)
        core.connection.execute("SAVEPOINT batch")
        try:
            self._join_all(batch, careful=False)
        except _Careful:
            core.connection.execute("ROLLBACK TO batch")
            self._forget_dirty()
            core.seen, batch.todo, batch.refused = start, todo, refused
            batch.records = 0
            batch.facts.clear()
            batch.contents.clear()
            batch.kept.clear()
            batch.off.clear()
            self._join_all(batch, careful=True)
        core.connection.execute("RELEASE batch")
        for todo_ in batch.todo:
            self._hold(todo_, batch)

    def _join_all(self, batch: _Batch, *, careful: bool) -> None:
        """Apply what can be, in whatever order it came; the rest stays in `batch.todo`."""
        self._pull_waiting(batch)
        last: tuple[Record, Payload] | None = None
        moved = True
        while moved and batch.todo:
            moved, later = False, list[_Todo]()
            todo, batch.todo = batch.todo, []
            for item in todo:
                try:
                    ready = self._judge(item, batch)
                except _OURS:
                    raise
                except AtollError as error:
                    self._refuse(item.thing, batch, error)
                    continue
                if not ready:
                    later.append(item)
                    continue
                assert item.payload is not None
                exact = item.payload.seen == self._core.seen and not batch.judged
                moved = True
                if not exact and not careful:
                    self._compare_fast(last)  # after this one nobody can tell any more
                last = (item.record, item.payload) if exact else None
                if careful:
                    self._apply_alone(item, batch, last)
                else:
                    self._apply_fast(item, batch)
            batch.todo = later
            if moved:
                self._pull_waiting(batch)
        if not careful:
            self._compare_fast(last)

    def _pull_waiting(self, batch: _Batch) -> None:
        """Records that waited may have been waiting for what just came."""
        core = self._core
        known = {item.thing.digest for item in batch.todo}
        for digest, dot in core.ledger.waiting():
            if digest in known or dot.n > core.seen.of(dot.writer) + 1:
                continue
            try:
                thing = Thing(Kind.RECORD, core.blocks.get(digest))
                batch.todo.append(_Todo(thing, parse_record(thing.data)))
            except (BlockNotFound, CorruptBlock, DecodeError, BadToken):
                core.ledger.done_waiting(digest)

    def _judge(self, item: _Todo, batch: _Batch) -> bool:
        """Say whether a record may be applied now; False when it must wait."""
        core, record = self._core, item.record
        have = core.seen.of(record.dot.writer)
        if record.dot.n <= have and core.ledger.cid_at(record.dot) == record.cid:
            raise Duplicate("a record that is in already")
        self._mind_own(record, batch)
        if core.aside.holds(record.cid):
            # where it joins our line we may not see: then the peer needs ours from its beginning
            raise self._forked(record, batch, record.dot.n - 1 if self._follows(record) else 0)
        self._mind_line(record, batch)
        if record.dot.n > have + 1:
            return False
        if item.payload is None:
            item.payload = self._open(record, batch)
        if item.payload is None:
            return False
        if not self._follows(record):
            if self._is_awaited(record, batch):
                batch.awaited.add(record.cid)
                return False
            raise self._forked(record, batch, 0)
        if record.dot.n <= have:
            item.older = self._is_older(record)
            if not item.older:
                raise self._forked(record, batch, record.dot.n - 1)
            batch.awaited.add(record.cid)
            return False
        seen = item.payload.seen
        return core.seen.covers(seen) and self._holds_parents(record, seen, batch)

    def _mind_line(self, record: Record, batch: _Batch) -> None:
        """Refuse a record that builds on what gave way, or was refused: it would wait for ever.

        Raises:
            Forked: our line of what gave way is told anew, for where the two part is not known.
        """
        gone = [dot for cid in record.parents if (dot := self._core.aside.dot(cid)) is not None]
        for dot in gone:
            batch.dispute(dot.writer, 0)
        if gone or not batch.off.isdisjoint(record.parents):
            batch.off.add(record.cid)
            raise Forked("a record that builds on what is on another line than ours")

    def _follows(self, record: Record) -> bool:
        """Say whether a record names the one before it in its writer's line, as it is here."""
        return record.dot.n == 1 or self._core.ledger.cid_at(before(record.dot)) in record.parents

    def _is_awaited(self, record: Record, batch: _Batch) -> bool:
        """Say whether the record before one waits for its place, to which another gives way."""
        if not batch.awaited.isdisjoint(record.parents):
            return True
        return self._core.ledger.is_awaited(record.parents, before(record.dot))

    def _is_older(self, record: Record) -> bool:
        """Say whether a record is older than the one that has its place: every device says so."""
        held = self._core.ledger.place(record.dot)
        return held is not None and (record.at, record.cid) < held

    def _holds_parents(self, record: Record, seen: Seen, batch: _Batch) -> bool:
        """Refuse a record made by who had seen no more than we have, but of another line.

        Raises:
            Forked: of whom is not known, so the last records that its maker had seen are compared.
        """
        core = self._core
        if all(core.ledger.holds(parent) for parent in record.parents):
            return True
        for writer, n in seen.items():
            batch.dispute(writer, n - 1)
        batch.off.add(record.cid)
        raise Forked("a record that builds on what is not here, though its numbers are")

    def _forked(self, record: Record, batch: _Batch, common: int) -> Forked:
        """Return the refusal of a record on another line than ours, which is ours up to common."""
        batch.dispute(record.dot.writer, common)
        batch.forked.add(record.issuer)
        batch.off.add(record.cid)
        return Forked("one number of a writer's line with two contents")

    def _mind_own(self, record: Record, batch: _Batch) -> None:
        """Begin anew when a peer has a record of ours that we do not know: we were set back.

        Or another device writes with a copy of our keys. Signed proof is asked for: whoever
        could make us begin anew by a word alone could do so for ever.
        """
        core = self._core
        is_own = record.dot.writer == core.writer and not batch.judged
        if is_own and record.invocation.is_signed():
            core.begin_anew()

    def _open(self, record: Record, batch: _Batch) -> Payload | None:
        """Return what a record does, once it is proved that it may; None if not all is here."""
        core = self._core
        secret = core.members.secret(record.epoch)
        if secret is None or not core.members.has_proofs(record):
            return None
        thing = batch.blocks.get(record.payload_digest)
        try:
            sealed = core.blocks.get(record.payload_digest) if thing is None else thing.data
        except BlockNotFound:
            return None
        if batch.judged:  # earlier versions bore with a minute: what they kept is not lost
            core.members.may_write(record, record.at, late=SKEW)
        else:
            core.members.may_write(record, core.clock.now())
        return open_payload(record, sealed, secret)

    def _apply_fast(self, item: _Todo, batch: _Batch) -> None:
        try:
            self._apply(item, batch)
        except _OURS:
            raise
        except AtollError as error:
            raise _Careful from error

    def _apply_alone(
        self, item: _Todo, batch: _Batch, exact: tuple[Record, Payload] | None
    ) -> None:
        """Apply one record and compare roots; when that fails it never was."""
        core = self._core
        if core.catalog.dirty:
            core.refresh_root()  # else a rollback would forget what is still to be resealed
        facts, kept, contents = dict(batch.facts), len(batch.kept), len(batch.contents)
        core.connection.execute("SAVEPOINT record")
        try:
            self._apply(item, batch)
            if exact is not None:
                self._compare(*exact)
        except _OURS:
            raise
        except AtollError as error:
            core.connection.execute("ROLLBACK TO record")
            self._forget_dirty()
            core.seen = core.ledger.seen()
            core.refresh_root()
            batch.facts = facts
            del batch.kept[kept:]
            del batch.contents[contents:]
            batch.records = batch.records - 1 if isinstance(error, RootDiffers) else batch.records
            self._refuse(item.thing, batch, error)
        core.connection.execute("RELEASE record")

    def _apply(self, item: _Todo, batch: _Batch) -> None:
        core, record, payload = self._core, item.record, item.payload
        assert payload is not None
        applied = core.catalog.apply(payload.operations, record.dot, payload.seen)
        pos = core.ledger.enter(record, item.thing.digest, payload)
        core.ledger.note_applied(pos, applied)
        core.ledger.done_waiting(item.thing.digest)
        core.seen = core.seen.with_dot(record.dot)
        self._keep(item, batch)
        batch.facts |= applied.facts
        batch.contents += contents_in(payload.operations)
        batch.records += 1
        batch.new_writers |= record.dot.n == 1

    def _keep(self, item: _Todo, batch: _Batch) -> None:
        """Keep a record and its payload, once all of the batch is settled."""
        sealed = batch.blocks.get(item.record.payload_digest)
        if sealed is not None:
            batch.kept.append(sealed)
        batch.kept.append(item.thing)

    def _compare_fast(self, last: tuple[Record, Payload] | None) -> None:
        if last is not None:
            try:
                self._compare(*last)
            except RootDiffers as error:
                raise _Careful from error

    def _compare(self, record: Record, payload: Payload) -> None:
        """Hold the root against what a writer signed who had seen the same."""
        core = self._core
        root = core.refresh_root()
        if record.epoch == core.members.current_epoch()[0] and root != payload.root:
            raise RootDiffers("a record whose tree is not what its operations make")

    def _forget_dirty(self) -> None:
        """After a rollback nothing is left to be resealed, but what was before."""
        self._core.catalog.dirty.clear()

    def _refuse(self, thing: Thing, batch: _Batch, error: AtollError) -> None:
        if not isinstance(error, Duplicate):
            batch.refused.append((thing.digest, error.code))
        self._core.ledger.done_waiting(thing.digest)

    def _hold(self, item: _Todo, batch: _Batch) -> None:
        """Keep a signed record that came too early; peers that send only such meet a bound."""
        core = self._core
        if core.ledger.is_waiting(item.thing.digest):
            if item.record.payload_digest in batch.blocks:
                self._keep(item, batch)
            core.ledger.wait(item.thing.digest, item.record, older=item.older)
        elif not batch.judged and core.ledger.count_waiting() >= MAX_WAITING:
            batch.refused.append((item.thing.digest, TOO_EARLY))
        elif not item.record.invocation.is_signed():
            batch.refused.append((item.thing.digest, BadToken.code))
        else:
            self._keep(item, batch)
            core.ledger.wait(item.thing.digest, item.record, older=item.older)


def before(dot: Dot) -> Dot:
    """Return the dot before one in its writer's line."""
    return Dot(dot.writer, dot.n - 1)


class _Careful(Exception):
    """Something in the batch does not hold: find out what."""
