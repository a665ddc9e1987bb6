"""Two versions of a text, compared by lines and then by words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.comparing import changed_lines, marked

texts = st.lists(st.sampled_from(["one two\n", "one  2\n", "three\n", "\n"]), max_size=6).map(
    "".join
)


@given(texts, texts)
def test_the_lines_give_both_texts_again(before: str, after: str) -> None:
    """Nothing that differs is left out, and nothing is shown that does not."""
    old, new = before.splitlines(), after.splitlines()
    for line in changed_lines(before, after):
        gone = "".join(it.text for it in line.pieces if it.sign != "+")
        came = "".join(it.text for it in line.pieces if it.sign != "-")
        if line.sign != "-":
            assert new[line.line - 1] == came
        if line.sign != "+":
            assert gone in old
    assert (not changed_lines(before, after)) == (old == new)


def test_inside_a_line_only_the_words_are_marked() -> None:
    """What a person looks for is what somebody wrote, not the line around it."""
    (line,) = changed_lines("Feed at 7:00, room 21 °C.\n", "Feed at 7:10, room 22 °C.\n")
    assert line.sign == "~"
    assert marked(line.pieces) == "Feed at 7:[-00-]{+10+}, room [-21-]{+22+} °C."


def test_a_line_that_nobody_typed_is_not_compared_by_words() -> None:
    """A book in one line would take minutes."""
    (line,) = changed_lines("a " * 5000, "b " * 5000)
    assert [piece.sign for piece in line.pieces] == ["-", "+"]
