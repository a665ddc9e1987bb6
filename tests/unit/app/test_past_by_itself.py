"""What goes on by itself at the start and from day to day: a disk that is full ends none of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TypeVar, cast

import pytest

from app.accounts import Account
from app.keeping_history import Asking, KeepingHistory, Repairs
from app.past_setting import PastSetting, remember_past
from app.progress import Report
from app.spaces import Kept, Spaces
from app.state import DeviceState
from app.twins import Twins
from storage.blocks.store import Kind, Thing
from storage.bygone import Run
from storage.collecting import Orders
from storage.errors import StoreFull
from storage.facts.change import TOP
from storage.letgo import tops_of
from storage.retention import DAY
from storage.vault import Vault
from tests.access import Dice
from tests.helpers.vaults import Clock, Place, core_of, write

_Answer = TypeVar("_Answer")
SPACE = "ab12"


@dataclass
class State:
    """As much of a device's state as is asked here."""

    settings: dict[str, str] = field(default_factory=dict[str, str])

    async def set(self, key: str, value: str) -> None:
        """Remember it."""
        self.settings[key] = value


@dataclass
class Opened:
    """A space whose disk may be full."""

    vault: Vault
    is_full: bool = False
    id: str = SPACE
    guard: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(batches=()))

    async def run(self, work: Callable[[Vault], _Answer]) -> _Answer:
        """Do it, if there is room."""
        if self.is_full:
            raise StoreFull
        return work(self.vault)

    def ask_agreed(self, work: object) -> list[tuple[object, ...]]:
        """Return no drafts."""
        del work
        return []


@dataclass
class Held:
    """All spaces; it counts how often somebody goes through them."""

    kept: tuple[SimpleNamespace, ...]
    looks: int = 0
    enough: int = 2
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    def some(self, space: str | None) -> tuple[SimpleNamespace, ...]:
        """Return them."""
        del space
        self.looks += 1
        if self.looks >= self.enough:
            self.seen.set()
        return self.kept


@dataclass
class World:
    """A device with one space, and who keeps its past."""

    vault: Vault
    clock: Clock
    state: State = field(default_factory=State)

    def __post_init__(self) -> None:
        self.opened = Opened(self.vault)
        self.kept = SimpleNamespace(opened=self.opened)
        self.spaces = Held((self.kept,))
        self.past = KeepingHistory(
            cast("Account", SimpleNamespace(state=self.state)),
            cast("Spaces", self.spaces),
            cast("Asking", None),
            cast("Repairs", self),
            self.clock,
        )

    async def repair_alone(self, kept: Kept, report: Report) -> None:
        """Find nothing to repair."""
        del kept, report

    async def forget(self, tops: list[bytes]) -> None:
        """Remember that somebody told to forget what these open."""
        setting = PastSetting().forgetting((TOP, top) for top in tops)
        await remember_past(cast("DeviceState", self.state), SPACE, setting)

    async def until(self, work: Coroutine[None, None, None], looks: int) -> None:
        """Let work go on until it went through all spaces so many times; it may not end."""
        self.spaces.looks, self.spaces.enough = 0, looks
        self.spaces.seen.clear()
        task, seen = asyncio.create_task(work), asyncio.create_task(self.spaces.seen.wait())
        await asyncio.wait({task, seen}, return_when=asyncio.FIRST_COMPLETED)
        ended = task.done()
        for one in (task, seen):
            one.cancel()
        if ended:
            await task
        await asyncio.gather(task, seen, return_exceptions=True)
        assert not ended


def runs_of(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> list[Orders]:
    """Return a list that grows with each run that begins."""
    begun, begin = list[Orders](), vault.collection

    def note(orders: Orders) -> Run:
        begun.append(orders)
        return begin(orders)

    monkeypatch.setattr(vault, "collection", note)
    return begun


@pytest.fixture
def world(vault: Vault, place: Place, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a device on which nobody waits between two looks."""
    monkeypatch.setattr("app.keeping_history.FIRST_LOOK", 0.0)
    monkeypatch.setattr("app.keeping_history.LOOK_EVERY", 0.0)
    return World(vault, place.clock)


def test_a_full_disk_at_the_start_does_not_end_who_keeps_the_past(world: World) -> None:
    """With one version forgotten and a full disk the whole app ended, at each start anew."""

    async def story() -> None:
        await world.forget([b"\1" * 32])
        world.opened.is_full = True
        await world.until(world.past.run(), 3)

    asyncio.run(story())


def test_a_disk_that_fails_at_the_start_does_not_end_who_settles_twins(world: World) -> None:
    """Twins harm nobody, so that they cannot be looked for is no reason to stop."""
    world.opened.is_full = True

    async def story() -> None:
        twins = Twins(cast("Spaces", world.spaces), Dice("twins"))
        task = asyncio.create_task(twins.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())


def test_what_is_forgotten_already_is_not_written_again_at_each_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing needs room: who writes nothing starts on a full disk as on any other."""
    gone = [bytes([n]) * 32 for n in range(1, 4)]

    def refuse(*_work: object) -> None:
        raise AssertionError("it wrote")

    async def story() -> None:
        await world.forget(gone)
        await world.state.set(f"collected/{SPACE}", str(world.clock.now()))  # a moment ago
        await world.until(world.past.run(), 2)
        monkeypatch.setattr(Vault, "_whole", refuse)
        await world.until(world.past.run(), 2)
        world.vault.miss_no_more(gone)
        with pytest.raises(AssertionError, match="it wrote"):
            world.vault.miss_no_more([b"\7" * 32])

    asyncio.run(story())


def test_what_failed_is_tried_again_after_a_day_or_when_what_lacked_came(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One block that nobody has let everything be marked each half hour, for ever and for nothing.

    A run that went well is noted, as ever: there is none for another day.
    """
    top = tops_of(world.vault.facts(write(world.vault, "sea.bin", b"\0sea" * 99, TOP)))[0]
    begun = runs_of(world.vault, monkeypatch)
    core = core_of(world.vault)
    raw = core.blocks.get(top)
    with core.transaction():
        core.blocks.forget(top)

    async def story() -> None:
        await world.until(world.past.run(), 5)
        assert len(begun) == 1
        world.clock.at += DAY - 1
        await world.until(world.past.run(), 5)
        assert len(begun) == 1
        world.clock.at += 1
        await world.until(world.past.run(), 5)
        assert len(begun) == 2
        world.past.repaired(SPACE)
        await world.until(world.past.run(), 5)
        assert len(begun) == 3
        with (now := core_of(world.vault)).transaction():
            now.blocks.add(Thing(Kind.BLOCK, raw))
        assert not [key for key in world.state.settings if key.startswith("collected/")]
        await world.until(world.past.run(), 5)
        assert len(begun) == 4
        assert f"collected/{SPACE}" in world.state.settings

    asyncio.run(story())
