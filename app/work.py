"""One thread a vault: everything that touches it runs there, in order.

Work runs to its end or to a `Report` call after its task was cancelled: then the report
raises `Stopped`, which happens between two blocks only, so the store is whole. Progress is
carried to the loop at most ten times a second.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.progress import Progress, Report, Stopped, silent

Answer = TypeVar("Answer")
REPORT_EVERY = 0.1


class Worker:
    """Runs blocking work on a thread of its own, one piece after the other."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting = 0

    @property
    def busy(self) -> bool:
        """Some work runs or waits."""
        return self._waiting > 0

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Do work that needs no report. Cancelled before it began, it never begins."""
        return await self.run_reporting(lambda _report: work(), silent)

    async def run_reporting(self, work: Callable[[Report], Answer], report: Report) -> Answer:
        """Do work that reports; cancelling the task makes its next report raise `Stopped`."""
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        speaker = _Speaker(loop, report, stop)
        self._waiting += 1
        future = loop.run_in_executor(self._pool, _unless_stopped, stop, work, speaker)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            stop.set()
            await _settled(future)
            raise
        finally:
            self._waiting -= 1
            speaker.silence()

    async def close(self) -> None:
        """Let what was begun end, and the thread with it."""
        await asyncio.to_thread(self._pool.shutdown)


def _unless_stopped(
    stop: threading.Event, work: Callable[[Report], Answer], report: Report
) -> Answer:
    if stop.is_set():
        raise Stopped("stopped before it began")
    return work(report)


async def _settled(future: asyncio.Future[Answer]) -> None:
    """Wait for the thread to come to a place where it may stop, however often we are hurried."""
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue
    if not future.cancelled():
        future.exception()


class _Speaker:
    """A report that a thread may call: throttled, carried to the loop, and stoppable."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, report: Report, stop: threading.Event
    ) -> None:
        self._loop = loop
        self._report: Report = report
        self._stop = stop
        self._last = -REPORT_EVERY
        self._task: str = ""

    def __call__(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise Stopped("the person asked to stop")
        if self._report is silent:
            return
        now = time.monotonic()
        if now - self._last < REPORT_EVERY and progress.task == self._task:
            return
        self._last, self._task = now, progress.task
        self._loop.call_soon_threadsafe(self._say, progress)

    def silence(self) -> None:
        """Say nothing that comes too late."""
        self._report = silent

    def _say(self, progress: Progress) -> None:
        self._report(progress)
