"""What was deleted, and the way back."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, Signal

from app.events import Event, SpaceChanged, SpacesChanged
from app.values import BinItem
from app.words import DOT, short_when, size_words
from ui.below import Below
from ui.models.question import Question
from ui.models.rows import Item, Row, RowModel
from ui.words import tr


class Binned(QObject):
    """The bin of all folders."""

    changed = Signal()
    restored = Signal(object)
    """With the EntryInfo that is back."""
    failed = Signal(object)

    def __init__(self, below: Below, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = RowModel(self._draw, self)
        self.names: dict[str, str] = {}
        """Space id → name, for the rows."""
        self.known = False
        self._below = below
        self._question = Question(below.runner, below.app.bin, self)
        self._question.answered.connect(self._on_items)
        self._question.failed.connect(self.failed)

    def refresh(self) -> None:
        """Look again."""
        self._question.ask()

    def restore(self, key: str) -> None:
        """Bring one back, with all that was below it."""
        item = self.rows.thing(key)
        if isinstance(item, BinItem):
            job = self._below.runner.run(self._below.app.restore_from_bin(item.space, item.id))
            job.done.connect(self._on_restored)
            job.failed.connect(self.failed)

    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        if self.known and isinstance(happened, (SpaceChanged, SpacesChanged)):
            self._question.ask()

    def _on_restored(self, entry: object) -> None:
        self._question.ask()
        self.restored.emit(entry)

    def _on_items(self, items: object) -> None:
        found = cast("tuple[BinItem, ...]", items)
        self.known = True
        self.rows.show([Item(f"{item.space}/{item.id}", item) for item in found])
        self.changed.emit()

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, BinItem)
        name = thing.path[-1] if thing.path else ""
        when = short_when(thing.at, self._below.now())
        place = DOT.join((self.names.get(thing.space, ""), *thing.path[:-1]))
        note = f"{tr('Deleted')} {when}"
        what = tr("Folder") if thing.is_folder else size_words(thing.size)
        note = DOT.join(part for part in (note, thing.device, what) if part)
        spoken = f"{name}, {note.replace(DOT, ', ')}, {tr('from')} {place}"
        return Row(name, note, spoken, icon="folder" if thing.is_folder else "file", aside=place)
