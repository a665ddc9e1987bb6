"""The bin: what was deleted, and the way back."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ui.below import Below
from ui.models.binned import Binned
from ui.slots import ignoring
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.empty import Empty
from ui.widgets.parts import button, label
from ui.widgets.row_delegate import ENTRIES
from ui.widgets.row_list import RowList
from ui.words import tr


class BinPage(QWidget):
    """A list, and a button."""

    def __init__(self, theme: Theme, below: Below) -> None:
        super().__init__()
        self.binned = Binned(below, self)
        self.items = RowList(self.binned.rows, theme, ENTRIES)
        self.items.setAccessibleName(tr("Deleted things"))
        self.bring_back = button(
            tr("Bring back"), self._bring_back, kind="primary", theme=theme, icon="archive-restore"
        )
        self.bring_back.setEnabled(False)
        self._empty = Empty(theme, "trash-2", tr("Empty. Deleted things wait here."))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.items)
        head = QHBoxLayout()
        head.setContentsMargins(M, 0, M, 0)
        head.addWidget(label(tr("Bin"), "title"))
        head.addStretch(1)
        head.addWidget(self.bring_back)
        down = QVBoxLayout(self)
        down.setContentsMargins(M, L, M, M)
        down.setSpacing(S)
        down.addLayout(head)
        down.addWidget(self._stack, 1)
        self.binned.changed.connect(self._on_changed)
        self.items.chosen.connect(ignoring(self._on_changed))
        self.items.opened.connect(ignoring(self._bring_back))

    def _bring_back(self) -> None:
        self.binned.restore(self.items.key)

    def _on_changed(self) -> None:
        rows = self.binned.rows
        self._stack.setCurrentIndex(1 if rows.rowCount() else 0)
        self.bring_back.setVisible(bool(rows.rowCount()))
        self.bring_back.setEnabled(rows.find(self.items.key) is not None)
