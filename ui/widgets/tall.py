"""What is as tall as what it holds where the screen allows, and scrolls where it does not."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

LEAST = QSize(200, 120)
ROOM = 0.96
"""How much of the screen a dialog takes at most: the system's bars and frames want the rest."""


class Tall(QScrollArea):
    """Scrolls up and down only; what gets the keys is brought into sight."""

    def __init__(self, held: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._held = held
        self.setWidget(held)
        held.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """Return what it holds needs."""
        return self._needed().expandedTo(LEAST)

    def minimumSizeHint(self) -> QSize:
        """Return its width, which cannot be scrolled, and little height."""
        return QSize(self._held.minimumSizeHint().width(), LEAST.height())

    def show_top(self) -> None:
        """Scroll to where it begins."""
        self.verticalScrollBar().setValue(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Know that what it holds needs another size."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._hold()
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give lines that are broken anew their room."""
        super().resizeEvent(event)
        self._hold()

    def _hold(self) -> None:
        """Keep what is held as tall as its words need: a scroll area does not ask for that."""
        if self._held.hasHeightForWidth():
            self._held.setMinimumHeight(self._held.heightForWidth(self.viewport().width()))

    def _needed(self) -> QSize:
        held = self._held
        width = max(held.sizeHint().width(), self.viewport().width())
        height = held.heightForWidth(width) if held.hasHeightForWidth() else -1
        return QSize(held.sizeHint().width(), max(height, held.sizeHint().height()))


def fit(dialog: QWidget, width: int) -> bool:
    """Give a dialog a width and the height it needs then; say whether the screen has both."""
    room = dialog.screen().availableSize() * ROOM
    wide = min(width, room.width())
    dialog.setMinimumWidth(wide)
    dialog.resize(wide, dialog.height())
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
    needed = dialog.sizeHint().height()
    dialog.resize(wide, min(needed, room.height()))
    return wide == width and needed <= room.height()
