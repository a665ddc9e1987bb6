"""The laws of comparing texts: what another program made of one is said by few small splices."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.facts.text import TextDocument
from storage.facts.text_diff import Change, changes_between

WORDS = st.sampled_from(["oven", "flour", "the", "a", "-", "*", "1.", "字", "é", "e\u0301", "x_y"])
GAPS = st.sampled_from([" ", "  ", "\n", "\n\n", "\r\n", "\t", "\n    ", ""])
prose = st.lists(st.tuples(WORDS, GAPS), max_size=40).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)
texts = st.one_of(st.text(max_size=60), prose)


def applied(before: str, changes: list[Change]) -> str:
    """Return the text after changes that are all told for the text before."""
    parts, at = [], 0
    for start, remove, insert in changes:
        assert start >= at
        parts += [before[at:start], insert]
        at = start + remove
    return "".join([*parts, before[at:]])


@given(texts, texts)
@settings(max_examples=400)
def test_the_changes_make_one_text_the_other(before: str, after: str) -> None:
    """In order, without overlap, and none that changes nothing."""
    changes = changes_between(before, after)
    assert applied(before, changes) == after
    assert all(remove or insert for _, remove, insert in changes)
    assert changes_between(before, after) == changes
    assert changes_between(before, before) == []


@given(st.lists(st.tuples(WORDS, GAPS, GAPS), max_size=60))
@settings(max_examples=300)
def test_who_changes_only_white_space_changes_no_word(parts: list[tuple[str, str, str]]) -> None:
    """Indenting, breaking lines anew, ending them otherwise: every letter stays the one it was."""
    before = "".join(word + (gap or " ") for word, gap, _ in parts)
    after = "".join(word + (gap or " ") for word, _, gap in parts)
    for start, remove, insert in changes_between(before, after):
        assert not re.search(r"\S", before[start : start + remove] + insert)


@given(prose, st.lists(st.tuples(st.integers(0, 200), WORDS), max_size=3), GAPS, st.integers(2, 99))
@settings(max_examples=150, deadline=None)
def test_words_typed_while_a_formatter_runs_survive_whole(
    text: str, typed: list[tuple[int, str]], gap: str, peer: int
) -> None:
    """Each is in the text that comes of both, once, and so is each word that was there."""
    formatted = re.sub(r"\n", f"\n{gap or ' '}", text)
    here, there = TextDocument.seed(text), TextDocument.seed(text)
    start = there.version()
    here.sit(1000 + peer)
    for number, (at, word) in enumerate(typed):
        spaces = [m.end() for m in re.finditer(r"\s", here.text)] or [0]
        spot = spaces[at % len(spaces)]
        here.rewrite(f"{here.text[:spot]}new{number}{word} {here.text[spot:]}")
    wanted = sorted(here.text.split())
    there.edit_from(start, formatted, peer)
    there.take(here.since(start))
    assert sorted(there.text.split()) == wanted


def test_a_line_that_goes_takes_no_word_of_its_neighbours() -> None:
    """What another wrote behind a line that is gone must not stand in the middle of the next."""
    lines = [f"Line {number} of the book.\n" for number in range(9)]
    before, after = "".join(lines), "".join(lines[:4] + lines[5:])
    assert changes_between(before, after) == [(4 * len(lines[0]), len(lines[0]), "")]
    assert changes_between(after, before) == [(4 * len(lines[0]), 0, lines[4])]
    assert changes_between("- a\n- b\n", "- a\n- c\n- b\n") == [(4, 0, "- c\n")]
