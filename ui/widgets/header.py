"""Over the page: the title, which is also how one renames, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionFrame,
    QToolButton,
    QWidget,
)

from ui.theme.theme import Theme
from ui.theme.tokens import TEXT_START, XS, M, S
from ui.widgets.parts import button, icon_button
from ui.words import tr

TITLE_FRAME = 10
_QT_MARGIN = 2
"""What Qt itself leaves free on both sides of the text in a field."""


class Title(QLineEdit):
    """A title that can be typed in; Esc takes it back."""

    renamed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("title")
        self.setAccessibleName(tr("Title"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._name = ""
        self.editingFinished.connect(self._finish)

    def show_name(self, name: str, *, fixed: bool) -> None:
        """Show a name."""
        self._name = name
        self.setToolTip(name)
        self.setReadOnly(fixed)
        if not self.hasFocus() or self.text() == self._name:
            self.setText(name)
            self.setCursorPosition(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much as fits, ending in dots, while nobody types."""
        option, inside, letters = self._option(), self._inside(), self.fontMetrics()
        if self.hasFocus() or letters.horizontalAdvance(self.text()) <= inside.width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        panel = QStyle.PrimitiveElement.PE_PanelLineEdit
        self.style().drawPrimitive(panel, option, painter, self)
        fitting = letters.elidedText(self.text(), Qt.TextElideMode.ElideRight, inside.width())
        align = QStyle.visualAlignment(self.layoutDirection(), self.alignment())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(inside, align | Qt.AlignmentFlag.AlignVCenter, fitting)
        painter.end()

    @property
    def shown_width(self) -> int:
        """How wide the text may be."""
        return self._inside().width()

    def _option(self) -> QStyleOptionFrame:
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        return option

    def _inside(self) -> QRect:
        """Return where Qt draws the text."""
        part = QStyle.SubElement.SE_LineEditContents
        whole = self.style().subElementRect(part, self._option(), self)
        return whole.adjusted(_QT_MARGIN, 0, -_QT_MARGIN, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a change back with Esc."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._name:
            self.setText(self._name)
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        text = self.text().strip()
        if text and text != self._name and not self.isReadOnly():
            self._name = text
            self.renamed.emit(text)
        elif not text:
            self.setText(self._name)
        self.setCursorPosition(0)


class Header(QWidget):
    """Back, title, history, more, share."""

    back = Signal()
    history = Signal()
    share = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.title = Title()
        self.go_back = icon_button(theme, "arrow-left", tr("Back"), self.back.emit)
        self.history_button = icon_button(theme, "history", tr("History"), self.history.emit)
        self.history_button.setCheckable(True)
        self.more = icon_button(theme, "ellipsis", tr("More"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.share_button = button(
            tr("Share"), self.share.emit, kind="primary", theme=theme, icon="user-plus"
        )
        across = QHBoxLayout(self)
        across.setContentsMargins(M, M, M, S)
        across.setSpacing(XS)
        across.addWidget(self.go_back)
        across.addWidget(self.title, 1)
        across.addWidget(self.history_button)
        across.addWidget(self.more)
        across.addSpacing(S)
        across.addWidget(self.share_button)
        self._across = across
        self.set_narrow(narrow=False)

    def set_narrow(self, *, narrow: bool) -> None:
        """Show the way back where there is one pane only."""
        self.go_back.setVisible(narrow)
        # The title's frame stands out so far from its text.
        side = XS if narrow else TEXT_START - TITLE_FRAME
        self._across.setContentsMargins(side, M, M, S)
