"""What an empty page says: an icon, one line, one button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.parts import button, label, picture


class Empty(QWidget):
    """Stands where there is nothing yet."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        words: str,
        act: str = "",
        slot: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._words = label(words, "soft", wraps=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = button(act, slot) if act else None
        down = QVBoxLayout(self)
        down.setContentsMargins(L, L, L, L)
        down.setSpacing(M)
        down.addStretch(2)
        down.addWidget(picture(theme, icon, 32), 0, Qt.AlignmentFlag.AlignHCenter)
        down.addWidget(self._words)
        if self.button is not None:
            down.addSpacing(S - M + S)
            down.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        down.addStretch(3)

    def say(self, words: str) -> None:
        """Show other words."""
        self._words.setText(words)

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()
