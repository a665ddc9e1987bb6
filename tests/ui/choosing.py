"""The folder chooser that Qt brings along, where a desktop has none."""

from __future__ import annotations

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from tests.ui.stage import Stage


def folder_chooser(parent: QWidget) -> QFileDialog:
    """Return the chooser, at the top of the disk."""
    dialog = QFileDialog(parent, "Open a folder", "/")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    return dialog


def completions(dialog: QFileDialog, stage: Stage) -> QWidget:
    """Type the beginning of a path, and return what opens."""
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(field, QLineEdit)
    field.clear()
    QTest.keyClicks(field, "/")
    popup = field.completer().popup()
    assert popup is not None
    stage.wait(popup.isVisible)
    stage.wait(lambda: popup.model().rowCount() > 1)
    return popup
