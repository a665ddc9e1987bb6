"""How fast something moves, from what was done by when. Pure: time is handed in."""

from __future__ import annotations

from collections import deque

WINDOW = 5.0
"""Seconds looked back: long enough to be calm, short enough to be true."""
LEAST = 0.5
"""Seconds before anything is said."""


class Pace:
    """Bytes a second, over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now: float, done: int) -> None:
        """Take how much is done now; less than before means: something else began."""
        if self._seen and (done < self._seen[-1][1] or now < self._seen[-1][0]):
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[1][0] > WINDOW:
            self._seen.popleft()

    @property
    def speed(self) -> float:
        """Bytes a second, or 0 while nobody can know."""
        if len(self._seen) < 2:  # noqa: PLR2004 -- a speed needs two points
            return 0.0
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last - first) / (end - start) if end - start >= LEAST else 0.0

    def left(self, total: int) -> float | None:
        """Return for how many seconds it will go on, or None while nobody can know."""
        speed = self.speed
        if speed <= 0 or not self._seen:
            return None
        return max(total - self._seen[-1][1], 0) / speed
