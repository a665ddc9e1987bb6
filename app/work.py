"""One thread a vault: everything that touches it runs there, in order.

Work runs to its end or to a `Report` call after its task was cancelled: then the report
raises `Stopped`, which happens between two blocks only, so the store is whole. Progress is
carried to the loop at most ten times a second. A while after much work it may rest: what it
holds at hand for such work is given back.
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
QUIET = 3.0
"""Seconds without work after which it rests."""
MUCH = 0.02
"""Seconds of work, all in all, after which giving back is worth what it takes."""


class Worker:
    """Runs blocking work on a thread of its own, one piece after the other."""

    def __init__(self, name: str, *, quiet: float = QUIET, much: float = MUCH) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting = 0
        self._quiet = quiet
        self._much = much
        self._worked = 0.0
        """Seconds since it rested last."""
        self._resting: asyncio.TimerHandle | None = None
        self.rest: Callable[[], None] | None = None
        """Gives back what is held for work, on the thread."""

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
        self._wake()
        future = loop.run_in_executor(self._pool, self._do, stop, work, speaker)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            stop.set()
            await _settled(future)
            raise
        finally:
            self._waiting -= 1
            speaker.silence()
            self._rest_soon(loop)

    async def close(self) -> None:
        """Let what was begun end, and the thread with it."""
        self.rest = None
        self._wake()
        await asyncio.to_thread(self._pool.shutdown)

    def _do(
        self, stop: threading.Event, work: Callable[[Report], Answer], report: Report
    ) -> Answer:
        if stop.is_set():
            raise Stopped("stopped before it began")
        began = time.monotonic()
        try:
            return work(report)
        finally:
            self._worked += time.monotonic() - began

    # -- resting -------------------------------------------------------------------------
    def _wake(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _rest_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wake()
        if self.rest is not None and not self.busy and self._worked >= self._much:
            self._resting = loop.call_later(self._quiet, self._rest_now, self.rest)

    def _rest_now(self, rest: Callable[[], None]) -> None:
        self._resting, self._worked = None, 0.0
        self._pool.submit(rest)


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
