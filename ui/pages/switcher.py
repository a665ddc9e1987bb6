"""Jump to anything by a few letters, or do anything by its name: one box, one list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QVBoxLayout, QWidget

from app.values import EntryInfo
from app.words import DOT
from ui.models.rows import Item, Row, RowModel
from ui.ranking import Ranking
from ui.theme.theme import Theme
from ui.theme.tokens import M, S
from ui.widgets.parts import label
from ui.widgets.row_delegate import Measures
from ui.widgets.row_list import RowList
from ui.words import icon_of, shown_name, tr

SHOWN = 60
LINES = Measures(side=4, inner=S, above=7, strong=False, two_lines=False)
_MOVES = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class Switcher(QDialog):
    """A box over the window; Esc closes it."""

    picked = Signal(str)

    def __init__(
        self, items: Sequence[tuple[Item, str]], hint: str, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(hint)
        self._items = [item for item, _ in items]
        self._ranking = Ranking([text for _, text in items])
        self.rows = RowModel(_draw, self)
        self.box = QLineEdit()
        self.box.setPlaceholderText(hint)
        self.box.setAccessibleName(hint)
        self.box.installEventFilter(self)
        self.list = RowList(self.rows, theme, LINES)
        self.list.setAccessibleName(tr("Matches"))
        self.list.clicked.connect(self._on_clicked)
        self.nothing = label("", "soft")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        down = QVBoxLayout(self)
        down.setContentsMargins(M, M, M, M)
        down.setSpacing(S)
        down.addWidget(self.box)
        down.addWidget(self.list, 1)
        down.addWidget(self.nothing, 1)
        self.resize(QSize(560, 420).boundedTo(self.screen().availableSize() * 0.9))
        self.box.textChanged.connect(self._show)
        self._show("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the list hear the keys that move, while the box keeps the rest."""
        if (
            watched is self.box
            and isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
        ):
            key = Qt.Key(event.key())
            if key in _MOVES:
                QApplication.sendEvent(self.list, event)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._pick(self.list.key)
                return True
        return super().eventFilter(watched, event)

    def _show(self, words: str) -> None:
        first = range(min(SHOWN, len(self._items)))
        best = self._ranking.best(words, SHOWN) if words.strip() else first
        self.rows.show([self._items[n] for n in best])
        self.list.choose(self.rows.key(0))
        self.list.setVisible(bool(best))
        self.nothing.setVisible(not best)
        self.nothing.setText(
            tr("Nothing fits these letters.") if words.strip() else tr("Nothing here yet.")
        )

    def _on_clicked(self, index: QModelIndex) -> None:
        self._pick(self.rows.key(index.row()))

    def _pick(self, key: str) -> None:
        if key:
            self.accept()
            self.picked.emit(key)


def entry_items(entries: Sequence[EntryInfo], names: dict[str, str]) -> list[tuple[Item, str]]:
    """Return entries as the switcher takes them."""
    found: list[tuple[Item, str]] = []
    for entry in entries:
        place = DOT.join((names.get(entry.space, ""), *entry.path[:-1]))
        row = Row(shown_name(entry), icon=icon_of(entry), aside=place)
        found.append((Item(f"{entry.space}/{entry.id}", row), shown_name(entry)))
    return found


def action_items(actions: Sequence[QAction]) -> list[tuple[Item, str]]:
    """Return actions as the switcher takes them."""
    found: list[tuple[Item, str]] = []
    for number, action in enumerate(actions):
        words = action.text().replace("&", "").rstrip("…")
        row = Row(words, aside=action.shortcut().toString(), spoken=words)
        found.append((Item(str(number), row), words))
    return found


def _draw(thing: object) -> Row:
    assert isinstance(thing, Row)
    return thing
