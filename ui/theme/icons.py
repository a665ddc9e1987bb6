"""Icons: Lucide's SVGs in the colour of the moment, sharp at any scale, each drawn once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "icons"
STROKE = "1.75"
_RATIOS = (1.0, 2.0)


class Icons:
    """Draws icons by name, and remembers them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._sources: dict[str, str] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._icons: dict[tuple[str, str, str, int, int], QIcon] = {}

    def icon(
        self, name: str, colour: str, faint: str = "", size: int = 18, beside: int = 0
    ) -> QIcon:
        """Return an icon; disabled it is drawn in `faint`. `beside` keeps words off it."""
        key = (name, colour, faint, size, beside)
        if key not in self._icons:
            icon = QIcon()
            for ratio in _RATIOS:
                drawn = _widened(self.pixmap(name, colour, size, ratio), beside)
                icon.addPixmap(drawn, QIcon.Mode.Normal)
                if faint:
                    drawn = _widened(self.pixmap(name, faint, size, ratio), beside)
                    icon.addPixmap(drawn, QIcon.Mode.Disabled)
            self._icons[key] = icon
        return self._icons[key]

    def pixmap(self, name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
        """Return an icon as pixels for a screen of that many pixels a point."""
        key = (name, colour, size, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = self._draw(name, colour, size, ratio)
        return self._pixmaps[key]

    def source(self, name: str, colour: str) -> str:
        """Return an icon's SVG in a colour; an unknown name is an empty drawing."""
        if name not in self._sources:
            path = self._folder / f"{name}.svg"
            blank = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>'
            self._sources[name] = path.read_text(encoding="utf-8") if path.is_file() else blank
        source = self._sources[name].replace("currentColor", colour)
        return source.replace('stroke-width="2"', f'stroke-width="{STROKE}"')

    def _draw(self, name: str, colour: str, size: int, ratio: float) -> QPixmap:
        pixels = round(size * ratio)
        pixmap = QPixmap(QSize(pixels, pixels))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        source = self.source(name, colour).encode()
        QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, pixels, pixels))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def _widened(pixmap: QPixmap, beside: int) -> QPixmap:
    """Return a picture with so many points of nothing at its end."""
    if not beside:
        return pixmap
    ratio = pixmap.devicePixelRatio()
    wide = QPixmap(QSize(pixmap.width() + round(beside * ratio), pixmap.height()))
    wide.setDevicePixelRatio(ratio)
    wide.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wide)
    painter.drawPixmap(0, 0, pixmap)
    painter.end()
    return wide
