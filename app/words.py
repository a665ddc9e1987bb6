"""What people read: roles, sizes and times, in plain words. Errors: `app/complaints.py`.

The window and the command line say the same things, so they take them from here. No jargon:
the words on the left of the glossary only. Never imports a screen, never reads a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.progress import Progress
from app.values import Role

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY
_AGES = (
    (HOUR, MINUTE, "min"),
    (DAY, HOUR, "h"),
    (2 * WEEK, DAY, "days"),
    (60 * DAY, WEEK, "weeks"),
    (YEAR, 30 * DAY, "months"),
)
"""Below this many seconds, count by that unit."""
DOT = " · "
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_KILO = 1000
FEW = 2
"""How many devices a sentence names before it counts them."""


# -- roles ------------------------------------------------------------------------------
def role_words(role: Role) -> str:
    """Return what someone can do, to follow a name: 'can edit'."""
    match role:
        case Role.VIEW:
            return "can view"
        case Role.EDIT:
            return "can edit"
        case Role.MANAGE:
            return "can manage"


def role_meaning(role: Role) -> str:
    """Return what a role allows, in a line."""
    match role:
        case Role.VIEW:
            return "Read everything in the folder. What they type stays with them."
        case Role.EDIT:
            return "Read and change everything in the folder."
        case Role.MANAGE:
            return "Read, change, and give access to others."


def until_words(until: int | None, now: float) -> str:
    """Return when access ends: 'without end', 'until today 18:00', 'until Friday 18:00'."""
    if until is None:
        return "without end"
    if until <= now:
        return f"ended {ago(now - until)}"
    return f"until {moment_words(until, now)}"


# -- sizes and counts --------------------------------------------------------------------
def size_words(n: int) -> str:
    """Return a size as people say it: '12 MB'."""
    if n < _KILO:
        return count_words(n, "byte")
    size, unit = _scaled(n)
    return f"{_short(size)} {unit}"


def of_words(done: int, total: int) -> str:
    """Return how much of how much, the unit said once where it is the same: '12 of 40 MB'."""
    size, unit = _scaled(total)
    done_size, done_unit = _scaled(done)
    if unit == done_unit:
        return f"{_short(done_size)} of {_short(size)} {unit}"
    return f"{size_words(done)} of {size_words(total)}"


def count_words(n: int, one: str, many: str = "") -> str:
    """Return a number and its noun: '1 device', '1,204 notes'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def list_words(names: Sequence[str]) -> str:
    """Return names in a row: 'Mina, Jo and 2 more'."""
    if len(names) > FEW + 1:
        return f"{', '.join(names[:FEW])} and {len(names) - FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# -- times -------------------------------------------------------------------------------
def ago(seconds: float) -> str:
    """Return how long ago: 'just now', '2 min ago', 'yesterday'."""
    whole = int(max(seconds, 0))
    if whole < MINUTE:
        return "just now"
    if DAY <= whole < 2 * DAY:
        return "yesterday"
    for below, unit, name in _AGES:
        if whole < below:
            return f"{whole // unit} {name} ago"
    return count_words(whole // YEAR, "year") + " ago"


def lasting(seconds: float) -> str:
    """Return how long something takes yet: 'about 20 s'."""
    if seconds < MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < HOUR:
        return f"about {round(seconds / MINUTE)} min"
    return f"about {round(seconds / HOUR)} h"


def moment_words(at: float, now: float) -> str:
    """Return a moment near to now: 'today 18:04', 'Friday 18:04', '3 December 18:04'."""
    moment, today = local(at), local(now).date()
    clock = f"{moment:%H:%M}"
    days = (moment.date() - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return f"{near[days]} {clock}"
    if abs(days) < 7:  # noqa: PLR2004 -- in a week, a weekday's name is enough
        return f"{moment:%A} {clock}"
    return f"{day_words(at, today.year)} {clock}"


def day_words(at: float, year: int = 0) -> str:
    """Return a day: '3 December', with the year where it is not this one."""
    moment = local(at)
    return f"{moment.day} {moment:%B}" + ("" if moment.year == year else f" {moment.year}")


def short_when(at: float, now: float) -> str:
    """Return a moment for a list: '2 min ago', 'yesterday', 'Tue', '3 Dec'."""
    moment, today = local(at), local(now)
    days = (today.date() - moment.date()).days
    if days <= 0:
        return ago(now - at)
    if days == 1:
        return "yesterday"
    if days < 7:  # noqa: PLR2004 -- in a week, a weekday's name is enough
        return f"{moment:%a}"
    return f"{moment.day} {moment:%b}" + ("" if moment.year == today.year else f" {moment.year}")


# -- progress ----------------------------------------------------------------------------
def progress_words(progress: Progress, speed: float = 0.0) -> str:
    """Return how far work is: 'Fetching oven.mp4 · 12 of 40 MB · 3 MB/s · about 9 s'."""
    parts = [f"{progress.task} {progress.item}".strip() or "Working"]
    if progress.total_bytes:
        parts.append(of_words(progress.done_bytes, progress.total_bytes))
    elif progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if speed > 0:
        parts.append(f"{size_words(int(speed))}/s")
        if left := max(progress.total_bytes - progress.done_bytes, 0):
            parts.append(lasting(left / speed))
    return DOT.join(parts)


def local(at: float) -> datetime:
    """Return a moment as a wall clock shows it; of a mad clock, the nearest one that can be."""
    return datetime.fromtimestamp(min(max(at, 0), 253_000_000_000), tz=UTC).astimezone()


def _scaled(n: int) -> tuple[float, str]:
    size, power = float(n), 0
    while size >= _KILO - 0.5 and power < len(_UNITS) - 1:
        size /= _KILO
        power += 1
    return size, _UNITS[power]


def _short(size: float) -> str:
    """Return two digits at least, and no needless zero: '1.2', '12', '3'."""
    return f"{size:.0f}" if size >= 9.95 else f"{size:.1f}".removesuffix(".0")  # noqa: PLR2004
