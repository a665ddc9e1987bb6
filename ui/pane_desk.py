"""Going between the panes by keys. F6 leaves out a pane that has nothing for keys."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from ui.pages.listing import Listing
from ui.pages.reader import Reader
from ui.window import Pane, Shape, Window, has_keys

_BY_TAB = Qt.FocusPolicy.TabFocus


class PaneDesk(QObject):
    """Gives panes the keys."""

    def __init__(self, window: Window, listing: Listing, reader: Reader) -> None:
        super().__init__(window)
        self._window, self._listing, self._reader = window, listing, reader

    def go(self, pane: Pane) -> None:
        """Bring a pane to the front, and give it the keys if it has any use for them."""
        self._window.show_pane(pane)
        widget = self._keeper(pane)
        if widget is not None:
            widget.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def step(self, step: int) -> None:
        """Give the next pane the keys that can take them; a message is a pane as well."""
        ring: list[QWidget] = [
            self._window.notice,
            self._window.sidebar,
            self._listing,
            self._reader,
        ]
        now = next((n for n, one in enumerate(ring) if has_keys(one)), 0 if step > 0 else 1)
        for further in range(1, len(ring) + 1):
            if self._enter((now + step * further) % len(ring)):
                return

    def mend(self) -> None:
        """Where panes hide each other, let the keys follow what is seen."""
        holder = QApplication.focusWidget()
        lost = holder is None or (self._window.isAncestorOf(holder) and not holder.isVisible())
        if lost and self._window.shape_ is Shape.ONE and QApplication.activeModalWidget() is None:
            self.go(self._window.front)

    def _enter(self, place: int) -> bool:
        """Go to a place of the ring, and say whether it has any use for keys."""
        if place == 0:
            return self._window.notice.take_keys()
        pane = Pane(place - 1)
        covered = self._window.alone and pane is Pane.LIST
        if covered or self._keeper(pane) is None:
            return False
        self.go(pane)
        return True

    def _keeper(self, pane: Pane) -> QWidget | None:
        """Return what takes the keys in a pane, now."""
        match pane:
            case Pane.PLACES:
                return self._window.sidebar.list
            case Pane.LIST:
                rows, filter_ = self._listing.list, self._listing.filter
                return rows if rows.isVisibleTo(self._listing) else filter_
            case Pane.PAGE:
                return next(self._in_page(), None)

    def _in_page(self) -> Iterator[QWidget]:
        """Walk what can take the keys in the page: first what it is there for, if that can."""
        reader = self._reader
        pages: dict[QWidget | None, QWidget] = {
            reader.search: reader.search.box,
            reader.bin: reader.bin.items,
            reader.devices: reader.devices.list,
        }
        wanted = pages.get(reader.currentWidget())
        if reader.in_note:
            wanted = reader.note.edit
        elif reader.in_past:
            wanted = reader.history.versions
        elif reader.in_file:
            wanted = reader.file.open_button
        able = [one for one in reader.findChildren(QWidget) if self._can(one)]
        yield from (one for one in able if one is wanted)
        yield from able

    def _can(self, widget: QWidget) -> bool:
        shown = widget.isVisibleTo(self._reader) and widget.isEnabled()
        return shown and widget.focusPolicy() & _BY_TAB == _BY_TAB
