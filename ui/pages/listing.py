"""The middle pane: a filter, and what the folder holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from app.values import EntryInfo, SpaceInfo
from ui.models.contents import Contents
from ui.theme.theme import Theme
from ui.theme.tokens import XS, M, S
from ui.widgets.empty import Empty
from ui.widgets.gone_strip import GoneStrip
from ui.widgets.held_strip import HeldStrip
from ui.widgets.parts import icon_button, label, restyle
from ui.widgets.row_delegate import ENTRIES
from ui.widgets.row_list import RowList
from ui.words import tr


class Listing(QWidget):
    """Shows `Contents`."""

    chosen = Signal(object)
    """With the EntryInfo to be shown."""
    entered = Signal(object)
    """With the EntryInfo to be worked on: Enter or a double click."""
    removed = Signal(object)
    brought = Signal(object)
    """With the paths of files that were dropped or pasted, to be copied here."""
    up_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, contents: Contents, theme: Theme, new_note: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("middle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.contents = contents
        self.up = icon_button(theme, "arrow-left", tr("Back"), self.up_wanted.emit)
        self.crumb = label("", "heading")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter this folder"))
        self.filter.setAccessibleName(tr("Filter this folder"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(contents.filter)
        self.filter.installEventFilter(self)
        self.list = RowList(contents.rows, theme, ENTRIES)
        self.list.setAccessibleName(tr("Notes and files"))
        self.list.chosen.connect(self._on_chosen)
        self.list.clicked.connect(self._on_clicked)
        self.list.opened.connect(self._on_opened)
        self.list.installEventFilter(self)
        self._nothing = Empty(
            theme,
            "folder-open",
            tr("Nothing here yet. Drop files or press Ctrl+N."),
            tr("New note"),
            new_note,
        )
        self._no_match = Empty(theme, "list-filter", tr("No name fits this filter."))
        self._homeless = Empty(
            theme,
            "folder-plus",
            tr("No folder yet. Open one with your notes, or an empty one."),
            tr("Open a folder…"),
            self.folder_wanted.emit,
        )
        self.gone = GoneStrip(theme)
        self.held = HeldStrip(theme)
        self._no_folder = self._narrow = False
        self._blank = QWidget()
        self._stack = QStackedWidget()
        for one in (self._blank, self.list, self._nothing, self._no_match, self._homeless):
            self._stack.addWidget(one)
        self._lay_out()
        contents.changed.connect(self._on_changed)
        self._on_changed()

    def _lay_out(self) -> None:
        self._crumbs = QWidget()
        across = QHBoxLayout(self._crumbs)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(XS)
        across.addWidget(self.up)
        across.addWidget(self.crumb, 1)
        above = QVBoxLayout()
        above.setContentsMargins(M, M, M, S - 2)
        above.setSpacing(S)
        above.addWidget(self._crumbs)
        above.addWidget(self.filter)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addLayout(above)
        down.addWidget(self.gone)
        down.addWidget(self.held)
        down.addWidget(self._stack, 1)

    def show_state_of(self, space: SpaceInfo | None) -> None:
        """Say over the list what a folder waits for: that it is there again, or a person."""
        self.gone.show_for(space)
        self.held.show_for(space)

    def show_homeless(self, *, homeless: bool) -> None:
        """Say that there is no folder at all, or that there is one."""
        self._no_folder = homeless
        self._on_changed()

    def set_narrow(self, *, narrow: bool) -> None:
        """Show the way back where there is one pane only."""
        self._narrow = narrow
        self._on_changed()

    def focus(self, reason: Qt.FocusReason = Qt.FocusReason.ShortcutFocusReason) -> None:
        """Take the keys."""
        self.list.setFocus(reason) if self.list.isVisible() else self.filter.setFocus(reason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, where there is a folder for them."""
        if self.contents.spot.space and _files_in(event.mimeData()):
            # Never moved: what was dropped stays where it was.
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._show_drop(going=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Look as before."""
        super().dragLeaveEvent(event)
        self._show_drop(going=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self._show_drop(going=False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.brought.emit(_files_in(event.mimeData()))

    def _show_drop(self, *, going: bool) -> None:
        self.setProperty("dropping", going)
        restyle(self)

    def _paste(self) -> None:
        files = _files_in(QGuiApplication.clipboard().mimeData())
        if files and self.contents.spot.space:
            self.brought.emit(files)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the filter to the list and back; know Del and Backspace in the list."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if watched is self.filter:
                return self._in_filter(key)
            if watched is self.list and event.matches(QKeySequence.StandardKey.Paste):
                self._paste()
                return True
            if watched is self.list:
                return self._in_list(key)
        return super().eventFilter(watched, event)

    def _in_filter(self, key: Qt.Key) -> bool:
        if key is Qt.Key.Key_Escape and self.filter.text():
            self.filter.clear()
            return True
        if key in {Qt.Key.Key_Down, Qt.Key.Key_Return} and self.list.isVisible():
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return False

    def _in_list(self, key: Qt.Key) -> bool:
        if key is Qt.Key.Key_Delete:
            entry = self.contents.entry(self.list.key)
            if entry is not None:
                self.removed.emit(entry)
            return True
        if key is Qt.Key.Key_Backspace:
            return self.contents.up()
        return False

    def _on_chosen(self, key: str) -> None:
        entry = self.contents.entry(key)
        if entry is not None:
            self.chosen.emit(entry)

    def _on_clicked(self, index: QModelIndex) -> None:
        entry = self.contents.entry(self.contents.rows.key(index.row()))
        if isinstance(entry, EntryInfo) and entry.is_folder:
            self.contents.into(entry)
        elif entry is not None:
            self.chosen.emit(entry)

    def _on_opened(self, key: str) -> None:
        entry = self.contents.entry(key)
        if entry is None:
            return
        if entry.is_folder:
            self.contents.into(entry)
        else:
            self.entered.emit(entry)

    def _on_changed(self) -> None:
        contents = self.contents
        folders = contents.spot.folders
        self._crumbs.setVisible(bool(folders) or self._narrow)
        self.crumb.setText(folders[-1].name if folders else "")
        words = tr("Filter the recent") if contents.recent else tr("Filter this folder")
        self.filter.setPlaceholderText(words)
        if contents.rows.rowCount():
            page: QWidget = self.list
        elif contents.loading:
            page = self._blank
        else:
            page = self._no_match if contents.filtered else self._nothing
            page = self._homeless if self._no_folder else page
        self._stack.setCurrentWidget(page)


def _files_in(held: QMimeData) -> list[Path]:
    """Return the files of this disk that are carried along."""
    return [Path(url.toLocalFile()) for url in held.urls() if url.isLocalFile()]
