"""The steps of one entry, and one of them beside now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QObject, Signal

from app.events import Event, SpaceChanged
from app.values import EntryInfo, Version
from app.words import DOT, moment_words
from ui.below import Below
from ui.models.compare import Beside, beside
from ui.models.question import Question
from ui.models.rows import Item, Row, RowModel
from ui.words import tr

_ORDERS = {
    "now": ("circle-check", "ok", "as it is now"),
    "before": ("history", "text3", ""),
    "side by side": ("git-compare", "info", "side by side: neither had seen the other"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version beside now; no lines where it is no text."""

    entry: str
    version: Version
    lines: tuple[Beside, ...] | None
    size_then: int
    size_now: int


class Past(QObject):
    """Lists the versions, reads one, brings it back."""

    left = Signal()
    """Another entry's past is to be shown: nothing of the one before may stay."""
    changed = Signal()
    compared = Signal(object)
    restored = Signal(object)
    failed = Signal(object)

    def __init__(self, below: Below, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entry: EntryInfo | None = None
        self.versions: tuple[Version, ...] = ()
        self.rows = RowModel(self._draw, self)
        self._below = below
        self._record = ""
        self._list = Question(below.runner, self._ask_list, self)
        self._list.answered.connect(self._on_list)
        self._list.failed.connect(self.failed)
        self._read = Question(below.runner, self._ask_read, self)
        self._read.answered.connect(self._on_read)
        self._read.failed.connect(self.failed)

    def look_at(self, entry: EntryInfo) -> None:
        """Show the past of an entry."""
        if self.entry is None or (entry.space, entry.id) != (self.entry.space, self.entry.id):
            self._read.forget()
            self.versions = ()
            self.rows.show(())
            self.left.emit()
        self.entry = entry
        self._list.ask_anew()

    def compare(self, record: str) -> None:
        """Read a version beside now."""
        self._record = record
        self._read.ask_anew()

    def restore(self, record: str) -> None:
        """Bring a version back, as a new step."""
        if self.entry is not None:
            job = self._below.runner.run(
                self._below.app.restore(self.entry.space, self.entry.id, record)
            )
            job.done.connect(self.restored)
            job.failed.connect(self.failed)

    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        match happened:
            case SpaceChanged(space=space, entries=entries):
                entry = self.entry
                if entry and space == entry.space and (not entries or entry.id in entries):
                    self._list.ask()
            case _:
                pass

    def version(self, record: str) -> Version | None:
        """Return the version of a row."""
        return next((v for v in self.versions if v.record == record), None)

    async def _ask_list(self) -> tuple[Version, ...]:
        assert self.entry is not None
        return await self._below.app.history(self.entry.space, self.entry.id)

    async def _ask_read(self) -> Comparison | None:
        entry, version = self.entry, self.version(self._record)
        if entry is None or version is None:
            return None
        then = await self._below.app.read(entry.space, entry.id, version.record)
        now = await self._below.app.read(entry.space, entry.id)
        lines: tuple[Beside, ...] | None = None
        if entry.is_text:
            texts = then.decode("utf-8", "replace"), now.decode("utf-8", "replace")
            found = await self._below.aside(lambda: beside(*texts))
            lines = cast("tuple[Beside, ...]", found)
        return Comparison(entry.id, version, lines, len(then), len(now))

    def _on_list(self, versions: object) -> None:
        self.versions = cast("tuple[Version, ...]", versions)
        self.rows.show([Item(version.record, version) for version in self.versions])
        self.changed.emit()

    def _on_read(self, comparison: object) -> None:
        if (
            isinstance(comparison, Comparison)
            and self.entry is not None
            and (comparison.entry, comparison.version.record) == (self.entry.id, self._record)
        ):
            self.compared.emit(comparison)

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, Version)
        icon, tone, order = _ORDERS.get(thing.order, _ORDERS["before"])
        when = moment_words(thing.at, self._below.now())
        title = when[:1].upper() + when[1:]
        short = tr("side by side") if thing.order == "side by side" else ""
        note = DOT.join(part for part in (thing.device, thing.words) if part)
        spoken = ", ".join(part for part in (title, thing.device, thing.words, order) if part)
        return Row(title, note, spoken, tip=order, icon=icon, tone=tone, aside=short)
