"""What stands side by side, as a window or a terminal is told; and the door to settling it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OneSide:
    """One of the ways in which it may be settled."""

    path: tuple[str, ...]
    device: str
    """Who did it; empty when that is not known."""
    at: float | None
    """What their clock said, Unix seconds: a remark."""
    record: str
    """Hex of the record's address, or empty."""
    size: int


@dataclass(frozen=True, slots=True)
class StandsBeside:
    """Something that stands side by side."""

    space: str
    what: str
    """'versions' of one file, 'names' that are equal, 'places' of one entry, or 'deleted' there."""
    entry: str
    """Hex of the entry that it is about."""
    path: tuple[str, ...]
    sides: tuple[OneSide, ...]
    """The first is the one that counts now."""
    differs: str
    """How they differ, in words."""


class Together(Protocol):
    """What stands side by side, and settling it. Who settles it settles it on every device."""

    async def all(self, space: str) -> tuple[StandsBeside, ...]:
        """Return all that stands side by side in a space, by path."""
        ...

    async def take(self, about: StandsBeside, number: int) -> None:
        """Let one side count; the others stay in the history, or go to the bin.

        Raises:
            Overtaken: it does not stand side by side any more, or others do.
            BadUsage: folders are not chosen between.
        """
        ...

    async def keep_both(self, about: StandsBeside) -> None:
        """Keep all sides as files for good. Raises as `take` does."""
        ...

    async def merged(self, about: StandsBeside) -> str:
        """Return the text that all sides make together. Raises NotText, Overtaken."""
        ...

    async def merge(self, about: StandsBeside) -> None:
        """Make that text of them. Raises as `merged` does."""
        ...
