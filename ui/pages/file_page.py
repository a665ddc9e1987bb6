"""A file that is no text: what it is, where it is, and how to open it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.values import Delivery, EntryInfo, Holding
from app.words import DOT, ago, moment_words, size_words
from ui.below import Clock
from ui.theme.theme import Theme
from ui.theme.tokens import XL, L, M, S
from ui.widgets.parts import button, label, picture
from ui.words import icon_of, tr

MOST_PIXELS = 480


class FilePage(QScrollArea):
    """Facts, picture, where, and three buttons."""

    open_wanted = Signal()
    show_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, theme: Theme, now: Clock) -> None:
        super().__init__()
        self._theme = theme
        self._now = now
        self._image = QImage()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = label("", "heading", wraps=True)
        self._facts = label("", "soft", wraps=True)
        self._where = QVBoxLayout()
        self._where.setSpacing(S)
        self.open_button = button(tr("Open"), self.open_wanted.emit, kind="primary")
        self.show_button = button(tr("Show in folder"), self.show_wanted.emit)
        self.copy_button = button(tr("Save a copy…"), self.copy_wanted.emit)
        self._lay_out()

    def show_file(self, entry: EntryInfo) -> None:
        """Show a file."""
        self._image = QImage()
        colour = self._theme.tokens.text3
        pixmap = self._theme.icons.pixmap(icon_of(entry), colour, 56, self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)
        self._name.setText(entry.name)
        changed = f"{tr('changed')} {moment_words(entry.mtime, self._now())}" if entry.mtime else ""
        by = f"{tr('by')} {entry.by}" if entry.by else ""
        absent = tr("not on this computer yet") if entry.kept else tr("not kept on this computer")
        here = "" if entry.here else absent
        parts = (size_words(entry.size), f"{changed} {by}".strip(), here)
        self._facts.setText(DOT.join(part for part in parts if part))
        for one in (self.open_button, self.copy_button):
            one.setEnabled(entry.here)

    def show_image(self, image: QImage) -> None:
        """Show a picture of it."""
        self._image = image
        self._draw_image()

    def show_delivery(self, delivery: Delivery | None) -> None:
        """Show which devices hold it."""
        while (item := self._where.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for holding in delivery.holdings if delivery else ():
            device = holding.device
            seen = ""
            if not holding.complete and not device.near and device.last_seen is not None:
                seen = f"{tr('last seen')} {ago(self._now() - device.last_seen)}"
            state = _state(holding)
            name = tr("This computer") if device.is_this else device.name
            words = DOT.join(part for part in (name, state, seen) if part)
            self._where.addWidget(self._holding(words, complete=holding.complete))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture."""
        super().resizeEvent(event)
        self._draw_image()

    def _holding(self, words: str, *, complete: bool) -> QWidget:
        made = QWidget()
        across = QHBoxLayout(made)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(S)
        icon, tone = ("circle-check", "ok") if complete else ("circle-dashed", "text3")
        across.addWidget(picture(self._theme, icon, 18, tone))
        across.addWidget(label(words, wraps=True), 1)
        return made

    def _draw_image(self) -> None:
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        most = min(MOST_PIXELS, max(120, self.viewport().width() - 4 * XL))
        side = round(most * ratio)
        smooth = Qt.TransformationMode.SmoothTransformation
        fitting = self._image
        if max(fitting.width(), fitting.height()) > side:
            fitting = fitting.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        pixmap = QPixmap.fromImage(fitting)
        pixmap.setDevicePixelRatio(ratio)
        self._icon.setPixmap(pixmap)

    def _lay_out(self) -> None:
        card = QFrame()
        card.setProperty("kind", "card")
        card.setMaximumWidth(560)
        down = QVBoxLayout(card)
        down.setContentsMargins(XL, XL, XL, XL)
        down.setSpacing(M)
        down.addWidget(self._icon)
        for one in (self._name, self._facts):
            one.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            down.addWidget(one)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addStretch(1)
        for made in (self.open_button, self.show_button, self.copy_button):
            buttons.addWidget(made)
        buttons.addStretch(1)
        down.addSpacing(S)
        down.addLayout(buttons)
        down.addSpacing(S)
        down.addWidget(label(tr("WHERE IT IS"), "section"))
        down.addLayout(self._where)
        inside = QWidget()
        around = QVBoxLayout(inside)
        around.setContentsMargins(L, L, L, L)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 20)
        across.addStretch(1)
        around.addLayout(across)
        around.addStretch(1)
        self.setWidget(inside)


def _state(holding: Holding) -> str:
    match holding.keeps:
        case "names":
            return tr("keeps names only")
        case "opened":
            return tr("keeps what was opened")
        case _:
            return tr("has it") if holding.complete else tr("waits for it")
