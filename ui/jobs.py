"""Work under way below, as the window sees it. Light: the window opens before any loop runs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.progress import Progress, Report
from storage.errors import AtollError

STEP_MS = 100
"""At most ten steps of progress a second reach the window."""


class Outcome(Protocol):
    """The part of a `concurrent.futures.Future` that a job needs."""

    def add_done_callback(self, fn: Callable[[Outcome], object], /) -> None:
        """Call fn when it ends, on whatever thread."""
        ...

    def cancel(self) -> bool:
        """Ask it to stop."""
        ...

    def cancelled(self) -> bool:
        """Say whether it was stopped."""
        ...

    def exception(self) -> BaseException | None:
        """Return why it failed."""
        ...

    def result(self) -> object:
        """Return what came of it."""
        ...


class Job(QObject):
    """Work under way. Exactly one of done, failed and cancelled is emitted."""

    done = Signal(object)
    failed = Signal(object)
    """With an AtollError."""
    cancelled = Signal()
    progressed = Signal(object)
    """With a Progress, at most ten times a second, and always with the last."""
    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self._latest: Progress | None = None
        self._ticking = QTimer(self, interval=STEP_MS)
        self._ticking.timeout.connect(self._tick)
        # Queued even on the same thread: work that ends at once must not report
        # before the caller has connected.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def report(self) -> Report:
        """Return what the work below calls with each step, from any thread."""
        self._ticking.start()
        return self._keep

    def follow(self, outcome: Outcome) -> None:
        """Report what becomes of outcome."""
        self._outcome = outcome
        outcome.add_done_callback(self._ended.emit)

    def cancel(self) -> None:
        """Ask the work to stop; `cancelled` says that it did."""
        if self._outcome is not None:
            self._outcome.cancel()

    def _keep(self, progress: Progress) -> None:
        self._latest = progress  # one reference, so no lock; the timer looks ten times a second

    def _tick(self) -> None:
        latest, self._latest = self._latest, None
        if latest is not None:
            self.progressed.emit(latest)

    def _on_ended(self, outcome: Outcome) -> None:
        self._ticking.stop()
        self._tick()
        try:
            self._tell(outcome)
        finally:
            self.deleteLater()

    def _tell(self, outcome: Outcome) -> None:
        error = None if outcome.cancelled() else outcome.exception()
        if outcome.cancelled():
            self.cancelled.emit()
        elif isinstance(error, AtollError):
            self.failed.emit(error)
        elif error is not None:
            raise error  # a bug: loud, and for the crash report
        else:
            self.done.emit(outcome.result())


class Runner(Protocol):
    """The part of Bridge that a view-model needs."""

    def run(self, work: Coroutine[object, object, object]) -> Job:
        """Do work on the app's loop."""
        ...

    def run_long(self, begin: Callable[[Report], Coroutine[object, object, object]]) -> Job:
        """Do work that reports its progress."""
        ...
