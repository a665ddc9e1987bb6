"""What a measurement stands on: a folder to work in, the notes, and how much of everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    notes: int = 10_000
    moved: int = 1000
    """Notes in the folder that is renamed."""
    changed: int = 100
    """Notes that are saved at once."""
    films: int = 20
    film: int = 2**30 // 20
    big: int = 100 * 2**20
    """Bytes of the file that gets another byte."""
    edits: int = 1000
    """Saves during which somebody looks whether the file is there."""
    names: int = 100_000
    """Names that are jumped to."""
    rest: float = 60.0
    """Seconds of looking on while nothing happens."""
    shorter: int = 1
    """How many times fewer runs."""

    def runs(self, wanted: int) -> int:
        """Return how often to do what is done so often in a full run."""
        return max(2, wanted // self.shorter)


FULL = Scale()
SMALL = Scale(
    notes=500,
    moved=100,
    changed=20,
    films=4,
    film=4 * 2**20,
    big=8 * 2**20,
    edits=20,
    names=5000,
    rest=3.0,
    shorter=10,
)
"""Enough to see that every row works. Its figures are worth nothing."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one measurement is done. What it leaves there is removed after it."""

    scratch: Path
    notes: Path
    """All notes; whoever changes them takes a copy."""
    scale: Scale
