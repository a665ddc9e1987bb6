"""The whole window before a fake app: going, opening, changing, by keys alone."""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import partial

import pytest
import shiboken6
from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from app.events import SpaceChanged, Trouble
from app.progress import Progress
from storage.errors import NameTaken, StoreFull
from sync.errors import PeerUnreachable
from tests.e2e.window import Meter
from tests.ui.conftest import Open
from tests.ui.fake_app import FakeApp, Mood
from tests.ui.hands import go, open_note, press, titles
from tests.ui.sample import many_entries
from tests.ui.stage import Stage
from tests.ui.walk import focusable
from ui.window import Shape, shape_for

LONGEST = 0.050
"""Seconds that the window's thread may compute at a time."""
# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def test_the_folders_and_their_people_are_shown(stage: Stage) -> None:
    """The first look says what is shared with whom."""
    rows = stage.window.places.rows
    spoken = [
        str(rows.index(n).data(Qt.ItemDataRole.AccessibleTextRole)) for n in range(rows.rowCount())
    ]
    assert "Recipes, folder, shared with Mina's laptop, Jo's tablet and Phone, 7 items" in spoken
    assert "Journal, folder, not shared, 2 items" in spoken


def test_a_note_opens_with_its_place_in_the_footer(stage: Stage) -> None:
    """Text, words and delivery, all of the same note."""
    open_note(stage)
    assert stage.desk.reader.note.edit.toPlainText().startswith("Fed the starter")
    footer = stage.window.footer
    sentence = "Saved here · with Mina's laptop · waiting for Phone, last seen 3 h ago"
    assert footer.sentence.text() == sentence
    assert footer.words.text().endswith("words")
    assert stage.desk.reader.header.title.text() == "Sourdough, week 3"


def test_typing_is_saved(stage: Stage) -> None:
    """Through window, view-model and app."""
    open_note(stage, "market")
    QTest.keyClicks(stage.desk.reader.note.edit, "x")
    stage.wait(lambda: stage.app.texts["market"].startswith("x"))


def test_what_another_types_appears(stage: Stage) -> None:
    """In the open note, at once."""
    open_note(stage, "market")
    stage.app.type_elsewhere("recipes", "market", [(0, 0, "Mina: ")])
    stage.wait(lambda: stage.desk.reader.note.edit.toPlainText().startswith("Mina: "))


def test_a_new_note_is_made_and_named(stage: Stage) -> None:
    """Ctrl+N, a name, Enter, and one types."""
    go(stage, "space:recipes")
    stage.desk.actions["new-note"].trigger()
    stage.wait(stage.desk.reader.header.title.hasFocus)
    QTest.keyClicks(stage.desk.reader.header.title, "Rye")
    press(stage, Qt.Key.Key_Return)
    stage.wait(lambda: any(e.path == ("Rye.md",) for e in stage.app.all))
    assert stage.desk.reader.note.edit.hasFocus()


def test_a_name_that_is_taken_is_said_and_given_back(stage: Stage) -> None:
    """The title shows what the note is really called."""
    open_note(stage)
    stage.desk.entry.rename("Dal makhani")
    stage.wait(stage.window.notice.isVisible)
    assert "name is here already" in stage.window.notice.text
    assert stage.desk.reader.header.title.text() == "Sourdough, week 3"


def test_what_is_deleted_comes_back_with_one_button(stage: Stage) -> None:
    """A slip costs nothing."""
    open_note(stage)
    stage.desk.remove()
    stage.wait(stage.window.notice.isVisible)
    assert stage.desk.entry.entry is None
    stage.window.notice.buttons()[0].click()
    stage.wait(lambda: any(e.id == "sourdough" for e in stage.app.all))


def test_a_note_deleted_elsewhere_says_so(stage: Stage) -> None:
    """The page does not go on as if nothing had happened."""
    open_note(stage)
    stage.bridge.run(stage.app.remove("recipes", "sourdough"))
    stage.wait(lambda: "bin" in stage.desk.reader.nothing.text)


def test_an_error_has_words_and_a_button_that_tries_again(stage: Stage) -> None:
    """And the code is under the details."""
    tried: list[object] = []
    stage.desk._fail(PeerUnreachable(), lambda: tried.append(None))  # noqa: SLF001
    notice = stage.window.notice
    assert "could be reached" in notice.text
    assert "sync.unreachable" in notice.toolTip()
    notice.buttons()[0].click()
    assert tried
    assert not notice.isVisible()


def test_trouble_in_the_background_is_told(stage: Stage) -> None:
    """In words, not as a code."""
    stage.app.events.tell(Trouble("storage.full", "detail"))
    stage.wait(stage.window.notice.isVisible)
    assert "no room left" in stage.window.notice.text


def test_background_work_shows_its_progress(stage: Stage) -> None:
    """And goes when it ended."""
    stage.app.work(Progress("Fetching", "oven.mp4", 0, 0, 12_000_000, 40_000_000))
    stage.wait(stage.window.strip.isVisible)
    assert stage.window.strip.text == "Fetching oven.mp4 · 12 of 40 MB"
    stage.app.work(None)
    stage.wait(lambda: not stage.window.strip.isVisible())


def test_the_list_can_be_filtered(stage: Stage) -> None:
    """By any word of a name; Esc takes it back."""
    go(stage, "space:recipes")
    stage.desk.listing.filter.setText("mak")
    assert titles(stage) == ["Dal makhani"]
    stage.desk.listing.filter.setText("MÁK")
    assert titles(stage) == ["Dal makhani"]
    QTest.keyClick(stage.desk.listing.filter, Qt.Key.Key_Escape)
    assert len(titles(stage)) == 6


def test_folders_are_entered_and_left(stage: Stage) -> None:
    """With Enter and Backspace."""
    go(stage, "space:recipes")
    stage.desk.listing._on_opened("recipes/bread")  # noqa: SLF001
    stage.settle()
    assert titles(stage) == ["Starter log"]
    stage.desk.listing.list.setFocus()
    press(stage, Qt.Key.Key_Backspace)
    assert "Dal makhani" in titles(stage)


def test_search_finds_while_typing_and_opens(stage: Stage) -> None:
    """Down chooses while the box keeps the keys; Enter opens."""
    stage.desk.actions["search"].trigger()
    box = stage.desk.reader.search.box
    assert box.hasFocus()
    QTest.keyClicks(box, "flour")
    stage.wait(lambda: stage.desk.reader.search.searching.rows.rowCount() == 3)
    assert stage.desk.reader.search.count.text() == "3 matches"
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.hasFocus()
    QTest.keyClick(box, Qt.Key.Key_Return)
    stage.wait(lambda: stage.desk.reader.in_note)
    assert stage.desk.entry.entry is not None
    assert stage.desk.entry.entry.id == "dal"


def test_the_bin_gives_back(stage: Stage) -> None:
    """One row, one button."""
    go(stage, "bin")
    page = stage.desk.reader.bin
    page.items.choose("recipes/old")
    page._on_changed()  # noqa: SLF001
    page.bring_back.click()
    stage.wait(lambda: len(stage.app.binned) == 1)


def test_devices_are_listed_and_met_at_an_address(stage: Stage) -> None:
    """Both answers are said."""
    go(stage, "devices")
    page = stage.desk.reader.devices
    assert "2 near now" in page.summary.text()
    page.address.setText("10.0.0.1:1")
    page.meet.click()
    stage.wait(lambda: "could be reached" in page.answer.text())
    page.address.setText("192.168.1.20:4711")
    page.meet.click()
    stage.wait(lambda: "Connected with Mina's laptop" in page.answer.text())


def test_a_viewer_is_told_before_typing(stage: Stage) -> None:
    """Their text stays theirs, and they know it."""
    open_note(stage, "route", "trip")
    assert stage.desk.reader.note.banner.isVisible()
    QTest.keyClicks(stage.desk.reader.note.edit, "x")
    stage.wait(lambda: stage.window.footer.saving.text() == "Private draft")


def test_a_link_to_a_note_opens_it(stage: Stage) -> None:
    """By its name, with or without its ending."""
    open_note(stage)
    stage.desk.reader.note.edit.followed.emit("[[dal makhani")
    stage.wait(lambda: stage.desk.reader.header.title.text() == "Dal makhani")


def test_no_other_link_is_opened_unasked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note from elsewhere may hold anything: only web and mail are asked about."""
    asked: list[str] = []
    desk = stage.desk.entry

    def refuse(url: QUrl) -> bool:
        asked.append(url.scheme())
        return False

    monkeypatch.setattr(desk, "_agrees", refuse)
    for target in ("javascript:alert(1)", "file:///etc/passwd", "smb://x/y", "ms-msdt:x", "//h/s"):
        desk._on_followed(target)  # noqa: SLF001
    assert asked == []
    desk._on_followed("https://example.org")  # noqa: SLF001
    assert asked == ["https"]


@pytest.mark.parametrize(
    ("width", "shape"), [(1240, Shape.WIDE), (899, Shape.ICONS), (639, Shape.ONE)]
)
def test_the_panes_fold_as_the_window_narrows(width: int, shape: Shape) -> None:
    """Icons first, then one pane at a time."""
    assert shape_for(width) is shape


def test_one_pane_has_a_way_back(open_stage: Open) -> None:
    """Page, list, places."""
    stage = open_stage(size=(480, 640))
    open_note(stage)
    assert stage.window.right.isVisible()
    assert not stage.window.middle.isVisible()
    assert stage.desk.reader.header.go_back.isVisible()
    stage.desk.back()
    assert stage.window.middle.isVisible()
    stage.desk.back()
    assert stage.window.sidebar.isVisible()


def test_ten_thousand_entries_are_no_trouble(open_stage: Open) -> None:
    """All are there for a screen reader; only those seen are drawn."""
    stage = open_stage(Mood.FULL)
    go(stage, "space:recipes")
    rows = stage.desk.contents.rows
    assert rows.rowCount() == 10_000
    assert len(rows._drawn) < 200  # noqa: SLF001
    spoken = str(rows.index(9_999).data(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken.startswith("Note 09999")


@pytest.mark.slow
def test_a_hundred_thousand_entries_never_hold_the_window(open_stage: Open) -> None:
    """Not when they come, nor when one changes, nor while somebody types in the filter.

    What this thread itself computes is measured, whatever else the machine is busy with.
    """
    stage = open_stage(Mood.FULL, app=FakeApp(mood=Mood.FULL))
    app, contents = stage.app, stage.desk.contents
    app.all = many_entries(100_000)
    meter = Meter()
    stage.desk.go("space:recipes")
    stage.wait(lambda: contents.rows.rowCount() == 100_000)
    app.all = [replace(app.all[0], path=("A.md",)), *app.all[1:], replace(app.all[0], id="new")]
    app.events.tell(SpaceChanged("recipes", frozenset(), remote=True))
    stage.wait(lambda: contents.rows.rowCount() == 100_001)
    for word in ("0", "00", "009", "0", ""):
        stage.desk.listing.filter.setText(word)
        fitting = sum(word in entry.name for entry in app.all)
        stage.wait(partial(lambda n: contents.rows.rowCount() == n, fitting))
        stage.settle()
    assert meter.longest.own < LONGEST, meter.longest


def test_the_first_run_names_the_device_and_goes_on(open_stage: Open) -> None:
    """Two steps; the second can wait."""
    stage = open_stage(Mood.FIRST_RUN)
    first = stage.desk.first_run
    assert first is not None
    assert not first.go_on.isEnabled()
    first.name.setText("Ana's laptop")
    QTest.keyClick(first.go_on, Qt.Key.Key_Return)
    stage.wait(lambda: first.steps.currentIndex() == 1)
    assert stage.app.name == "Ana's laptop"
    QTest.keyClick(first.later_button, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert stage.window.body.currentWidget() is stage.window.splitter


def test_an_app_that_fails_leaves_a_window_that_says_so(open_stage: Open) -> None:
    """Every list may fail; none of them silently."""
    app = FakeApp()
    app.fail = StoreFull()
    stage = open_stage(app=app)
    stage.wait(stage.window.notice.isVisible)
    assert "no room left" in stage.window.notice.text


def test_the_editor_is_a_stock_one_for_a_screen_reader(stage: Stage) -> None:
    """Its text can be read letter by letter."""
    open_note(stage)
    face = QAccessible.queryAccessibleInterface(stage.desk.reader.note.edit)
    assert face.role() is QAccessible.Role.EditableText
    assert face.textInterface() is not None


def test_the_switcher_jumps_by_a_few_letters(stage: Stage) -> None:
    """Ctrl+P, letters, Enter."""
    stage.desk.jumping.jump()
    stage.wait(lambda: stage.desk.folders.dialog is not None)
    dialog = stage.desk.folders.dialog
    assert dialog is not None
    box = next(w for w in focusable(dialog) if w.accessibleName().startswith("Jump"))
    QTest.keyClicks(box, "dal")
    QTest.keyClick(box, Qt.Key.Key_Return)
    stage.wait(lambda: stage.desk.reader.header.title.text() == "Dal makhani")


def test_long_words_do_not_widen_the_window(open_stage: Open) -> None:
    """They are shortened where they stand."""
    stage = open_stage(Mood.LONG, size=(900, 600))
    open_note(stage)
    assert stage.window.width() == 900
    assert stage.window.minimumSizeHint().width() <= 900
    assert not stage.window.findChildren(QComboBox)


def test_a_storm_of_events_is_one_question(stage: Stage) -> None:
    """A thousand files from a peer must not be a thousand listings."""
    go(stage, "space:recipes")
    asked: list[object] = []
    stage.desk.contents._question.answered.connect(asked.append)  # noqa: SLF001
    for _ in range(200):
        stage.app.work(None)
    stage.wait(lambda: bool(asked))
    stage.settle()
    assert len(asked) < 4


def test_python_never_ends_a_part_of_the_window(stage: Stage) -> None:
    """Its collector may run on the app's thread, where ending a QObject would crash."""
    open_note(stage)
    stage.desk.entry.toggle_history()
    stage.settle()
    lasting = {"Window", "Theme", "Bridge"}
    gc.collect()
    at_risk = {
        type(thing).__name__
        for thing in gc.get_objects()
        if isinstance(thing, QObject)
        and type(thing).__module__.startswith("ui.")
        and shiboken6.isValid(thing)
        and shiboken6.ownedByPython(thing)
    }
    assert at_risk <= lasting


def test_a_name_error_does_not_hide_behind_another(stage: Stage) -> None:
    """The last message is the one shown."""
    stage.desk._fail(StoreFull(), None)  # noqa: SLF001
    stage.desk._fail(NameTaken("x"), None)  # noqa: SLF001
    assert "name is here already" in stage.window.notice.text
