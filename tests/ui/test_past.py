"""The past of a note, beside what is there now."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.conftest import Open
from tests.ui.fake_app import FakeApp
from tests.ui.hands import open_note
from tests.ui.stage import Stage

# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def test_the_past_is_shown_beside_now_and_brought_back(stage: Stage) -> None:
    """With signs, not with colours alone."""
    open_note(stage)
    stage.desk.entry.toggle_history()
    history = stage.desk.reader.history
    stage.wait(lambda: "7:00" in history.then.toPlainText())
    assert any(line.startswith("\u2212 ") for line in history.then.toPlainText().splitlines())
    assert any(line.startswith("+ ") for line in history.now.toPlainText().splitlines())
    history.bring_back.click()
    stage.wait(lambda: ("restore", ("recipes", "sourdough", "cc" * 32)) in stage.app.calls)
    stage.settle()
    assert stage.desk.reader.in_note


def test_two_notes_of_one_step_have_each_its_own_past(stage: Stage) -> None:
    """A folder that was added is one step for all its files; what is brought back is this one."""
    open_note(stage)
    history = stage.desk.reader.history
    stage.desk.entry.toggle_history()
    stage.wait(lambda: "7:00" in history.then.toPlainText())
    stage.desk.entry.toggle_history()
    open_note(stage, "dal")
    stage.desk.entry.toggle_history()
    assert history.then.toPlainText() == "" == history.summary.text()
    assert not history.bring_back.isEnabled()
    stage.wait(history.bring_back.isEnabled)
    assert history.then.toPlainText().split() == stage.app.texts["dal"].split()
    for part in (history.versions, history.now):
        QTest.keyClick(part, Qt.Key.Key_Escape)
        assert not stage.desk.reader.in_past
        stage.desk.entry.toggle_history()


def test_the_past_is_compared_with_what_is_there_now(stage: Stage) -> None:
    """Not with what was there when it was looked at first."""
    open_note(stage)
    history = stage.desk.reader.history
    stage.desk.entry.toggle_history()
    stage.wait(lambda: "7:00" in history.then.toPlainText())
    stage.desk.entry.toggle_history()
    QTest.keyClicks(stage.desk.reader.note.edit, "New ")
    stage.wait(lambda: stage.app.texts["sourdough"].startswith("New "))
    stage.desk.entry.toggle_history()
    stage.wait(lambda: "New " in history.now.toPlainText())


@pytest.mark.parametrize("width", [1240, 901, 900])
def test_long_lines_of_the_past_are_broken_and_stand_side_by_side(
    open_stage: Open, width: int
) -> None:
    """A paragraph of a note is one line; of both versions all of it can be read."""
    app = FakeApp()
    long, cjk = "All that was said at 7:10 about bread. " * 9, "面包要慢慢发酵。" * 30
    app.texts["sourdough"] = f"{long}\n- [ ] Fold every 30 min\n{cjk}\n\t{long}7:10\nend " * 9
    stage = open_stage(app=app)
    open_note(stage)
    stage.desk.entry.toggle_history()
    history = stage.desk.reader.history
    stage.wait(lambda: "7:00" in history.then.toPlainText())
    stage.window.resize(width, 780)
    stage.settle()
    then, now = history.then.document(), history.now.document()
    lines = [
        [side.findBlockByNumber(n).layout().lineCount() for n in range(side.blockCount())]
        for side in (then, now)
    ]
    assert lines[0] == lines[1]
    assert max(lines[0]) > 5
    assert history.then.horizontalScrollBar().maximum() == 0
    history.now.verticalScrollBar().setValue(30)
    assert history.then.verticalScrollBar().value() == 30
    history.now.selectAll()
    history.now.copy()
    assert QApplication.clipboard().text().count("\n") == now.blockCount() - 1
