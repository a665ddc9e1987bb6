"""What goes to others: the records, tokens and blocks of one space that they lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AtollError, BlockNotFound, CorruptBlock
from storage.facts.change import EntryId
from storage.facts.dots import Seen, Writer
from storage.records.ledger import Step
from storage.records.record import parse_record

RIDE_ALONG = 64 * 1024


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
    disputed: tuple[tuple[Writer, int], ...] = ()
    """Writers of whom the peer holds another line, each with a number up to which it is ours.

    It is to be sent our line from there on: one of the two gives way."""
    forked: frozenset[str] = frozenset()
    """The devices (did:key) whose records were refused because they lie on another line."""
    gave_way: bool = False
    """Records held here gave way to an older line: what was said of this space before is void."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Things for a peer, in an order in which each can be judged when it comes."""

    things: tuple[Thing, ...]
    seen_after: Seen
    """What the peer has seen once it has taken them."""
    more: bool


_GIVEN = {Kind.BLOCK, Kind.RECORD}
"""What is given to whoever names its digest: what all members have anyhow."""


class Exchange:
    """Picks what others lack."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def things_after(
        self, seen: Seen, auth: bytes, budget: int, upto: Seen | None = None
    ) -> Parcel:
        """Return what a peer with that `seen` and that set of tokens lacks.

        About `budget` bytes of it, but tokens always, and one record at least, so that each
        parcel brings it further. A record that is damaged here holds back its writer's later
        ones; another peer may have them. Records that `upto` does not include stay here.
        """
        core = self._core
        things = core.members.things() if auth != core.members.auth else []
        size = sum(len(thing.data) for thing in things)
        sent: list[Thing] = []
        held_back: set[Writer] = set()
        for step in core.ledger.after(seen, core.seen):
            if step.dot.writer in held_back or (upto is not None and not upto.includes(step.dot)):
                continue
            pair = self._pair(step)
            if pair is None:
                held_back.add(step.dot.writer)
                continue
            weight = sum(len(thing.data) for thing in pair)
            if sent and size + weight > budget:
                return Parcel((*things,), seen, more=True)
            things += pair
            size += weight
            seen = seen.with_dot(step.dot)
            sent.append(pair[1])
        return Parcel((*things, *self._riders(sent, budget - size)), seen, more=False)

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return content blocks, or records that were damaged elsewhere; None for all else."""
        return [self._block(digest) for digest in digests]

    def _pair(self, step: Step) -> tuple[Thing, Thing] | None:
        """Return a record's payload and the record, None when either is damaged."""
        blocks = self._core.blocks
        try:
            payload = Thing(Kind.BLOCK, blocks.get(step.payload))
            return payload, Thing(Kind.RECORD, blocks.get(step.digest))
        except (BlockNotFound, CorruptBlock):
            return None

    def _riders(self, records: Sequence[Thing], room: int) -> list[Thing]:
        """Return small new blocks that save the peer a round trip."""
        room = min(room, RIDE_ALONG)
        riders: list[Thing] = []
        for record in records:
            for digest in parse_record(record.data).blocks if room > 0 else ():
                data = self._block(digest)
                if data is None or len(data) > room:
                    continue
                room -= len(data)
                riders.append(Thing(Kind.BLOCK, data))
        return riders

    def _block(self, digest: bytes) -> bytes | None:
        blocks = self._core.blocks
        try:
            return blocks.get(digest) if blocks.kind_of(digest) in _GIVEN else None
        except AtollError:
            return None
