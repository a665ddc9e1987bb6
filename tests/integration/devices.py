"""Whole sync services in one process, each with its own certificate and listening socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from storage.facts.dots import Writer
from sync.discovery.fake import Air, FakeDiscovery
from sync.discovery.port import Discovery
from sync.events import SyncEvent
from sync.service import SyncService
from sync.transport.memory import MemoryNet, MemoryTransport
from sync.transport.stream import Transport
from sync.transport.tcp import TcpTransport
from tests.sim.people import FakeKnown
from tests.sim.spaces import FakeReplica, FakeSpace

SPACE = bytes(32)
PATIENCE = 20.0
_Event = TypeVar("_Event")


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return the wall clock."""
        return time.time()

    def monotonic(self) -> float:
        """Return what never runs backwards."""
        return time.monotonic()


class Dice:
    """Seeded entropy."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  (a test, not a secret)

    def take(self, size: int) -> bytes:
        """Roll."""
        return self._random.randbytes(size)


@dataclass
class Node:
    """One device with its service."""

    known: FakeKnown
    service: SyncService
    held: FakeSpace
    events: list[SyncEvent]
    """What the service told."""
    news: asyncio.Event

    def heard(self, kind: type[_Event]) -> list[_Event]:
        """Return all events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until something is so; looked at whenever the service tells something."""
        async with asyncio.timeout(PATIENCE):
            while not happened():
                self.news.clear()
                await self.news.wait()

    async def event(self, kind: type[_Event], count: int = 1) -> _Event:
        """Wait for an event of a kind."""
        await self.until(lambda: len(self.heard(kind)) >= count)
        return self.heard(kind)[count - 1]

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.service.port


def node(
    known: FakeKnown, transport: Transport, discovery: Discovery, *, shares: bool = True
) -> Node:
    """Make a device; with the space that all share, or (not yet) without."""
    held = FakeSpace(Writer(known.keys.signing.public[:8]))
    events: list[SyncEvent] = []
    news = asyncio.Event()

    def hear(event: SyncEvent) -> None:
        events.append(event)
        news.set()

    service = SyncService(
        [FakeReplica(held)] if shares else [],
        known,
        transport,
        discovery,
        clock=RealClock(),
        entropy=Dice(sum(known.keys.signing.public)),
        listener=hear,
    )
    return Node(known, service, held, events, news)


@contextlib.asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[None]:
    """Let services run, and stop them in the end."""
    async with asyncio.TaskGroup() as tasks:
        for one in nodes:
            tasks.create_task(one.service.run())
            await one.service.ready()
        try:
            yield
        finally:
            for one in nodes:
                await one.service.stop()


def in_memory(people: list[FakeKnown], *, near: bool = True) -> list[Node]:
    """Make devices on a network in memory; near ones find each other."""
    net, air = MemoryNet(), Air()
    return [
        node(
            known,
            MemoryTransport(net, known.name),
            FakeDiscovery(air if near else Air(), known.name, Dice(place)),
        )
        for place, known in enumerate(people)
    ]


def over_tls(people: list[FakeKnown], *, near: bool = True) -> list[Node]:
    """Make devices that listen on the loopback."""
    air = Air()
    return [
        node(
            known,
            TcpTransport(Dice(place + 100), "127.0.0.1"),
            FakeDiscovery(air if near else Air(), "127.0.0.1", Dice(place)),
        )
        for place, known in enumerate(people)
    ]
