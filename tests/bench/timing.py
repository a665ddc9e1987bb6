"""Rows of a table: what was measured, against what, with what noise."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

MEBI = 2**20


class Unit(Enum):
    """What a figure counts."""

    SECONDS = "s"
    BYTES = "bytes"
    PERCENT = "%"
    TIMES = "times"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, in its unit, and what it is to be held against."""

    work: str
    figures: tuple[float, ...]
    goal: float | None
    floor: float | None = None
    floor_of: str = ""
    peer: float | None = None
    peer_of: str = ""
    unit: Unit = Unit.SECONDS

    @property
    def median(self) -> float:
        """The figure that is quoted."""
        return statistics.median(self.figures)

    def to_markdown(self) -> str:
        """Return a row of the table."""
        spread = f"{self._say(min(self.figures))}-{self._say(max(self.figures))}"
        floor = f"{self.median / self.floor:.1f} x {self.floor_of}" if self.floor else ""
        peer = f"{self.median / self.peer:.2f} x {self.peer_of}" if self.peer else ""
        goal, met = "", ""
        if self.goal is not None:
            goal, met = self._say(self.goal), "yes" if self.median <= self.goal else "**no**"
        return (
            f"| {self.work} | {self._say(self.median)} | {spread} | {len(self.figures)} | "
            f"{goal} | {met} | {floor} | {peer} |"
        )

    def _say(self, figure: float) -> str:
        match self.unit:
            case Unit.SECONDS:
                return _words(figure)
            case Unit.BYTES:
                return f"{figure / 2**20:.1f} MiB" if figure >= MEBI else f"{figure / 1024:.1f} KiB"
            case Unit.PERCENT:
                return f"{figure:.2f} %"
            case Unit.TIMES:
                return f"{figure:g}"


def table(rows: Sequence[Row]) -> str:
    """Return the whole table in Markdown."""
    head = "| work | median | min-max | runs | goal | met | to the floor | to a peer |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *(r.to_markdown() for r in rows)])


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds work takes by the clock on the wall."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def noise() -> str:
    """Say how evenly this machine runs: the same small work, 200 times."""
    block = bytes(1 << 20)
    runs = sorted(timed(lambda: sum(block)) for _ in range(200))
    tenth, half, most = _words(runs[20]), _words(runs[100]), _words(runs[180])
    return f"same work 200 times: p10 {tenth}, median {half}, p90 {most}"


def _words(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
