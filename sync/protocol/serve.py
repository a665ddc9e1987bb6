"""Answering wants: blocks are read ahead a little, and sent as far as the credit goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.blocks.store import MAX_BLOCK, Kind
from sync.errors import RemoteProtocolError
from sync.protocol import messages as say
from sync.protocol.bounds import MAX_BLOCKS_A_MESSAGE, MAX_WANTS, SOFT_FRAME
from sync.protocol.desk import DATA, Desk
from sync.protocol.events import BlocksWanted
from sync.protocol.messages import Channel
from sync.protocol.pieces import cut

AHEAD = 512 * 1024
"""Bytes of blocks that are read before there is room to send them."""
_FIRST_GUESS = 16 * 1024
_MOST_AT_ONCE = 128
_OVERHEAD = 8


@dataclass(slots=True)
class _Order:
    """What is left of one WANT."""

    rid: int
    space: bytes
    digests: deque[bytes]


@dataclass(slots=True)
class _Counter:
    """What one channel is asked for."""

    orders: deque[_Order] = field(default_factory=deque[_Order])
    reading: list[tuple[int, bytes]] | None = None
    """(request, address) of what the replica is looking up now."""
    ready: deque[tuple[int, bytes, bytes | None]] = field(
        default_factory=deque[tuple[int, bytes, bytes | None]]
    )
    pieces: deque[say.Piece] = field(default_factory=deque[say.Piece])
    bytes_ready: int = 0
    guess: int = _FIRST_GUESS
    """How large the next block is likely to be."""


class Serve:
    """The other end's wants in one session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counters = {channel: _Counter() for channel in DATA}
        self._waiting = 0
        self.sent = 0
        """Bytes of blocks that went out."""

    def waiting(self, space: bytes) -> int:
        """Return how many blocks of a space are wanted from us and not read yet."""
        orders = (order for counter in self._counters.values() for order in counter.orders)
        return sum(len(order.digests) for order in orders if order.space == space)

    def hear_want(self, message: say.Want, space: bytes) -> None:
        """Take a request."""
        self._waiting += len(message.digests)
        if self._waiting > MAX_WANTS:
            raise RemoteProtocolError("more wants than anybody may have open")
        counter = self._counters[message.channel]
        counter.orders.append(_Order(message.rid, space, deque(message.digests)))
        self._read(message.channel)

    def hear_cancel(self, message: say.Cancel) -> None:
        """Forget what is left of a request. What is being looked up will still be sent."""
        for counter in self._counters.values():
            for order in counter.orders:
                if order.rid == message.rid:
                    self._waiting -= len(order.digests)
                    order.digests.clear()
            counter.orders = deque(order for order in counter.orders if order.digests)

    def give_blocks(self, asked: BlocksWanted, blocks: Sequence[bytes | None]) -> None:
        """Answer BlocksWanted."""
        counter = self._counters[asked.channel]
        reading, counter.reading = counter.reading or [], None
        for (rid, digest), block in zip(reading, blocks, strict=True):
            known = block if block is not None and len(block) <= MAX_BLOCK else None
            counter.ready.append((rid, digest, known))
            if known is not None:
                counter.bytes_ready += len(known)
                counter.guess = max(256, (counter.guess * 7 + len(known)) // 8)
        self._read(asked.channel)

    def next_frame(self, channel: Channel) -> bytes | None:
        """Return the next frame of a channel, or None: nothing to send, or no credit."""
        counter = self._counters[channel]
        if counter.pieces:
            return self._next_piece(channel, counter)
        if not counter.ready:
            return None
        rid, _, block = counter.ready[0]
        if block is None:
            return self._not_have(channel, counter, rid)
        if len(block) > SOFT_FRAME:
            self._drop(counter, 1)
            counter.pieces.extend(cut(channel, rid, Kind.BLOCK, block))
            return self._next_piece(channel, counter)
        return self._blocks(channel, counter, rid)

    def _blocks(self, channel: Channel, counter: _Counter, rid: int) -> bytes | None:
        chosen: list[bytes] = []
        size = 0
        for number, _, block in counter.ready:
            if number != rid or block is None or len(chosen) >= MAX_BLOCKS_A_MESSAGE:
                break
            size += len(block) + _OVERHEAD
            if chosen and size > SOFT_FRAME:
                break
            chosen.append(block)
        made = self._desk.pay(channel, say.Blocks(channel, rid, tuple(chosen)))
        if made is not None:
            self.sent += len(made)
            self._drop(counter, len(chosen))
            self._read(channel)
        return made

    def _next_piece(self, channel: Channel, counter: _Counter) -> bytes | None:
        made = self._desk.pay(channel, counter.pieces[0])
        if made is not None:
            self.sent += len(made)
            counter.pieces.popleft()
            self._read(channel)
        return made

    def _not_have(self, channel: Channel, counter: _Counter, rid: int) -> bytes:
        gone: list[bytes] = []
        for number, digest, block in counter.ready:
            if number != rid or block is not None:
                break
            gone.append(digest)
        self._drop(counter, len(gone))
        self._read(channel)
        return self._desk.frame(say.NotHave(channel, rid, tuple(gone)))

    def _drop(self, counter: _Counter, count: int) -> None:
        """Strike out what goes out now."""
        self._waiting -= count
        for _ in range(count):
            _, _, block = counter.ready.popleft()
            counter.bytes_ready -= len(block or b"")

    def _read(self, channel: Channel) -> None:
        """Ask the replica for a little more than can be sent now."""
        counter = self._counters[channel]
        if counter.reading is not None or not counter.orders or counter.bytes_ready >= AHEAD:
            return
        order = counter.orders[0]
        count = min(len(order.digests), _MOST_AT_ONCE, max(1, AHEAD // counter.guess))
        digests = tuple(order.digests.popleft() for _ in range(count))
        if not order.digests:
            counter.orders.popleft()
        counter.reading = [(order.rid, digest) for digest in digests]
        self._desk.tell(BlocksWanted(order.space, channel, digests))
