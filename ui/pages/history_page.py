"""The past of a note or file: its versions, and one of them beside now.

Long lines are broken to fit, and the shorter of two that stand side by side is followed by so
many empty lines that the next two do so again. Thus both sides scroll as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.words import count_words, moment_words, size_words
from ui.below import Below
from ui.models.compare import Line, changes
from ui.models.past import Comparison, Past
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.empty import Empty
from ui.widgets.parts import button, label, line
from ui.widgets.row_delegate import ENTRIES
from ui.widgets.row_list import RowList
from ui.words import tr

LIST_WIDTH = 250
EMPTY_LINE = "\u2028"
"""Begins a line within a line, for Qt. No text that is shown has it: it ends lines there."""
SIGNS = {Line.SAME: "  ", Line.GONE: "\u2212 ", Line.NEW: "+ ", Line.BLANK: "  "}


class Side(QPlainTextEdit):
    """One text of two that are compared; only to be read."""

    resized = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("note")
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.fonts.mono_font(13))
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultTextOption(option)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def heights(self, lines: Sequence[tuple[str, Line]]) -> list[int]:
        """Return in how many lines each is broken to fit; 1 for what is the same beside."""
        width = self.viewport().width() - 2 * self.document().documentMargin()
        sure = int(width / (3 * self.fontMetrics().horizontalAdvance("M")))
        return [
            1
            if kind is Line.SAME or (len(text) < sure and "\t" not in text)
            else self._height(SIGNS[kind] + text, width)
            for text, kind in lines
        ]

    def narrow_to(self, width: int) -> None:
        """Use no more than that."""
        self.setViewportMargins(0, 0, self.width() - width, 0)

    def _height(self, text: str, width: float) -> int:
        layout = QTextLayout(text, self.document().defaultFont())
        layout.setTextOption(self.document().defaultTextOption())
        layout.beginLayout()
        count = 0
        while (line_ := layout.createLine()).isValid():
            line_.setLineWidth(width)
            count += 1
        layout.endLayout()
        return count

    def show_lines(self, lines: Sequence[tuple[str, Line]], below: Sequence[int]) -> None:
        """Show lines, each with so many empty ones below; those that differ on a ground."""
        tokens = self._theme.tokens
        grounds = {Line.GONE: tokens.delete, Line.NEW: tokens.add, Line.BLANK: tokens.sunken}
        self.setPlainText(
            "\n".join(
                SIGNS[kind] + text + EMPTY_LINE * empty
                for (text, kind), empty in zip(lines, below, strict=True)
            )
        )
        hand = QTextCursor(self.document())
        hand.beginEditBlock()
        for number, (_, kind) in enumerate(lines):
            if kind is not Line.SAME:
                hand.setPosition(self.document().findBlockByNumber(number).position())
                ground = QTextBlockFormat()
                ground.setBackground(QColor(grounds[kind]))
                hand.mergeBlockFormat(ground)
        hand.endEditBlock()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell it: lines are to be broken anew."""
        super().resizeEvent(event)
        self.resized.emit()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy the lines without what stands below them."""
        copied = QMimeData()
        copied.setText(
            self.textCursor().selectedText().replace(EMPTY_LINE, "").replace("\u2029", "\n")
        )
        return copied

    def show_words(self, words: str) -> None:
        """Show a remark instead of lines."""
        self.setPlainText(words)
        hand = QTextCursor(self.document())
        hand.select(QTextCursor.SelectionType.Document)
        soft = QTextCharFormat()
        soft.setForeground(QColor(self._theme.tokens.text2))
        hand.mergeCharFormat(soft)


class HistoryPage(QWidget):
    """A list of versions, and two texts."""

    left = Signal()
    """Esc was pressed: back to the note."""

    def __init__(self, theme: Theme, below: Below) -> None:
        super().__init__()
        self._now = below.now
        self.past = Past(below, self)
        self.versions = RowList(self.past.rows, theme, ENTRIES)
        self.versions.setAccessibleName(tr("Versions"))
        self.versions.setFixedWidth(LIST_WIDTH)
        self.then = Side(theme, tr("As it was"))
        self.now = Side(theme, tr("Now"))
        self.then_words = label(tr("As it was"), "soft")
        self.now_words = label(tr("Now"), "soft")
        self.summary = label("", "small")
        self.bring_back = button(
            tr("Bring back"), self._bring_back, kind="primary", theme=theme, icon="rotate-ccw"
        )
        self._empty = Empty(theme, "history", tr("No earlier version yet."))
        self._stack = QStackedWidget()
        self._lay_out()
        self.versions.chosen.connect(self.past.compare)
        self.past.left.connect(self._clear)
        self.past.changed.connect(self._on_list)
        self.past.compared.connect(self._on_compared)
        for one, other in ((self.then, self.now), (self.now, self.then)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
        self._comparison: Comparison | None = None
        self._widths = (0, 0)
        # Through the loop: by then both sides have their new width.
        self._fit = QTimer(self, singleShot=True, interval=0)
        self._fit.timeout.connect(self._on_resized)
        for side in (self.then, self.now):
            side.resized.connect(self._fit.start)
        theme.changed.connect(self._show)

    def _lay_out(self) -> None:
        sides = QHBoxLayout()
        sides.setSpacing(0)
        for words, side in ((self.then_words, self.then), (self.now_words, self.now)):
            down = QVBoxLayout()
            down.setContentsMargins(M, 0, M, 0)
            down.setSpacing(S)
            down.addWidget(words)
            down.addWidget(side, 1)
            sides.addLayout(down, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(M, S, L, M)
        foot.setSpacing(M)
        hint = label(tr("Nothing is erased: bringing back adds a new step."), "small", wraps=True)
        foot.addWidget(self.summary)
        foot.addWidget(hint, 1)
        foot.addWidget(self.bring_back)
        right = QVBoxLayout()
        right.setSpacing(S)
        right.addLayout(sides, 1)
        right.addWidget(line())
        right.addLayout(foot)
        all_ = QWidget()
        across = QHBoxLayout(all_)
        across.setContentsMargins(0, S, 0, 0)
        across.setSpacing(S)
        across.addWidget(self.versions)
        across.addLayout(right, 1)
        self._stack.addWidget(all_)
        self._stack.addWidget(self._empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _on_list(self) -> None:
        versions = self.past.versions
        self._stack.setCurrentIndex(0 if versions else 1)
        if versions and self.past.version(self.versions.key) is None:
            self.versions.choose(next(iter(versions[1:]), versions[0]).record)
        if versions:  # what it is compared with may have changed
            self.past.compare(self.versions.key)

    def _clear(self) -> None:
        self._comparison = None
        self.versions.choose("")
        self.then_words.setText(tr("As it was"))
        for side in (self.then, self.now):
            side.clear()
        self.summary.setText("")
        self.bring_back.setEnabled(False)

    def _on_compared(self, comparison: object) -> None:
        assert isinstance(comparison, Comparison)
        if comparison != self._comparison:
            self._comparison = comparison
            self._show()

    def _show(self) -> None:
        comparison = self._comparison
        if comparison is None:
            return
        version = comparison.version
        when = moment_words(version.at, self._now())
        self.then_words.setText(f"{tr('As it was')} {when}, {version.device}")
        self.bring_back.setEnabled(version.order != "now")
        lines = comparison.lines
        if lines is None:
            self.then.show_words(f"{tr('A file of')} {size_words(comparison.size_then)}")
            self.now.show_words(f"{tr('A file of')} {size_words(comparison.size_now)}")
            self.summary.setText("")
            return
        self._show_lines()
        gone, new = changes(lines)
        same = tr("Same as now")
        differ = f"\u2212 {count_words(gone, 'line')}   + {count_words(new, 'line')}"
        self.summary.setText(differ if gone or new else same)

    def _on_resized(self) -> None:
        # Equally wide, they break what is the same into the same lines.
        width = min(self.then.width(), self.now.width())
        for side in (self.then, self.now):
            side.narrow_to(width)
        if self._widths != (self.then.viewport().width(), self.now.viewport().width()):
            self._show_lines()

    def _show_lines(self) -> None:
        self._widths = self.then.viewport().width(), self.now.viewport().width()
        lines = self._comparison.lines if self._comparison is not None else None
        if lines is None:
            return
        at = self.now.verticalScrollBar().value()
        sides = [(one.then, one.then_is) for one in lines], [(one.now, one.now_is) for one in lines]
        heights = self.then.heights(sides[0]), self.now.heights(sides[1])
        highest = [max(pair) for pair in zip(*heights, strict=True)]
        for side, told, broken in zip((self.then, self.now), sides, heights, strict=True):
            below = [most - own for most, own in zip(highest, broken, strict=True)]
            side.show_lines(told, below)
        self.now.verticalScrollBar().setValue(at)

    def _bring_back(self) -> None:
        if self._comparison is not None:
            self.past.restore(self._comparison.version.record)
