"""The one place where the window's thread and the app's thread meet.

The app lives on an asyncio loop in its own thread; widgets live on Qt's. Only
frozen values cross. Going down: `Bridge.run` hands a coroutine to the loop.
Coming up: signals, which Qt queues to the receiver's thread.

Python's collector runs on whichever thread it likes, so no QObject may be left to it: each
has a Qt parent, and is ended with `deleteLater`. A test walks them all.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from app.events import EventHub
from app.progress import Report
from ui.jobs import Job


class Bridge(QObject):
    """Runs the app's loop, and carries its events up."""

    happened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="app", daemon=True)
        self._stopped = False
        self._unlisten: Callable[[], None] | None = None

    def start(self) -> None:
        """Let the app's loop run."""
        self._thread.start()

    def listen(self, events: EventHub) -> None:
        """Carry up what the app tells."""
        self._loop.call_soon_threadsafe(self._listen, events)

    def run(self, work: Coroutine[object, object, object]) -> Job:
        """Do work on the app's loop."""
        job = Job(self)
        job.follow(self._put(work))
        return job

    def run_long(self, begin: Callable[[Report], Coroutine[object, object, object]]) -> Job:
        """Do work that reports its progress."""
        job = Job(self)
        job.follow(self._put(begin(job.report())))
        return job

    def wait(self, work: Coroutine[object, object, object], seconds: float) -> None:
        """Do work on the app's loop and wait for it: only when the window is gone."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def stop(self) -> None:
        """End the app's thread; what is still running is cancelled first."""
        self._stopped = True
        asyncio.run_coroutine_threadsafe(_cancel_the_rest(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        if self._unlisten is not None:
            self._unlisten()
        self._loop.close()

    def _put(self, work: Coroutine[object, object, object]) -> Future[object]:
        if self._stopped:  # a last timer may fire while the window goes
            work.close()
            nothing: Future[object] = Future()
            nothing.cancel()
            return nothing
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _listen(self, events: EventHub) -> None:
        self._unlisten = events.listen(self.happened.emit)


def aside(work: Callable[[], object]) -> Awaitable[object]:
    """Do work on another thread, while the app's loop goes on."""
    return asyncio.to_thread(work)


async def _cancel_the_rest() -> None:
    here = asyncio.current_task()
    rest = [task for task in asyncio.all_tasks() if task is not here]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
