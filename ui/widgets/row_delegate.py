"""Draws one row: icon, title, a softer second line, a state at the end."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import bidirectional

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.models.rows import Row, RowRole
from ui.theme.theme import Theme
from ui.theme.tokens import ICON, RADIUS_ROW, L, M, S

AnyIndex = QModelIndex | QPersistentModelIndex
FOUND_FROM, FOUND_TO = "\x02", "\x03"
_SECTION_SIZE = 11


@dataclass(frozen=True, slots=True)
class Measures:
    """How the rows of one list are spaced."""

    side: int = M
    """Free space left and right of a row's ground."""
    inner: int = S
    """From the ground's edge to what is on it."""
    above: int = 9
    """Free space over the first line, and under the last."""
    strong: bool = True
    """Titles are heavier."""
    mixed: bool = False
    """Rows differ in height."""
    two_lines: bool = True


PLACES = Measures(side=6, inner=S, above=7, strong=False, mixed=True, two_lines=False)
ENTRIES = Measures()


class RowDelegate(QStyledItemDelegate):
    """Draws the rows of a `RowModel`."""

    def __init__(self, theme: Theme, measures: Measures, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is = measures
        self.narrow = False

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return a row's size, from the letters in it."""
        del option
        row: Row = index.data(RowRole.ROW)
        if row.heading:
            return QSize(40, 4 if self.narrow else _height(self._section_font()) + L)
        lines = _height(self._title_font())
        if self._is.two_lines:
            lines += _height(self._theme.small_font()) + 6
        return QSize(40, lines + 2 * self._is.above)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a row."""
        row: Row = index.data(RowRole.ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        rect: QRect = option.rect
        if row.heading:
            self._heading(painter, row, rect, option)
        else:
            self._ground(painter, option)
            self._content(painter, row, option)
        painter.restore()

    def _heading(
        self, painter: QPainter, row: Row, rect: QRect, option: QStyleOptionViewItem
    ) -> None:
        if self.narrow:
            return
        inside = rect.adjusted(self._is.side + self._is.inner, 0, -self._is.side, -4)
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.setFont(self._section_font())
        painter.setPen(QColor(self._theme.tokens.text3))
        painter.drawText(_mirrored(option, inside), align, row.title)

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        tokens = self._theme.tokens
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect
        ground = QRectF(rect).adjusted(self._is.side, 1, -self._is.side, -1)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.select if selected else tokens.hover))
            painter.drawRoundedRect(ground, RADIUS_ROW, RADIUS_ROW)
        ringed = state & QStyle.StateFlag.State_HasFocus and getattr(
            self.parent(), "by_keyboard", False
        )
        if ringed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), RADIUS_ROW, RADIUS_ROW)

    def _content(self, painter: QPainter, row: Row, option: QStyleOptionViewItem) -> None:
        rect: QRect = option.rect
        edge = self._is.side + self._is.inner
        inside = rect.adjusted(edge, self._is.above, -edge, -self._is.above)
        if self.narrow:
            inside = rect.adjusted((rect.width() - ICON) // 2, 0, -(rect.width() - ICON) // 2, 0)
        if row.icon:
            self._icon(painter, row.icon, row.tone, _mirrored(option, _at_start(inside)))
            inside.setLeft(inside.left() + ICON + S)
        if self.narrow:
            return
        if row.state:
            end = _at_end(inside)
            self._icon(painter, row.state, row.state_tone, _mirrored(option, end))
            inside.setRight(end.left() - S)
        taken = self._aside(painter, row, inside, option) + S if row.aside else 0
        self._texts(painter, row, inside, taken, option)

    def _texts(
        self, painter: QPainter, row: Row, inside: QRect, taken: int, option: QStyleOptionViewItem
    ) -> None:
        """Draw both lines; so much of the first is taken already at its end."""
        tokens = self._theme.tokens
        title_font = self._title_font()
        first = inside.adjusted(0, 0, -taken, 0)
        first.setHeight(_height(title_font))
        painter.setFont(title_font)
        painter.setPen(QColor(tokens.text))
        _line(painter, row.title, _mirrored(option, first))
        if self._is.two_lines and row.note:
            second = QRect(inside)
            second.setTop(first.bottom() + 7)
            painter.setFont(self._theme.small_font())
            painter.setPen(QColor(tokens.text2))
            self._note(painter, row.note, _mirrored(option, second))

    def _note(self, painter: QPainter, note: str, rect: QRect) -> None:
        """Draw the second line, with what was found on a ground of its own."""
        if FOUND_FROM not in note:
            _line(painter, note, rect)
            return
        metrics = QFontMetrics(painter.font())
        tokens = self._theme.tokens
        at = rect.left()
        for n, piece in enumerate(note.replace(FOUND_TO, FOUND_FROM).split(FOUND_FROM)):
            width = metrics.horizontalAdvance(piece)
            box = QRect(at, rect.top(), min(width, rect.right() - at + 1), rect.height())
            if n % 2 and box.width() > 0:
                ground = QRectF(box.left() - 1, box.top(), box.width() + 2, metrics.height())
                painter.fillRect(ground, QColor(tokens.mark))
            painter.setPen(QColor(tokens.text if n % 2 else tokens.text2))
            _line(painter, piece, box)
            at += width
            if at > rect.right():
                return

    def _aside(
        self, painter: QPainter, row: Row, inside: QRect, option: QStyleOptionViewItem
    ) -> int:
        font = self._theme.small_font()
        metrics = QFontMetrics(font)
        width = min(metrics.horizontalAdvance(row.aside), inside.width() // 2)
        box = QRect(inside.right() - width, inside.top(), width + 1, _height(self._title_font()))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.tokens.text3))
        _line(painter, row.aside, _mirrored(option, box))
        return width

    def _icon(self, painter: QPainter, name: str, tone: str, rect: QRect) -> None:
        colour = getattr(self._theme.tokens, tone or "text2")
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self._theme.icons.pixmap(name, colour, ICON, ratio))

    def _title_font(self) -> QFont:
        return self._theme.title_font() if self._is.strong else self._theme.fonts.ui_font()

    def _section_font(self) -> QFont:
        font = self._theme.fonts.ui_font(_SECTION_SIZE, QFont.Weight.DemiBold)
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 104)
        return font


def direction_of(text: str) -> Qt.LayoutDirection:
    """Return in which direction a text runs: as its first letter that has one."""
    for letter in text:
        kind = bidirectional(letter)
        if kind in {"L", "R", "AL"}:
            right = kind != "L"
            return Qt.LayoutDirection.RightToLeft if right else Qt.LayoutDirection.LeftToRight
    return Qt.LayoutDirection.LeftToRight


def _line(painter: QPainter, text: str, rect: QRect) -> None:
    """Draw one line, shortened where it does not fit; its direction is its own."""
    metrics = painter.fontMetrics()
    fitting = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width() + 1)
    mirrored = painter.layoutDirection() is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
    align = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    box = QRect(rect)
    box.setHeight(metrics.height())
    painter.setLayoutDirection(direction_of(text))
    painter.drawText(box, align | Qt.TextFlag.TextSingleLine, fitting)
    painter.setLayoutDirection(
        Qt.LayoutDirection.RightToLeft if mirrored else Qt.LayoutDirection.LeftToRight
    )


def _height(font: QFont) -> int:
    return QFontMetrics(font).height()


def _at_start(rect: QRect) -> QRect:
    return QRect(rect.left(), rect.center().y() - ICON // 2 + 1, ICON, ICON)


def _at_end(rect: QRect) -> QRect:
    return QRect(rect.right() - ICON + 1, rect.center().y() - ICON // 2 + 1, ICON, ICON)


def _mirrored(option: QStyleOptionViewItem, rect: QRect) -> QRect:
    direction: Qt.LayoutDirection = option.direction
    around: QRect = option.rect
    return QStyle.visualRect(direction, around, rect)
