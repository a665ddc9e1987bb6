"""Who may wait at the door: few strangers at a time, and the newest always gets in.

Turning away the newest would let a handful of silent connections lock out an honest device
behind the same address. An honest one needs a few milliseconds until it has proved itself and
leaves the doorway, so it is the oldest strangers who must go.
"""

from __future__ import annotations

from dataclasses import dataclass

PER_SOURCE = 8
IN_ALL = 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """One connection whose other end has not proved who it is."""

    number: int
    source: str


class Doorway:
    """Counts strangers."""

    def __init__(self, per_source: int = PER_SOURCE, in_all: int = IN_ALL) -> None:
        self._per_source = per_source
        self._in_all = in_all
        self._next = 0
        self._waiting: dict[int, Visitor] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, source: str) -> tuple[Visitor, tuple[Visitor, ...]]:
        """Let a stranger in; return it, and those who must go for it."""
        visitor = Visitor(self._next, source)
        self._next += 1
        same = [other for other in self._waiting.values() if other.source == source]
        must_go = same[: max(0, len(same) - self._per_source + 1)]
        for other in must_go:
            self.leave(other)
        while len(self._waiting) >= self._in_all:
            oldest = next(iter(self._waiting.values()))
            self.leave(oldest)
            must_go.append(oldest)
        self._waiting[visitor.number] = visitor
        return visitor, tuple(must_go)

    def leave(self, visitor: Visitor) -> None:
        """Strike out one who proved itself, or went."""
        self._waiting.pop(visitor.number, None)
