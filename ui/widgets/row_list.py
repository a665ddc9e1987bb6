"""The list that all lists are: a stock `QListView`, its rows drawn with the theme's measures."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from ui.models.rows import RowModel, RowRole
from ui.theme.theme import Theme
from ui.widgets.row_delegate import Measures, RowDelegate

AnyIndex = QModelIndex | QPersistentModelIndex

_CAN_BE_CHOSEN = Qt.ItemFlag.ItemIsSelectable


class RowList(QListView):
    """Shows a `RowModel`; tells which row is chosen, and which is opened."""

    chosen = Signal(str)
    """The key of the row that is current now."""
    opened = Signal(str)
    """Enter or a double click."""

    def __init__(
        self, model: RowModel, theme: Theme, measures: Measures, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.rows = model
        self._key = ""
        self._pointing = False
        self.by_keyboard = False
        self._delegate = RowDelegate(theme, measures, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(not measures.mixed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.activated.connect(self._on_opened)
        model.modelReset.connect(self._choose_again)
        model.rowsInserted.connect(self._choose_again)
        theme.changed.connect(self.viewport().update)

    @property
    def key(self) -> str:
        """The key of the row that is chosen."""
        return self._key

    def choose(self, key: str) -> None:
        """Make a row current without telling anyone; an unknown key chooses none."""
        self._key = key
        self._choose_again()

    def set_narrow(self, narrow: bool) -> None:  # noqa: FBT001 -- a setter, as Qt's are
        """Show icons alone."""
        self._delegate.narrow = narrow
        self.scheduleDelayedItemsLayout()

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        """Tell what is chosen."""
        super().currentChanged(current, previous)
        key = current.data(RowRole.KEY) if current.isValid() else ""
        if self._pointing:
            return
        if key and key != self._key and self.rows.flags(current) & _CAN_BE_CHOSEN:
            self._key = key
            self.chosen.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the ring as soon as keys are used, and step over the names of groups."""
        self.by_keyboard = True
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step and not event.modifiers() and self._step(step):
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hide the ring: a hand knows where it is."""
        self.by_keyboard = False
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when keys led here, on a row that can be chosen."""
        keys = {
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        }
        self.by_keyboard = event.reason() in keys
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and event.reason() in keys:
            self._point_at_first()
        self.viewport().update()

    def minimumSizeHint(self) -> QSize:
        """Return a size that fits any window."""
        return QSize(40, 60)

    def _step(self, step: int) -> bool:
        at = self.currentIndex().row() + step
        while 0 <= at < self.rows.rowCount():
            index = self.rows.index(at)
            if self.rows.flags(index) & _CAN_BE_CHOSEN:
                self.setCurrentIndex(index)
                return True
            at += step
        return False

    def _point_at_first(self) -> None:
        """Show where the keys are, without choosing anything yet."""
        rows = range(self.rows.rowCount())
        flags = (self.rows.flags(self.rows.index(row)) for row in rows)
        first = next((n for n, flag in enumerate(flags) if flag & _CAN_BE_CHOSEN), None)
        if first is not None:
            self._pointing = True
            none = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.rows.index(first), none)
            self._pointing = False

    def _on_opened(self, index: QModelIndex) -> None:
        self.opened.emit(str(index.data(RowRole.KEY)))

    def _choose_again(self) -> None:
        at = self.rows.find(self._key) if self._key else None
        if at is None:
            if not self._key:
                self.clearSelection()
                none = QItemSelectionModel.SelectionFlag.Clear
                self.selectionModel().setCurrentIndex(QModelIndex(), none)
            return
        if self.currentIndex().row() != at:
            self.setCurrentIndex(self.rows.index(at))
