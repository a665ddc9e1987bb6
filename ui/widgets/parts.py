"""Small stock widgets with the theme's icon or the right name: buttons, labels, lines."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui.slots import ignoring
from ui.theme.theme import Theme
from ui.theme.tokens import ICON, XS, M, S


def _as_space(event: QKeyEvent) -> QKeyEvent:
    """Return what a stock button knows: Enter does on it what the space bar does."""
    if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
        return event
    space, held = Qt.Key.Key_Space, event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return QKeyEvent(event.type(), space, held, " ", event.isAutoRepeat())


class _PushButton(QPushButton):
    """A push button that Enter presses too."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go down."""
        super().keyPressEvent(_as_space(event))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Come up, which is the click."""
        super().keyReleaseEvent(_as_space(event))


class _ToolButton(QToolButton):
    """An icon button that Enter presses too."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go down."""
        super().keyPressEvent(_as_space(event))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Come up, which is the click."""
        super().keyReleaseEvent(_as_space(event))


def icon_button(
    theme: Theme, icon: str, name: str, slot: Callable[[], object] | None = None
) -> QToolButton:
    """Return a button that is an icon alone, with a name and a tip."""
    button = _ToolButton()
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setIconSize(QSize(ICON, ICON))
    dress(theme, lambda: button.setIcon(theme.icon(icon)), button)
    if slot is not None:
        button.clicked.connect(ignoring(slot))
    return button


def button(
    text: str,
    slot: Callable[[], object] | None = None,
    *,
    kind: str = "",
    theme: Theme | None = None,
    icon: str = "",
) -> QPushButton:
    """Return a push button; kind is '', 'primary' or 'quiet'."""
    made = _PushButton(text)
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    if slot is not None:
        made.clicked.connect(ignoring(slot))
    if theme is not None and icon:
        made.setIconSize(QSize(16 + XS, 16))
        dress(theme, lambda: made.setIcon(theme.icon(icon, _on(theme, kind), 16, XS)), made)
    return made


def label(text: str = "", kind: str = "", *, wraps: bool = False) -> QLabel:
    """Return a label; kind is 'title', 'heading', 'big', 'soft', 'small' or 'section'."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wraps)
    if wraps:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
    return made


def picture(theme: Theme, icon: str, size: int, tone: str = "text3") -> QLabel:
    """Return a label that shows an icon."""
    made = QLabel()

    def draw() -> None:
        colour = getattr(theme.tokens, tone)
        made.setPixmap(theme.icons.pixmap(icon, colour, size, made.devicePixelRatioF()))

    dress(theme, draw, made)
    return made


def lay_out_strip(strip: QFrame, icon: QLabel, words: QLabel, *below: QWidget) -> None:
    """Fill a strip that warns: a picture beside its words, the rest below; hidden at first."""
    strip.setProperty("kind", "strip")
    head = QHBoxLayout()
    head.setSpacing(S)
    head.addWidget(icon)
    head.addWidget(words, 1)
    down = QVBoxLayout(strip)
    down.setContentsMargins(M, S, M, M)
    down.setSpacing(S)
    down.addLayout(head)
    for one in below:
        down.addWidget(one)
    strip.hide()


def line() -> QFrame:
    """Return a hairline."""
    made = QFrame()
    made.setProperty("kind", "line")
    made.setFixedHeight(1)
    return made


class _Dressing(QObject):
    """Lives as long as its owner, and so does its connection."""

    def __init__(self, theme: Theme, draw: Callable[[], None], owner: QWidget) -> None:
        super().__init__(owner)
        self._draw = draw
        theme.changed.connect(self.draw)

    def draw(self) -> None:
        """Draw again."""
        self._draw()


def dress(theme: Theme, draw: Callable[[], None], owner: QWidget) -> None:
    """Draw now, and again whenever the theme changes while owner lives."""
    draw()
    _Dressing(theme, draw, owner)


def restyle(widget: QWidget) -> None:
    """Let the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _on(theme: Theme, kind: str) -> str:
    match kind:
        case "primary":
            return theme.tokens.on_accent
        case "quiet":
            return theme.tokens.accent
        case _:
            return theme.tokens.text2
