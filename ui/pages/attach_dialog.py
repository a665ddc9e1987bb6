"""Where shall a folder be written anew? And may it be united with what lies there?"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.values import SpaceInfo
from ui.theme.tokens import L, M, S
from ui.widgets.parts import button, label
from ui.words import tr


class AttachDialog(QDialog):
    """Names a folder for a space whose own is gone."""

    chosen = Signal(object, bool)
    """With the Path, and whether it may be united with what it holds."""

    def __init__(
        self, space: SpaceInfo, folder: Path, *, holds: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._holds = holds
        self.folder = QLineEdit(str(folder))
        self.setMinimumWidth(460)
        down = QVBoxLayout(self)
        down.setContentsMargins(L + S, L + S, L + S, L)
        down.setSpacing(M)
        title = tr("This folder holds something already") if holds else tr("Write to a new folder")
        self.setWindowTitle(title)
        down.addWidget(label(title, "title", wraps=True))
        self.words = label(_words(space, folder, holds=holds), "soft", wraps=True)
        down.addWidget(self.words)
        if not holds:
            down.addLayout(self._field())
        down.addStretch(1)
        down.addLayout(self._foot())

    def _field(self) -> QVBoxLayout:
        self.folder.setAccessibleName(tr("Folder on this computer"))
        name = label(tr("Where shall it be on this computer?"), "soft")
        name.setBuddy(self.folder)
        across = QHBoxLayout()
        across.setSpacing(S)
        across.addWidget(self.folder, 1)
        across.addWidget(button(tr("Choose…"), self._choose))
        field = QVBoxLayout()
        field.setSpacing(S)
        field.addWidget(name)
        field.addLayout(across)
        return field

    def _foot(self) -> QHBoxLayout:
        words = tr("Bring both together") if self._holds else tr("Write it there")
        self.yes: QPushButton = button(words, self._accept, kind="primary")
        self.yes.setDefault(True)
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addStretch(1)
        foot.addWidget(button(tr("Not now"), self.reject))
        foot.addWidget(self.yes)
        return foot

    def _choose(self) -> None:
        around = str(Path(self.folder.text()).parent)
        path = QFileDialog.getExistingDirectory(self, tr("Folder"), around)
        if path:
            self.folder.setText(path)

    def _accept(self) -> None:
        typed = self.folder.text().strip()
        if typed:
            self.accept()
            self.chosen.emit(Path(typed).expanduser(), self._holds)


def _words(space: SpaceInfo, folder: Path, *, holds: bool) -> str:
    if holds:
        return (
            f"{folder}\n\n"
            + tr("Both can be brought together: everybody then has what is in it, too. ")
            + tr("Where a file is in both and differs, both are kept.")
        )
    what = f"{tr('All that Atoll has of')} “{space.name}”"
    return f"{what} {tr('is written out anew. Nothing is deleted on any device.')}"
