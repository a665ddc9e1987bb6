"""By keys alone: every screen, every dialog, and what a screen reader says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QRadioButton, QWidget

from sync.errors import PeerUnreachable
from tests.ui.conftest import Open
from tests.ui.fake_app import FakeApp, Mood
from tests.ui.gallery import SCREENS, Screen
from tests.ui.hands import go, open_note, press
from tests.ui.stage import Stage
from tests.ui.walk import focusable, said_of
from ui.actions import MENUS
from ui.window import Pane, Shape

TAB = Qt.FocusPolicy.TabFocus
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


def test_where_there_is_one_pane_the_keys_follow_what_is_seen(open_stage: Open) -> None:
    """A list that is hidden must not go on hearing them."""
    stage = open_stage(size=(480, 640))
    go(stage, "space:recipes")
    stage.desk.panes.go(Pane.LIST)
    press(stage, Qt.Key.Key_End)
    stage.wait(stage.desk.reader.note.edit.hasFocus)
    stage.desk.actions["back"].trigger()
    stage.settle()
    holder = QApplication.focusWidget()
    assert holder is not None
    assert holder.isVisible()


def test_a_message_is_reached_with_f6(stage: Stage) -> None:
    """From the text too, where Tab is a letter."""
    open_note(stage)
    stage.desk.panes.go(Pane.PAGE)
    stage.desk._fail(PeerUnreachable(), lambda: None)  # noqa: SLF001
    stage.settle()
    stage.desk.actions["pane-next"].trigger()
    assert stage.window.notice.buttons()[0].hasFocus()
    stage.desk.actions["pane-next"].trigger()
    assert stage.window.sidebar.list.hasFocus()


def walked(stage: Stage, root: QWidget) -> set[QWidget]:
    """Press Tab until the keys are where they were; return what had them."""
    begin = QApplication.focusWidget()
    assert begin is not None and begin.window() is root.window()
    seen = {begin}
    for _ in range(200):
        holder = QApplication.focusWidget()
        assert holder is not None
        if holder is stage.desk.reader.note.edit:  # Tab is a letter there; F6 leads on
            stage.desk.actions["pane-next"].trigger()
        else:
            QTest.keyClick(holder, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        assert now is not None and now.isVisible() and now.window() is root.window()
        if now is begin:
            return seen
        seen.add(now)
    raise AssertionError("Tab does not come round")


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_every_screen_is_walked_by_tab_and_each_control_has_a_name(
    open_stage: Open, screen: Screen
) -> None:
    """Nothing that a hand can do is out of reach of keys, or said as nothing."""
    stage = open_stage(app=FakeApp(mood=screen.mood), size=screen.size)
    root = screen.act(stage) or stage.window
    if isinstance(root, QMenu):
        assert all(action.text() or action.isSeparator() for action in root.actions())
        return
    reachable = {one for one in focusable(root) if one.isVisible() and one.isEnabled()}
    assert not [type(one).__name__ for one in reachable if not said_of(one)]
    if QApplication.focusWidget() is None:
        stage.desk.panes.go(Pane.PLACES)
    if stage.window.shape_ is Shape.ONE:  # Tab is a letter in the note; its page is not left by it
        stage.desk.panes.go(Pane.PLACES)
        reachable = {one for one in focusable(stage.window.sidebar) if one.isVisible()}
    seen = walked(stage, root)
    tabbed = {one for one in reachable if one.focusPolicy() & TAB == TAB}
    left = {one for one in tabbed - seen if not of_a_group(one)}
    assert not [said_of(one) for one in left]
    if stage.desk.folders.dialog is not None:
        stage.desk.folders.dialog.reject()


def of_a_group(widget: QWidget) -> bool:
    """Whether arrows lead to a widget: Tab stops at one of its group."""
    return isinstance(widget, QRadioButton)
