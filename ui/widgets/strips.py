"""What may stand over or under a page: a message with buttons, work with its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.progress import Progress
from app.words import progress_words
from ui.below import Clock
from ui.models.pace import Pace
from ui.theme.theme import Theme
from ui.theme.tokens import XS, L, M, S
from ui.widgets.parts import button, icon_button, label, picture, restyle
from ui.words import BUTTONS, Act, Said, tr

CALM_MS = 8_000
"""No message that goes by itself goes sooner: people read at their own pace."""
_BAR = 1000


class Notice(QFrame):
    """Says in plain words what went wrong or was done, and offers what helps."""

    acted = Signal(object)
    """With the Act of the button that was pressed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "strip")
        self.setAccessibleName(tr("Message"))
        self._theme = theme
        self.said: Said | None = None
        self._error_icon = picture(theme, "circle-alert", 18, "danger")
        self._info_icon = picture(theme, "circle-check", 18, "accent")
        self._words = label("", wraps=True)
        self._hint = label("", "soft", wraps=True)
        self._details = label("", "small")
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(S)
        self._close = icon_button(theme, "x", tr("Close this message"), self.hide)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self.hide)
        self._lay_out()
        self.hide()

    def say(self, said: Said, offers: Mapping[Act, Callable[[], object]]) -> None:
        """Show an error, with the buttons among its acts that are offered."""
        self.said = said
        self._calm.stop()
        self._show_words(said.words.sentence, said.words.hint, said.code, tone="")
        for act in said.acts:
            if act in offers:
                self._add(tr(BUTTONS[act]), offers[act])

    def tell(self, words: str, act: str = "", slot: Callable[[], object] | None = None) -> None:
        """Show that something was done; it goes by itself."""
        self.said = None
        self._show_words(words, "", "", tone="info")
        if act and slot is not None:
            self._add(act, slot)
        self._calm.start()

    def take_keys(self) -> bool:
        """Let the keys go to the first button; say no when there is no message."""
        if self.isVisible():
            first = next(iter(self.buttons()), self._close)
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return self.isVisible()

    @property
    def text(self) -> str:
        """What is shown."""
        return f"{self._words.text()} {self._hint.text()}".strip()

    def buttons(self) -> list[QPushButton]:
        """Return the buttons that help."""
        items = (self._buttons.itemAt(n) for n in range(self._buttons.count()))
        found = (item.widget() for item in items if item is not None)
        return [one for one in found if isinstance(one, QPushButton)]

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        for one in (self._words, self._hint, self._details):
            words.addWidget(one)
        across = QHBoxLayout(self)
        across.setContentsMargins(L, S, M, S)
        across.setSpacing(M)
        across.addWidget(self._error_icon)
        across.addWidget(self._info_icon)
        across.addLayout(words, 1)
        across.addLayout(self._buttons)
        across.addWidget(self._close)

    def _show_words(self, words: str, hint: str, details: str, *, tone: str) -> None:
        self._clear()
        self._words.setText(words)
        for one, text in ((self._hint, hint), (self._details, "")):
            one.setText(text)
            one.setVisible(bool(text))
        self.setToolTip(f"{tr('Details')}: {details}" if details else "")
        self._error_icon.setVisible(not tone)
        self._info_icon.setVisible(bool(tone))
        self.setProperty("tone", tone)
        restyle(self)
        self.show()

    def _add(self, text: str, slot: Callable[[], object]) -> None:
        self._buttons.addWidget(button(text, partial(self._press, slot)))

    def _press(self, slot: Callable[[], object]) -> None:
        self.hide()
        slot()

    def _clear(self) -> None:
        for one in self.buttons():
            self._buttons.removeWidget(one)
            one.hide()
            one.deleteLater()


class ProgressStrip(QFrame):
    """How far work is: words, bytes, speed, what remains, and a way to stop."""

    cancelled = Signal()

    def __init__(self, now: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "progress")
        self._now = now
        self._pace = Pace()
        self._task = ""
        self._words: QLabel = label("", "soft")
        self._words.setMinimumWidth(0)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress"))
        self.stop = button(tr("Cancel"), self.cancelled.emit, kind="quiet")
        down = QVBoxLayout()
        down.setSpacing(XS + 2)
        down.addWidget(self._words)
        down.addWidget(self._bar)
        across = QHBoxLayout(self)
        across.setContentsMargins(L, S, M, S)
        across.setSpacing(M)
        across.addLayout(down, 1)
        across.addWidget(self.stop)
        self.hide()

    def show_progress(self, progress: Progress, *, stoppable: bool) -> None:
        """Show a step."""
        if progress.task != self._task:
            self._task, self._pace = progress.task, Pace()
        self._pace.at(self._now(), progress.done_bytes)
        speed = self._pace.speed if progress.total_bytes else 0.0
        words = progress_words(progress, speed)
        self._words.setText(words)
        self._bar.setAccessibleDescription(words)
        self._fill(progress)
        self.stop.setVisible(stoppable)
        self.show()

    def end(self) -> None:
        """The work ended."""
        self._task, self._pace = "", Pace()
        self.hide()

    @property
    def text(self) -> str:
        """What is shown."""
        return self._words.text()

    def _fill(self, progress: Progress) -> None:
        done, total = progress.done_bytes, progress.total_bytes
        if not total:
            done, total = progress.done, progress.total
        self._bar.setRange(0, _BAR if total else 0)
        if total:
            self._bar.setValue(min(_BAR, round(done * _BAR / total)))
