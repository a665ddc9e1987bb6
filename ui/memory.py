"""What the window remembers from one time to the next: its place, its panes, its look."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from ui.theme.theme import Look
from ui.theme.tokens import NOTE_SIZE, PANES

_BLANK = QByteArray()


class Memory:
    """Values in a small file beside the data; a damaged one is as good as none."""

    def __init__(self, path: Path) -> None:
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Where the window was."""
        found = self._settings.value("window/geometry", _BLANK)
        return found if isinstance(found, QByteArray) else _BLANK

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue("window/geometry", geometry)

    @property
    def panes(self) -> tuple[int, int]:
        """Widths of sidebar and list."""
        return self._number("window/sidebar", PANES[0]), self._number("window/list", PANES[1])

    @panes.setter
    def panes(self, panes: tuple[int, int]) -> None:
        self._settings.setValue("window/sidebar", panes[0])
        self._settings.setValue("window/list", panes[1])

    @property
    def look(self) -> Look:
        """Which look was chosen."""
        found = str(self._settings.value("look", Look.SYSTEM.value))
        return next((look for look in Look if look.value == found), Look.SYSTEM)

    @look.setter
    def look(self, look: Look) -> None:
        self._settings.setValue("look", look.value)

    @property
    def text_size(self) -> int:
        """How large notes are written."""
        return self._number("note/size", NOTE_SIZE)

    @text_size.setter
    def text_size(self, size: int) -> None:
        self._settings.setValue("note/size", size)

    @property
    def place(self) -> str:
        """Where one was."""
        return str(self._settings.value("place", ""))

    @place.setter
    def place(self, place: str) -> None:
        self._settings.setValue("place", place)

    def _number(self, name: str, otherwise: int) -> int:
        found = str(self._settings.value(name, otherwise))
        return int(found) if found.isdecimal() and 0 < int(found) < 10_000 else otherwise  # noqa: PLR2004
