"""Taking a change of a text back, line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.lines import taken_back

texts = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d"]), max_size=8).map("".join)
line = st.sampled_from(["x\n", "y\n", "z\n"])


@given(texts, texts)
def test_a_change_that_nobody_went_on_with_is_taken_back_whole(before: str, after: str) -> None:
    """Else undoing would not even bring back what was there."""
    assert taken_back(before, after, after) == before


@given(texts, texts)
def test_a_step_that_changed_nothing_takes_nothing_back(text: str, now: str) -> None:
    """What others wrote is theirs."""
    assert taken_back(text, text, now) == now


@given(texts, texts)
def test_what_was_taken_back_already_stays_so(before: str, after: str) -> None:
    """Somebody undid it by hand: the same lines once more would be a fault."""
    assert taken_back(before, after, before) in {before, None}
    if before:
        assert taken_back(before, after, before) == before


@given(st.lists(line, max_size=4), st.lists(line, max_size=4), texts, texts, texts)
def test_changes_in_other_lines_are_left_alone(
    old: list[str], new: list[str], head: str, middle: str, tail: str
) -> None:
    """The batch changed the beginning, somebody else the end, and a line stands between."""
    between = f"{middle}-- a line of its own --\n" if middle.endswith("\n") else "-- a line --\n"
    before, after = "".join(old), "".join(new)
    made = taken_back(before + between + head, after + between + head, after + between + tail)
    assert made == before + between + tail


def test_the_same_lines_are_not_guessed_at() -> None:
    """Two people changed one line: no rule knows which of it to keep."""
    assert taken_back("one\n", "two\n", "three\n") is None
    assert taken_back("", "new\n", "new and more\n") is None
    assert taken_back("a\nb\n", "a\nx\nb\n", "a\nx\ny\nb\n") is None
