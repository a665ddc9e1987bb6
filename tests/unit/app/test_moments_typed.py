"""What a person may type for a moment, and what is refused rather than guessed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadUsage
from app.moments_typed import ByClock, ByVersion, Edge, Now, read_moment
from app.words import moment_words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 15, 30, 20, tzinfo=BERLIN).timestamp()
"""A Sunday."""


def at(typed: str, edge: Edge = Edge.LAST) -> datetime:
    """Return the second up to which everything is meant."""
    found = read_moment(typed, NOW, edge, BERLIN)
    assert isinstance(found, ByClock)
    return datetime.fromtimestamp(found.at, tz=BERLIN)


def says(*parts: int) -> datetime:
    """Return a moment in Berlin."""
    year, month, day, hour, minute, second = parts
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-20 14:00", says(2026, 11, 20, 14, 0, 59)),
        ("2026-11-20 at 14:00:30", says(2026, 11, 20, 14, 0, 30)),
        ("2026-11-20T14:00", says(2026, 11, 20, 14, 0, 59)),
        ("2026-11-20T13:00Z", says(2026, 11, 20, 14, 0, 59)),
        ("2026-11-20T13:00:07+00:00", says(2026, 11, 20, 14, 0, 7)),
        ("2026-11-20", says(2026, 11, 20, 23, 59, 59)),
        ("yesterday", says(2026, 11, 21, 23, 59, 59)),
        ("Yesterday  at 9:05", says(2026, 11, 21, 9, 5, 59)),
        ("today 9:05", says(2026, 11, 22, 9, 5, 59)),
        ("9:05", says(2026, 11, 22, 9, 5, 59)),
        ("friday 18:04", says(2026, 11, 20, 18, 4, 59)),
        ("last Monday", says(2026, 11, 16, 23, 59, 59)),
        ("3 December 18:04", says(2025, 12, 3, 18, 4, 59)),
        ("3 December 2024 18:04", says(2024, 12, 3, 18, 4, 59)),
        ("20 nov", says(2026, 11, 20, 23, 59, 59)),
        ("2 h ago", says(2026, 11, 22, 13, 30, 20)),
        ("90min ago", says(2026, 11, 22, 14, 0, 20)),
        ("an hour ago", says(2026, 11, 22, 14, 30, 20)),
        ("3 days ago", says(2026, 11, 19, 15, 30, 20)),
        ("1 w ago", says(2026, 11, 15, 15, 30, 20)),
    ],
)
def test_a_time_is_meant_to_its_end(typed: str, meant: datetime) -> None:
    """What the history lists under 14:00 is in 14:00, whatever second it was made at."""
    assert at(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-20", says(2026, 11, 19, 23, 59, 59)),
        ("14:02", says(2026, 11, 22, 14, 1, 59)),
        ("14:02:30", says(2026, 11, 22, 14, 2, 29)),
    ],
)
def test_a_beginning_is_meant_from_its_first_second(typed: str, meant: datetime) -> None:
    """From yesterday is from its morning, not from its end."""
    assert at(typed, Edge.FIRST) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3fa92c", ByVersion("3fa92c", before=False)),
        ("BEFORE 3FA92C", ByVersion("3fa92c", before=True)),
        ("before 20261120", ByVersion("20261120", before=True)),
        ("2026112012", ByVersion("2026112012", before=False)),
        ("now", Now()),
    ],
)
def test_a_version_names_the_moment_right_after_it(typed: str, meant: ByVersion | Now) -> None:
    """Or the one before, when that is said."""
    assert read_moment(typed, NOW, zone=BERLIN) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "2026",
        "20261120",
        "abc",
        "f" * 65,
        "before yesterday",
        "16:00",
        "tomorrow",
        "2026-11-23",
        "2027-01-01 10:00Z",
        "sunday",
        "25:00",
        "12:60",
        "2026-02-30",
        "31 june",
        "3 j",
        "2 months ago",
        "999999 weeks ago",
        "9999-12-31",
        "0001-01-01",
        "2026-03-29 02:30",
        "2026-11-20 14",
        "2026-13-20T14:00Z",
    ],
)
def test_what_is_no_moment_or_two_is_refused(typed: str) -> None:
    """A wrong guess would bring back the wrong day: the future, a gap, a day or a version."""
    with pytest.raises(BadUsage) as refused:
        read_moment(typed, NOW, zone=BERLIN)
    assert repr(typed) in str(refused.value)


def test_an_hour_that_was_twice_is_meant_whole() -> None:
    """Clocks were put back over 02:30 on 25 October: it ends the second time."""
    last, first = at("2026-10-25 02:30"), at("2026-10-25 02:30", Edge.FIRST)
    assert last.timestamp() - first.timestamp() == 3600 + 60


@given(st.text(max_size=30))
def test_any_typing_is_a_moment_or_refused(typed: str) -> None:
    """Never an error of ours."""
    with suppress(BadUsage):
        read_moment(typed, NOW, zone=BERLIN)


@given(st.integers(1, 400 * 24 * 3600))
def test_every_time_that_the_history_shows_can_be_typed(seconds: int) -> None:
    """Whoever copies it from the list gets a moment that holds that step."""
    now = datetime(2026, 11, 22, 15, 30, 20, tzinfo=UTC).timestamp()
    shown = moment_words(now - seconds, now)
    found = read_moment(shown, now)
    assert isinstance(found, ByClock)
    assert 0 <= found.at - (now - seconds) < 60
