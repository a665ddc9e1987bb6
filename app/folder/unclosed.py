"""Files that are written and not closed: when to look at each. Pure; time comes in as a number."""

from __future__ import annotations

from dataclasses import dataclass

from app.folder.port import Path

QUIET = 2.0
"""Seconds without a write until a file that is not closed is looked at."""
LATEST = 10.0
"""Seconds after the first write until it is looked at though it is still written."""
LONGEST = 60.0
"""Seconds between looks at a file that is written on and on."""


@dataclass(slots=True)
class _Writing:
    """A file that was written since it was looked at."""

    first: float
    last: float
    not_before: float

    @property
    def at(self) -> float:
        """The moment to look."""
        return max(min(self.last + QUIET, self.first + LATEST), self.not_before)


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file that was looked at while it was not closed."""

    at: float
    pause: float
    """So long it is left alone; after twice as long without a write it is forgotten."""

    def is_over(self, now: float) -> bool:
        """Say whether it was left in peace."""
        return now - self.at > 2 * self.pause


class Unclosed:
    """Gathers writes until it is time to look."""

    def __init__(self) -> None:
        self._writing: dict[Path, _Writing] = {}
        self._looked: dict[Path, _Looked] = {}

    def __len__(self) -> int:
        return len(self._writing)

    def wrote(self, path: Path, now: float) -> None:
        """A file was written, and stays open for all we know."""
        writing = self._writing.get(path)
        if writing is not None:
            writing.last = now
            return
        looked = self._looked.get(path)
        if looked is None or looked.is_over(now):
            self._looked.pop(path, None)
            self._writing[path] = _Writing(now, now, now)
        else:
            self._writing[path] = _Writing(now, now, looked.at + looked.pause)

    def drop(self, path: Path) -> None:
        """Something else happened to it, for which it is looked at."""
        self._writing.pop(path, None)
        self._looked.pop(path, None)

    def clear(self) -> None:
        """Everything is looked at."""
        self._writing.clear()

    @property
    def wake_at(self) -> float | None:
        """The moment to ask what is due; None while there is nothing."""
        return min((writing.at for writing in self._writing.values()), default=None)

    def due(self, now: float) -> frozenset[Path]:
        """Return what to look at now, once."""
        ready = frozenset(path for path, writing in self._writing.items() if writing.at <= now)
        looked = {p: it for p, it in self._looked.items() if p in ready or not it.is_over(now)}
        for path in ready:
            del self._writing[path]
            before = looked.get(path)
            pause = QUIET if before is None else min(2 * before.pause, LONGEST)
            looked[path] = _Looked(now, pause)
        self._looked = looked
        return ready
