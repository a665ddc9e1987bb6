"""A space without facts, for tests of sync: records by writer, and blocks that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from storage.blocks.store import Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.crypto.sealed import address
from storage.errors import DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Seen, Writer
from sync.ports import Heads


@dataclass(frozen=True, slots=True)
class FakeAccepted:
    """What became of things."""

    records: int
    entries: frozenset[EntryId]
    refused: tuple[tuple[bytes, str], ...] = ()
    waiting: int = 0
    disputed: tuple[tuple[Writer, int], ...] = ()
    forked: frozenset[str] = frozenset()
    gave_way: bool = False


@dataclass(frozen=True, slots=True)
class FakeParcel:
    """Things for a peer."""

    things: tuple[Thing, ...]
    seen_after: Seen
    more: bool


@dataclass
class FakeSpace:
    """One space on one device, all in memory. Synchronous: see `FakeReplica`."""

    writer: Writer
    space: bytes = bytes(32)
    meeting_key: bytes = b"m" * 32
    lines: dict[Writer, list[Thing]] = field(default_factory=dict)
    payloads: dict[bytes, Thing] = field(default_factory=dict)
    tokens: dict[bytes, Thing] = field(default_factory=dict)
    blocks: dict[bytes, bytes] = field(default_factory=dict)
    wanted: dict[bytes, None] = field(default_factory=dict)
    receipts: list[Thing] = field(default_factory=list)
    accepted_twice: int = 0
    refuses: bool = False
    """It takes no record, whatever comes."""
    asked: list[bytes] = field(default_factory=list)
    """Every address that a peer was given a block for."""

    @property
    def seen(self) -> Seen:
        """How many records of each writer are here."""
        return Seen({writer: len(line) for writer, line in self.lines.items()})

    def commit(self, contents: Iterable[bytes] = (), words: bytes = b"") -> None:
        """Write a record that names some blocks."""
        digests = []
        for block in contents:
            digests.append(address(block))
            self.blocks[digests[-1]] = block
        payload = Thing(Kind.BLOCK, encode([digests, words]))
        number = len(self.lines.get(self.writer, [])) + 1
        record = Thing(Kind.RECORD, encode([self.writer, number, payload.digest, bytes(200)]))
        self.payloads[payload.digest] = payload
        self.lines.setdefault(self.writer, []).append(record)

    def heads(self) -> Heads:
        """Return how it stands."""
        lines = [[w, [record.digest for record in line]] for w, line in sorted(self.lines.items())]
        root = address(encode(lines))
        return Heads(self.seen, root, address(encode(sorted(self.tokens))), not self.wanted)

    def things_after(self, seen: Seen, auth: bytes, budget: int) -> FakeParcel:
        """Return what somebody lacks."""
        things = list(self.tokens.values()) if auth != self.heads().auth else []
        size = 0
        for writer, line in sorted(self.lines.items()):
            for record in line[seen.of(writer) :]:
                payload = self.payloads[_fields(record)[2]]
                cost = len(record.data) + len(payload.data)
                if size and size + cost > budget:
                    return FakeParcel(tuple(things), seen, more=True)
                things += [payload, record]
                size += cost
                seen = Seen({**seen, writer: seen.of(writer) + 1})
        return FakeParcel(tuple(things), seen, more=False)

    def accept(self, things: Sequence[Thing]) -> FakeAccepted:
        """Keep what follows on what is here, with its payload beside it."""
        came = {thing.digest: thing for thing in things if thing.kind is Kind.BLOCK}
        records = waiting = 0
        for thing in () if self.refuses else things:
            if thing.kind is Kind.RECORD:
                try:
                    writer, number, digest = _fields(thing)
                except DecodeError:
                    continue
                line = self.lines.get(writer, [])
                if number <= len(line):
                    self.accepted_twice += 1
                elif number > len(line) + 1 or digest not in came:
                    waiting += 1
                else:
                    self._want(came[digest])
                    self.lines.setdefault(writer, []).append(thing)
                    self.payloads[digest] = came[digest]
                    records += 1
            elif thing.kind is not Kind.BLOCK:
                self.tokens[thing.digest] = thing
        for digest, thing in came.items():
            if digest in self.wanted:
                self.put_blocks([thing.data])
        refused = [t for t in things if t.kind is Kind.RECORD] if self.refuses else []
        said = tuple((thing.digest, "access.expired") for thing in refused)
        return FakeAccepted(records, frozenset(), said, waiting)

    def _want(self, payload: Thing) -> None:
        match decode(payload.data):
            case [list() as digests, _]:
                self.wanted.update(
                    (digest, None)
                    for digest in digests
                    if isinstance(digest, bytes) and digest not in self.blocks
                )
            case _:
                raise DecodeError("a payload that no fake wrote")

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return what is wanted."""
        return tuple(self.wanted)[:limit]

    def wants(self, digest: bytes) -> bool:
        """Say whether a block is wanted."""
        return digest in self.wanted

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return blocks."""
        found = [self.blocks.get(digest) for digest in digests]
        self.asked += [d for d, block in zip(digests, found, strict=True) if block is not None]
        return found

    def put_blocks(self, blocks: Sequence[bytes]) -> None:
        """Keep blocks that are wanted."""
        for block in blocks:
            digest = address(block)
            assert digest in self.wanted, "nothing unasked may come this far"
            del self.wanted[digest]
            self.blocks[digest] = block

    def receipt(self) -> Thing:
        """Return our word."""
        return Thing(Kind.RECEIPT, encode([self.writer, self.seen.to_cbor()]))

    def same(self, other: FakeSpace) -> bool:
        """Say whether both hold the same, content included."""
        return self.heads() == other.heads() and self.blocks == other.blocks


class FakeReplica:
    """A FakeSpace behind the port."""

    def __init__(self, held: FakeSpace) -> None:
        self.held = held

    @property
    def space(self) -> bytes:
        """The space's public key."""
        return self.held.space

    @property
    def meeting_key(self) -> bytes:
        """What all who share it know."""
        return self.held.meeting_key

    async def heads(self) -> Heads:
        """Return how it stands."""
        return self.held.heads()

    async def things_after(self, seen: Seen, auth: bytes, budget: int) -> FakeParcel:
        """Return what somebody lacks."""
        return self.held.things_after(seen, auth, budget)

    async def accept(self, things: Sequence[Thing], peer: str) -> FakeAccepted:
        """Keep things."""
        assert peer.startswith("did:key:")
        return self.held.accept(things)

    async def missing(self, limit: int) -> Sequence[bytes]:
        """Return what is wanted."""
        return self.held.missing(limit)

    async def get_blocks(self, digests: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return blocks."""
        return self.held.get_blocks(digests)

    async def put_blocks(self, blocks: Sequence[bytes]) -> None:
        """Keep blocks."""
        self.held.put_blocks(blocks)

    async def receipt(self) -> Thing:
        """Return our word."""
        return self.held.receipt()

    async def take_receipts(self, things: Sequence[Thing]) -> None:
        """Take others' words."""
        self.held.receipts += things


def _fields(record: Thing) -> tuple[Writer, int, bytes]:
    match decode(record.data):
        case [bytes() as writer, int() as number, bytes() as digest, bytes()]:
            return Writer(writer), number, digest
        case _:
            raise DecodeError("a record that no fake wrote")
