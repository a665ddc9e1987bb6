"""Where the threads meet."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.events import EventHub, SpacesChanged
from app.progress import Progress, Report
from storage.errors import StoreLocked
from ui.bridge import Bridge, aside


async def give(value: object) -> object:
    """Return at once."""
    return value


def test_work_that_ends_at_once_still_reports(qtbot: QtBot, bridge: Bridge) -> None:
    """The caller connects after `run`; nothing may be lost in between."""
    with qtbot.waitSignal(bridge.run(give(7)).done) as got:
        pass
    assert got.args == [7]


def test_an_expected_error_is_a_signal(qtbot: QtBot, bridge: Bridge) -> None:
    """Pages show it; nobody catches it."""

    async def fail() -> None:
        raise StoreLocked

    with qtbot.waitSignal(bridge.run(fail()).failed) as got:
        pass
    assert isinstance(got.args[0], StoreLocked)


def test_a_bug_is_loud(qtbot: QtBot, bridge: Bridge) -> None:
    """It goes to the crash report, not into a strip."""

    async def break_() -> None:
        raise ZeroDivisionError

    with qtbot.captureExceptions() as caught:
        job = bridge.run(break_())
        qtbot.waitUntil(lambda: bool(caught))
    del job
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]


def test_cancelled_work_says_so(qtbot: QtBot, bridge: Bridge) -> None:
    """And nothing else."""
    job = bridge.run(asyncio.Event().wait())
    with qtbot.waitSignal(job.cancelled):
        job.cancel()


def test_progress_is_thinned_out_but_the_last_step_comes(qtbot: QtBot, bridge: Bridge) -> None:
    """A thousand steps a second must not drown the window."""
    seen: list[Progress] = []

    def begin(report: Report) -> Coroutine[object, object, object]:
        async def work() -> None:
            for done in range(1000):
                report(Progress("Reading", "", done, 999))

        return work()

    job = bridge.run_long(begin)
    job.progressed.connect(seen.append)
    with qtbot.waitSignal(job.done):
        pass
    assert seen[-1].done == 999
    assert len(seen) < 50


def test_events_arrive_on_the_window_thread(qtbot: QtBot, bridge: Bridge) -> None:
    """A slot may touch widgets."""
    hub, threads = EventHub(), list[threading.Thread]()

    async def tell() -> None:
        hub.tell(SpacesChanged())

    bridge.happened.connect(lambda _: threads.append(threading.current_thread()))
    bridge.listen(hub)
    bridge.run(tell())
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [threading.main_thread()]


def test_plain_work_goes_aside(qtbot: QtBot, bridge: Bridge) -> None:
    """The loop goes on while something is computed."""

    async def work() -> object:
        return await aside(threading.current_thread)

    with qtbot.waitSignal(bridge.run(work()).done) as got:
        pass
    assert got.args[0] is not threading.main_thread()


def test_work_that_comes_after_the_end_is_cancelled(qtbot: QtBot, qapp: QApplication) -> None:
    """A last timer may fire while the window goes."""
    bridge = Bridge(qapp)
    bridge.start()
    bridge.stop()
    with qtbot.waitSignal(bridge.run(give(1)).cancelled):
        pass
    bridge.deleteLater()
