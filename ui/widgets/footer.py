"""The foot of the window: where what is shown is, how saving stands, and the words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QWidget

from app.values import Reach
from app.words import count_words
from ui.below import Clock
from ui.theme.theme import Theme
from ui.theme.tokens import M, S
from ui.widgets.parts import label
from ui.words import reach_icon, tr

QUIET_SECONDS = 5.0
"""A screen reader is told of a new state at most that often."""


class _Sentence(QLabel):
    """Ends in dots where it does not fit; the whole is in its tip."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much as fits."""
        del event
        painter = QPainter(self)
        fitting = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        align = QStyle.visualAlignment(self.layoutDirection(), self.alignment())
        role = self.foregroundRole()
        self.style().drawItemText(
            painter, self.rect(), align, self.palette(), self.isEnabled(), fitting, role
        )
        painter.end()


class Footer(QWidget):
    """One line."""

    def __init__(self, theme: Theme, now: Clock) -> None:
        super().__init__()
        self.setObjectName("footer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._now = now
        self._reach: Reach | None = None
        self._alone = False
        self._spoke = 0.0
        self._icon = QLabel()
        self.icon_name = ""
        self.sentence = _Sentence()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setMinimumWidth(0)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.saving = label("", "small")
        self.words = label("")
        across = QHBoxLayout(self)
        across.setContentsMargins(M, 5, M + S, 5)
        across.setSpacing(S)
        across.addWidget(self._icon)
        across.addWidget(self.sentence, 1)
        across.addWidget(self.saving)
        across.addSpacing(S)
        across.addWidget(self.words)
        theme.changed.connect(self._draw)
        self._draw()

    def show_sentence(self, sentence: str, reach: Reach | None) -> None:
        """Show where it is, and say so to a screen reader when the state is another."""
        self.sentence.setText(sentence)
        self.sentence.setToolTip(sentence)
        changed, self._reach = reach is not self._reach, reach
        self._draw()
        if changed and sentence and self._now() - self._spoke >= QUIET_SECONDS:
            self._spoke = self._now()
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.sentence, sentence))

    def set_alone(self, *, alone: bool) -> None:
        """Know whether this computer shares nothing with anyone."""
        self._alone = alone
        self._draw()

    def show_words(self, count: int | None) -> None:
        """Show how many words there are."""
        self.words.setText("" if count is None else count_words(count, tr("word")))

    def show_saving(self, words: str) -> None:
        """Show how saving stands."""
        self.saving.setText(words)

    def _draw(self) -> None:
        self._icon.setVisible(self._reach is not None)
        if self._reach is not None:
            self.icon_name, tone = reach_icon(self._reach, alone=self._alone)
            colour = getattr(self._theme.tokens, tone)
            ratio = self.devicePixelRatioF()
            self._icon.setPixmap(self._theme.icons.pixmap(self.icon_name, colour, 16, ratio))
