"""The widget: every change is told as a splice; what others do moves nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui import sample
from ui.models.sheet import units
from ui.models.splices import Splice
from ui.theme.theme import Theme
from ui.widgets import typing_keys
from ui.widgets.note_edit import LARGEST, NoteEdit


class Told:
    """A text kept by what the widget tells."""

    def __init__(self, edit: NoteEdit, text: str) -> None:
        self.edit, self.text = edit, text
        self.splices: list[Splice] = []
        edit.show_text(text)
        edit.typed.connect(self.take)

    def take(self, at: int, remove: int, insert: str) -> None:
        """Do what was told."""
        self.splices.append((at, remove, insert))
        self.text = self.text[:at] + insert + self.text[at + remove :]

    def caret(self, at: int, anchor: int | None = None) -> None:
        """Put the caret somewhere."""
        cursor = self.edit.textCursor()
        cursor.setPosition(at if anchor is None else anchor)
        cursor.setPosition(at, QTextCursor.MoveMode.KeepAnchor)
        self.edit.setTextCursor(cursor)


@pytest.fixture
def edit(qtbot: QtBot, theme: Theme) -> NoteEdit:
    """Return an editor on the screen."""
    made = NoteEdit(theme)
    made.setAccessibleName("Text")
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    made.setFocus()
    return made


def test_typing_pasting_and_deleting_are_told(edit: NoteEdit) -> None:
    """The text kept by the splices is the text shown."""
    told = Told(edit, "one\ntwo\n")
    told.caret(3)
    QTest.keyClicks(edit, "ce")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    edit.insertPlainText("pasted\nlines")
    told.caret(2, 9)
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClick(edit, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    edit.insertPlainText("all new")
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    assert told.text == edit.toPlainText() == "all ne"


def test_showing_another_note_tells_nothing(edit: NoteEdit) -> None:
    """Else opening a note would write it."""
    told = Told(edit, "one")
    edit.show_text("another")
    edit.patch(((0, 0, "x"),))
    assert told.splices == []


def test_what_others_type_moves_neither_caret_nor_selection(edit: NoteEdit) -> None:
    """Words stay under the hand that holds them."""
    told = Told(edit, "one two three")
    told.caret(7, anchor=4)
    edit.patch(((0, 0, "zero "), (18, 0, "!")))
    assert edit.textCursor().selectedText() == "two"
    told.caret(5)
    edit.patch(((5, 0, "here "),))
    assert edit.textCursor().position() == 5


def test_what_others_type_above_does_not_scroll(edit: NoteEdit) -> None:
    """The line that is read stays where it is."""
    edit.show_text("\n".join(f"line {n}" for n in range(500)))
    edit.verticalScrollBar().setValue(200)
    before = edit.firstVisibleBlock().text()
    edit.patch(((0, 0, "new\n" * 7),))
    assert edit.firstVisibleBlock().text() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 6), st.text("ab\né`*#", max_size=4)),
        max_size=6,
    )
)
def test_any_edit_is_told_as_it_is(edit: NoteEdit, steps: list[tuple[int, int, str]]) -> None:
    """Qt's own count of what changed is now and then too large; ours is not."""
    edit.show_text("# Title\n\n- [ ] task\ntext")
    kept = units(edit.toPlainText())

    def take(at: int, remove: int, insert: str) -> None:
        nonlocal kept
        kept = kept[:at] + units(insert) + kept[at + remove :]

    edit.typed.connect(take)
    try:
        for at, remove, insert in steps:
            length = edit.document().characterCount() - 1
            hand = edit.textCursor()
            hand.setPosition(min(at, length))
            hand.setPosition(min(at + remove, length), QTextCursor.MoveMode.KeepAnchor)
            hand.insertText(insert)
            assert kept == units(edit.toPlainText())
    finally:
        edit.typed.disconnect(take)


def test_undo_goes_to_the_note(qtbot: QtBot, edit: NoteEdit) -> None:
    """The widget's own undo would take back what others typed."""
    Told(edit, "one")
    with qtbot.waitSignals([edit.undo_wanted, edit.redo_wanted]):
        QTest.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(
            edit,
            Qt.Key.Key_Z,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )
    assert not edit.document().isUndoAvailable()


def test_enter_goes_on_with_a_list_and_ends_it(edit: NoteEdit) -> None:
    """A task follows a task, a number its number; an empty item ends the list."""
    told = Told(edit, "- [x] one")
    told.caret(9)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClicks(edit, "two")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert told.text == "- [x] one\n- [ ] two\n"
    edit.show_text("9. nine")
    told.text = "9. nine"
    told.caret(7)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert told.text == "9. nine\n10. "


def test_a_task_is_ticked_by_key_and_by_hand(edit: NoteEdit) -> None:
    """And a plain line becomes one."""
    told = Told(edit, "x\n- [ ] one\n- two")
    told.caret(5)
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told.text == "x\n- [x] one\n- two"
    for number, line in ((0, "- [ ] x"), (2, "- [ ] two")):
        typing_keys.tick(edit, edit.document().findBlockByNumber(number))
        assert edit.toPlainText().splitlines()[number] == line
    told.caret(0)
    rect = next(rect for _, _, rect in edit._decorated())  # noqa: SLF001
    QTest.mouseClick(edit.viewport(), Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    assert "- [ ] one" in told.text


def test_words_are_wrapped_and_lines_moved(edit: NoteEdit) -> None:
    """Twice is back again."""
    told = Told(edit, "one\ntwo\nthree")
    told.caret(5)
    typing_keys.wrap(edit, "**")
    assert told.text == "one\n**two**\nthree"
    typing_keys.wrap(edit, "**")
    assert told.text == "one\ntwo\nthree"
    QTest.keyClick(edit, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert told.text == "two\none\nthree"
    assert edit.textCursor().blockNumber() == 0
    QTest.keyClick(edit, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert told.text == "one\ntwo\nthree"


def test_all_lines_of_a_selection_are_indented_at_once(edit: NoteEdit) -> None:
    """Tab must not put a tab in the place of what is selected; and it is one thing that is done."""
    told = Told(edit, "- one\n\n- two\nthree")
    told.caret(13, anchor=2)
    QTest.keyClick(edit, Qt.Key.Key_Tab)
    assert told.text == edit.toPlainText() == "  - one\n\n  - two\nthree"
    assert len(told.splices) == 1
    QTest.keyClick(edit, Qt.Key.Key_Backtab)
    assert told.text == "- one\n\n- two\nthree"
    assert len(told.splices) == 2


def test_a_link_is_followed_with_ctrl(qtbot: QtBot, edit: NoteEdit) -> None:
    """A plain click only puts the caret."""
    Told(edit, "see [[Dal makhani]]")
    cursor = QTextCursor(edit.document())
    cursor.setPosition(8)
    assert edit.link_at(cursor) == "[[Dal makhani"
    place = edit.cursorRect(cursor).center()
    with qtbot.waitSignal(edit.followed) as got:
        QTest.mouseClick(
            edit.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place
        )
    assert got.args == ["[[Dal makhani"]


def test_only_what_is_seen_is_styled(edit: NoteEdit) -> None:
    """A note of a megabyte opens as fast as a short one."""
    edit.show_text(sample.SOURDOUGH * 1000)
    last = edit.document().lastBlock().previous()
    assert edit.document().firstBlock().layout().formats()
    while last.isValid() and not last.text().startswith("Next"):
        last = last.previous()
    assert not last.layout().formats()
    edit.verticalScrollBar().setValue(edit.verticalScrollBar().maximum())
    edit.restyle()
    assert last.layout().formats()


def test_letters_grow_within_reason(edit: NoteEdit) -> None:
    """For eyes of every kind."""
    edit.resize_text(400)
    assert edit.text_size == LARGEST
