"""What a person types for a moment: a version, or a time on a wall clock. Pure.

    now · 3fa92c · before 3fa92c · 2 h ago · yesterday · Friday 18:04 · 14:00
    2026-11-20 · 2026-11-20 14:00 · 2026-11-20T14:00:30+01:00 · 20 November 2026 14:00

A day or a minute is long: where something ends with it, it is meant to its end; where
something begins with it, from its beginning. So what the history lists under 14:00 is in
"14:00", and nothing that it lists is refused here. What can be read in two ways is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum

from app.errors import BadUsage

DAY = 24 * 3600
SHORTEST = 4
LONGEST = 64
WEEK = 7
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": DAY, "w": WEEK * DAY}
UNITS = {**_SHORT, "second": 1, "minute": 60, "hour": 3600, "day": DAY, "week": WEEK * DAY}
_AGO = re.compile(r"(\d{1,6}|an?|one) ?([a-z]+) ago")
_CLOCK = re.compile(r"(?:(.*?)[ t])?(?:at )?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WITH_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(:\d{2})?(?:z|[+-]\d{2}:?\d{2})")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})\.? ([a-z]{3,9})(?: (\d{4}))?")
_VERSION = re.compile(r"(before )?([0-9a-f]+)")
_DIGITS = re.compile(r"\d{1,8}")
FORMS = "now, 14:00, yesterday 14:00, 2 h ago, 2026-11-20 14:00, a VERSION, or: before VERSION"


class Edge(Enum):
    """Which end of a day or a minute is meant."""

    FIRST = "first"
    """Just before it began."""
    LAST = "last"
    """All of it, to its end."""


@dataclass(frozen=True, slots=True)
class Now:
    """All that is known."""


@dataclass(frozen=True, slots=True)
class ByVersion:
    """Once a record was made, or just before."""

    beginning: str
    """The first hex digits of its id."""
    before: bool


@dataclass(frozen=True, slots=True)
class ByClock:
    """All that its writers' clocks say was made up to a time."""

    at: int
    """The last second of it, Unix."""


Typed = Now | ByVersion | ByClock


def read_moment(
    typed: str, now: float, edge: Edge = Edge.LAST, zone: tzinfo | None = None
) -> Typed:
    """Return what is meant. Without `zone`, wall clocks are this computer's.

    Raises:
        BadUsage: it names no moment, more than one, or one that is still to come.
    """
    text = " ".join(typed.lower().split())
    if text == "now":
        return Now()
    version = _VERSION.fullmatch(text)
    if version is not None:
        return _version(typed, version)
    try:
        begin, end = _Reading(typed, now, zone).span(text)
    except OverflowError as error:
        raise _refused(typed, "no clock went so far") from error
    if begin > now:
        raise _refused(typed, "that is still to come")
    return ByClock(begin - 1 if edge is Edge.FIRST else end - 1)


def _version(typed: str, found: re.Match[str]) -> ByVersion:
    digits = found[2]
    if not found[1] and _DIGITS.fullmatch(digits):
        raise _refused(typed, "a day is typed as 2026-11-20, a version with more of its letters")
    if not SHORTEST <= len(digits) <= LONGEST:
        raise _refused(typed, f"a version is named by {SHORTEST} to {LONGEST} of its letters")
    return ByVersion(digits, bool(found[1]))


@dataclass(frozen=True, slots=True)
class _Reading:
    typed: str
    now: float
    zone: tzinfo | None

    def span(self, text: str) -> tuple[int, int]:
        """Return the first second that is meant, and the first one after."""
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return self._ago(ago)
        if (whole := self._whole(text)) is not None:
            return whole
        clock = _CLOCK.fullmatch(text)
        if clock is None:
            day = self._day(text)
            return self._stamp(_midnight(day), 0), self._stamp(_midnight(day + timedelta(1)), 0)
        day = self._day(clock[1] or "today")
        hours, minutes, seconds = int(clock[2]), int(clock[3]), int(clock[4] or 0)
        try:
            moment = datetime(day.year, day.month, day.day, hours, minutes, seconds)  # noqa: DTZ001
        except ValueError as error:
            raise _refused(self.typed, "there is no such time of day") from error
        last = self._stamp(moment, 1)
        return self._stamp(moment, 0), last + (1 if clock[4] else 60)

    def _whole(self, text: str) -> tuple[int, int] | None:
        """Return a moment that names its own time zone."""
        found = _WITH_ZONE.fullmatch(text)
        if found is None:
            return None
        try:
            begin = int(datetime.fromisoformat(text.replace(" ", "T", 1).upper()).timestamp())
        except ValueError as error:
            raise _refused(self.typed, "there is no such day or time") from error
        return begin, begin + (1 if found[1] else 60)

    def _ago(self, found: re.Match[str]) -> tuple[int, int]:
        unit = UNITS.get(found[2]) or UNITS.get(found[2].removesuffix("s"))
        if unit is None:
            raise _refused(self.typed, "count in seconds, minutes, hours, days or weeks")
        number = int(found[1]) if found[1].isdigit() else 1
        at = int(self.now) - number * unit
        if at < 0:
            raise _refused(self.typed, "no clock went so far back")
        return at, at + 1

    def _day(self, text: str) -> date:
        today = datetime.fromtimestamp(self.now, tz=UTC).astimezone(self.zone).date()
        if text in {"today", "yesterday"}:
            return today - timedelta(text == "yesterday")
        if text.removeprefix("last ") in DAYS:
            return self._weekday(text.removeprefix("last "), today)
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
            named = _DAY_AND_MONTH.fullmatch(text)
            if named is not None:
                return self._named_day(named, today)
        except ValueError as error:
            raise _refused(self.typed, "there is no such day") from error
        raise _refused(self.typed, f"type {FORMS}")

    def _weekday(self, name: str, today: date) -> date:
        back = (today.weekday() - DAYS.index(name)) % WEEK
        if back == 0:
            raise _refused(self.typed, "that is today, or a week ago: type today, or the day")
        return today - timedelta(back)

    def _named_day(self, found: re.Match[str], today: date) -> date:
        """Return a day like 3 December; without a year, the last one that was."""
        months = [n for n, name in enumerate(MONTHS, 1) if name.startswith(found[2])]
        if len(months) != 1:
            raise _refused(self.typed, "there is no such month")
        if found[3]:
            return date(int(found[3]), months[0], int(found[1]))
        this_year = date(today.year, months[0], int(found[1]))
        return this_year if this_year <= today else this_year.replace(year=today.year - 1)

    def _stamp(self, moment: datetime, fold: int) -> int:
        """Return Unix seconds. Of a time that was twice, the first (0) or the second (1)."""
        try:
            stamp = int(moment.replace(fold=fold, tzinfo=self.zone).timestamp())
            there = datetime.fromtimestamp(stamp, tz=UTC).astimezone(self.zone)
        except (OSError, ValueError) as error:
            raise _refused(self.typed, "no clock went so far") from error
        shown = there.replace(tzinfo=None, fold=0)
        if shown != moment and moment.time() != datetime.min.time():
            raise _refused(self.typed, "clocks were put forward over that time")
        return stamp


def _refused(typed: str, why: str) -> BadUsage:
    return BadUsage(f"{typed!r} is no moment here: {why}")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as a wall clock says it
