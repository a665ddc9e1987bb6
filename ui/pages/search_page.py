"""Search: a box, and what is found while one types."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from app.words import count_words
from ui.below import Below
from ui.models.searching import Searching
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.empty import Empty
from ui.widgets.parts import dress, label
from ui.widgets.row_delegate import ENTRIES
from ui.widgets.row_list import RowList
from ui.words import tr

_MOVES = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class SearchPage(QWidget):
    """Up and Down choose while the box keeps the keys; Enter opens."""

    opened = Signal(str, str)
    """Space and entry of a find."""

    def __init__(self, theme: Theme, below: Below) -> None:
        super().__init__()
        self.searching = Searching(below, self)
        self.box = QLineEdit()
        self.box.setPlaceholderText(tr("Search names and texts"))
        self.box.setAccessibleName(tr("Search everything"))
        self.box.setClearButtonEnabled(True)
        self.box.textChanged.connect(self.searching.look_for)
        self.box.installEventFilter(self)
        icon = self.box.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        dress(theme, lambda: icon.setIcon(theme.icon("search")), self)
        self.hits = RowList(self.searching.rows, theme, ENTRIES)
        self.hits.setAccessibleName(tr("Found"))
        self.hits.opened.connect(self._open)
        self.hits.clicked.connect(self._on_clicked)
        self.count = label("", "small")
        self._start = Empty(theme, "search", tr("Type to search everything on this computer."))
        self._none = Empty(theme, "search", "")
        self._stack = QStackedWidget()
        for one in (self._start, self.hits, self._none):
            self._stack.addWidget(one)
        down = QVBoxLayout(self)
        down.setContentsMargins(M, L, M, M)
        down.setSpacing(S)
        framed = QVBoxLayout()
        framed.setContentsMargins(M, 0, M, S)
        framed.addWidget(label(tr("Search"), "title"))
        framed.addSpacing(S)
        framed.addWidget(self.box)
        framed.addWidget(self.count)
        down.addLayout(framed)
        down.addWidget(self._stack, 1)
        self.searching.changed.connect(self._on_changed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the keys that move to the list, and Enter to what is chosen."""
        if (
            watched is self.box
            and isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
        ):
            key = Qt.Key(event.key())
            if key in _MOVES:
                self.hits.by_keyboard = True
                QApplication.sendEvent(self.hits, event)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._open(self.hits.key or self.searching.rows.key(0))
                return True
        return super().eventFilter(watched, event)

    def _on_clicked(self, index: QModelIndex) -> None:
        self._open(self.searching.rows.key(index.row()))

    def _open(self, key: str) -> None:
        hit = self.searching.hit(key)
        if hit is not None:
            self.opened.emit(hit.space, hit.id)

    def _on_changed(self) -> None:
        words, found = self.searching.words, self.searching.rows.rowCount()
        self._none.say(f"{tr('No match for')} “{words}”.")
        self._stack.setCurrentIndex(0 if not words else 1 if found else 2)
        self.count.setText(count_words(found, "match", "matches") if found else "")
        if found and self.searching.rows.find(self.hits.key) is None:
            self.hits.choose(self.searching.rows.key(0))
