"""What a person does in a window, for tests."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.stage import Stage


def titles(stage: Stage) -> list[str]:
    """Return what the middle list shows."""
    rows = stage.desk.contents.rows
    return [str(rows.index(n).data()) for n in range(rows.rowCount())]


def go(stage: Stage, place: str) -> None:
    """Go somewhere."""
    stage.desk.go(place)
    stage.settle()


def open_note(stage: Stage, entry: str = "sourdough", space: str = "recipes") -> None:
    """Open a note."""
    go(stage, f"space:{space}")
    stage.desk.open_entry(next(e for e in stage.desk.contents.entries if e.id == entry))
    stage.settle()


def press(stage: Stage, key: Qt.Key) -> None:
    """Press a key wherever the keys are."""
    QTest.keyClick(QApplication.focusWidget() or stage.window, key)
    stage.settle()
