"""Joining with a code: what it offers is said first, then someone accepts, then all comes."""

from __future__ import annotations

from collections.abc import Coroutine
from enum import Enum
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.errors import FolderNotEmpty
from app.progress import Progress, Report
from app.proposing import free_folder
from app.values import InviteInfo, SpaceInfo
from app.words import role_words, until_words
from storage.errors import AtollError
from ui.below import Below
from ui.jobs import Job
from ui.words import tr


class Stage(Enum):
    """Where a joining stands."""

    ASKING = "asking"
    """No code yet."""
    OFFERED = "offered"
    JOINING = "joining"
    NOT_EMPTY = "not-empty"
    """The folder holds something: shall both be brought together?"""
    DONE = "done"


class Joining(QObject):
    """Reads a code, and accepts it."""

    changed = Signal()
    progressed = Signal(object)
    failed = Signal(object)
    joined = Signal(object)
    """With the SpaceInfo."""

    def __init__(self, below: Below, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage = Stage.ASKING
        self.offer: InviteInfo | None = None
        self.proposal = Path()
        """A folder that is free, for what is offered."""
        self._home = home
        self._below = below
        self._given: str | bytes = ""
        self._into = Path()
        self._job: Job | None = None
        self._turn = 0

    def read(self, given: str | bytes) -> None:
        """Take a code or a file, and ask what it offers."""
        self._given = given
        self._turn += 1
        job = self._below.runner.run(self._look(given))
        job.done.connect(partial(self._on_offer, self._turn))
        job.failed.connect(partial(self._on_bad, self._turn))

    def accept(self, into: Path, *, merge: bool = False) -> None:
        """Accept, into a folder."""
        self._into = into

        def begin(report: Report) -> Coroutine[object, object, object]:
            return self._below.app.join(self._given, into, merge=merge, report=report)

        self._set(Stage.JOINING)
        job = self._job = self._below.runner.run_long(begin)
        job.progressed.connect(self._on_progress)
        job.done.connect(self._on_joined)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)

    def merge(self) -> None:
        """Bring the folder and what is shared together."""
        self.accept(self._into, merge=True)

    def back(self) -> None:
        """Choose another folder, or another code."""
        self._set(Stage.OFFERED if self.offer is not None else Stage.ASKING)

    def cancel(self) -> None:
        """Stop fetching. What came is whole."""
        if self._job is not None:
            self._job.cancel()

    def promise(self, offer: InviteInfo) -> str:
        """Return in one sentence what is offered."""
        what = role_words(offer.role)
        until = until_words(offer.until, self._below.now())
        who = offer.by or tr("Someone")
        return f"{who} {tr('invites you to')} “{offer.space_name}”. {tr('You')} {what}, {until}."

    async def _look(self, given: str | bytes) -> tuple[InviteInfo, object]:
        """Ask what is offered, and find a free folder for it."""
        offer = await self._below.app.read_invite(given)
        free = partial(free_folder, self._home, offer.space_name)
        return offer, await self._below.aside(free)

    def _on_offer(self, turn: int, answer: tuple[InviteInfo, Path]) -> None:
        if turn == self._turn:
            self.offer, self.proposal = answer
            self._set(Stage.OFFERED)

    def _on_bad(self, turn: int, error: AtollError) -> None:
        if turn == self._turn:
            self.offer = None
            self._set(Stage.ASKING)
            self.failed.emit(error)

    def _on_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _on_joined(self, space: object) -> None:
        assert isinstance(space, SpaceInfo)
        self._job = None
        self._set(Stage.DONE)
        self.joined.emit(space)

    def _on_failed(self, error: AtollError) -> None:
        self._job = None
        if isinstance(error, FolderNotEmpty):
            self._set(Stage.NOT_EMPTY)
        else:
            self._set(Stage.OFFERED)
            self.failed.emit(error)

    def _on_cancelled(self) -> None:
        self._job = None
        self._set(Stage.OFFERED)

    def _set(self, stage: Stage) -> None:
        self.stage = stage
        self.changed.emit()
