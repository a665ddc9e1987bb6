"""Streams inside one process, for tests: the same port, no sockets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from storage.crypto.sealed import address as hash_of
from sync.errors import PeerUnreachable, PortInUse
from sync.transport.stream import Address, Talk

_ROOM = 64
_FIRST_PORT = 40_000


class MemoryStream:
    """One end of a pair."""

    def __init__(self, binding: bytes, remote: Address) -> None:
        self.other: MemoryStream | None = None
        self.is_known = False
        self._binding = binding
        self._remote = remote
        self._came: asyncio.Queue[bytes] = asyncio.Queue(_ROOM)
        self._closed = asyncio.Event()

    @property
    def binding(self) -> bytes:
        """The hash of what the answering end showed."""
        return self._binding

    @property
    def remote(self) -> Address:
        """Where the other end is."""
        return self._remote

    async def read(self) -> bytes:
        """Return some bytes; b"" at the end."""
        if self._closed.is_set() and self._came.empty():
            return b""
        return await self._came.get()

    async def write(self, data: bytes) -> None:
        """Send bytes; return when there is room for more."""
        if self._closed.is_set() or self.other is None:
            raise PeerUnreachable("the connection broke")
        await self.other._came.put(data)  # noqa: SLF001

    def known(self) -> None:
        """Remember that the peer proved who it is."""
        self.is_known = True

    async def close(self) -> None:
        """End it at both ends."""
        for end in (self, self.other):
            if end is not None and not end._closed.is_set():  # noqa: SLF001
                end._closed.set()  # noqa: SLF001
                if end._came.empty():  # noqa: SLF001
                    end._came.put_nowait(b"")  # noqa: SLF001


def stream_pair(binding: bytes = bytes(32)) -> tuple[MemoryStream, MemoryStream]:
    """Return two ends that reach each other: dialling, answering."""
    one, other = MemoryStream(binding, ("there", 1)), MemoryStream(binding, ("here", 2))
    one.other, other.other = other, one
    return one, other


@dataclass
class MemoryNet:
    """All places that can be reached."""

    listening: dict[Address, MemoryListening] = field(
        default_factory=dict["Address", "MemoryListening"]
    )
    next_port: int = _FIRST_PORT


class MemoryListening:
    """A place where others reach us."""

    def __init__(self, net: MemoryNet, place: Address, binding: bytes) -> None:
        self.binding = binding
        self._net = net
        self._place = place
        self._came: asyncio.Queue[MemoryStream] = asyncio.Queue()

    @property
    def port(self) -> int:
        """The port that was chosen."""
        return self._place[1]

    def arrive(self, stream: MemoryStream) -> None:
        """Let a stream come in."""
        self._came.put_nowait(stream)

    async def serve(self, talk: Talk) -> None:
        """Talk with everyone who comes, until cancelled."""
        try:
            async with asyncio.TaskGroup() as visits:
                while True:
                    visits.create_task(self._visit(await self._came.get(), talk))
        finally:
            self.close()

    def close(self) -> None:
        """Let nobody in any more."""
        self._net.listening.pop(self._place, None)

    async def _visit(self, stream: MemoryStream, talk: Talk) -> None:
        try:
            await talk(stream)
        finally:
            await stream.close()


class MemoryTransport:
    """One device's door to a MemoryNet."""

    def __init__(self, net: MemoryNet, host: str) -> None:
        self._net = net
        self._host = host

    async def listen(self, port: int) -> MemoryListening:
        """Let others come in."""
        if not port:
            self._net.next_port += 1
            port = self._net.next_port
        place = (self._host, port)
        if place in self._net.listening:
            raise PortInUse(f"port {port} is taken")
        listening = MemoryListening(self._net, place, hash_of(repr(place).encode()))
        self._net.listening[place] = listening
        return listening

    async def dial(self, address: Address) -> MemoryStream:
        """Reach a device."""
        listening = self._net.listening.get(address)
        if listening is None:
            raise PeerUnreachable(f"nobody answers at {address[0]}:{address[1]}")
        one = MemoryStream(listening.binding, address)
        other = MemoryStream(listening.binding, (self._host, 1))
        one.other, other.other = other, one
        listening.arrive(other)
        return one
