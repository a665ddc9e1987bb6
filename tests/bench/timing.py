"""Rows of a table: what was measured, against what, with what noise."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

MEBI = 2**20
_HEAD = "| work | median | p95 | runs | CPU s | goal | met | to the floor | to others |"
_PEER_HEAD = "| work | other program | median | p95 | runs | CPU s | ours to it | our CPU to its |"


class Unit(Enum):
    """What a figure counts."""

    SECONDS = "s"
    BYTES = "bytes"
    PERCENT = "%"
    TIMES = "times"

    def say(self, figure: float) -> str:
        """Return a figure in words."""
        match self:
            case Unit.SECONDS:
                return f"{figure * 1000:.1f} ms" if figure < 1 else f"{figure:.2f} s"
            case Unit.BYTES:
                big = figure >= MEBI
                return f"{figure / MEBI:.1f} MiB" if big else f"{figure / 1024:.1f} KiB"
            case Unit.PERCENT:
                return f"{figure:.2f} %"
            case Unit.TIMES:
                return f"{figure:g}"


@dataclass(frozen=True, slots=True)
class Peer:
    """What another program took for the same work, in the unit of the row."""

    name: str
    figures: tuple[float, ...]
    cpu: float | None = None
    """CPU seconds of one run, on all its devices."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, in its unit, and what it is to be held against."""

    work: str
    figures: tuple[float, ...]
    goal: float | None
    floor: float | None = None
    floor_of: str = ""
    peers: tuple[Peer, ...] = ()
    cpu: float | None = None
    """CPU seconds of one run, on all our devices."""
    tail: float | None = None
    """What the 95th of 100 runs may take."""
    unit: Unit = Unit.SECONDS

    @property
    def median(self) -> float:
        """The figure that is quoted."""
        return statistics.median(self.figures)

    @property
    def met(self) -> bool | None:
        """Whether the goals are met; None where there is none."""
        if self.goal is None and self.tail is None:
            return None
        in_time = self.goal is None or self.median <= self.goal
        return in_time and (self.tail is None or p95(self.figures) <= self.tail)

    def to_markdown(self) -> str:
        """Return a row of the table."""
        say = self.unit.say
        goals = [say(self.goal)] if self.goal is not None else []
        if self.tail is not None:
            goals.append(f"p95 {say(self.tail)}")
        cells = (
            self.work,
            *_figures(self.figures, self.unit, self.cpu),
            ", ".join(goals),
            {None: "", True: "yes", False: "**no**"}[self.met],
            f"{self.median / self.floor:.1f} x {self.floor_of}" if self.floor else "",
            ", ".join(f"{self._to(peer)} {peer.name}" for peer in self.peers) or "none",
        )
        return _line(cells)

    def peers_to_markdown(self) -> list[str]:
        """Return a row for each other program; only the first says what the work is."""
        return [
            _line(
                (
                    "" if number else self.work,
                    peer.name,
                    *_figures(peer.figures, self.unit, peer.cpu),
                    self._to(peer),
                    _ratio(self.cpu, peer.cpu),
                )
            )
            for number, peer in enumerate(self.peers)
        ]

    def _to(self, peer: Peer) -> str:
        return _ratio(self.median, statistics.median(peer.figures))


def p95(figures: Sequence[float]) -> float:
    """Return what 95 of 100 stay within: of fewer than 20, the worst."""
    return sorted(figures)[-(-95 * len(figures) // 100) - 1]


def table(rows: Sequence[Row]) -> str:
    """Return what we took, in Markdown."""
    return "\n".join([_HEAD, _rule(_HEAD), *(row.to_markdown() for row in rows)])


def peer_table(rows: Sequence[Row]) -> str:
    """Return what the other programs took in the same run, in Markdown."""
    lines = [line for row in rows for line in row.peers_to_markdown()]
    return "\n".join([_PEER_HEAD, _rule(_PEER_HEAD), *lines])


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds work takes by the clock on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def noise() -> str:
    """Say how evenly this machine runs: the same small work, 200 times."""
    block, say = bytes(1 << 20), Unit.SECONDS.say
    runs = sorted(timed(lambda: sum(block)) for _ in range(200))
    return (
        f"same work 200 times: p10 {say(runs[20])}, median {say(runs[100])}, p90 {say(runs[180])}"
    )


def _figures(
    figures: tuple[float, ...], unit: Unit, cpu: float | None
) -> tuple[str, str, str, str]:
    most = unit.say(p95(figures)) if len(figures) > 1 else ""
    used = "" if cpu is None else f"{cpu:.3g}"
    return unit.say(statistics.median(figures)), most, str(len(figures)), used


def _ratio(ours: float | None, theirs: float | None) -> str:
    if ours is None or theirs is None:
        return ""
    if not theirs:
        return f"{ours:.3g} to 0"
    ratio = ours / theirs
    return f"{ratio:.2f} x" if ratio >= 0.1 else f"{ratio:.2g} x"


def _rule(head: str) -> str:
    return "|" + "---|" * (head.count("|") - 1)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
