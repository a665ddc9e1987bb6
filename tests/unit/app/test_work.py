"""The worker: one piece after the other, stoppable between blocks, whole at its end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.progress import Progress, Report, Stopped
from app.work import Worker


def run(test: object) -> None:
    """Run a coroutine."""
    asyncio.run(test)  # type: ignore[arg-type]


def test_pieces_run_in_order_on_one_thread() -> None:
    """A vault has one owner, and it must never see two of us at once."""

    async def story() -> None:
        worker, seen = Worker("vault-test"), list[tuple[int, str]]()

        def piece(number: int) -> int:
            seen.append((number, threading.current_thread().name))
            return number

        jobs = [asyncio.create_task(worker.run(lambda n=n: piece(n))) for n in range(20)]  # type: ignore[misc]
        assert await asyncio.gather(*jobs) == list(range(20))
        assert [number for number, _ in seen] == list(range(20))
        assert len({name for _, name in seen}) == 1
        assert not worker.busy
        await worker.close()

    run(story())


def test_a_cancelled_task_stops_its_work_at_the_next_report_and_waits_for_it() -> None:
    """Who asked to stop must find everything whole when told that it stopped."""

    async def story() -> None:
        worker, steps = Worker("vault-test"), list[str]()
        begun, go_on = threading.Event(), threading.Event()

        def work(report: Report) -> None:
            begun.set()
            go_on.wait(10)
            try:
                report(Progress("Reading"))
            except Stopped:
                steps.append("stopped")
                raise

        task = asyncio.create_task(worker.run_reporting(work, lambda _: None))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert steps == ["stopped"]
        await worker.close()

    run(story())


def test_work_cancelled_before_it_began_never_begins() -> None:
    """A queue of forgotten work would keep the folder busy."""

    async def story() -> None:
        worker, ran = Worker("vault-test"), list[int]()
        blocked = threading.Event()
        first = asyncio.create_task(worker.run(lambda: blocked.wait(10)))
        second = asyncio.create_task(worker.run(lambda: ran.append(2)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        blocked.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not ran
        await worker.close()

    run(story())


def test_reports_reach_the_loop_but_not_too_often() -> None:
    """Ten a second are plenty for an eye, and a flood would slow the work."""

    async def story() -> None:
        worker, heard = Worker("vault-test"), list[Progress]()
        loop_thread = threading.get_ident()

        def hear(progress: Progress) -> None:
            assert threading.get_ident() == loop_thread
            heard.append(progress)

        def work(report: Report) -> None:
            for n in range(10_000):
                report(Progress("Reading", done=n))

        await worker.run_reporting(work, hear)
        assert 1 <= len(heard) <= 3
        await worker.close()

    run(story())


def test_after_work_it_rests_once_and_not_before_it_is_quiet() -> None:
    """What a large folder took to read is given back, and not over and over for nothing."""

    async def story() -> None:
        worker, rested = Worker("vault-test", quiet=0.0, much=0.0), list[str]()
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def rest() -> None:
            rested.append(threading.current_thread().name)
            loop.call_soon_threadsafe(done.set)

        worker.rest = rest
        names = [
            await worker.run(lambda: threading.current_thread().name),
            await worker.run(lambda: threading.current_thread().name),
        ]
        await done.wait()
        assert rested == names[:1], "on the thread that owns what it gives back"
        await worker.close()
        assert len(rested) == 1

    run(story())


def test_little_work_leaves_everything_at_hand() -> None:
    """A save now and then must find the pages that it needs where they were."""

    async def story() -> None:
        worker, rested = Worker("vault-test", quiet=0.0, much=60.0), list[bool]()
        worker.rest = lambda: rested.append(True)
        await worker.run(lambda: None)
        await asyncio.sleep(0)
        await worker.run(lambda: None)
        await worker.close()
        assert not rested

    run(story())


def test_a_closed_worker_rests_no_more() -> None:
    """What it would give back is closed by then."""

    async def story() -> None:
        worker, rested = Worker("vault-test", quiet=0.0, much=0.0), list[bool]()
        worker.rest = lambda: rested.append(True)
        await worker.run(lambda: None)
        await worker.close()
        await asyncio.sleep(0)
        assert not rested

    run(story())
