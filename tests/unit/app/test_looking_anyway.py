"""A keeper looks at everything though nobody hinted, and knows what it does not share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from app.events import Event, SpacesChanged
from app.folder.ground import Brought, Looked
from app.folder.port import Path as DiskPath
from app.folder.scan import Skipped
from app.instep import InStep
from app.opened import OpenSpace
from app.progress import Report
from app.values import Mirroring
from app.waking import mind_sleep


@dataclass
class Opened:
    """As much of an open space as is asked here; the mirror finds what a test says."""

    finds: list[Looked] = field(default_factory=list[Looked])
    folder: Path = Path("/home/ana/Recipes")
    id: str = "ab12"
    watched: bool = True
    mirroring: Mirroring = Mirroring.SETTLED
    skipped: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    brings: list[Brought] = field(default_factory=list[Brought])

    async def run_reporting(self, work: Callable[..., object], report: Report) -> object:
        """Say what was found."""
        del work, report
        return self.finds.pop(0) if self.finds else self.brings.pop(0)


def keeper(opened: Opened, told: list[Event]) -> InStep:
    """Return the keeper of a folder."""
    return InStep(cast("OpenSpace", opened), told.append, lambda _opened: None)


def test_a_keeper_looks_at_everything_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hint may get lost in silence: on a network drive, or under a system that is full."""
    monkeypatch.setattr("app.instep.ANYWAY", 0.0)

    async def story() -> None:
        in_step, looked = keeper(Opened(), []), asyncio.Event()
        times = 0

        async def step() -> None:
            nonlocal times
            times += 1
            if times == 3:
                looked.set()

        monkeypatch.setattr(in_step, "_step", step)
        task = asyncio.create_task(in_step.run())
        await asyncio.wait_for(looked.wait(), 20)
        task.cancel()

    asyncio.run(story())


def test_a_keeper_at_work_is_not_sent_to_look_at_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be writing for minutes; the look would only make that longer."""
    monkeypatch.setattr("app.instep.ANYWAY", 0.0)
    monkeypatch.setattr("app.instep.WHEN_BUSY", 0.0)

    async def story() -> None:
        in_step, begun = keeper(Opened(), []), asyncio.Event()
        looks: list[bool] = []

        async def step() -> None:
            begun.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(in_step, "_step", step)
        in_step.changed([("a.md",)])
        task = asyncio.create_task(in_step.run())
        await asyncio.wait_for(begun.wait(), 20)
        monkeypatch.setattr(in_step, "missed", lambda: looks.append(True))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        assert looks == []

    asyncio.run(story())


def found(*paths: DiskPath) -> Looked:
    """Return what a look found that is not shared."""
    return Looked(skipped=tuple(Skipped(path, "name") for path in paths))


def test_what_is_not_shared_is_known_path_by_path() -> None:
    """Said as soon as it was made, and no more once it is gone; all else stays said."""
    bad, deep, more = ("n", "bad\udcff"), ("d", "e", "bad\udcfe"), ("n", "bad\udcfd")
    finds = [found(bad, deep), found(more), found(), found(), found(bad)]

    async def story() -> list[tuple[str, ...]]:
        opened, told, seen = Opened(finds), list[Event](), list[tuple[str, ...]]()
        in_step = keeper(opened, told)
        for paths in (None, {more}, {bad, ("a",)}, {("d",)}, None):
            told.clear()
            before = opened.skipped
            await in_step.look(None if paths is None else frozenset(paths))
            assert (SpacesChanged() in told) == (opened.skipped != before)
            seen.append(opened.skipped)
        return seen

    names = {path: "/".join(path) for path in (bad, deep, more)}
    assert asyncio.run(story()) == [
        tuple(sorted([names[bad], names[deep]])),
        tuple(sorted(names.values())),
        tuple(sorted([names[deep], names[more]])),
        (names[more],),
        (names[bad],),
    ]


def test_what_the_disk_refuses_is_said_until_it_is_taken() -> None:
    """What others have and this folder does not: whoever looks there has to hear of it."""
    refused = Brought(troubles=(Skipped(("shut", "b.md"), "unreadable"),))

    async def story() -> list[tuple[str, ...]]:
        opened, told, seen = Opened(brings=[refused, refused, Brought()]), list[Event](), []
        in_step = keeper(opened, told)
        for news in (True, False, True):
            told.clear()
            await in_step.bring(frozenset())
            assert (SpacesChanged() in told) == news
            seen.append(opened.unwritten)
        return seen

    assert asyncio.run(story()) == [("shut/b.md",), ("shut/b.md",), ()]


class Clocks:
    """Two clocks; the machine sleeps between the first look at them and the next."""

    def __init__(self) -> None:
        self.wall = iter([1000.0, 1000.0, 5000.0, 5000.0])

    def now(self) -> float:
        """Return the wall clock's time: it does not stop while the machine sleeps."""
        return next(self.wall)

    def monotonic(self) -> float:
        """Return the time that the machine was awake."""
        return 10.0


def test_when_the_machine_slept_that_is_noticed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system may have written to the folder meanwhile."""
    monkeypatch.setattr("app.waking.LOOK_EVERY", 0.0)
    woke: list[bool] = []

    async def story() -> None:
        with pytest.raises(RuntimeError):  # the clock has no more to say
            await mind_sleep(Clocks(), lambda: woke.append(True))

    asyncio.run(story())
    assert woke == [True]
