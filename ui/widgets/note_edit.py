"""Where notes are typed: a stock `QPlainTextEdit` that tells each change as a splice.

Its own undo is off, since it would take back what others typed. What others type is put in
without moving the caret, the selection or what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextLine,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from ui.letters import count
from ui.models.sheet import units
from ui.models.splices import Splice
from ui.theme.theme import Theme
from ui.theme.tokens import NOTE_SIZE, NOTE_WIDTH, TEXT_START, XL, M
from ui.widgets import typing_keys
from ui.widgets.markdown import FENCE, ITEM, QUOTE, Kind, spans
from ui.widgets.styler import Styler

SMALLEST, LARGEST = 12, 28
INDENT = 14
"""Room beside the text for the bar of a quote, and around a program."""
NARROW = 520
PARAGRAPH = "\u2029"
COUNT_MS = 300


class NoteEdit(QPlainTextEdit):
    """Shows and changes the text of a note."""

    typed = Signal(int, int, str)
    """At, how many units went, what came: of what is shown."""
    undo_wanted = Signal()
    redo_wanted = Signal()
    followed = Signal(str)
    """A link was opened: an address, or '[[name'."""
    counted = Signal(int)
    """So many words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("note")
        self._theme = theme
        self._quiet = False
        self._length = 0
        self._seen: tuple[int, int, int] = (-1, -1, -1)
        self._size = NOTE_SIZE
        self._styler = Styler(self.document(), theme, self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultTextOption(option)
        self.document().setDocumentMargin(INDENT)
        self._count = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._count.timeout.connect(self._tell_words)
        self.resize_text(NOTE_SIZE)
        self.document().contentsChange.connect(self._on_contents)
        self.textChanged.connect(self._on_text)
        self.updateRequest.connect(self._on_update)
        self.cursorPositionChanged.connect(self.restyle)
        theme.changed.connect(self._on_theme)

    # -- text in and out
    def show_text(self, text: str) -> None:
        """Show another note."""
        self._quiet = True
        self.setPlainText(text)
        self._quiet = False
        self._length = self.document().characterCount() - 1
        self._styler.read_fences(text)
        self._styler.restart()
        self._seen = (-1, -1, -1)
        self.restyle()

    def patch(self, splices: Iterable[Splice]) -> None:
        """Do what others did: caret, selection and view stay with their words."""
        caret = self.textCursor()
        anchor, position = caret.anchor(), caret.position()
        top = QTextCursor(self.firstVisibleBlock())
        over = self.verticalScrollBar().value() - self.firstVisibleBlock().firstLineNumber()
        self._quiet = True
        hand = QTextCursor(self.document())
        hand.beginEditBlock()
        for at, remove, insert in splices:
            hand.setPosition(at)
            hand.setPosition(at + remove, QTextCursor.MoveMode.KeepAnchor)
            hand.insertText(insert)
            length = len(units(insert))
            anchor, position = (_moved(n, at, remove, length) for n in (anchor, position))
        hand.endEditBlock()
        self._quiet = False
        self._length = self.document().characterCount() - 1
        if (caret.anchor(), caret.position()) != (anchor, position):
            caret.setPosition(anchor)
            caret.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(caret)
        self.verticalScrollBar().setValue(top.block().firstLineNumber() + over)
        self._styler.read_fences(self.toPlainText())
        self.restyle()

    def resize_text(self, size: int) -> None:
        """Show letters of this size."""
        self._size = min(max(size, SMALLEST), LARGEST)
        self._styler.size = self._size
        self._styler.restart()
        font = self._theme.fonts.note_font(self._size)
        self.setFont(font)
        self.setTabStopDistance(self.fontMetrics().horizontalAdvance("    "))
        self._spread()
        self._seen = (-1, -1, -1)
        self.restyle()

    @property
    def text_size(self) -> int:
        """The size of the letters."""
        return self._size

    def _on_contents(self, at: int, removed: int, added: int) -> None:
        del removed  # Qt counts the end of the text in, now and then
        if self._quiet:
            return
        length = self.document().characterCount() - 1
        added = min(added, length - at)
        removed = self._length - (length - added)
        self._length = length
        if added or removed:
            self.typed.emit(at, removed, self._between(at, at + added))

    def _between(self, start: int, end: int) -> str:
        hand = QTextCursor(self.document())
        hand.setPosition(start)
        hand.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return hand.selectedText().replace(PARAGRAPH, "\n")

    # -- looks
    def restyle(self) -> None:
        """Style what is seen."""
        if self._quiet:
            return
        first = self.firstVisibleBlock()
        last = first.blockNumber() + self.viewport().height() // max(self._size, 1) + 1
        caret = self.textCursor()
        active = caret.blockNumber() if self.hasFocus() or caret.hasSelection() else -1
        self._styler.style(first, last, active)

    def _on_text(self) -> None:
        if not self._quiet:
            self._styler.read_fences(self.toPlainText())
            self.restyle()
        self._count.start()

    def _on_update(self, _: QRect, dy: int) -> None:
        first = self.firstVisibleBlock().blockNumber()
        seen = (first, self.viewport().height(), self.viewport().width())
        if dy or seen != self._seen:
            self._seen = seen
            self.restyle()

    def _on_theme(self) -> None:
        self.resize_text(self._size)

    def _tell_words(self) -> None:
        self.counted.emit(count(self.toPlainText()))

    def _spread(self) -> None:
        """Keep lines short enough to follow, under the title."""
        start = TEXT_START if self.width() > NARROW else M
        longest = NOTE_WIDTH * self._size // NOTE_SIZE
        end = max(XL, self.width() - start - longest)
        self.setViewportMargins(start - INDENT, 0, end - INDENT, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Spread the text anew."""
        self._spread()
        super().resizeEvent(event)
        self.restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw grounds, the text, then boxes and dots over the signs that stand for them."""
        under = QPainter(self.viewport())
        under.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_grounds(under)
        under.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for block, kind, rect in self._decorated():
            if kind is Kind.TASK:
                self._draw_box(painter, rect, done="x" in block.text()[:200].lower().split("]")[0])
            else:
                self._draw_dot(painter, rect)
        painter.end()

    def _blocks_seen(self) -> Iterator[tuple[QTextBlock, QRectF]]:
        block = self.firstVisibleBlock()
        bottom = self.viewport().height()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if rect.top() > bottom:
                return
            yield block, rect
            block = block.next()

    def _draw_grounds(self, painter: QPainter) -> None:
        """Draw a ground behind programs, and a bar beside what is quoted."""
        tokens = self._theme.tokens
        painter.setPen(Qt.PenStyle.NoPen)
        ground: QRectF | None = None
        for block, rect in self._blocks_seen():
            inside = self._styler.fenced(block) or bool(FENCE.match(block.text()))
            if inside:
                ground = rect if ground is None else ground.united(rect)
            elif ground is not None:
                self._draw_program(painter, ground)
                ground = None
            if not inside and QUOTE.match(block.text()):
                painter.setBrush(QColor(tokens.accent))
                painter.drawRoundedRect(QRectF(2, rect.top() + 3, 3, rect.height() - 6), 1.5, 1.5)
        if ground is not None:
            self._draw_program(painter, ground)

    def _draw_program(self, painter: QPainter, ground: QRectF) -> None:
        painter.setBrush(QColor(self._theme.tokens.sunken))
        wide = QRectF(2, ground.top() - 4, self.viewport().width() - 4, ground.height() + 8)
        painter.drawRoundedRect(wide, 6, 6)

    def _decorated(self) -> Iterator[tuple[QTextBlock, Kind, QRectF]]:
        """Walk the boxes and dots that are seen."""
        active = self.textCursor().blockNumber() if self.hasFocus() else -1
        for block, top in self._blocks_seen():
            if block.blockNumber() != active and ITEM.match(block.text()):
                for span in spans(units(block.text()), fenced=self._styler.fenced(block))[:2]:
                    if span.kind in {Kind.TASK, Kind.BULLET}:
                        yield block, span.kind, self._place(block, span.start, span.length, top)

    def _place(self, block: QTextBlock, start: int, length: int, top: QRectF) -> QRectF:
        line = block.layout().lineForTextPosition(start)
        left, right = (_x_at(line, at) for at in (start, start + length))
        return QRectF(top.left() + left, top.top() + line.y(), right - left, line.height())

    def _draw_box(self, painter: QPainter, rect: QRectF, *, done: bool) -> None:
        tokens = self._theme.tokens
        side = self._size * 0.94
        box = QRectF(rect.left() + 1, rect.center().y() - side / 2, side, side)
        painter.setPen(QPen(QColor(tokens.accent if done else tokens.border), 1.5))
        painter.setBrush(QColor(tokens.accent) if done else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3.5, 3.5)
        if done:
            painter.setPen(QPen(QColor(tokens.on_accent), 1.75))
            tick = [
                QPointF(box.left() + x * side, box.top() + y * side)
                for x, y in ((0.24, 0.52), (0.43, 0.70), (0.76, 0.32))
            ]
            painter.drawPolyline(tick)

    def _draw_dot(self, painter: QPainter, rect: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.text2))
        painter.drawEllipse(rect.center(), self._size / 6.4, self._size / 6.4)

    # -- hands
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Know a few keys more; undo goes to the note, not to the widget."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo_wanted.emit()
        elif self.isReadOnly() or not typing_keys.press(self, event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick a box, or open a link with Ctrl held."""
        if event.button() is Qt.MouseButton.LeftButton:
            place = QRectF(event.position().x(), event.position().y(), 1, 1)
            for block, kind, rect in self._decorated():
                if kind is Kind.TASK and rect.intersects(place):
                    typing_keys.tick(self, block)
                    return
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                target = self.link_at(self.cursorForPosition(event.position().toPoint()))
                if target:
                    self.followed.emit(target)
                    return
        super().mousePressEvent(event)

    def link_at(self, cursor: QTextCursor) -> str:
        """Return where a link under a cursor leads, or nothing."""
        at = cursor.positionInBlock()
        for span in spans(units(cursor.block().text())):
            if span.target and span.start <= at <= span.start + span.length:
                return span.target
        return ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the usual, without the widget's own undo."""
        menu = self.createStandardContextMenu()
        for action in menu.actions():
            if action.objectName() in {"edit-undo", "edit-redo"}:
                menu.removeAction(action)
        menu.exec(event.globalPos())
        menu.deleteLater()


def _x_at(line: QTextLine, at: int) -> float:
    # Qt hands the place back as well, which its stub does not know.
    return cast("tuple[float, int]", line.cursorToX(at))[0]


def _moved(place: int, at: int, remove: int, insert: int) -> int:
    """Return where a place is after a splice by another; it never jumps over its words."""
    if place <= at:
        return place
    if place >= at + remove:
        return place + insert - remove
    return at
