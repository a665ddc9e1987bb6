"""Says that a folder is not there, over what the list holds, and offers what helps."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from app.complaints import words_of
from app.errors import FolderUnavailable
from app.values import Mirroring, SpaceInfo
from ui.theme.theme import Theme
from ui.widgets.parts import button, label, lay_out_strip, picture
from ui.words import tr


class GoneStrip(QFrame):
    """Stays as long as the folder is unavailable."""

    choose_wanted = Signal(object)
    """With the SpaceInfo: the person knows where the folder is now."""
    anew_wanted = Signal(object)
    """With the SpaceInfo: all of it is to be written to a new folder."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("The folder is not there"))
        self._space: SpaceInfo | None = None
        self._words = label("", wraps=True)
        self._where = label("", "small", wraps=True)
        self.choose = button(tr("Choose where it is…"), self._choose)
        self.anew = button(tr("Write it to a new folder…"), self._anew)
        icon = picture(theme, "triangle-alert", 18, "warn")
        lay_out_strip(self, icon, self._words, self._where, self.choose, self.anew)

    def show_for(self, space: SpaceInfo | None) -> None:
        """Show what is the matter with a folder, or nothing."""
        gone = space is not None and space.mirroring is Mirroring.UNAVAILABLE
        self._space = space
        if gone and space is not None:
            why = space.why or FolderUnavailable.code
            self._words.setText(words_of(why).sentence)
            self._where.setText("" if space.folder is None else str(space.folder))
            self.choose.setVisible(why == FolderUnavailable.code)
        self.setVisible(gone)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._words.text()

    def _choose(self) -> None:
        self.choose_wanted.emit(self._space)

    def _anew(self) -> None:
        self.anew_wanted.emit(self._space)
