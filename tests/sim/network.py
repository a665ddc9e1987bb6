"""A network in one thread: seeded, so every failure can be replayed.

Time is a number that jumps to the next event. Packets are delayed and cut up by chance. A
stream loses nothing in its middle, as TCP does not: it breaks, and after that nothing more
gets through either way. The same seed gives the same run.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

Deliver = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network is."""

    breaks: float = 0.0
    """The chance that a packet is the one that breaks its stream."""
    fastest: float = 0.0
    slowest: float = 0.050
    pieces: int = 1
    """Into how many parts a packet may be cut."""
    bytes_a_second: float = float("inf")


CALM = Weather(fastest=0.025, slowest=0.025)
"""Every packet takes 25 ms: a round trip is 50 ms, and round trips can be counted."""


class Wire:
    """One stream between two ends. Breaks for good."""

    def __init__(self, network: Network, weather: Weather) -> None:
        self.broken = False
        self.carried = [0, 0]
        """Bytes that each end sent."""
        self._network = network
        self._weather = weather
        self._free_at = [0.0, 0.0]
        self._ends: list[Deliver] = []
        self._on_break: list[Callable[[], None]] = []

    def join(self, deliver: Deliver, on_break: Callable[[], None]) -> int:
        """Let an end receive; return its number, 0 or 1."""
        self._ends.append(deliver)
        self._on_break.append(on_break)
        return len(self._ends) - 1

    def send(self, end: int, data: bytes) -> None:
        """Carry data to the other end, perhaps."""
        if self.broken:
            return
        self.carried[end] += len(data)
        network, weather = self._network, self._weather
        for part in self._split(data):
            if network.random.random() < weather.breaks:
                self.cut()
                return
            arrive = network.now + network.random.uniform(weather.fastest, weather.slowest)
            arrive = max(arrive, self._free_at[end]) + len(part) / weather.bytes_a_second
            self._free_at[end] = arrive
            network.at(arrive, partial(self._deliver, 1 - end, part))

    def cut(self) -> None:
        """Break the stream: both ends see it."""
        if not self.broken:
            self.broken = True
            for tell in self._on_break:
                self._network.at(self._network.now, tell)

    def deafen(self) -> None:
        """Let nothing through from now on, and let nobody notice."""
        self._ends = [lambda _: None, lambda _: None]

    def _deliver(self, end: int, part: bytes) -> None:
        if not self.broken:
            self._ends[end](part)

    def _split(self, data: bytes) -> list[bytes]:
        random = self._network.random
        count = random.randrange(self._weather.pieces)
        cuts = sorted(random.choices(range(len(data) + 1), k=count))
        bounds = [0, *cuts, len(data)]
        return [data[a:b] for a, b in itertools.pairwise(bounds) if a < b]


class Network:
    """The time, the dice, and what is to happen."""

    def __init__(self, seed: int) -> None:
        self.now = 1000.0
        self.random = Random(seed)  # noqa: S311  (a simulation, not a secret)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Do action at when."""
        heapq.heappush(self._queue, (when, next(self._order), action))

    def take(self, size: int) -> bytes:
        """Roll the dice for a machine: the Entropy port."""
        return self.random.randbytes(size)

    def run(self, until: float) -> None:
        """Let time pass until nothing is left to do, or until."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = max(self.now, until)
