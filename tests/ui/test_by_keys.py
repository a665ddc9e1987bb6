"""By keys alone: every screen, every dialog, and what a screen reader says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.conftest import Open
from tests.ui.fake_app import Mood
from tests.ui.hands import go, open_note, press
from tests.ui.stage import Stage
from tests.ui.walk import focusable, said_of
from ui.actions import MENUS
from ui.window import Pane

# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def test_the_panes_are_walked_by_keys_alone(stage: Stage) -> None:
    """F6 goes round; Ctrl+1, 2, 3 go straight."""
    open_note(stage)
    stage.window.sidebar.list.setFocus()
    seen: list[QWidget | None] = []
    for _ in range(3):
        stage.desk.actions["pane-next"].trigger()
        seen.append(QApplication.focusWidget())
    edit = stage.desk.reader.note.edit
    assert seen == [stage.desk.listing.list, edit, stage.window.sidebar.list]
    stage.desk.panes.go(Pane.LIST)
    assert stage.desk.listing.list.hasFocus()


@pytest.mark.parametrize("mood", [Mood.CALM, Mood.EMPTY])
@pytest.mark.parametrize("place", ["recent", "search", "bin", "devices"])
@pytest.mark.parametrize("name", ["pane-next", "pane-previous"])
def test_a_pane_with_nothing_for_keys_is_left_out(
    open_stage: Open, mood: Mood, place: str, name: str
) -> None:
    """Whoever cannot see where the keys are must not have to guess."""
    stage = open_stage(mood)
    go(stage, place)
    for _ in range(4):
        stage.desk.actions[name].trigger()
        holder = QApplication.focusWidget()
        assert holder is not None
        assert holder.isVisible()
        assert said_of(holder)


def test_down_and_enter_open_a_note(stage: Stage) -> None:
    """From the sidebar to the text without a mouse."""
    go(stage, "space:recipes")
    stage.desk.panes.go(Pane.LIST)
    press(stage, Qt.Key.Key_Down)
    assert stage.desk.entry.entry is not None
    press(stage, Qt.Key.Key_Return)
    stage.wait(stage.desk.reader.note.edit.hasFocus)


def test_every_widget_that_keys_reach_has_a_name(stage: Stage) -> None:
    """Walk the whole tree, pages that are hidden too."""
    open_note(stage)
    nameless = [
        f"{type(w).__name__} {w.objectName()}" for w in focusable(stage.window) if not said_of(w)
    ]
    assert not nameless


def test_every_icon_button_has_a_tip(stage: Stage) -> None:
    """An icon alone is a riddle."""
    header = stage.desk.reader.header
    for button in (header.history_button, header.more, stage.window.sidebar.add):
        assert button.toolTip()
        assert QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)


def test_every_action_has_words_and_keys_of_its_own(stage: Stage) -> None:
    """Two actions with one key would both do nothing."""
    actions = stage.desk.actions.by_name
    assert set(actions) == {name for rows in MENUS.values() for name in rows}
    assert all(action.text().replace("&", "") for action in actions.values())
    keys = [key.toString() for action in actions.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
