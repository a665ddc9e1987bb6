"""What goes wrong: power, disks, clocks, the network, the folder, the data folder."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from storage.errors import StorageError, StoreFull, StoreUnusable
from tests.sim.world.deeds import is_attacked, puts_back, takes_back
from tests.sim.world.device import Device
from tests.sim.world.machine import Data
from tests.sim.world.person import Person
from tests.sim.world.story import Story

WEEK = 7 * 24 * 3600.0
Fault = Callable[["Weather"], Coroutine[None, None, None]]


class Weather:
    """Lets things go wrong for a story: each seed has its own mixture."""

    def __init__(self, story: Story, always: tuple[str, ...]) -> None:
        self.story = story
        self.random = story.random
        kinds = [kind for kind in FAULTS if kind not in ON_REQUEST]
        chosen = self.random.sample(kinds, self.random.randint(0, 6))
        self.mixture = [*chosen, *(kind for kind in always if kind not in chosen)]
        if "skew" in self.mixture:
            for device in story.devices:
                device.machine.skew = self.random.uniform(-WEEK, WEEK)
        if "hints" in self.mixture:
            for person in story.people:
                person.lost_hints = 0.4

    async def strike(self) -> None:
        """Let something go wrong, or end."""
        if self.mixture:
            kind = self.random.choice(self.mixture)
            self.story.trace(f"weather: {kind}")
            await FAULTS[kind](self)

    async def clear_up(self) -> None:
        """Let everything be well: the network, disks, machines and folders."""
        story = self.story
        story.air.clear()
        for device, person in zip(story.devices, story.people, strict=True):
            device.machine.well()
            device.meddles, device.meddle_at = None, -1
            person.lost_hints = 0.0
            device.folder.bring_back()
        await story.tend()
        for device in story.devices:
            if not device.runs and not device.start():
                raise AssertionError(f"{device.name} does not start any more")
        await story.wait(max(device.busy_for for device in story.devices))

    def some(self) -> tuple[Device, Person]:
        """Return a device and whoever sits there."""
        at = self.random.randrange(len(self.story.devices))
        return self.story.devices[at], self.story.people[at]

    # -- the network ---------------------------------------------------------------------
    async def breaks(self) -> None:
        """Connections break now and then, or one does now."""
        air = self.story.air
        if self.random.random() < 0.5:
            air.breaks = self.random.choice((0.0, 0.02, 0.2))
        elif air.streams:
            air.snap(self.random.choice(list(air.streams)))

    async def parts(self) -> None:
        """Two devices do not reach each other, or do again."""
        air, devices = self.story.air, self.story.devices
        if air.parted and self.random.random() < 0.5:
            air.parted.clear()
        else:
            one, other = self.random.sample(devices, 2)
            air.parted.add(frozenset((one.name, other.name)))

    async def clogs(self) -> None:
        """What is said stays under way, and arrives all at once."""
        air = self.story.air
        if air.clogged:
            air.unclog()
        else:
            air.clogged.add(self.some()[0].name)

    # -- machines ------------------------------------------------------------------------
    async def power(self) -> None:
        """The power is cut, now or at some step to come."""
        device, person = self.some()
        dice = self.random.random()
        if not device.runs:
            device.start()
        elif dice < 0.5:
            device.machine.left = self.random.choice((0, 1, 2, 3, 5, 8, 13, 21, 34))
            device.machine.trouble = None
        else:
            if dice < 0.8 and device.folder.there:
                person.act_at_once()
                await self.story.wait(1.2)  # saved by us, and not yet safe on the person's disk
            device.machine.on = False
            device.machine.went_off()
            await self.story.tend()

    async def ends(self) -> None:
        """The program is ended, or started."""
        device, person = self.some()
        if device.runs:
            person.stand_up()
            await device.stop()
        else:
            device.start()

    async def disk(self) -> None:
        """A step fails, at some place to come."""
        device, _ = self.some()
        troubles: tuple[type[StorageError], ...] = (StoreFull, StoreUnusable)
        device.machine.trouble = self.random.choice(troubles)
        device.machine.left = self.random.choice((0, 1, 2, 3, 5, 8, 13, 21, 34))

    async def full(self) -> None:
        """The disk is full, or is not any more."""
        device, _ = self.some()
        device.machine.full = not device.machine.full

    async def slow(self) -> None:
        """A machine takes long for everything."""
        device, _ = self.some()
        device.machine.slow = self.random.choice((0.0, 2.0, 10.0))

    async def clock(self) -> None:
        """A clock is set."""
        device, _ = self.some()
        device.machine.skew = self.random.uniform(-WEEK, WEEK)

    async def index(self) -> None:
        """The index, or what the mirror remembers, is lost while the program does not run."""
        device, person = self.some()
        person.stand_up()
        await device.stop()
        if self.random.random() < 0.5:
            device.data.index.lose()
        else:
            device.data.memory.lose()
        device.start()

    async def restore(self) -> None:
        """The data folder is copied, or set back to such a copy. The plain folder stays."""
        device, person = self.some()
        story = self.story
        if device.copy is None or self.random.random() < 0.3:
            device.copy = Data(device.machine, device.data)
            return
        person.stand_up()
        await device.stop()
        device.data = Data(device.machine, device.copy)
        story.made.bench.place(device.path, device.data)
        for each in story.devices:
            each.machine.well()
            if not each.runs and not each.start():
                raise AssertionError(f"{each.name} does not start")
        story.only_what_is_left()

    async def clones(self) -> None:
        """A whole machine is copied, and both go on. Once: see ON_REQUEST."""
        story = self.story
        device, _ = self.some()
        away = not device.folder.there or device.folder.away is not None
        if device.runs and not away and not story.cloned and len(story.devices) < MOST:
            story.clone(device).start()

    # -- the folder ----------------------------------------------------------------------
    async def hints(self) -> None:
        """The system noticed that it lost hints, and says so."""
        device, _ = self.some()
        if device.runs:
            device.in_step.missed()

    async def away(self) -> None:
        """The folder is unmounted, or is back."""
        device, _ = self.some()
        folder = device.folder
        if not folder.there or folder.away is not None:
            folder.bring_back()
        elif device.runs and device.opened.attached:  # before, nobody knows which folder it is
            folder.take_away(leave_empty=self.random.random() < 0.5)
        if device.runs:
            device.in_step.missed()

    async def meddles(self) -> None:
        """A person does something in the middle of a look, or while something is written."""
        device, person = self.some()
        device.meddles = person.act_at_once
        device.meddle_at = self.random.randrange(40)

    async def mass(self) -> None:
        """Very many files are changed at once, or somebody puts much back."""
        _, person = self.some()
        deed = self.random.choice((is_attacked, is_attacked, takes_back, puts_back))
        self.story.trace(f"{person.device.name}: {deed.__name__}")
        self.story.begin(deed(person))


MOST = 5
"""Devices."""
ON_REQUEST = ("clones", "mass")
"""Two machines of one name take turns at every door. One clone is what is promised: copies of both
ends of a conversation may keep to each other for good, for nobody talks with one name twice."""
FAULTS: dict[str, Fault] = {
    "breaks": Weather.breaks,
    "parts": Weather.parts,
    "clogs": Weather.clogs,
    "power": Weather.power,
    "ends": Weather.ends,
    "disk": Weather.disk,
    "full": Weather.full,
    "slow": Weather.slow,
    "skew": Weather.clock,
    "index": Weather.index,
    "restore": Weather.restore,
    "clones": Weather.clones,
    "hints": Weather.hints,
    "away": Weather.away,
    "meddles": Weather.meddles,
    "mass": Weather.mass,
}
