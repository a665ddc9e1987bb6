"""One seed: some devices, what people do, what goes wrong, and how all comes together again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

from tests.helpers.crashing_disk import PowerCut
from tests.sim.world.cast import Cast, cast
from tests.sim.world.device import Device, Told
from tests.sim.world.folder import WorldFolder
from tests.sim.world.loop import WorldLoop
from tests.sim.world.machine import Data, Machine
from tests.sim.world.network import Air
from tests.sim.world.person import Person
from tests.sim.world.promise import Promises

GROUPS = (
    ("ada", "ben"),
    ("ada", "ben"),
    ("ada", "cy"),
    ("ada", "ben", "cy"),
    ("ada", "ben", "cy"),
    ("ada", "dee"),
    ("ada", "ben", "dee"),
    ("ben", "cy", "eve"),
    ("ada", "ben", "cy", "dee"),
    ("ada", "ben", "cy", "dee", "eve"),
)
ROUNDS = 20
ROUND = 20.0
"""Simulated seconds."""


class Failed(AssertionError):
    """A promise was broken. Says which, and how to see it again."""


class Story:
    """Everything of one seed."""

    def __init__(self, seed: int, made: Cast) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - a simulation, not a secret
        self.made = made
        self.promises = Promises()
        self.lines: list[str] = []
        self.air = Air(self._dice("air"))
        self.devices: list[Device] = []
        self.people: list[Person] = []
        self.acts: set[asyncio.Task[None]] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.cloned = False
        names = self.random.choice(GROUPS)
        for known in made.people:
            if known.name in names:
                self._add(known.name)

    def _add(self, name: str) -> None:
        made = self.made
        known = next(known for known in made.people if known.name == name)
        machine = Machine(self._dice(name))
        data = Data(machine, made.data[name])
        made.bench.place(made.path(name), data)
        folder = WorldFolder(machine)
        told = Told(self.promises, self.trace, made.people)
        device = Device(made.path(name), known, data, folder, air=self.air, told=told)
        machine.went_off = lambda: self.air.gone(name)
        self.devices.append(device)
        self.people.append(Person(device, self.promises))

    def clone(self, device: Device) -> Device:
        """Copy a whole machine, with its keys, data and folder; both run on, nearly as one."""
        self.cloned = True
        name = f"{device.name}-again"
        machine = Machine(self._dice(name))
        machine.skew = device.machine.skew
        path = self.made.path(name)
        data = Data(machine, device.data)
        self.made.bench.place(path, data)
        shutil.copyfile(device.path / "space", path / "space")
        if self.random.random() < 0.5:  # a copy of the whole disk: nothing tells it from the first
            data.lies(self.made.bench.lies(path))
        folder = device.folder.copy(machine)
        known = replace(device.known, name=name)
        told = Told(self.promises, self.trace, self.made.people)
        made = Device(path, known, data, folder, air=self.air, told=told)
        machine.went_off = lambda: self.air.gone(name)
        self.devices.append(made)
        self.people.append(Person(made, self.promises))
        return made

    def _dice(self, what: str) -> Random:
        return Random(f"{self.seed} {what}")  # noqa: S311 - a simulation, not a secret

    def trace(self, line: str) -> None:
        """Note what happened."""
        now = 0.0 if self.loop is None else self.loop.time()
        self.lines.append(f"{now:10.4f} {line}")

    @property
    def digest(self) -> str:
        """Return a hash of all that happened."""
        return hashlib.blake2b("\n".join(self.lines).encode(), digest_size=16).hexdigest()

    # -- time ----------------------------------------------------------------------------
    async def wait(self, seconds: float) -> None:
        """Let time pass, and see to the machines that lost their power."""
        await asyncio.sleep(seconds)
        await self.tend()

    async def tend(self) -> None:
        """Start what lost its power, and raise what should not have happened."""
        for device, person in zip(self.devices, self.people, strict=True):
            if not device.machine.on:
                person.stand_up()
                await device.cut()
            device.faults()

    def only_what_is_left(self) -> None:
        """A store was set back: what only it held is lost with it, and nobody can bring that."""
        left = set[bytes]()
        for device in self.devices:
            left |= device.readable()
            left |= {data for data in device.folder.contents().values() if data is not None}
        self.promises.only(left)

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Let somebody do something that takes a while."""
        task = asyncio.ensure_future(work)
        self.acts.add(task)
        task.add_done_callback(self.acts.discard)

    async def all_acts_end(self) -> None:
        """Wait until everybody has done what they began."""
        while self.acts:
            await asyncio.wait(set(self.acts))
            await self.tend()


@contextmanager
def told_in(seed: int) -> Generator[Story]:
    """Set the scene for a seed."""
    made = cast()
    with made.bench.in_use():
        yield Story(seed, made)


def run(story: Story, play: Callable[[Story], Coroutine[None, None, None]]) -> None:
    """Let a story happen in a loop of its own.

    Raises:
        Failed: with the seed, whatever went wrong.
    """
    loop = WorldLoop()
    story.loop = loop
    try:
        loop.run_until_complete(play(story))
        loop.check()
    except (Exception, PowerCut) as error:
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        raise Failed(
            f"{kind}{error}\nseed {story.seed}; again: "
            f"python -m tests.sim.world {story.seed} --trace"
        ) from error
    finally:
        _close(story, loop)


def _close(story: Story, loop: WorldLoop) -> None:
    """Let nothing of a story live on: it would act in the next one."""
    story.air.over = True
    for device in story.devices:
        device.let_go()
    loop.go_on()
    while left := asyncio.all_tasks(loop):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left))
    loop.close()
