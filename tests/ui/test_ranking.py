"""What fits a few letters best is the same whether names are asked one by one or all at once."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ui.letters import bare
from ui.ranking import Ranking, rank

LETTERS = "ab1 -_\néßŐ乡\u0461、😀\U00010061\udc61\u0301\u00a8"
"""Also such as share a byte with an a, such as become two letters, or none."""
FEW = st.sampled_from(["a", "aa", "a a", "b", "ba", "乡", "\u0461", "\U00010061"])
ALIKE = st.text("aab -", max_size=7) | st.text("a乡\u0461\U00010061 ", max_size=5)
"""So many fit that most of them have no room in the list."""
NAMES = st.lists(st.text(LETTERS, max_size=9) | st.text(max_size=4), max_size=30)
WORDS = st.text("aab1 -é乡\u0461😀\U00010061\u0301", max_size=5) | st.text(max_size=3)


def one_by_one(words: str, texts: list[str], most: int) -> list[int]:
    """Return what fits best, as anybody would find it."""
    ranked = [(rank(words, text), n) for n, text in enumerate(texts)]
    return [n for _, n in sorted((score, n) for score, n in ranked if score is not None)][:most]


@given(st.lists(ALIKE, min_size=8, max_size=40), FEW, st.integers(1, 5))
@example(["a b"] * 9, "b", 3)
@example(["xa", "a", "x a", "ba"], "a a", 2)
@example(["乡", "\u0461", "\U00010061", "aaaa"], "a", 1)
@example(["乡", "\U00010061", "\u0461\u0461"], "\u0461", 1)
@example(["a" * 9 + "b", "c-b"], "b", 1)
def test_only_the_best_are_chosen(texts: list[str], words: str, most: int) -> None:
    """What is left out must fit less well than what is shown."""
    assert Ranking(texts).best(words, most) == one_by_one(words, texts, most)


@given(NAMES, WORDS, st.integers(1, 40))
@example(["a"] * 9, "a", 3)
@example(["xa", "a", "x a", "ba"], "a a", 4)
@example([], "a", 1)
@example(["", ""], "\u0301", 1)
def test_all_at_once_is_the_same_as_one_by_one(texts: list[str], words: str, most: int) -> None:
    """Speed must not cost anyone the name that was first in the list yesterday."""
    assert Ranking(texts).best(words, most) == one_by_one(words, texts, most)


@given(NAMES, st.lists(WORDS, max_size=6))
def test_what_was_asked_before_changes_no_answer(texts: list[str], asked: list[str]) -> None:
    """Letters are typed, deleted and typed again, and what was worked out is kept."""
    ranking = Ranking(texts)
    for words in asked:
        assert ranking.best(words, 5) == one_by_one(words, texts, 5)


@given(st.lists(st.text(LETTERS), min_size=1, max_size=12), st.data())
def test_a_part_of_a_name_finds_it(texts: list[str], data: st.DataObject) -> None:
    """The words of a query are mostly cut out of a name, also a long one."""
    text = data.draw(st.sampled_from(texts))
    begin = data.draw(st.integers(0, len(text)))
    words = text[begin : begin + data.draw(st.integers(0, 6))]
    assert Ranking(texts).best(words, 3) == one_by_one(words, texts, 3)


def test_a_key_looks_at_no_more_names_than_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among 100,000 names the list must follow the keys of a fast typist."""
    ranking = Ranking([f"note {number}" for number in range(5000)])
    looked: list[str] = []

    def looking(text: str) -> str:
        looked.append(text)
        return bare(text)

    monkeypatch.setattr("ui.ranking.bare", looking)
    assert ranking.best("o", 60) == list(range(60))
    assert len(looked) <= 2 * 60 + 1
