"""Settling: when to look at what the watcher hinted at. Pure; time comes in as a number.

A file that is closed, or put in its place, while nothing else happened for 50 ms is looked at
at once, for someone waits for it. What follows is gathered for 50 ms, and with it comes all that
was closed until then. A file that was only made is waited for until it is closed, for one second
at most; what disappeared may be half of a rename, and its other half is given time to come.

A file that is written and not closed, or whose mode or times change, is looked at once nothing
was written for 2 s, and 10 s after the first write at the latest. Half of a write may be read
then; so is what the program itself finds after a power cut. Each further look at a file that
is written on and on comes later, after 2, 4, 8 ... 60 s: a log or a database that is never
quiet makes a version a minute, not one for each line. When it is closed all of that is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from app.folder.port import Path
from app.folder.unclosed import Unclosed

WINDOW = 0.05
MOST = 1.0
MAX_PATHS = 4096
"""More hints than these are not worth keeping apart: look everywhere."""


class What(Enum):
    """What was seen of a path."""

    CLOSED = "closed"
    """Someone wrote it and closed it, or put it there whole."""
    MADE = "made"
    """It is there; perhaps it is still being written."""
    WRITTEN = "written"
    """It is open and was written, or only its mode or times changed."""
    GONE = "gone"
    LOST = "lost"
    """Hints were lost: look everywhere."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have changed."""

    what: What
    path: Path = ()
    source: Path | None = None
    """Where it was put there from: the scratch file of an editor, perhaps."""


@dataclass(frozen=True, slots=True)
class Due:
    """What to look at now."""

    paths: frozenset[Path] = frozenset()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.paths)


NOTHING = Due()


class _Pending(NamedTuple):
    """What happened to a path last, and the moment from which it may be looked at."""

    what: What
    at: float

    def is_ready(self, now: float) -> bool:
        """Say whether to look now, when something is looked at anyway: what is closed is whole."""
        return self.at <= now or self.what is What.CLOSED


class Settle:
    """Gathers hints until it is time to look."""

    def __init__(self) -> None:
        self._pending: dict[Path, _Pending] = {}
        self._heard: dict[Path, float] = {}
        """When something last happened to a path, the latest last; what is long ago is left out."""
        self._closed: dict[Path, float] = {}
        """The same, of what was closed."""
        self._unclosed = Unclosed()
        self._everything = False
        self._first: float | None = None
        self._last = float("-inf")

    def feed(self, hint: Hint, now: float) -> None:
        """Take a hint."""
        if hint.what is What.WRITTEN:
            self._written(hint.path, now)
        else:
            self._unclosed.drop(hint.path)
            self._happened(hint, now)
        if len(self._pending) + len(self._unclosed) > MAX_PATHS:
            self._everything = True

    def _written(self, path: Path, now: float) -> None:
        pending = self._pending.get(path)
        if pending is not None and pending.what is What.MADE:
            self._take([path])  # it is being written: wait for that, not only a second
        if path not in self._pending:
            self._unclosed.wrote(path, now)

    def _happened(self, hint: Hint, now: float) -> None:
        quiet = self._is_alone(hint, now)
        self._last = now
        _note(self._heard, hint.path, now)
        if hint.what is What.CLOSED:
            _note(self._closed, hint.path, now)
        at = now + WINDOW
        match hint.what:
            case What.LOST:
                self._everything = True
            case What.CLOSED:
                at = now if quiet else at
            case What.MADE:
                at = now + MOST
            case What.GONE | What.WRITTEN:
                pass
        if self._first is None and at > now:
            self._first = now
        if hint.what is not What.LOST:
            self._pending[hint.path] = _Pending(hint.what, at)

    @property
    def wake_at(self) -> float | None:
        """The moment to ask what is due; None while there is nothing."""
        times = [pending.at for pending in self._pending.values()]
        if self._everything:
            times.append(self._last + WINDOW)
        if times:
            times.append(self._limit())
        if (unclosed := self._unclosed.wake_at) is not None:
            times.append(unclosed)
        return min(times, default=None)

    def due(self, now: float) -> Due:
        """Return what to look at now, once."""
        wake = self.wake_at
        if wake is None or now < wake:
            return NOTHING
        if self._everything:
            due = Due(everything=True)
            self._take(tuple(self._pending))
            self._unclosed.clear()
        else:
            over = now >= self._limit()
            ready = [path for path, it in self._pending.items() if over or it.is_ready(now)]
            due = Due(frozenset(ready) | self._unclosed.due(now))
            if ready:
                self._first = now
            self._take(ready)
        self._everything = False
        return due

    def _take(self, paths: Iterable[Path]) -> None:
        for path in paths:
            del self._pending[path]
        if not self._pending:
            self._first = None

    def _is_alone(self, hint: Hint, now: float) -> bool:
        """Say whether nothing else happened of late, and this was not closed a moment ago."""
        if self._everything or now - self._closed.get(hint.path, float("-inf")) <= WINDOW:
            return False
        others = (path for path in reversed(self._heard) if path not in {hint.path, hint.source})
        latest = next(others, None)
        return latest is None or now - self._heard[latest] > WINDOW

    def _limit(self) -> float:
        return float("inf") if self._first is None else self._first + MOST


def _note(moments: dict[Path, float], path: Path, now: float) -> None:
    """Note a moment, and forget those that are long ago."""
    moments.pop(path, None)
    moments[path] = now
    while now - moments[oldest := next(iter(moments))] > WINDOW:
        del moments[oldest]
