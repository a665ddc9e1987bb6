"""What counts as a mass change, and how close together it was. Pure: no vault, no clock.

A file counts once, however often it was changed, while it is not as it was before: deleted,
named as another kind of file, or of another content. Of a text half has to be kept. What is
added does not count, nor a move, nor a folder moved as one, nor what was put back, nor one of
two that hold the same under one name.

How far apart a device made its commits is what its own clock says lay between them, so that a
clock that is wrong by days tells it as well as any. But nothing was made after it came here,
by our own clock that only goes forward: a clock that leaps, or lies, cannot make of five
minutes here more than five minutes. Where it goes back it tells nothing, and ours counts.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from app.guard_values import GuardSettings

SPAN = 300.0
"""Seconds within which changes belong together."""
FLOOR = 8
"""So many files may always be changed: a quarter of a small folder is soon changed by hand."""
LEAD = 30.0
"""Seconds before the first harm in which a bad program may have written what it put instead."""
KEPT = 0.5
"""The part of a text that has to be kept for it to be the same text still."""


def bound(settings: GuardSettings, files: int) -> int:
    """Return how many of so many files may be changed at once; more are held."""
    return min(settings.files, max(FLOOR, files * settings.percent // 100))


def is_renamed(before: str, now: str) -> bool:
    """Say whether a name became that of another kind of file."""
    return before != now and _suffix(before) != _suffix(now)


def stands_for(name: str, harmed: Callable[[str], bool]) -> bool:
    """Say whether a name is a harmed one with an ending more: `a.md.locked` stands for `a.md`."""
    return any(harmed(name[:at]) for at, char in enumerate(name) if char == "." and at)


def is_like(before: str, now: str) -> bool:
    """Say whether a text is still the same one: half of its words are there, wherever."""
    gone = Counter(before.splitlines()) - Counter(now.splitlines())
    whole = len("".join(before.split()))
    if whole - sum(len("".join(line.split())) * n for line, n in gone.items()) >= KEPT * whole:
        return True  # whole lines alone are enough, and far fewer than words
    old = Counter(before.split())
    kept = old & Counter(now.split())
    return _weight(kept) >= KEPT * _weight(old)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _weight(words: Counter[str]) -> int:
    return sum(len(word) * times for word, times in words.items())


Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Made(Generic[Thing]):
    """Something a device made, at a moment of our clock that only goes forward."""

    at: float
    thing: Thing


class Recent(Generic[Thing]):
    """What one device made within the last five minutes before what it made last."""

    def __init__(self) -> None:
        self._made: deque[Made[Thing]] = deque()
        self._last: tuple[int, float] | None = None
        """Of what came last: its maker's clock, and when it was made by ours."""

    def take(self, thing: Thing, said: int, came: float, age: float) -> None:
        """Take what came at `came`, made at `said` by its maker's clock.

        `age` is how old it may be if nothing of that device came before.
        """
        if self._last is None:
            at = came - max(0.0, age)
        else:
            before, made = self._last
            at = min(came, made + said - before) if said >= before else came
        self._last = (said, at)
        self._made.append(Made(at, thing))
        while self._made[0].at < at - SPAN:
            self._made.popleft()

    def things(self) -> tuple[Thing, ...]:
        """Return them, the first to be made first."""
        return tuple(made.thing for made in self._made)
