"""Edits that cross, and the sheet between a note and its widget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ui.models.sheet import Sheet, shown, units, whole
from ui.models.splices import NOTHING, Edit, Splice, cross, edit_of, finer, then

LETTERS = "ab\r\n😀\u2029"
texts = st.text(LETTERS, max_size=12)


@st.composite
def splices_of(draw: DrawFn, text: str) -> list[Splice]:
    """Draw a few splices, each for the text after those before."""
    found: list[Splice] = []
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        remove = draw(st.integers(0, len(text) - at))
        insert = draw(st.text("xyz\n", max_size=3))
        found.append((at, remove, insert))
        text = text[:at] + insert + text[at + remove :]
    return found


def do(text: str, splices: list[Splice] | tuple[Splice, ...]) -> str:
    """Return text after splices."""
    for at, remove, insert in splices:
        text = text[:at] + insert + text[at + remove :]
    return text


@st.composite
def crossings(draw: DrawFn) -> tuple[str, Edit, Edit]:
    """Draw a text and two edits of it."""
    text = draw(st.text("abc", max_size=10))
    return text, edit_of(draw(splices_of(text))), edit_of(draw(splices_of(text)))


@given(st.data())
def test_many_splices_are_one_edit(data: st.DataObject) -> None:
    """And the edit can be told as splices again."""
    text = data.draw(st.text("abc", max_size=10))
    splices = data.draw(splices_of(text))
    edit = edit_of(splices)
    assert edit.apply(text) == do(text, splices) == do(text, edit.splices())


@given(crossings())
def test_crossing_edits_agree(crossing: tuple[str, Edit, Edit]) -> None:
    """What is typed while another's words arrive is neither lost nor moved."""
    text, ours, theirs = crossing
    ours_after, theirs_after = cross(ours, theirs)
    assert theirs_after.apply(ours.apply(text)) == ours_after.apply(theirs.apply(text))


@given(crossings())
def test_nothing_typed_is_lost_in_a_crossing(crossing: tuple[str, Edit, Edit]) -> None:
    """Every letter put in by either is in the text of both."""
    text, ours, theirs = crossing
    ours_after, _ = cross(ours, theirs)
    end = ours_after.apply(theirs.apply(text))
    added = "".join(part for edit in (ours, theirs) for part in edit.parts if isinstance(part, str))
    assert all(end.count(letter) >= added.count(letter) for letter in "xyz")


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12), st.text("xy", max_size=3))
def test_a_finer_edit_does_the_same(old: str, new: str, before: str) -> None:
    """Whatever it keeps: only what others may do inside is another."""
    splice = (len(before), len(old), new)
    assert do(before + old + "end", finer(splice, old)) == before + new + "end"


def test_what_is_put_around_words_leaves_them_alone() -> None:
    """Or what another types in them at the same time would go with them."""
    assert finer((4, 3, "**two**"), "two") == ((7, 0, "**"), (4, 0, "**"))
    assert finer((4, 7, "two"), "**two**") == ((9, 2, ""), (4, 2, ""))
    assert finer((0, 7, "  - a\n\n  - b"), "- a\n\n- b") == ((5, 0, "  "), (0, 0, "  "))


@given(crossings())
def test_crossing_with_nothing_changes_nothing(crossing: tuple[str, Edit, Edit]) -> None:
    """The usual case: nobody else is typing."""
    _, ours, _ = crossing
    assert cross(ours, NOTHING) == (ours, NOTHING)
    assert then(ours, NOTHING) == ours


@given(texts, st.data())
def test_the_widget_shows_what_the_note_holds(text: str, data: st.DataObject) -> None:
    """Whatever is typed or arrives, with any line ends and any characters."""
    sheet = Sheet(text)
    widget, real = units(sheet.shown), units(text)
    for _ in range(data.draw(st.integers(1, 5))):
        if data.draw(st.booleans()):
            at, remove, insert = data.draw(splices_of(widget).filter(bool))[0]
            widget = do(widget, [(at, remove, insert)])
            splice, repair = sheet.typed(at, remove, insert)
            widget = do(widget, [repair] if repair else [])
        else:
            splice = data.draw(splices_of(real).filter(bool))[0]
            at, remove, insert = sheet.arrived(splice)
            widget = do(widget, [(at, remove, units(insert))])
        real = do(real, [splice])
        assert sheet.real == real
        assert widget == shown(real)


@given(st.text(max_size=30))
def test_units_and_whole_are_each_others_way_back(text: str) -> None:
    """Characters beyond the first plane count as two, as Qt counts them."""
    assert whole(units(text)) == text.encode("utf-16-le", "replace").decode("utf-16-le")
    assert len(units(text)) == len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_a_windows_note_keeps_its_line_ends() -> None:
    """Typing Enter in it must not mix two kinds."""
    sheet = Sheet("one\r\ntwo\r\n")
    assert sheet.shown == "one\ntwo\n"
    assert sheet.typed(7, 0, "\n") == ((8, 0, "\r\n"), None)
    assert sheet.text == "one\r\ntwo\r\n\r\n"
