"""What is seen at a glance says what the words say; nothing is cut without a sign of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QTextBlock
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from app.events import SpacesChanged
from app.values import Reach
from tests.ui import sample
from tests.ui.choosing import completions, folder_chooser
from tests.ui.conftest import Open
from tests.ui.fake_app import Mood
from tests.ui.hands import go, open_note
from tests.ui.stage import Stage
from ui.models.rows import Row
from ui.theme.theme import Look
from ui.theme.tokens import contrast
from ui.widgets.keys_dialog import KeysDialog
from ui.words import DEVICE_ICON, REACH_ICONS, reach_icon, state_icon

# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def rows_of(stage: Stage) -> dict[str, Row]:
    """Return the rows of the middle list by their keys."""
    rows = stage.desk.contents.rows
    return {item.key: rows.row(item) for item in rows._items}  # noqa: SLF001


@pytest.mark.parametrize("reach", list(Reach))
def test_what_is_not_here_yet_never_bears_a_tick(reach: Reach) -> None:
    """The words beside it say that it is still to come."""
    away = sample.entry("recipes", "film", ("film.mp4",), ago=1, reach=reach, here=False)
    ticked = {icon for icon, _ in REACH_ICONS.values()}
    for alone in (False, True):
        assert state_icon(away, alone=alone)[0] not in ticked
        assert state_icon(replace(away, here=True), alone=alone) == reach_icon(reach, alone=alone)


def test_the_list_shows_what_is_to_come(stage: Stage) -> None:
    """In the row itself."""
    go(stage, "space:recipes")
    row = rows_of(stage)["recipes/kneading"]
    assert "not here yet" in row.note
    assert row.state == "download"


def test_nothing_warns_while_nothing_is_shared(stage: Stage) -> None:
    """Who has one computer did nothing wrong; with the first friend a lack is one again."""
    shared = stage.app.places
    stage.app.places = [space for space in shared if space.id == "journal"]
    stage.app.events.tell(SpacesChanged())
    stage.wait(lambda: stage.window.places.alone)
    go(stage, "space:journal")
    open_note(stage, "sunday", "journal")
    calm = (DEVICE_ICON, "text3")
    assert {(row.state, row.state_tone) for row in rows_of(stage).values()} == {calm}
    assert stage.window.footer.icon_name == calm[0]
    assert stage.window.footer.sentence.text() == "On this computer only"
    stage.app.places = shared
    stage.app.events.tell(SpacesChanged())
    stage.wait(lambda: not stage.window.places.alone)
    assert {row.state for row in rows_of(stage).values()} == {"triangle-alert"}
    assert stage.window.footer.icon_name == "triangle-alert"


def test_devices_are_of_no_kind(stage: Stage) -> None:
    """A phone is no monitor, and nobody said what it is."""
    go(stage, "devices")
    rows = stage.desk.reader.devices.people.rows
    assert {rows.row(item).icon for item in rows._items} == {DEVICE_ICON}  # noqa: SLF001


def test_side_by_side_is_said_where_there_is_room(stage: Stage) -> None:
    """At the end of a second line it was cut."""
    open_note(stage)
    stage.desk.entry.toggle_history()
    stage.settle()
    rows = stage.desk.reader.history.past.rows
    beside = rows.row(rows._items[1])  # noqa: SLF001
    assert (beside.aside, beside.note) == ("side by side", "Mina's laptop · Edited")
    assert "side by side" in beside.spoken


def test_a_title_that_is_cut_ends_in_dots(open_stage: Open) -> None:
    """Else half a name looks like the name. The tip has all; so has the field, for typing."""
    stage = open_stage(Mood.LONG, size=(480, 640))
    open_note(stage)
    title = stage.desk.reader.header.title
    stage.desk.reader.note.edit.setFocus()
    whole, cut = title.text(), title.grab().toImage()
    dots = title.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, title.shown_width)
    assert dots.endswith("…") and title.toolTip() == whole
    title.show_name(dots, fixed=False)
    assert title.grab().toImage() == cut
    title.show_name(whole, fixed=False)
    title.setFocus()
    assert title.text() == whole
    assert title.grab().toImage() != cut


def test_a_sheet_to_read_has_a_button_of_its_size(stage: Stage) -> None:
    """One that spans the whole of it looks like the end of the list."""
    stage.desk.actions["keys"].trigger()
    dialog = stage.desk.folders.dialog
    assert isinstance(dialog, KeysDialog)
    close = dialog.findChild(QPushButton)
    assert isinstance(close, QPushButton)
    assert close.width() < dialog.width() / 2
    dialog.reject()


@pytest.mark.parametrize("look", [Look.LIGHT, Look.DARK])
def test_what_opens_below_a_path_can_be_read(stage: Stage, look: Look) -> None:
    """Where the desktop has no window for folders, Qt's own is shown: in our colours."""
    stage.theme.choose(look)
    dialog = folder_chooser(stage.window)
    stage.desk.folders.open_dialog(dialog)
    popup = completions(dialog, stage)
    assert ground_of(popup) == QColor(stage.theme.tokens.surface)
    ink = max(contrast(colour, stage.theme.tokens.surface) for colour in colours_of(popup))
    assert ink > 7
    for view in ("listView", "treeView"):
        assert ground_of(view_of(dialog, view)) == QColor(stage.theme.tokens.surface)
    dialog.reject()
    stage.theme.choose(Look.LIGHT)


def view_of(dialog: QFileDialog, name: str) -> QWidget:
    """Return a part of Qt's own chooser."""
    found = dialog.findChild(QWidget, name)
    assert isinstance(found, QWidget)
    return found


def ground_of(widget: QWidget) -> QColor:
    """Return the colour that most of a widget has."""
    colours = colours_of(widget)
    return QColor(max(set(colours), key=colours.count))


def colours_of(widget: QWidget) -> list[str]:
    """Return the colours of a widget's picture."""
    image: QImage = widget.grab().toImage()
    places = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return [image.pixelColor(x, y).name() for x, y in places]


def test_the_bars_of_a_table_stand_under_each_other(stage: Stage) -> None:
    """Also where a sign elsewhere would be hidden."""
    stage.app.texts["sourdough"] = sample.PLAIN
    open_note(stage)
    document = stage.desk.reader.note.edit.document()
    block, rows = document.firstBlock(), []
    while block.isValid():
        if block.text().startswith("|"):
            rows.append(bars(block))
        block = block.next()
    assert len(rows) == 4
    assert all(row == pytest.approx(rows[0], abs=0.5) for row in rows)


def bars(block: QTextBlock) -> list[float]:
    """Return where the bars of a row are."""
    line = block.layout().lineAt(0)
    places = [at for at, letter in enumerate(block.text()) if letter == "|"]
    found: list[object] = [line.cursorToX(at) for at in places]
    return [float(one[0] if isinstance(one, tuple) else one) for one in found]  # type: ignore[arg-type]


def test_lines_that_were_broken_by_hand_stay_so(stage: Stage) -> None:
    """This is where one writes: what is shown is what is in the file."""
    stage.app.texts["sourdough"] = sample.PLAIN
    open_note(stage)
    assert stage.desk.reader.note.edit.toPlainText() == sample.PLAIN
