"""Shows Markdown as what it means, for the blocks that are seen; the text itself stays as it is.

Signs that only format are drawn a pixel wide where nobody edits, and dimmed on the line
where the caret is. A block is styled again only when something that matters to it changed.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from ui.models.sheet import units
from ui.theme.theme import Theme
from ui.theme.tokens import HEADINGS, NOTE_SIZE
from ui.widgets.markdown import Kind, Span, fence_lines, spans

_HIDDEN_SIZE = 1
_SIGNS = frozenset({Kind.MARK, Kind.TASK, Kind.BULLET, Kind.NUMBER, Kind.RULE})


class Styler(QObject):
    """Gives blocks their formats."""

    def __init__(self, document: QTextDocument, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = theme
        self._fences: list[int] = []
        self._turn = 0
        self.size = NOTE_SIZE
        self._formats_of = lru_cache(4000)(self._make_formats)
        theme.changed.connect(self.restart)

    def restart(self) -> None:
        """Forget what was styled: the colours or the size changed."""
        self._turn += 1
        self._formats_of.cache_clear()

    def read_fences(self, text: str) -> None:
        """Look where programs begin and end in the text shown."""
        self._fences = fence_lines(text)

    def fenced(self, block: QTextBlock) -> bool:
        """Whether a block stands in a program."""
        return bool(bisect_left(self._fences, block.blockNumber()) % 2)

    def style(self, first: QTextBlock, last: int, active: int) -> None:
        """Style the blocks from first to the one with number last; active has the caret."""
        block = first
        while block.isValid() and block.blockNumber() <= last:
            self._style(block, active=block.blockNumber() == active)
            block = block.next()

    def _style(self, block: QTextBlock, *, active: bool) -> None:
        text = units(block.text())
        fenced = self.fenced(block)
        state = hash((text, fenced, active, self._turn)) & 0x7FFFFFFF
        if block.userState() == state:
            return
        block.setUserState(state)
        formats = self._formats_of(text, fenced, active)
        layout = block.layout()
        if not formats and not layout.formats():
            return
        layout.setFormats(formats)
        self._document.markContentsDirty(block.position(), block.length())

    def _make_formats(
        self,
        text: str,
        fenced: bool,  # noqa: FBT001 -- a key of the cache
        active: bool,  # noqa: FBT001
    ) -> list[QTextLayout.FormatRange]:
        return [
            _range(span, self._format(span, active=active))
            for span in spans(text, fenced=fenced)
            if span.length
        ]

    def _format(self, span: Span, *, active: bool) -> QTextCharFormat:
        made = QTextCharFormat()
        if span.kind in _SIGNS:
            self._as_sign(made, span.kind, active=active)
        elif span.kind in {Kind.CODE, Kind.BLOCK, Kind.TABLE}:
            self._as_code(made, block=span.kind is not Kind.CODE)
        else:
            self._as_words(made, span)
        return made

    def _as_sign(self, made: QTextCharFormat, kind: Kind, *, active: bool) -> None:
        drawn_over = kind in {Kind.TASK, Kind.BULLET}
        if active or not (drawn_over or kind is Kind.MARK):
            made.setForeground(QColor(self._theme.tokens.text3))
            return
        made.setForeground(QColor(0, 0, 0, 0))
        if kind is Kind.TASK:  # as wide for an empty box as for a ticked one
            made.setFontFamilies([self._theme.fonts.mono])
            made.setProperty(QTextCharFormat.Property.FontPixelSize, self.size * 3 // 4)
        if kind is Kind.MARK:
            made.setProperty(QTextCharFormat.Property.FontPixelSize, _HIDDEN_SIZE)

    def _as_words(self, made: QTextCharFormat, span: Span) -> None:
        tokens = self._theme.tokens
        match span.kind:
            case Kind.HEADING:
                made.setFontWeight(QFont.Weight.DemiBold)
                made.setProperty(QTextCharFormat.Property.FontPixelSize, self._heading(span.level))
            case Kind.BOLD:
                made.setFontWeight(QFont.Weight.DemiBold)
            case Kind.ITALIC:
                made.setFontItalic(True)
            case Kind.STRUCK | Kind.DONE:
                made.setForeground(QColor(tokens.text3))
                made.setFontStrikeOut(span.kind is Kind.STRUCK)
            case Kind.LINK | Kind.TAG:
                made.setForeground(QColor(tokens.accent))
            case Kind.HTML:
                made.setForeground(QColor(tokens.text3))
            case Kind.QUOTE:
                made.setForeground(QColor(tokens.text2))
                made.setFontItalic(True)
            case _:
                pass

    def _as_code(self, made: QTextCharFormat, *, block: bool) -> None:
        made.setFontFamilies([self._theme.fonts.mono])
        made.setProperty(QTextCharFormat.Property.FontPixelSize, self.size - 2)
        made.setFontHintingPreference(QFont.HintingPreference.PreferNoHinting)
        if not block:
            made.setBackground(QColor(self._theme.tokens.sunken))

    def _heading(self, level: int) -> int:
        return round(HEADINGS[level - 1] * self.size / NOTE_SIZE)


def _range(span: Span, made: QTextCharFormat) -> QTextLayout.FormatRange:
    found = QTextLayout.FormatRange()
    found.start = span.start
    found.length = span.length
    found.format = made
    return found
