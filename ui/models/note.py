"""An open note: typing travels at once and is saved in a pause; what others type goes around it.

One thing at a time goes down: typed pieces first, then whatever else was asked. Each thing that
was done goes down by itself, so each is taken back by itself. What comes back was told for the
text below; while it was under way more may have been typed here, so the two are carried over
each other before the widget hears of it. Knows no widget.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from enum import Enum
from functools import partial
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.events import Event, SpaceChanged, TextArrived
from app.facade import OpenNote
from storage.errors import AtollError, NotAllowed
from ui.jobs import Runner
from ui.models.sheet import Sheet, units, whole
from ui.models.splices import Edit, Splice, cross, edit_of, finer

PAUSE_MS = 300
LETTER = 2
"""So many units at most are a key that was pressed; more at once are a step of their own."""
Step = Callable[[], Coroutine[object, object, object]]


class Saving(Enum):
    """How what was typed stands."""

    CLEAN = "clean"
    TYPING = "typing"
    SAVING = "saving"
    FAILED = "failed"
    DRAFT = "draft"
    """Kept here only: this device may view, not change."""


class NoteEditor(QObject):
    """Sends, saves, and takes in."""

    saving_changed = Signal(object)
    patched = Signal(object)
    """Splices for the widget, one after another."""
    failed = Signal(object)
    """With an AtollError. What was typed stays in the widget."""

    def __init__(self, note: OpenNote, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.saving = Saving.CLEAN
        self.sheet = Sheet(note.text)
        self.space, self.entry = note.space, note.entry
        self._note = note
        self._runner = runner
        self._typed: list[Edit] = []
        self._steps: deque[tuple[Step, Callable[[object], None]]] = deque()
        self._busy = False
        self._refreshing = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.save)

    # -- from the widget
    def type(self, at: int, remove: int, insert: str) -> None:
        """Take what was typed: a splice of what the widget shows."""
        before = self.sheet.real
        splice, repair = self.sheet.typed(at, remove, insert)
        start, gone, _ = splice
        self._typed.append(edit_of(finer(splice, before[start : start + gone])))
        if repair is not None:
            self.patched.emit((repair,))
        self._pause.start()
        if self.saving is not Saving.SAVING:
            self._set(Saving.TYPING)
        self._go_on()

    def save(self) -> None:
        """Make durable what was typed."""
        self._pause.stop()
        if self.saving in {Saving.TYPING, Saving.FAILED}:
            self._set(Saving.SAVING)
            self._add(self._note.save, self._on_saved)

    def undo(self) -> None:
        """Take back the last own edit."""
        self._add(self._note.undo, self._on_own)

    def redo(self) -> None:
        """Do it again."""
        self._add(self._note.redo, self._on_own)

    def close(self) -> None:
        """Save and let go."""
        self._pause.stop()
        self._runner.run(self.farewell())

    async def farewell(self) -> None:
        """Send what is not yet sent, save and let go. Runs on the app's loop."""
        typed, self._typed = self._typed, []
        await self._send(typed)
        await self._note.close()

    # -- from elsewhere
    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        match happened:
            case TextArrived(space=self.space, entry=self.entry, update=update):
                self._add(partial(self._note.receive, update), self._on_others)
            case SpaceChanged(space=self.space, entries=entries):
                if not entries or self.entry in entries:
                    self._refresh()
            case _:
                pass

    def _refresh(self) -> None:
        if not self._refreshing:
            self._refreshing = True
            self._add(self._note.refresh, self._on_refreshed)

    # -- one thing at a time
    def _add(self, step: Step, then_: Callable[[object], None]) -> None:
        self._steps.append((step, then_))
        self._go_on()

    def _go_on(self) -> None:
        if self._busy:
            return
        if self._typed:
            typed, self._typed = self._typed, []
            self._run(partial(self._send, typed), lambda _: None)
        elif self._steps:
            self._run(*self._steps.popleft())

    def _run(self, step: Step, then_: Callable[[object], None]) -> None:
        self._busy = True
        job = self._runner.run(step())
        job.done.connect(partial(self._on_done, then_))
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)

    async def _send(self, typed: Sequence[Edit]) -> None:
        for edit in typed:
            match tuple((at, gone, whole(come)) for at, gone, come in edit.splices()):
                case ((at, remove, insert),) if len(units(insert)) <= LETTER:
                    await self._note.splice(at, remove, insert)
                case splices:
                    await self._note.edit(splices)

    def _on_done(self, then_: Callable[[object], None], answer: object) -> None:
        self._busy = False
        then_(answer)
        self._go_on()

    def _on_failed(self, error: AtollError) -> None:
        self._busy = self._refreshing = False
        if isinstance(error, NotAllowed):
            self._set(Saving.DRAFT)
        else:
            self._set(Saving.FAILED)
            self.failed.emit(error)
        self._go_on()

    def _on_cancelled(self) -> None:
        self._busy = self._refreshing = False

    def _on_saved(self, _: object) -> None:
        if self._pause.isActive() or self._typed:
            self._set(Saving.TYPING)
        else:
            self._set(Saving.CLEAN)

    def _on_own(self, splices: object) -> None:
        if self._take(splices):
            self._set(Saving.TYPING)
            self._pause.start()

    def _on_others(self, splices: object) -> None:
        self._take(splices)

    def _on_refreshed(self, splices: object) -> None:
        self._refreshing = False
        self._take(splices)

    def _take(self, splices: object) -> bool:
        """Carry what came around what was typed meanwhile, and show it."""
        came = edit_of(_in_units(splices))
        if not came.parts:
            return False
        for number, edit in enumerate(self._typed):
            self._typed[number], came = cross(edit, came)
        self.patched.emit(tuple(self.sheet.arrived(splice) for splice in came.splices()))
        return True

    def _set(self, saving: Saving) -> None:
        if saving is not self.saving:
            self.saving = saving
            self.saving_changed.emit(saving)


def _in_units(splices: object) -> Iterable[Splice]:
    for at, remove, insert in cast("tuple[Splice, ...]", splices):
        yield at, remove, units(insert)
