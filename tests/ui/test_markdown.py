"""What the pieces of a line are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.models.sheet import units
from ui.widgets.markdown import MOST, Kind, fence_lines, spans

MARKDOWN = st.text("ab #*_`[]()!-+.1<>|x~\\/:https😀\t", max_size=60)


def pieces(text: str, kind: Kind) -> list[str]:
    """Return the texts of one kind."""
    return [text[s.start : s.start + s.length] for s in spans(text) if s.kind is kind]


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("## Week 3", Kind.HEADING, ["## Week 3"]),
        ("#bread and #week-end #1", Kind.TAG, ["#bread", "#week-end"]),
        ("a **bold** b", Kind.BOLD, ["**bold**"]),
        ("a **bold *and* more** b", Kind.ITALIC, ["*and*"]),
        ("snake_case_name and 2 * 3 * 4", Kind.ITALIC, []),
        ("`a **b**` c", Kind.CODE, ["`a **b**`"]),
        ("`a **b**` c", Kind.BOLD, []),
        ("- [x] done **well**", Kind.TASK, ["[x]"]),
        ("- [x] done", Kind.DONE, [" done"]),
        ("- [ ] open", Kind.DONE, []),
        ("- item", Kind.BULLET, ["-"]),
        ("12. item", Kind.NUMBER, ["12."]),
        ("> said", Kind.QUOTE, ["> said"]),
        ("---", Kind.RULE, ["---"]),
        ("see [[Dal makhani]].", Kind.LINK, ["[[Dal makhani]]"]),
        ("| a | **b** |", Kind.TABLE, ["| a | **b** |"]),
        ("| a | **b** |", Kind.MARK, []),
        ("| [[Dal]] | b |", Kind.LINK, ["[[Dal]]"]),
        ("a | b", Kind.TABLE, []),
        ('<p align="x"><b>so</b> 1 < 2', Kind.HTML, ['<p align="x">', "<b>", "</b>"]),
        ("<!-- aside --> said", Kind.HTML, ["<!-- aside -->"]),
        ("<https://x.org> a <b", Kind.HTML, []),
        ("[a](https://x.org) https://y.org.", Kind.LINK, ["[a](https://x.org)", "https://y.org."]),
    ],
)
def test_a_piece_is_found(text: str, kind: Kind, found: list[str]) -> None:
    """And where it is none, none is found."""
    assert pieces(text, kind) == found


def test_a_link_says_where_it_leads() -> None:
    """Without the full stop behind it."""
    targets = [s.target for s in spans("[a](https://x.org) [[Dal]] https://y.org.") if s.target]
    assert targets == ["https://x.org", "[[Dal", "https://y.org"]


@given(MARKDOWN, st.booleans())
def test_pieces_lie_inside_the_line(text: str, fenced: bool) -> None:  # noqa: FBT001
    """Whatever is typed; a format beyond the end would crash the layout."""
    line = units(text)
    for span in spans(line, fenced=fenced):
        assert span.start >= 0
        assert span.start + span.length <= len(line)


@given(st.lists(st.sampled_from(["```", "~~~", "text", "", "  ``` py"]), max_size=12))
def test_programs_begin_and_end_at_fences(lines: list[str]) -> None:
    """Found in one pass over the whole text."""
    fences = [n for n, one in enumerate(lines) if one.lstrip().startswith(("```", "~~~"))]
    assert fence_lines("\n".join(lines)) == fences


def test_a_monstrous_line_is_left_plain() -> None:
    """Looking at it would take longer than anyone waits."""
    assert spans("*" * (MOST + 1)) == ()
    assert spans("a*" * (MOST // 2)) is not None
