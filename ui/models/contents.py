"""The list in the middle: what a folder holds, or what was touched lately, and a filter.

What is in a large folder is filtered and compared with what is shown on another thread, so
the window answers meanwhile.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.events import DeliveryChanged, Event, SpaceChanged
from app.values import EntryInfo
from ui.below import Below
from ui.letters import bare
from ui.models.question import Question
from ui.models.rows import Held, Item, Plan, Row, RowModel
from ui.words import entry_note, entry_spoken, icon_of, shown_name, state_icon

GATHER_MS = 120
RECENT = 200
CLOCK_MS = 60_000
AT_ONCE = 1000
"""More entries than these are made ready aside."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Which folder is shown: of a space, its top or one inside; or the recent of all."""

    space: str = ""
    folders: tuple[EntryInfo, ...] = ()
    """From the top to the one shown."""

    @property
    def folder(self) -> str | None:
        """The entry id of the folder shown, None for the top."""
        return self.folders[-1].id if self.folders else None


class Contents(QObject):
    """What the middle list shows."""

    changed = Signal()
    """Another state of the list was shown."""
    failed = Signal(object)

    def __init__(self, below: Below, own_name: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spot = Spot()
        self.entries: tuple[EntryInfo, ...] = ()
        self.loading = False
        self.own_name = own_name
        self.rows = RowModel(self._draw, self)
        self._below = below
        self._alone = False
        self._filter = ""
        self._question = Question(below.runner, self._ask, self)
        self._question.answered.connect(self._on_entries)
        self._question.failed.connect(self._on_failed)
        self._preparing = Question(below.runner, self._prepare, self)
        self._preparing.answered.connect(self._on_prepared)
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self._question.ask)
        self._minute = QTimer(self, interval=CLOCK_MS)
        self._minute.timeout.connect(self.rows.redraw)
        self._minute.start()

    @property
    def recent(self) -> bool:
        """Whether this is the recent of all folders."""
        return not self.spot.space

    @property
    def filtered(self) -> bool:
        """Whether a filter hides something."""
        return bool(self._filter)

    def go(self, spot: Spot) -> None:
        """Show another folder."""
        if spot != self.spot or not self.entries:
            self.spot = spot
            self.loading = True
            self._question.ask_anew()

    def up(self) -> bool:
        """Go to the folder above; say whether there was one."""
        if not self.spot.folders:
            return False
        self.go(Spot(self.spot.space, self.spot.folders[:-1]))
        return True

    def into(self, folder: EntryInfo) -> None:
        """Go into a folder of the list."""
        self.go(Spot(folder.space, (*self.spot.folders, folder)))

    def filter(self, words: str) -> None:
        """Show only names that hold all these words."""
        if words != self._filter:
            self._filter = words
            self._show()

    def set_alone(self, *, alone: bool) -> None:
        """Know whether this computer shares nothing with anyone."""
        if alone is not self._alone:
            self._alone = alone
            self.rows.redraw()

    def entry(self, key: str) -> EntryInfo | None:
        """Return the entry of a row."""
        thing = self.rows.thing(key)
        return thing if isinstance(thing, EntryInfo) else None

    def on_event(self, happened: Event) -> None:
        """Hear what happened; a storm of it is one question."""
        match happened:
            case SpaceChanged(space=space) | DeliveryChanged(space=space):
                if self.recent or space == self.spot.space:
                    self._ask_soon()
            case _:
                pass

    def _ask_soon(self) -> None:
        if not self._gather.isActive():
            self._gather.start()

    async def _ask(self) -> tuple[Spot, tuple[EntryInfo, ...]]:
        """Ask, and sort, on the app's thread."""
        spot, app = self.spot, self._below.app
        if spot.space:
            return spot, await app.entries(spot.space, spot.folder)
        found = [e for space in await app.spaces() for e in await app.all_entries(space.id)]
        found.sort(key=lambda entry: -entry.mtime)
        return spot, tuple(found[:RECENT])

    def _on_entries(self, answer: object) -> None:
        spot, entries = cast("tuple[Spot, tuple[EntryInfo, ...]]", answer)
        if spot == self.spot:
            self.entries = entries
            self.loading = False
            self._show()

    def _on_failed(self, error: object) -> None:
        self.loading = False
        self.failed.emit(error)
        self.changed.emit()

    def _show(self) -> None:
        if max(len(self.entries), self.rows.rowCount()) > AT_ONCE:
            self._preparing.ask_anew()
        else:
            self._preparing.forget()
            self._on_prepared(_plan(self.rows.held(), self.entries, self._filter))

    def _prepare(self) -> Coroutine[object, object, object]:
        """Take along what it goes by: it may change while another thread is at work."""
        return self._prepared(self.rows.held(), self.entries, self._filter)

    async def _prepared(self, held: Held, entries: Sequence[EntryInfo], words: str) -> object:
        return await self._below.aside(lambda: _plan(held, entries, words))

    def _on_prepared(self, plan: object) -> None:
        assert isinstance(plan, Plan)
        if self.rows.follow(plan):
            self.changed.emit()
        else:
            self._preparing.ask()

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, EntryInfo)
        now = self._below.now()
        state, tone = state_icon(thing, alone=self._alone)
        return Row(
            shown_name(thing),
            entry_note(thing, now, self.own_name),
            entry_spoken(thing, now, self.own_name),
            tip="/".join(thing.path),
            icon="" if thing.is_text and not thing.is_folder else icon_of(thing),
            state=state,
            state_tone=tone,
        )


def _plan(held: Held, entries: Sequence[EntryInfo], words: str) -> Plan:
    """Return how a list comes to show the entries whose names hold all words."""
    wanted = bare(words).split()
    if wanted:
        entries = [e for e in entries if all(word in bare(e.name) for word in wanted)]
    return held.plan([Item(key_of(entry), entry) for entry in entries])


def key_of(entry: EntryInfo) -> str:
    """Return the row's key of an entry."""
    return f"{entry.space}/{entry.id}"
