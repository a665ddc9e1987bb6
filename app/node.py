"""The app: every use case behind one door, on one event loop.

Thin on purpose: each method hands on to the service that knows. `start` and `stop` keep the
order: spaces before sync, and the other way round at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path

from app.accounts import Account
from app.attaching import Attaching
from app.backing import Backing
from app.bringing import Bringing
from app.care_values import BackupInfo, RepairReport
from app.config import Config
from app.devices import Devices
from app.events import DevicesChanged, EventHub
from app.facade import OpenNote
from app.files import Files
from app.folder.claims import Claims
from app.guard_values import GuardSettings, HeldBatch, PutBack
from app.guarding import Guarding
from app.health import Health
from app.history import History
from app.keeping import KeepHere
from app.keeping_history import KeepingHistory
from app.meeting import Meeting, Service
from app.moments import MomentService
from app.notes import Notes
from app.progress import Report, silent
from app.repairing import Repairing
from app.search import Search
from app.sharing.announcing import Announcing
from app.sharing.grants import Grants, address_of, hint_of, read_invite
from app.sharing.redeem import Joining
from app.spaces import Mirrors, Rim, Spaces
from app.standing import info_of_shut_out
from app.state import Address
from app.together import TogetherService
from app.twins import Twins
from app.undoing import Undoing
from app.values import (
    BinItem,
    CheckReport,
    Delivery,
    DeviceInfo,
    Draft,
    EntryInfo,
    Hit,
    InviteInfo,
    Role,
    SpaceInfo,
    Version,
)
from app.waking import mind_sleep
from storage.ports import Clock, Entropy
from sync.errors import PeerRefused
from sync.events import SyncEvent
from sync.ports import Known, Replica

BuildNetwork = Callable[[Known, Sequence[Replica], Callable[[SyncEvent], None]], Service]
"""Makes sync, given who we know, the spaces, and who listens."""


class Node:
    """One device's app, from start to stop."""

    def __init__(
        self,
        config: Config,
        account: Account,
        *,
        mirrors: Mirrors,
        claims: Claims,
        clock: Clock,
        entropy: Entropy,
        network: BuildNetwork | None,
        own_addresses: Callable[[], Sequence[str]],
    ) -> None:
        self.events = EventHub()
        self._account = account
        self._config = config
        self._clock = clock
        self._following: list[asyncio.Task[None]] = []
        self._own_addresses = own_addresses
        self._failed: asyncio.Future[None] | None = None
        self.devices_known = Devices(account, clock)
        build = None if network is None else partial(network, self.devices_known)
        self.meeting = Meeting(account.state, self.devices_known, self.events, build)
        rim = Rim(config.places, mirrors, claims, self.meeting, clock, entropy, config.watch)
        self._spaces = Spaces(account, self.devices_known, self.events, rim)
        self._files = Files(account, self.devices_known, self._spaces, clock)
        self._bringing = Bringing(self._spaces)
        self._notes = Notes(self._spaces, self.meeting, clock, entropy)
        self.events.listen(self._notes.hear)
        self._guarding = Guarding(account, self.devices_known, self._spaces)
        self._history = History(self._spaces, self._files)
        self.undoing = Undoing(account, self._spaces, clock)
        self.moments = MomentService(self._spaces, self._history, self.undoing, clock)
        self.together = TogetherService(self._spaces)
        self._repairing = Repairing(account, self.devices_known, self._spaces, self.events)
        self.past = KeepingHistory(account, self._spaces, self.meeting, self._repairing, clock)
        self._search = Search(self._spaces)
        self._twins = Twins(self._spaces, entropy)
        self._health = Health(account, self.devices_known, self._spaces)
        self._backing = Backing(account, self._spaces, config.places, clock, entropy)
        self._grants = Grants(account, self.devices_known, self._spaces, clock)
        self._announcing = Announcing(account.state, self.meeting, self.events)
        self._keep = self._make_keep(clock, entropy)
        self._joining = self._make_joining(clock, entropy)
        self._spaces.lacking = self._keep.wanted
        self._keep.give_back = self.past.collect
        self._repairing.repaired = self.past.repaired
        self._attaching = Attaching(account.state, self._spaces, self.events)
        self.devices_known.invitation = self._grants.invitation

    def _make_joining(self, clock: Clock, entropy: Entropy) -> Joining:
        return Joining(
            self._account,
            self._spaces,
            self.meeting,
            self._announcing,
            self._keep,
            places=self._config.places,
            clock=clock,
            entropy=entropy,
        )

    def _make_keep(self, clock: Clock, entropy: Entropy) -> KeepHere:
        return KeepHere(
            self._account,
            self.devices_known,
            self._spaces,
            self.meeting,
            self.events,
            clock=clock,
            entropy=entropy,
        )

    # -- its life ------------------------------------------------------------------------
    @property
    def port(self) -> int:
        """Where other devices reach us, 0 when they do not."""
        return self.meeting.port

    async def start(self) -> None:
        """Open the spaces, and begin to meet others."""
        self._failed = asyncio.get_running_loop().create_future()
        await self._spaces.open(self._failed)
        self.meeting.start(self._failed)
        self._announcing.start()
        if self._config.watch:
            self.events.listen(self._keep.hear)
            self._follow(self._keep.run(), "keep")
            self.events.listen(self._search.hear)
            self._follow(self._search.run(), "search")
            self.events.listen(self._twins.hear)
            self._follow(self._twins.run(), "twins")
            self._follow(self.past.run(), "past")
            self._follow(mind_sleep(self._clock, self._look_everywhere), "sleep")
        self._follow(self._spaces.mind_ends(), "ends of access")

    async def stop(self) -> None:
        """Say goodbye, let the workers end, close all."""
        await self._notes.close()
        await self._announcing.stop()
        for task in self._following:
            task.cancel()
        if self._following:
            await asyncio.wait(self._following)
        await self.meeting.stop()
        await self._spaces.close()
        await self._account.state.close()
        if self._failed is not None and self._failed.done():
            self._failed.exception()  # it was told already, or nobody waits for it any more

    async def broken(self) -> None:
        """Wait until something inside failed by a fault of ours, and raise it."""
        assert self._failed is not None, "start first"
        await asyncio.shield(self._failed)

    def _look_everywhere(self) -> None:
        for kept in self._spaces.some(None):
            kept.in_step.missed()

    def _follow(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._following.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What follows runs as long as the app does; a fault of ours ends the app, loudly."""
        if task.cancelled() or self._failed is None or self._failed.done():
            return
        if (error := task.exception()) is not None:
            self._failed.set_exception(error)

    # -- this device ---------------------------------------------------------------------
    async def device_name(self) -> str:
        """Return this device's name."""
        return self._account.name

    async def rename_device(self, name: str) -> None:
        """Name this device."""
        taken = await self._account.rename(name)
        await self._spaces.introduce(taken)
        self.events.tell(DevicesChanged())

    async def devices(self) -> tuple[DeviceInfo, ...]:
        """Return this device and all that share something with it."""
        return self.devices_known.all()

    async def dial(self, address: str) -> str:
        """Meet the device at HOST:PORT now."""
        place = address_of(address)
        try:
            return await self.meeting.dial(place)
        except PeerRefused:
            giver = await self._announcing.at(place)
            if giver is None:
                raise
            return self.devices_known.name(giver)

    # -- spaces --------------------------------------------------------------------------
    async def spaces(self) -> tuple[SpaceInfo, ...]:
        """Return every space on this device, by name."""
        asked = [self._spaces.info(kept) for kept in self._spaces.some(None)]
        infos = await asyncio.gather(*asked)
        infos += [info_of_shut_out(row, error.code) for row, error in self._spaces.shut_out()]
        return tuple(sorted(infos, key=lambda space: space.name))

    async def add(self, folder: Path, report: Report = silent) -> SpaceInfo:
        """Open a folder of real files as a space of its own."""
        return await self._spaces.add(folder, report)

    async def attach(
        self, space: str, folder: Path, *, merge: bool = False, report: Report = silent
    ) -> SpaceInfo:
        """Keep a space in step with another folder, when its own is gone or was moved."""
        return await self._attaching.attach(space, folder, merge=merge, report=report)

    async def leave(self, space: str) -> None:
        """Forget a space on this device."""
        await self._spaces.leave(space)

    async def keep(
        self, space: str, how: str | None = None, budget: int | None = None
    ) -> SpaceInfo:
        """Keep a space whole, what was opened, or names only; say how much is here."""
        return await self._keep.keep(space, how, budget)

    async def fetch(self, space: str, entries: Sequence[str], report: Report = silent) -> int:
        """Bring files here that are not kept in any case."""
        return await self._keep.fetch(space, entries, report)

    async def scan(self, space: str, report: Report = silent) -> None:
        """Look through the whole plain folder now."""
        kept = self._spaces.get(space)
        await kept.in_step.look_to_the_end(report)
        await kept.in_step.bring(None, report)

    # -- sharing -------------------------------------------------------------------------
    async def share(
        self, space: str, role: Role, until: int | None, addresses: Sequence[str] = ()
    ) -> InviteInfo:
        """Make a code that gives access."""
        given = [hint_of(address) for address in addresses]
        hints = given or await self._own_hints()
        return await self._grants.share(space, role, until, hints)

    async def _own_hints(self) -> Sequence[Address]:
        """Return where others on this network may reach us now."""
        port = await self.meeting.listening()
        if not port:
            return ()
        hosts = await asyncio.to_thread(self._own_addresses)
        return [(host, port) for host in hosts]

    async def invite_file(self, code: str) -> bytes:
        """Return the hand-over file for a code made here."""
        return await self._grants.file(code)

    async def read_invite(self, given: str | bytes) -> InviteInfo:
        """Say what a code or hand-over file offers."""
        return read_invite(given, self._clock.now())

    async def join(
        self,
        given: str | bytes,
        into: Path,
        *,
        merge: bool = False,
        keep: str | None = None,
        report: Report = silent,
    ) -> SpaceInfo:
        """Accept a code: fetch all that is to be kept, fill the folder."""
        return await self._joining.join(given, into, merge=merge, keep=keep, report=report)

    # -- notes and files -----------------------------------------------------------------
    async def entries(self, space: str, folder: str | None = None) -> tuple[EntryInfo, ...]:
        """Return what a folder holds."""
        return await self._files.entries(space, folder)

    async def all_entries(self, space: str) -> tuple[EntryInfo, ...]:
        """Return every file and note of a space."""
        return await self._files.all_entries(space)

    async def entry(self, space: str, entry: str) -> EntryInfo:
        """Return one."""
        return await self._files.entry(space, entry)

    async def find(self, path: Path) -> EntryInfo:
        """Return the entry that a path on this disk is, or was."""
        return await self._files.find(path)

    async def open_note(self, space: str, entry: str) -> OpenNote:
        """Open a text for typing."""
        async with self._keep.at_hand(space, [entry]):
            return await self._notes.open(space, entry)

    async def read(self, space: str, entry: str, record: str | None = None) -> bytes:
        """Return a file's bytes, now or as of a record."""
        async with self._keep.at_hand(space, [entry], record=record):
            return await self._files.read(space, entry, record)

    async def new_note(
        self, space: str, folder: str | None, name: str, text: str = ""
    ) -> EntryInfo:
        """Make a note."""
        return await self._files.new_note(space, folder, name, text)

    async def new_folder(self, space: str, folder: str | None, name: str) -> EntryInfo:
        """Make a folder."""
        return await self._files.new_folder(space, folder, name)

    async def bring_in(
        self, space: str, folder: str | None, paths: Sequence[Path], report: Report = silent
    ) -> int:
        """Copy files and folders from anywhere into a folder."""
        return await self._bringing.bring(space, folder, paths, report)

    async def rename(self, space: str, entry: str, name: str) -> EntryInfo:
        """Give another name."""
        return await self._files.rename(space, entry, name)

    async def remove(self, space: str, entry: str) -> None:
        """Put in the bin."""
        await self._files.remove(space, entry)

    # -- time ----------------------------------------------------------------------------
    async def history(
        self, space: str, entry: str | None = None, limit: int = 200
    ) -> tuple[Version, ...]:
        """Return the steps of one entry or of the whole space."""
        return await self._history.steps(space, entry, limit)

    async def restore(self, space: str, entry: str, record: str) -> EntryInfo:
        """Bring an entry back as it was at a record."""
        async with self._keep.at_hand(space, [entry], record=record):
            return await self._history.restore(space, entry, record)

    async def bin(self, space: str | None = None) -> tuple[BinItem, ...]:
        """Return what was deleted, but for what was cleared out."""
        found = await self._history.bin(space)
        return tuple(item for item in found if not self.past.is_emptied(item))

    async def restore_from_bin(self, space: str, entry: str) -> EntryInfo:
        """Bring back something deleted."""
        return await self._history.restore_from_bin(space, entry)

    async def drafts(self, space: str) -> tuple[Draft, ...]:
        """Return what is kept here only."""
        return await self._history.drafts(space)

    async def drop_draft(self, space: str, path: Sequence[str]) -> None:
        """Go back to the shared version of a path."""
        await self._history.drop_draft(space, path)

    # -- very many files changed at once -------------------------------------------------
    async def held(self, space: str | None = None) -> tuple[HeldBatch, ...]:
        """Return the mass changes that wait for a person to look."""
        return await self._guarding.held(space)

    async def let_through(self, space: str) -> int:
        """Let what is held go on its way."""
        return await self._guarding.let_through(space)

    async def undo_held(self, space: str) -> PutBack:
        """Take back what is held, as a new step."""
        return await self._guarding.undo(space)

    async def guard(self, space: str) -> GuardSettings:
        """Return from how many files on a change of many is held."""
        return await self._guarding.settings(space)

    async def set_guard(self, space: str, settings: GuardSettings) -> None:
        """Change that."""
        await self._guarding.set(space, settings)

    # -- truth ---------------------------------------------------------------------------
    async def delivery(self, space: str, entry: str | None = None) -> Delivery:
        """Say who holds the present version of an entry, or all of a space."""
        return await self._health.delivery(space, entry)

    async def search(
        self, words: str, space: str | None = None, limit: int = 50
    ) -> tuple[Hit, ...]:
        """Find names and texts."""
        return await self._search.find(words, space, limit)

    async def check(
        self, space: str | None = None, report: Report = silent, *, quick: bool = False
    ) -> CheckReport:
        """Verify every block, record, chain, version and list."""
        return await self._health.check(space, report, quick=quick)

    async def repair(self, space: str | None = None, report: Report = silent) -> RepairReport:
        """Mend what is damaged, make the lists anew, ask others for the rest."""
        return await self._repairing.repair(space, report)

    async def backup(self, into: Path, passphrase: str, report: Report = silent) -> BackupInfo:
        """Write a backup of all that is kept here, and try it."""
        return await self._backing.backup(into, passphrase, report)

    async def backups(self) -> tuple[BackupInfo, ...]:
        """Return the backups that were tried and are good, the last first."""
        return self._backing.backups()

    async def export(self, space: str, into: Path, report: Report = silent) -> int:
        """Write every file as it is now into an empty folder."""
        async with self._keep.at_hand(space, None, report):
            return await self._files.export(space, into, report)
