"""A combo box with the theme's own arrow: the style sheet's cannot change its colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox

from ui.theme.theme import Theme

_ARROW = 16


class Choice(QComboBox):
    """A stock combo box, with an arrow."""

    def __init__(self, words: Sequence[str], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.addItems(list(words))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        at_end = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        left = self.width() - _ARROW - 8 if at_end else 8
        place = QRect(left, (self.height() - _ARROW) // 2, _ARROW, _ARROW)
        colour = self._theme.tokens.text2
        painter.drawPixmap(
            place,
            self._theme.icons.pixmap("chevron-down", colour, _ARROW, self.devicePixelRatioF()),
        )
        painter.end()
