"""Laws of the guard against mass changes: how close together commits are, and what is like what."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.guard_rule import FLOOR, SPAN, Recent, bound, is_like, is_renamed, stands_for
from app.guard_values import GuardSettings

WEEK = 7 * 86_400
SKEWS = st.integers(-WEEK, WEEK)
GAPS = st.lists(st.integers(0, 900), min_size=1, max_size=40)


def spans(said: list[int], came: list[float], age: float = 0.0) -> list[int]:
    """Return how many things count as recent after each one."""
    recent, found = Recent[int](), list[int]()
    for number, (at, now) in enumerate(zip(said, came, strict=True)):
        recent.take(number, at, now, age)
        found.append(len(recent.things()))
    return found


def moments(gaps: list[int]) -> list[int]:
    """Return the moments that lie so far apart."""
    at, found = 0, list[int]()
    for gap in gaps:
        at += gap
        found.append(at)
    return found


@given(GAPS, SKEWS)
def test_a_clock_that_is_wrong_by_days_changes_nothing(gaps: list[int], skew: int) -> None:
    """Only what lies between two commits counts, and every steady clock tells that."""
    made = moments(gaps)
    came = [float(at) for at in made]
    assert spans([at + skew for at in made], came) == spans(made, came)


@given(GAPS, SKEWS, st.integers(0, WEEK))
def test_what_comes_late_is_as_far_apart_as_it_was_made(
    gaps: list[int], skew: int, late: int
) -> None:
    """A device that was off hears of days in one moment, and sees days."""
    made = moments(gaps)
    live = spans(made, [float(at) for at in made])
    end = float(made[-1] + late)
    assert spans([at + skew for at in made], [end] * len(made), age=end - made[0]) == live


@given(st.lists(st.tuples(SKEWS, st.floats(0, SPAN / 50)), min_size=1, max_size=50))
def test_whatever_a_clock_says_five_minutes_here_are_no_more(
    told: list[tuple[int, float]],
) -> None:
    """It may leap from commit to commit: what came within five minutes counts together."""
    came: list[float] = []
    for _, gap in told:
        came.append((came[-1] if came else 0.0) + gap)
    assert spans([said for said, _ in told], came) == list(range(1, len(told) + 1))


@given(GAPS, st.lists(SKEWS, min_size=40, max_size=40), st.integers(0, WEEK))
def test_recent_is_never_wider_than_it_says(gaps: list[int], skews: list[int], age: int) -> None:
    """Nothing older than five minutes counts, and what came last always does."""
    made = moments(gaps)
    recent = Recent[int]()
    for number, at in enumerate(made):
        recent.take(number, at + skews[number], float(at), float(age))
        things = recent.things()
        assert things[-1] == number
        assert list(things) == list(range(things[0], number + 1)), "one stretch, in order"


@given(st.integers(0, 10_000), st.integers(1, 1000), st.integers(1, 100))
def test_a_bound_is_never_below_what_hands_do(files: int, most: int, percent: int) -> None:
    """A few files may always be changed, unless a person asked for less; more files allow more."""
    settings = GuardSettings(files=most, percent=percent)
    assert min(FLOOR, most) <= bound(settings, files) <= most
    assert bound(settings, files) <= bound(settings, files + 1)


@given(st.text(), st.text())
def test_a_text_is_like_itself_with_anything_more(text: str, more: str) -> None:
    """What was only added to, or put in another order, is the same text still."""
    assert is_like(text, text)
    assert is_like(text, f"{more} {text} {more}")
    assert is_like(text, " ".join(reversed(text.split())))


SPACED = ["a", "bb", "ccc", " ", "\n", "\r\n", "\x0b", "\u2028"]
spaced = st.lists(st.sampled_from(SPACED)).map("".join)


@given(spaced, spaced)
def test_lines_are_only_a_quicker_way_to_count_words(before: str, now: str) -> None:
    """Of a hundred saved notes each is compared: most kept nearly every line."""
    old, new = Counter(before.split()), Counter(now.split())
    kept = sum(len(word) * times for word, times in (old & new).items())
    assert is_like(before, now) == (2 * kept >= sum(map(len, before.split())))


@given(st.lists(st.text("abc", min_size=1), min_size=1), st.lists(st.text("xyz", min_size=1)))
def test_a_text_of_other_words_is_another(old: list[str], new: list[str]) -> None:
    """Encrypted, emptied or written over: nothing of it was kept."""
    assert not is_like(" ".join(old), " ".join(new))


@given(st.text("ab", min_size=1), st.text("cd", min_size=1))
def test_another_ending_is_another_kind_of_file(stem: str, ending: str) -> None:
    """The name before the ending, and its case, tell nothing."""
    assert not is_renamed(f"{stem}.{ending}", f"x{stem}.{ending.upper()}")
    assert is_renamed(f"{stem}.{ending}", f"{stem}.{ending}.locked")
    assert is_renamed(f"{stem}.{ending}", stem)
    name = f"{stem}.{ending}"
    assert stands_for(f"{name}.locked", name.__eq__)
    assert not stands_for(name, name.__eq__)
