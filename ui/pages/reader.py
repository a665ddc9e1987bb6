"""The right pane: a note, a file, their past; or search, bin, devices."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.values import EntryInfo
from ui.below import Below
from ui.pages.bin_page import BinPage
from ui.pages.devices_page import DevicesPage
from ui.pages.file_page import FilePage
from ui.pages.history_page import HistoryPage
from ui.pages.note_page import NotePage
from ui.pages.search_page import SearchPage
from ui.theme.theme import Theme
from ui.widgets.empty import Empty
from ui.widgets.header import Header
from ui.words import shown_name, tr


class Reader(QStackedWidget):
    """One page at a time."""

    def __init__(self, theme: Theme, below: Below) -> None:
        super().__init__()
        self.nothing = Empty(theme, "notebook-text", "")
        self.header = Header(theme)
        self.note = NotePage(theme)
        self.file = FilePage(theme, below.now)
        self.history = HistoryPage(theme, below)
        self.search = SearchPage(theme, below)
        self.bin = BinPage(theme, below)
        self.devices = DevicesPage(theme, below)
        self._inner = QStackedWidget()
        self._inner.addWidget(self.note)
        self._inner.addWidget(self.file)
        self._inner.addWidget(self.history)
        self._entry = QWidget()
        down = QVBoxLayout(self._entry)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addWidget(self.header)
        down.addWidget(self._inner, 1)
        for page in (self.nothing, self._entry, self.search, self.bin, self.devices):
            self.addWidget(page)
        self.entry: EntryInfo | None = None
        self.show_nothing()

    @property
    def in_past(self) -> bool:
        """Whether the history is shown."""
        return self.currentWidget() is self._entry and self._inner.currentWidget() is self.history

    @property
    def in_note(self) -> bool:
        """Whether a note is shown, ready for typing."""
        return self.currentWidget() is self._entry and self._inner.currentWidget() is self.note

    @property
    def in_file(self) -> bool:
        """Whether a file is shown."""
        return self.currentWidget() is self._entry and self._inner.currentWidget() is self.file

    def show_nothing(self, words: str = "") -> None:
        """Show that nothing is chosen, or why."""
        self.entry = None
        self.nothing.say(words or tr("Choose a note, or press Ctrl+N for a new one."))
        self.setCurrentWidget(self.nothing)

    def show_entry(self, entry: EntryInfo, page: QWidget) -> None:
        """Show an entry on one of its pages."""
        self.set_entry(entry)
        self._inner.setCurrentWidget(page)
        self.header.history_button.setChecked(page is self.history)
        self.setCurrentWidget(self._entry)

    def set_entry(self, entry: EntryInfo) -> None:
        """Know an entry anew: its name may be another."""
        self.entry = entry
        self.header.title.show_name(shown_name(entry), fixed=False)

    def page_of(self, entry: EntryInfo) -> QWidget:
        """Return the page that shows an entry as it is now."""
        return self.note if entry.is_text else self.file
