"""One device: the real vault, mirror, keeper in step and sync service, on a simulated machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from app.events import Event
from app.folder.agreed import Agreed
from app.folder.ground import Brought, Looked
from app.folder.ignore import Ignore
from app.folder.mirror import Mirror
from app.folder.port import Path as Names
from app.guard import Guard
from app.guard_following import follow_guard
from app.guard_memory import GuardMemory
from app.instep import InStep
from app.opened import Mirrored, OpenSpace
from app.progress import Report, silent
from app.syncing import Hears, SpaceReplica
from app.work import Worker
from storage.changes import ChangeSet
from storage.errors import AtollError, NotFound
from storage.facts.change import EntryId
from storage.facts.values import EntryKind
from storage.identity.device import DeviceKeys
from storage.records.record import Record
from storage.vault import Vault
from sync.discovery.fake import NoDiscovery
from sync.events import LiveArrived, ReaderCame, SyncEvent
from sync.service import SyncService
from tests.helpers.crashing_disk import PowerCut
from tests.sim.people import FakeKnown
from tests.sim.world.folder import WorldFolder
from tests.sim.world.machine import Data, Machine
from tests.sim.world.network import Air, AirTransport
from tests.sim.world.promise import Promises, tokens_in

IGNORE = Ignore()
_Answer = TypeVar("_Answer")


class Down(Exception):
    """Somebody wants something of a program that does not run."""


class Told:
    """Where a device tells what happens to it."""

    def __init__(
        self, promises: Promises, trace: Callable[[str], None], people: list[FakeKnown]
    ) -> None:
        self.promises = promises
        self.trace = trace
        self.people = people


class SimWorker(Worker):
    """Does work one piece after the other, on no thread, when the machine gets to it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._free_at = 0.0
        self._waiting = 0
        self.over = False

    @property
    def busy_for(self) -> float:
        """Seconds until all that it was given is done."""
        return max(0.0, self._free_at - self._machine.monotonic())

    async def run_reporting(self, work: Callable[[Report], _Answer], report: Report) -> _Answer:
        """Do work."""
        del report
        now = self._machine.monotonic()
        if self._waiting or self._machine.random.random() < 0.4:
            took = self._machine.random.random() * (0.05 + self._machine.slow)
            self._free_at = max(self._free_at, now) + took + 1e-5
            self._waiting += 1
            try:
                await asyncio.sleep(self._free_at - now)
            finally:
                self._waiting -= 1
        if self.over:
            raise Down("the program ended before it came to this")
        return work(silent)


class HeardVault(Vault):
    """A vault that tells what it said was saved."""

    device: Device

    def commit(self, change: ChangeSet, words: str) -> Record | None:
        """Commit; then what it holds is promised."""
        record = super().commit(change, words)
        if record is not None:
            self.device.committed(self, record, change)
        return record


class HeardMirror(Mirror):
    """A mirror that tells when a look ended."""

    device: Device

    def look(
        self, report: Report, paths: Iterable[Names] | None = None, *, grace: float | None = None
    ) -> Looked:
        """Look; then what lies in the folder is kept."""
        self.device.begin_work()
        looked = super().look(report, paths, grace=grace)
        self.device.looked(looked, whole=paths is None)
        return looked

    def bring(self, report: Report, entries: Iterable[EntryId] | None = None) -> Brought:
        """Bring."""
        self.device.begin_work()
        before = self.device.shown()
        brought = super().bring(report, entries)
        self.device.nothing_went(before)
        self.device.brought(brought)
        return brought


class NoClaims:
    """Nobody else keeps the folder."""

    def take(self, folder: Path) -> NoClaims:
        """Give it."""
        del folder
        return self

    def stands(self) -> bool:
        """It always does."""
        return True

    def release(self) -> None:
        """Nothing to do."""


class Device:
    """A device, from one start to the next."""

    def __init__(
        self, path: Path, known: FakeKnown, data: Data, folder: WorldFolder, *, air: Air, told: Told
    ) -> None:
        self.path = path
        self.known = known
        self.name = known.name
        self.data = data
        self.folder = folder
        self.machine: Machine = folder.machine
        self.air = air
        self.told = told
        self.copy: Data | None = None
        """A copy of its data folder, as somebody made it once."""
        self.meddles: Callable[[], None] | None = None
        """What a person does in the middle of the next look or writing."""
        self.meddle_at = -1
        self.meddled = False
        self.heard_live: Callable[[LiveArrived | ReaderCame], None] = _ignore
        self.unread: list[str] = []
        """What could not be read when everything was, and why."""
        self.runs = False
        self._tasks: list[asyncio.Task[None]] = []
        self._parts: tuple[HeardVault, OpenSpace, InStep, SyncService] | None = None
        folder.meddle = self._maybe_meddle

    @property
    def keys(self) -> DeviceKeys:
        """Its keys."""
        return self.known.keys

    @property
    def vault(self) -> HeardVault:
        """Its space."""
        return self._all[0]

    @property
    def opened(self) -> OpenSpace:
        """Its space and mirror."""
        return self._all[1]

    @property
    def in_step(self) -> InStep:
        """What keeps its folder in step."""
        return self._all[2]

    @property
    def service(self) -> SyncService:
        """What meets others."""
        return self._all[3]

    @property
    def _all(self) -> tuple[HeardVault, OpenSpace, InStep, SyncService]:
        if self._parts is None:
            raise Down(f"{self.name} does not run")
        return self._parts

    @property
    def busy_for(self) -> float:
        """Seconds for which it is still at what it was given while it was slow."""
        worker = self.opened.worker
        assert isinstance(worker, SimWorker)
        return worker.busy_for

    # -- its life ------------------------------------------------------------------------
    def start(self) -> bool:
        """Start the program; say whether it could."""
        try:
            self._assemble()
        except (AtollError, PowerCut) as error:
            self.told.trace(f"{self.name} cannot start: {error!r}")
            self.let_go()
            return False
        self.runs = True
        self.in_step.missed()
        self.in_step.came_anywhere()
        run = asyncio.get_running_loop().create_task
        self._tasks = [run(self.in_step.run()), run(self.service.run())]
        self.told.trace(f"{self.name} runs")
        return True

    def _assemble(self) -> None:
        vault = HeardVault.open(self.path, self.keys, self.machine, self.machine)
        vault.device = self
        try:
            mirrored = self._mirrored(vault)
        except BaseException:
            _release(vault)
            raise
        opened = OpenSpace(
            vault.space,
            self.path,
            SimWorker(self.machine),
            vault,
            mirrored,
            lambda _: self._mirrored(vault),
            NoClaims(),
            Guard(vault, self.keys.did, GuardMemory(self.data.guard), self.machine),
        )
        in_step = InStep(opened, self._tell, self._committed)
        follow_guard(opened, in_step, self._tell, self._committed)
        hears = Hears(self._came, _pass, _pass)
        replica = SpaceReplica(opened, vault.meeting_key, hears)
        service = SyncService(
            [replica],
            self.known,
            AirTransport(self.air, self.name),
            NoDiscovery(),
            clock=self.machine,
            entropy=self.machine,
            listener=self._hear,
        )
        self._parts = vault, opened, in_step, service

    def _mirrored(self, vault: HeardVault) -> Mirrored:
        agreed = Agreed(self.data.memory.open())
        mirror = HeardMirror(
            vault,
            self.folder,
            agreed,
            space_id=vault.space,
            device=self.name,
            clock=self.machine,
            entropy=self.machine,
        )
        mirror.device = self
        return Mirrored(mirror, agreed, lambda: None, lambda: False)

    async def stop(self) -> None:
        """End the program in peace."""
        if not self.runs:
            return
        self.runs = False
        with suppress(asyncio.CancelledError):
            await self.service.stop()
        await self._end_tasks()
        with suppress(AtollError, PowerCut):
            self.opened.close()
        self.let_go()
        self.told.trace(f"{self.name} stopped")

    async def cut(self) -> None:
        """Cut the power; what was not synced is lost. It may be off already."""
        self.machine.on = False
        self.runs = False
        self.air.gone(self.name)
        await self._end_tasks()
        self.let_go()
        self.data.crash()
        self._fall()
        self.machine.on = True
        self.machine.well()
        self.told.trace(f"{self.name} lost its power")

    def _fall(self) -> None:
        for old, new, by_person in self.folder.crash():
            if new != old:
                self.told.promises.torn.add(new)
            if by_person:
                self.told.promises.replaced(old, new)

    def let_go(self) -> None:
        """The system takes back what a program had."""
        if self._parts is not None:
            worker = self.opened.worker
            assert isinstance(worker, SimWorker)
            worker.over = True
            _release(self.vault)
        self._parts = None

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            self._look_at(task)
        self._tasks.clear()

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A task that ended by anything but our wish or the power is a fault."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not _only_power(error):
            raise error

    def faults(self) -> None:
        """Raise what ended a part of the program by itself."""
        for task in self._tasks:
            if task.done() and self.machine.on:
                self._look_at(task)
                raise AssertionError(f"a part of {self.name} ended by itself")

    # -- what its parts tell -------------------------------------------------------------
    def _came(
        self, opened: OpenSpace, entries: frozenset[EntryId], ready: frozenset[EntryId]
    ) -> None:
        del opened
        if entries and self._parts is not None:
            self.in_step.came(ready)

    def _committed(self, opened: OpenSpace) -> None:
        if self.runs:
            self.service.announce(opened.key)

    def _tell(self, event: Event) -> None:
        del event

    def _hear(self, event: SyncEvent) -> None:
        if isinstance(event, LiveArrived | ReaderCame):
            self.heard_live(event)

    def committed(self, vault: Vault, record: Record, change: ChangeSet) -> None:
        """Something was said to be saved."""
        self.told.trace(f"{self.name} saved {record.cid.hex()[8:20]}")
        for entry in sorted({operation.entry for operation in change.operations}):
            node = vault.tree().get(entry)
            if node is not None and node.kind is EntryKind.FILE:
                self.told.promises.is_saved(self.name, b"".join(vault.read(node)))

    def look_at_what_is_held(self) -> None:
        """A person looks at mass changes, and lets them through."""
        for batch in self.opened.guard.batches:
            out = "of its own" if batch.hold.out else "of another"
            self.told.trace(f"{self.name} lets through {len(batch.harms)} changes {out}")
        if self.opened.guard.batches:
            self.opened.guard.let_through()

    def shown(self) -> set[str]:
        """Return all tokens that lie in the folder, or are kept aside in it."""
        lies = [*self.folder.contents().values(), *self.folder.kept()]
        return {token for data in lies for token in tokens_in(data)}

    def nothing_went(self, before: set[str]) -> None:
        """Writing to the folder takes nothing from it that was never saved."""
        gone = before - self.shown() - self.told.promises.saved
        assert self.meddled or not gone, f"{self.name} wrote over what nobody had: {sorted(gone)}"

    def readable(self) -> set[bytes]:
        """Return all contents that can be read in the tree, or in any version of the history."""
        vault, found = self.vault, set[bytes]()
        self.unread = []
        for path, node in vault.tree().walk():
            if node.version:
                with self._noting("/".join(path)):
                    found.add(b"".join(vault.read(node)))
        for step in vault.history(limit=-1):
            for entry in vault.touched(step):
                with self._noting(f"{entry.hex()[:8]} in {step.cid.hex()[8:20]}"):
                    found.add(b"".join(vault.read_at(entry, step.cid)))
        return found

    @contextmanager
    def _noting(self, what: str) -> Generator[None]:
        """Go on past what cannot be read, and remember why."""
        try:
            yield
        except NotFound:
            pass  # it was no file then, or deleted
        except AtollError as error:
            self.unread.append(f"{what}: {error!r}")

    def begin_work(self) -> None:
        """The mirror begins to look or to write."""
        self.meddled = False

    def looked(self, looked: Looked, *, whole: bool) -> None:
        """A look ended: what lies in the folder is kept."""
        if looked.changed:
            self.told.trace(f"{self.name} looked: {_counts(looked)}")
        sure = not (self.meddled or looked.again or looked.skipped)
        if whole and sure and self.vault.may_edit():
            self.told.promises.did_stand(self.name, self._shared())

    def _shared(self) -> Iterator[bytes]:
        for path, data in self.folder.contents().items():
            if data is not None and not IGNORE.ignores_below(path, is_folder=False):
                yield data

    def brought(self, brought: Brought) -> None:
        """Something was written to the folder."""
        counts = (brought.written, brought.moved, brought.removed)
        if any(counts):
            self.told.trace(f"{self.name} brought: {counts}")

    def _maybe_meddle(self) -> None:
        if self.meddle_at > 0:
            self.meddle_at -= 1
        elif self.meddle_at == 0 and self.meddles is not None and self.machine.on:
            act, self.meddles, self.meddle_at = self.meddles, None, -1
            self.meddled = True
            act()


def _counts(looked: Looked) -> tuple[int, ...]:
    return looked.added, looked.edited, looked.moved, looked.removed


def _only_power(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        inside: tuple[BaseException, ...] = error.exceptions
        return all(map(_only_power, inside))
    return isinstance(error, PowerCut | asyncio.CancelledError)


def _release(vault: Vault) -> None:
    vault._lock.release()  # noqa: SLF001 - the system does it when a program ends


def _ignore(event: Any) -> None:
    del event


def _pass(opened: OpenSpace) -> None:
    del opened
