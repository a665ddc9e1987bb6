"""A QR code on the screen: dark on white in both themes, or no camera could read it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui.words import tr

QUIET = 4
"""Modules of white around, as the standard asks."""
SIDE = 232
RING = 2
"""Around it, to show that it has the keys."""


def picture_of(rows: Sequence[str], side: int) -> QImage:
    """Return a QR code as a picture of about that many pixels a side, its modules whole pixels."""
    modules = len(rows) + 2 * QUIET
    unit = max(1, side // modules)
    image = QImage(modules * unit, modules * unit, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    for y, row in enumerate(rows):
        for x, bit in enumerate(row):
            if bit == "1":
                place = QRect((x + QUIET) * unit, (y + QUIET) * unit, unit, unit)
                painter.fillRect(place, Qt.GlobalColor.black)
    painter.end()
    return image


class QrView(QLabel):
    """Shows a QR code."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("QR code of the invitation"))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_code(self, rows: Sequence[str], room: int = SIDE + 2 * RING) -> None:
        """Show a code, smaller where there is little room; it is never cut."""
        ratio = self.devicePixelRatioF()
        image = picture_of(rows, round(min(SIDE, room - 2 * RING) * ratio))
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        self.setPixmap(pixmap)
        side = round(image.width() / ratio) + 2 * RING
        self.setFixedSize(QSize(side, side))
