"""What comes from others, and what goes to them: records, tokens and blocks of one space.

Nothing is believed: a record is parsed, its right is judged, its payload opened, its dots
are checked to be its writer's, and the tree that comes out must be the one that its writer
signed, where both had seen the same. What cannot be judged yet waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AtollError, BadToken, BlockNotFound, DecodeError, NotAllowed
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.state import EntryFacts
from storage.records.receipt import read_receipt
from storage.records.record import Payload, Record, open_payload, parse_record

MAX_WAITING = 4096
RIDE_ALONG = 64 * 1024
FORK = "access.fork"
ROOT_DIFFERS = "storage.root-differs"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of things that a peer sent."""

    records: int
    """How many records joined the space."""
    entries: frozenset[EntryId]
    """What they touched."""
    refused: tuple[tuple[bytes, str], ...]
    """Digests of what was not taken, each with an error code."""
    waiting: int
    """How many records wait for what they build on."""
    others: int = 0
    """How many tokens, epochs or invitations were new."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Things for a peer, in an order in which each can be judged when it comes."""

    things: tuple[Thing, ...]
    seen_after: Seen
    """What the peer has seen once it has taken them."""
    more: bool


@dataclass(slots=True)
class _Batch:
    """Records under way."""

    blocks: dict[bytes, Thing]
    todo: list[tuple[Thing, Record]] = field(default_factory=list)
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    facts: dict[EntryId, EntryFacts] = field(default_factory=dict)
    records: int = 0
    others: int = 0


class RootDiffers(DecodeError):
    """A record's writer signed another tree than its operations make."""

    code = ROOT_DIFFERS


class Forked(BadToken):
    """One number of a writer's line with two contents: proof of a fault."""

    code = FORK


class Exchange:
    """Takes things in, and picks what others lack."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # ------------------------------------------------------------ taking in

    def accept(self, things: Iterable[Thing]) -> Accepted:
        """Judge things and take in what holds; the rest is named with reasons."""
        core = self._core
        batch = _Batch({})
        with core.transaction():
            tokens = self._sort(things, batch)
            batch.others = self._take_tokens(tokens, batch)
            self._pull_waiting(batch)
            self._join_records(batch)
            self._settle_contents(batch)
        if batch.records or batch.others:
            core.name_writers()
        return Accepted(
            batch.records,
            frozenset(batch.facts),
            tuple(batch.refused),
            len(core.ledger.waiting()),
            batch.others,
        )

    def put_blocks(self, blocks: Iterable[bytes]) -> frozenset[EntryId]:
        """Keep content that was wanted, and return the entries that are complete now."""
        core = self._core
        with core.transaction():
            touched: set[EntryId] = set()
            for data in blocks:
                touched |= self._take_wanted(Thing(Kind.BLOCK, data))
            return self._complete(touched)

    def _sort(self, things: Iterable[Thing], batch: _Batch) -> list[Thing]:
        tokens: list[Thing] = []
        for thing in things:
            match thing.kind:
                case Kind.BLOCK:
                    batch.blocks[thing.digest] = thing
                case Kind.RECORD:
                    self._parse(thing, batch)
                case _:
                    tokens.append(thing)
        return tokens

    def _parse(self, thing: Thing, batch: _Batch) -> None:
        try:
            batch.todo.append((thing, parse_record(thing.data)))
        except AtollError as error:
            batch.refused.append((thing.digest, error.code))

    def _take_tokens(self, tokens: list[Thing], batch: _Batch) -> int:
        taken = 0
        for thing in tokens:
            try:
                if thing.kind == Kind.RECEIPT:
                    self._take_receipt(thing)
                else:
                    taken += self._core.members.take(thing)
            except AtollError as error:
                batch.refused.append((thing.digest, error.code))
        return taken

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

    def _pull_waiting(self, batch: _Batch) -> None:
        """Records that waited may have been waiting for what just came."""
        known = {thing.digest for thing, _ in batch.todo}
        for digest in self._core.ledger.waiting():
            if digest not in known:
                thing = Thing(Kind.RECORD, self._core.blocks.get(digest))
                batch.todo.append((thing, parse_record(thing.data)))

    def _join_records(self, batch: _Batch) -> None:
        """Apply all at once and compare roots at the end; on a difference, one by one."""
        core = self._core
        start, todo = core.seen, list(batch.todo)
        core.connection.execute("SAVEPOINT batch")
        try:
            self._pass(batch, careful=False)
        except RootDiffers:
            core.connection.execute("ROLLBACK TO batch")
            core.catalog.dirty.clear()
            core.seen, batch.todo, batch.records = start, todo, 0
            batch.facts.clear()
            self._pass(batch, careful=True)
        core.connection.execute("RELEASE batch")

    def _pass(self, batch: _Batch, *, careful: bool) -> None:
        moved, last = True, None
        while moved and batch.todo:
            moved, later = False, []
            for thing, record in batch.todo:
                try:
                    payload = self._judge(thing, record, batch)
                    if payload is None:
                        later.append((thing, record))
                        continue
                    exact = payload.seen == self._core.seen
                    self._apply(thing, record, payload, batch)
                    last = payload if exact else None
                    if careful:
                        self._compare(last)
                    self._core.connection.execute("RELEASE record")
                except RootDiffers as error:
                    if not careful:
                        raise
                    self._undo(thing, batch, error)
                except AtollError as error:
                    self._refuse(thing, batch, error)
                moved = True
            batch.todo = later
        self._compare(last)
        for thing, record in batch.todo:
            self._hold(thing, record, batch)

    def _judge(self, thing: Thing, record: Record, batch: _Batch) -> Payload | None:
        """Return what the record does; None when it must wait."""
        core = self._core
        have = core.seen.of(record.dot.writer)
        if record.dot.n <= have:
            if core.ledger.cid_at(record.dot) != record.cid:
                raise Forked("one number of a writer's line with two contents")
            raise Duplicate(thing.digest)
        secret = core.members.secret(record.epoch)
        if record.dot.n > have + 1 or secret is None or not core.members.has_proofs(record):
            return None
        sealed = self._payload(record, batch)
        if sealed is None:
            return None
        core.members.may_write(record, core.clock.now())
        payload = open_payload(record, sealed, secret)
        return payload if core.seen.covers(payload.seen) else None

    def _payload(self, record: Record, batch: _Batch) -> bytes | None:
        thing = batch.blocks.get(record.payload_digest)
        if thing is not None:
            return thing.data
        try:
            return self._core.blocks.get(record.payload_digest)
        except BlockNotFound:
            return None

    def _apply(self, thing: Thing, record: Record, payload: Payload, batch: _Batch) -> None:
        core = self._core
        core.connection.execute("SAVEPOINT record")
        if (sealed := batch.blocks.get(record.payload_digest)) is not None:
            core.blocks.add(sealed)
        core.blocks.add(thing)
        applied = core.catalog.apply(payload.operations, record.dot, payload.seen)
        pos = core.ledger.enter(record, thing.digest, payload)
        core.ledger.note(pos, applied.facts, applied.gone)
        core.ledger.done_waiting(thing.digest)
        core.seen = core.seen.with_dot(record.dot)
        batch.facts |= applied.facts
        batch.records += 1

    def _compare(self, payload: Payload | None) -> None:
        """Recompute the root, and hold it against what a writer signed who had seen the same."""
        root = self._core.refresh_root()
        if payload is not None and root != payload.root:
            raise RootDiffers("a record whose tree is not what its operations make")

    def _undo(self, thing: Thing, batch: _Batch, error: AtollError) -> None:
        core = self._core
        core.connection.execute("ROLLBACK TO record")
        core.catalog.dirty.clear()
        core.seen = core.ledger.seen()
        batch.records -= 1
        self._refuse(thing, batch, error)

    def _refuse(self, thing: Thing, batch: _Batch, error: AtollError) -> None:
        if not isinstance(error, Duplicate):
            batch.refused.append((thing.digest, error.code))
        self._core.ledger.done_waiting(thing.digest)

    def _hold(self, thing: Thing, record: Record, batch: _Batch) -> None:
        """Keep a record that came too early; it costs a peer that only sends such ones a bound."""
        core = self._core
        if len(core.ledger.waiting()) >= MAX_WAITING:
            batch.refused.append((thing.digest, "sync.too-early"))
            return
        core.blocks.add(thing)
        if (sealed := batch.blocks.get(record.payload_digest)) is not None:
            core.blocks.add(sealed)
        core.ledger.wait(thing.digest, record.dot)

    def settle(self, facts: Mapping[EntryId, EntryFacts]) -> None:
        """Note what is wanted of entries, and that search has to read them again."""
        self._want(facts)

    def _settle_contents(self, batch: _Batch) -> None:
        """Say what is wanted now, and take what of it rode along."""
        self._want(batch.facts)
        touched: set[EntryId] = set()
        for thing in batch.blocks.values():
            touched |= self._take_wanted(thing)
        self._complete(touched)

    def _want(self, facts: Mapping[EntryId, EntryFacts]) -> None:
        core = self._core
        core.connection.executemany(
            "DELETE FROM want WHERE entry = ?", [(entry,) for entry in facts]
        )
        core.connection.executemany(
            "INSERT OR IGNORE INTO want(digest, entry) VALUES (?, ?)",
            [
                (digest, entry)
                for entry, its in facts.items()
                for digest in core.contents.missing(its)
            ],
        )
        core.connection.executemany(
            "INSERT OR IGNORE INTO unread(entry) VALUES (?)", [(entry,) for entry in facts]
        )

    def _take_wanted(self, thing: Thing) -> set[EntryId]:
        core = self._core
        rows = core.connection.execute("SELECT entry FROM want WHERE digest = ?", (thing.digest,))
        entries = {EntryId(bytes(row[0])) for row in rows.fetchall()}
        if entries:
            core.blocks.add(thing)
            core.connection.execute("DELETE FROM want WHERE digest = ?", (thing.digest,))
        return entries

    def _complete(self, touched: set[EntryId]) -> frozenset[EntryId]:
        """Look for what the new blocks tell to want next; return what needs nothing more."""
        core = self._core
        done: set[EntryId] = set()
        for entry in touched:
            left = core.connection.execute(
                "SELECT 1 FROM want WHERE entry = ? LIMIT 1", (entry,)
            ).fetchone()
            if left is not None:
                continue
            more = list(core.contents.missing(core.catalog.facts(entry)))
            core.connection.executemany(
                "INSERT OR IGNORE INTO want(digest, entry) VALUES (?, ?)",
                [(digest, entry) for digest in more],
            )
            if not more:
                done.add(entry)
        core.connection.executemany(
            "INSERT OR IGNORE INTO unread(entry) VALUES (?)", [(entry,) for entry in done]
        )
        return frozenset(done)

    # ------------------------------------------------------------ giving out

    def things_after(self, seen: Seen, auth: bytes, budget: int) -> Parcel:
        """Return what a peer with that `seen` and that set of tokens lacks, up to about budget bytes."""
        core = self._core
        things: list[Thing] = []
        if auth != core.members.auth:
            things += core.members.things()
        size = sum(len(thing.data) for thing in things)
        rider: list[Record] = []
        for step in core.ledger.after(seen, core.seen):
            payload = Thing(Kind.BLOCK, core.blocks.get(step.payload))
            token = Thing(Kind.RECORD, core.blocks.get(step.digest))
            if things and size + len(payload.data) + len(token.data) > budget:
                return Parcel(tuple(things), seen, more=True)
            things += [payload, token]
            size += len(payload.data) + len(token.data)
            seen = seen.with_dot(step.dot)
            rider.append(parse_record(token.data))
        return Parcel((*things, *self._riders(rider, budget - size)), seen, more=False)

    def _riders(self, records: Sequence[Record], room: int) -> list[Thing]:
        """Return small new blocks that save the peer a round trip."""
        room = min(room, RIDE_ALONG)
        riders: list[Thing] = []
        for digest in (digest for record in records for digest in record.blocks):
            try:
                data = self._core.blocks.get(digest)
            except BlockNotFound:
                continue
            room -= len(data)
            if room < 0:
                break
            riders.append(Thing(Kind.BLOCK, data))
        return riders

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return content blocks; None for what is not here or is no content."""
        return [self._block(digest) for digest in digests]

    def _block(self, digest: bytes) -> bytes | None:
        blocks = self._core.blocks
        try:
            return blocks.get(digest) if blocks.kind_of(digest) == Kind.BLOCK else None
        except AtollError:
            return None

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return addresses of content that is still to come."""
        rows = self._core.connection.execute("SELECT DISTINCT digest FROM want LIMIT ?", (limit,))
        return tuple(bytes(row[0]) for row in rows.fetchall())

    def missing_count(self) -> tuple[int, int]:
        """Return how many blocks are known to be still to come, and the bytes of their files."""
        row = self._core.connection.execute(
            "SELECT (SELECT count(DISTINCT digest) FROM want), (SELECT coalesce(sum(size), 0) "
            "FROM entry WHERE id IN (SELECT entry FROM want))"
        ).fetchone()
        return int(row[0]), int(row[1])


class Duplicate(DecodeError):
    """A record that is in already."""

    code = "storage.duplicate"

    def __init__(self, digest: bytes) -> None:
        super().__init__(f"record {digest.hex()[:12]} is in already")
