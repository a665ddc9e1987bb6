"""The network between devices: streams in simulated time that are slow, break, or stop.

A stream loses nothing in its middle, as TCP does not. It breaks, seen by both ends; or, when
its two ends are parted, everything said from then on is lost and nobody is told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random

from storage.crypto.sealed import address as hash_of
from sync.errors import PeerUnreachable
from sync.transport.stream import Address, Talk

_FASTEST, _SLOWEST = 0.001, 0.08


class Stream:
    """One end of a connection."""

    def __init__(self, air: Air, here: str, there: str, binding: bytes) -> None:
        self.other: Stream | None = None
        self.here = here
        self.there = there
        self.closed = False
        self.deaf = False
        """Something said on it was lost: nothing after it gets through either."""
        self._air = air
        self._binding = binding
        self._came: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._free_at = 0.0

    @property
    def binding(self) -> bytes:
        """The hash of what the answering end showed."""
        return self._binding

    @property
    def remote(self) -> Address:
        """Where the other end is."""
        return self.there, 1

    async def read(self) -> bytes:
        """Return some bytes; b"" at the end."""
        while not self._came:
            if self.closed:
                return b""
            self._some.clear()
            await self._some.wait()
        return self._came.popleft()

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.closed or self.other is None:
            raise PeerUnreachable("the connection broke")
        self._air.carry(self, self.other, data)

    def known(self) -> None:
        """Nothing to remember: there are no strangers here."""

    async def close(self) -> None:
        """End it at both ends; what was said before still arrives."""
        self.shut()

    def shut(self) -> None:
        """End it now."""
        if not self.closed:
            self.end()
            if self.other is not None:
                self._air.carry(self, self.other, None)

    def end(self) -> None:
        """Hear nothing more."""
        self.closed = True
        self._some.set()
        self._air.streams.pop(self, None)

    def deliver(self, data: bytes | None) -> None:
        """Take what arrived."""
        if self.closed:
            return
        if data is None:
            self.end()
        else:
            self._came.append(data)
            self._some.set()


class Air:
    """Everything between the devices, and its weather."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.breaks = 0.0
        """The chance that something said breaks its stream."""
        self.over = False
        """The story is told: nothing is carried any more."""
        self.parted: set[frozenset[str]] = set()
        self.clogged: set[str] = set()
        """Whose words stay under way until this is over."""
        self.waiting: list[tuple[Stream, bytes | None]] = []
        self.streams: dict[Stream, None] = {}
        self.doors: dict[str, Door] = {}
        self.dialled = 0
        """How often somebody answered."""
        self._last: dict[Stream, float] = {}

    def carry(self, sender: Stream, taker: Stream, data: bytes | None) -> None:
        """Carry something to the other end, perhaps."""
        if frozenset((sender.here, sender.there)) in self.parted:
            sender.deaf = taker.deaf = True
        if self.over or sender.deaf:
            return
        if self.random.random() < self.breaks:
            self.snap(sender)
            return
        if self.clogged & {sender.here, sender.there} or any(
            stream is taker for stream, _ in self.waiting
        ):
            self.waiting.append((taker, data))
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + self.random.uniform(_FASTEST, _SLOWEST)
        at = max(at, self._last.get(taker, 0.0) + 1e-6)
        self._last[taker] = at
        loop.call_at(at, taker.deliver, data)

    def snap(self, stream: Stream) -> None:
        """Break a connection: both ends see it, what was under way is lost."""
        for end in (stream, stream.other):
            if end is not None:
                end.end()

    def unclog(self) -> None:
        """Let everything that was held up arrive."""
        self.clogged.clear()
        waiting, self.waiting = self.waiting, []
        for taker, data in waiting:
            taker.deliver(data)

    def clear(self) -> None:
        """Let the weather be fine."""
        self.breaks = 0.0
        self.parted.clear()
        self.unclog()

    def gone(self, name: str) -> None:
        """A machine lost its power: nothing of it is heard any more."""
        self.doors.pop(name, None)
        for stream in list(self.streams):
            if stream.here == name:
                self.snap(stream)


class Door:
    """A place where others reach a device."""

    def __init__(self, air: Air, name: str) -> None:
        self._air = air
        self.name = name
        self.came: asyncio.Queue[Stream] = asyncio.Queue()

    @property
    def port(self) -> int:
        """Always the same."""
        return 1

    async def serve(self, talk: Talk) -> None:
        """Talk with everyone who comes, until cancelled."""
        try:
            async with asyncio.TaskGroup() as visits:
                while True:
                    visits.create_task(_visit(await self.came.get(), talk))
        finally:
            self.close()

    def close(self) -> None:
        """Let nobody in any more."""
        if self._air.doors.get(self.name) is self:
            del self._air.doors[self.name]


async def _visit(stream: Stream, talk: Talk) -> None:
    try:
        await talk(stream)
    finally:
        await stream.close()


class AirTransport:
    """One device's way to the others."""

    def __init__(self, air: Air, name: str) -> None:
        self._air = air
        self._name = name

    async def listen(self, port: int) -> Door:
        """Let others come in."""
        del port
        door = self._air.doors[self._name] = Door(self._air, self._name)
        return door

    async def dial(self, address: Address) -> Stream:
        """Reach a device."""
        there = address[0]
        await asyncio.sleep(self._air.random.uniform(_FASTEST, _SLOWEST))
        door = self._air.doors.get(there)
        parted = frozenset((self._name, there)) in self._air.parted
        if (
            self._name not in self._air.doors
            or door is None
            or parted
            or {self._name, there} & self._air.clogged
        ):
            raise PeerUnreachable(f"nobody answers at {there}")
        binding = hash_of(there.encode())
        one = Stream(self._air, self._name, there, binding)
        other = Stream(self._air, there, self._name, binding)
        one.other, other.other = other, one
        self._air.streams |= {one: None, other: None}
        self._air.dialled += 1
        door.came.put_nowait(other)
        return one
