"""Asking the app something that may change while it answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial

from PySide6.QtCore import QObject, Signal

from storage.errors import AtollError
from ui.jobs import Job, Runner


class Question(QObject):
    """One question, asked again when things change; never twice at once."""

    answered = Signal(object)
    failed = Signal(object)
    """With an AtollError."""

    def __init__(
        self,
        runner: Runner,
        put: Callable[[], Coroutine[object, object, object]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._put = put
        self._job: Job | None = None
        self._again = False
        self._turn = 0

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return self._job is not None

    def ask(self) -> None:
        """Ask; if asked already, once more after that answer."""
        if self._job is not None:
            self._again = True
            return
        self._turn += 1
        turn = self._turn
        job = self._job = self._runner.run(self._put())
        job.done.connect(partial(self._on_done, turn))
        job.failed.connect(partial(self._on_failed, turn))
        job.cancelled.connect(partial(self._on_cancelled, turn))

    def ask_anew(self) -> None:
        """Ask something else: an answer under way is not wanted any more."""
        self.forget()
        self.ask()

    def forget(self) -> None:
        """Want no answer."""
        job, self._job = self._job, None
        self._again = False
        self._turn += 1
        if job is not None:
            job.cancel()

    def _on_done(self, turn: int, answer: object) -> None:
        if turn == self._turn:
            self._job = None
            self.answered.emit(answer)
            self._ask_again()

    def _on_failed(self, turn: int, error: AtollError) -> None:
        if turn == self._turn:
            self._job = None
            self.failed.emit(error)
            self._ask_again()

    def _on_cancelled(self, turn: int) -> None:
        if turn == self._turn:
            self._job = None

    def _ask_again(self) -> None:
        if self._again and self._job is None:
            self._again = False
            self.ask()
