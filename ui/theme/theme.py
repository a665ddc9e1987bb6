"""The theme in use: follows the system until someone chooses, and tells when it changes."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QIcon
from PySide6.QtWidgets import QApplication

from ui.theme.fonts import Fonts, load_fonts
from ui.theme.icons import Icons
from ui.theme.style import palette_of, sheet_of
from ui.theme.tokens import DARK, ICON, LIGHT, SMALL_SIZE, TITLE_SIZE, UI_SIZE, Tokens


class Look(Enum):
    """What someone chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Colours, letters and icons, and when they change."""

    changed = Signal()

    def __init__(self, application: QApplication, look: Look = Look.SYSTEM) -> None:
        super().__init__()
        self._application = application
        self._hints = application.styleHints()  # a chained call would lose its owner
        self.look = look
        self.fonts: Fonts = load_fonts()
        self.icons = Icons()
        self.tokens: Tokens = LIGHT
        application.setStyle("Fusion")
        application.setFont(self.fonts.ui_font(UI_SIZE))
        self._hints.colorSchemeChanged.connect(self._follow)
        self._wear()

    def choose(self, look: Look) -> None:
        """Change the look."""
        self.look = look
        self._wear()

    def icon(self, name: str, colour: str = "", size: int = ICON, beside: int = 0) -> QIcon:
        """Return an icon in a colour of the theme, by default that of soft text."""
        faint = self.tokens.border
        return self.icons.icon(name, colour or self.tokens.text2, faint, size, beside)

    def title_font(self) -> QFont:
        """Return the font of a row's title."""
        return self.fonts.ui_font(TITLE_SIZE, QFont.Weight.DemiBold)

    def small_font(self) -> QFont:
        """Return the font of remarks."""
        return self.fonts.ui_font(SMALL_SIZE)

    def _follow(self) -> None:
        if self.look is Look.SYSTEM:
            self._wear()

    def _wear(self) -> None:
        system = self._hints.colorScheme() is Qt.ColorScheme.Dark
        dark = system if self.look is Look.SYSTEM else self.look is Look.DARK
        self.tokens = DARK if dark else LIGHT
        self._application.setPalette(palette_of(self.tokens))
        self._application.setStyleSheet(sheet_of(self.tokens))
        self.changed.emit()
