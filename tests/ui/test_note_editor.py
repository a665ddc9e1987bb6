"""Typing, saving, and what others type meanwhile: without a widget."""

from __future__ import annotations

import asyncio

import pytest
from pytestqt.qtbot import QtBot

from storage.errors import StoreFull
from tests.ui.fake_app import FakeApp
from tests.ui.fake_note import FakeNote
from ui.below import Below
from ui.bridge import Bridge
from ui.models.note import PAUSE_MS, NoteEditor, Saving
from ui.models.sheet import shown, units
from ui.models.splices import Splice


class Desk:
    """An editor, and a text as a widget would show it."""

    def __init__(self, below: Below, space: str, entry: str, text: str) -> None:
        assert isinstance(below.app, FakeApp)
        self.app = below.app
        self.app.texts[entry] = text
        self.note = FakeNote(self.app, space, entry)
        assert isinstance(below.runner, Bridge)
        self.editor = NoteEditor(self.note, below.runner, below.runner)
        self.widget = shown(units(text))
        self.editor.patched.connect(self.patch)

    def type(self, at: int, remove: int, insert: str) -> None:
        """Type in the widget."""
        self.patch(((at, remove, insert),))
        self.editor.type(at, remove, insert)

    def patch(self, splices: tuple[Splice, ...]) -> None:
        """Do splices in the widget."""
        for at, remove, insert in splices:
            self.widget = self.widget[:at] + insert + self.widget[at + remove :]


@pytest.fixture
def desk(below: Below) -> Desk:
    """Return an open note."""
    return Desk(below, "recipes", "dal", "one two three")


def test_typing_then_a_pause_saves_once(qtbot: QtBot, desk: Desk) -> None:
    """Ten keys, one save."""
    for n in range(10):
        desk.type(13 + n, 0, "x")
    with qtbot.waitSignal(
        desk.editor.saving_changed,
        check_params_cb=lambda s: s is Saving.CLEAN,
        timeout=PAUSE_MS * 10,
    ):
        pass
    assert desk.note.saves == 1
    assert desk.app.texts["dal"] == "one two three" + "x" * 10


def test_typing_travels_at_once(qtbot: QtBot, desk: Desk) -> None:
    """Whoever has the note open sees it before it is saved."""
    desk.type(0, 3, "ONE")
    qtbot.waitUntil(lambda: desk.note.text == "ONE two three")
    assert desk.note.saves == 0


def test_what_others_type_meanwhile_is_carried_around(qtbot: QtBot, desk: Desk) -> None:
    """Both texts end the same, though the edits crossed on their way."""
    desk.app.gate = asyncio.Event()
    desk.app.events.listen(desk.editor.on_event)
    desk.app.type_elsewhere("recipes", "dal", [(0, 0, "zero "), (9, 3, "2")])
    desk.type(0, 3, "1")
    desk.type(11, 0, "!")
    open_gate(desk)
    qtbot.waitUntil(lambda: "zero" in desk.note.text and desk.note.text.endswith("!"))
    qtbot.waitUntil(lambda: desk.note.text == desk.widget)
    assert desk.widget == "zero 1 2 three!"


def open_gate(desk: Desk) -> None:
    """Let the answers come."""

    async def open_() -> None:
        assert desk.app.gate is not None
        desk.app.gate.set()

    desk.editor._runner.run(open_())  # noqa: SLF001


def test_undo_takes_back_own_words_only(qtbot: QtBot, desk: Desk) -> None:
    """What another typed stays."""
    desk.type(0, 0, "my ")
    qtbot.waitUntil(lambda: desk.note.text.startswith("my"))
    desk.app.events.listen(desk.editor.on_event)
    desk.app.type_elsewhere("recipes", "dal", [(16, 0, " four")])
    qtbot.waitUntil(lambda: desk.widget.endswith("four"))
    desk.editor.undo()
    qtbot.waitUntil(lambda: desk.widget == "one two three four")
    desk.editor.redo()
    qtbot.waitUntil(lambda: desk.widget == "my one two three four")


def test_each_thing_that_was_done_is_one_step(qtbot: QtBot, desk: Desk) -> None:
    """Also when the app was busy meanwhile, and though a bold word is two signs put in."""
    desk.app.gate = asyncio.Event()
    desk.type(13, 0, "!")
    desk.type(4, 3, "**two**")
    desk.type(0, 0, "x")
    desk.type(0, 4, "pasted")
    open_gate(desk)
    qtbot.waitUntil(lambda: desk.note.text == "pasted **two** three!")
    for text in ("xone **two** three!", "one **two** three!", "one two three!", "one two three"):
        desk.editor.undo()
        qtbot.waitUntil(lambda: desk.widget == text)  # noqa: B023


def test_a_viewers_words_become_a_private_draft(qtbot: QtBot, below: Below) -> None:
    """They are told, and nothing is lost."""
    desk = Desk(below, "trip", "route", "shared")
    desk.type(6, 0, "?")
    desk.editor.save()
    qtbot.waitUntil(lambda: desk.editor.saving is Saving.DRAFT)
    assert desk.widget == "shared?"


def test_a_failed_save_is_told_and_tried_again(qtbot: QtBot, desk: Desk) -> None:
    """The text stays, and the next try saves it."""
    desk.app.save_error = StoreFull()
    desk.type(0, 0, "x")
    with qtbot.waitSignal(desk.editor.failed):
        desk.editor.save()
    assert desk.editor.saving is Saving.FAILED
    desk.app.save_error = None
    desk.editor.save()
    qtbot.waitUntil(lambda: desk.editor.saving is Saving.CLEAN)
    assert desk.app.texts["dal"].startswith("x")


def test_closing_sends_what_was_not_yet_sent(qtbot: QtBot, desk: Desk) -> None:
    """The last key before the window closes counts."""
    desk.app.gate = asyncio.Event()
    desk.type(0, 0, "a")
    desk.type(1, 0, "b")
    desk.editor.close()
    open_gate(desk)
    qtbot.waitUntil(lambda: desk.note.closed)
    assert "ab" in desk.note.text


def test_typing_and_taking_it_back_needs_no_widget(qtbot: QtBot, desk: Desk) -> None:
    """Characters beyond the first plane count as two, as the widget counts."""
    desk.type(3, 0, units("😀"))
    qtbot.waitUntil(lambda: desk.note.text == "one😀 two three")
    desk.type(3, 2, "")
    qtbot.waitUntil(lambda: desk.note.text == "one two three")
