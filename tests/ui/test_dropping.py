"""Files that are dropped on the list, or pasted into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.errors import Unreadable
from tests.ui.hands import go, titles
from tests.ui.stage import Stage
from ui.window import Pane

# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def drop(stage: Stage, *paths: Path) -> bool:
    """Drop files on the list, as a file manager does; say whether they were taken."""
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    at = QPoint(20, 200)
    enter = QDragEnterEvent(at, copy, held, left, none)
    enter.ignore()
    QApplication.sendEvent(stage.desk.listing, enter)
    if enter.isAccepted():
        QApplication.sendEvent(stage.desk.listing, QDropEvent(at, copy, held, left, none))
    return enter.isAccepted()


def test_files_that_are_dropped_are_copied_into_the_folder_one_is_in(stage: Stage) -> None:
    """What there is stays; a second of the same name gets a number."""
    go(stage, "space:recipes")
    stage.desk.contents.into(next(e for e in stage.desk.contents.entries if e.is_folder))
    stage.settle()
    folder = stage.desk.contents.spot.folder
    assert drop(stage, Path("/home/ana/Rye.pdf"), Path("/home/ana/Photo.jpg"))
    stage.wait(stage.window.notice.isVisible)
    assert stage.window.notice.text == "2 files copied into “Recipes”."
    call = ("bring_in", ("recipes", folder, Path("/home/ana/Rye.pdf"), Path("/home/ana/Photo.jpg")))
    assert call in stage.app.calls
    stage.wait(lambda: "Photo.jpg" in titles(stage))


def test_files_are_pasted_into_the_list(stage: Stage) -> None:
    """Copied in a file manager, pasted here."""
    go(stage, "space:recipes")
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile("/home/ana/Rye.pdf")])
    QApplication.clipboard().setMimeData(held)
    stage.desk.panes.go(Pane.LIST)
    QTest.keyClick(stage.desk.listing.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    stage.wait(lambda: "Rye.pdf" in titles(stage))


def test_what_cannot_be_taken_is_not_taken(stage: Stage) -> None:
    """No folder, no files, or no right: the last is said in words."""
    go(stage, "recent")
    assert not drop(stage, Path("/home/ana/Rye.pdf"))
    go(stage, "space:trip")
    assert not drop(stage)
    assert drop(stage, Path("/home/ana/Rye.pdf"))
    assert "look at this folder but not put files into it" in stage.window.notice.text
    go(stage, "space:recipes")
    stage.app.fail = Unreadable("gone", "/home/ana/Rye.pdf")
    assert drop(stage, Path("/home/ana/Rye.pdf"))
    stage.wait(lambda: "could not be read" in stage.window.notice.text)
