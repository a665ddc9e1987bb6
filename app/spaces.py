"""The spaces on this device: opened at the start, added, adopted after joining, left."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from app.accounts import Account
from app.delivering import is_safe_elsewhere, unsure
from app.devices import Devices
from app.errands import Errands
from app.errors import (
    FolderInUse,
    FolderUnavailable,
    InNoFolder,
)
from app.events import (
    DeliveryChanged,
    DevicesChanged,
    EventHub,
    SpaceChanged,
    SpacesChanged,
    Trouble,
)
from app.folder.claims import Claims, overlap
from app.guard import Guard
from app.guard_following import follow_guard
from app.instep import InStep
from app.keep_setting import keeping_in
from app.opened import Mirrored, OpenSpace
from app.places import Places
from app.progress import Report, silent
from app.shelf import BEGUN, put_aside, show, throw_away, tidy
from app.standing import info_of, tell
from app.state import SpaceRow
from app.syncing import Hears, SpaceReplica
from app.usable import existing
from app.values import Mirroring, SpaceInfo
from app.work import Worker
from storage.errors import AtollError, NotFound
from storage.facts.change import EntryId
from storage.members import Member
from storage.ports import Clock, Entropy
from storage.vault import Vault

PATIENCE = 0.2
"""Seconds after which a space that is busy is shown as it was told last."""
ENDS_EVERY = 2.0
"""Seconds between looks at whose access has ended."""


class Mirrors(Protocol):
    """Makes mirrors of real folders; the composition root has the real one."""

    def make(self, vault: Vault, data: Path, folder: Path) -> Mirrored:
        """Return the mirror of a folder, not yet attached to it."""
        ...

    def guard(self, vault: Vault, data: Path) -> Guard:
        """Return what holds mass changes of a space, with all that it remembers."""
        ...

    def watch(self, opened: OpenSpace, in_step: InStep) -> Callable[[], None]:
        """Let changes in a folder wake its keeper; call what is returned to stop."""
        ...


class Network(Protocol):
    """The part of sync that spaces need."""

    def add(self, replica: SpaceReplica) -> None:
        """Bring a space together with others from now on."""
        ...

    def remove(self, space: bytes) -> None:
        """Stop that."""
        ...

    def announce(self, space: bytes) -> None:
        """Tell others at once that something was committed."""
        ...


class Kept:
    """An open space with all that keeps it alive."""

    def __init__(self, opened: OpenSpace, in_step: InStep, replica: SpaceReplica) -> None:
        self.opened = opened
        self.in_step = in_step
        self.replica = replica
        self.moved = asyncio.Event()
        """Set whenever a peer brought something; whoever waits for it clears it first."""
        self.task: asyncio.Task[None] | None = None
        self.unwatch: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Rim:
    """What spaces are made with."""

    places: Places
    mirrors: Mirrors
    claims: Claims
    network: Network
    clock: Clock
    entropy: Entropy
    watch: bool
    """Keep folders in step by themselves."""


class Spaces:
    """Every space on this device. Lives on the app's loop."""

    def __init__(self, account: Account, devices: Devices, events: EventHub, rim: Rim) -> None:
        self._account = account
        self._devices = devices
        self._events = events
        self._rim = rim
        self._kept: dict[str, Kept] = {}
        self._shut_out: dict[str, tuple[SpaceRow, AtollError]] = {}
        self._failed: asyncio.Future[None] | None = None
        self._errands = Errands()
        self.lacking: Callable[[Kept, frozenset[EntryId]], None] = lambda _kept, _entries: None
        """Hears what lies in a folder and cannot be compared, for its bytes are not here."""

    # -- all of them ---------------------------------------------------------------------
    async def open(self, failed: asyncio.Future[None]) -> None:
        """Open every space that is remembered; one that cannot be opened harms no other.

        `failed` hears of a fault of ours in the background.
        """
        self._failed = failed
        rows, places = tuple(self._account.state.spaces.values()), self._rim.places
        known = {places.space(row.id).name for row in rows}
        await asyncio.to_thread(tidy, places.spaces, known, self._mark)
        await asyncio.gather(*(self._open_one(row) for row in rows))

    async def close(self) -> None:
        """Stop what keeps them in step, and close them whole."""
        await self._errands.end()
        await asyncio.gather(*(self._shut(kept) for kept in tuple(self._kept.values())))
        self._kept.clear()

    def get(self, space: str) -> Kept:
        """Return one.

        Raises:
            NotFound: it is not on this device.
            AtollError: it is, but could not be opened.
        """
        kept = self._kept.get(space)
        if kept is None:
            if space in self._shut_out:
                raise self._shut_out[space][1]
            raise NotFound("this folder is not on this device")
        return kept

    def shut_out(self) -> Iterable[tuple[SpaceRow, AtollError]]:
        """Return the spaces that could not be opened, and why."""
        return tuple(self._shut_out.values())

    def some(self, space: str | None) -> tuple[Kept, ...]:
        """Return one, or all."""
        return tuple(self._kept.values()) if space is None else (self.get(space),)

    def around(self, path: Path) -> tuple[Kept, tuple[str, ...]]:
        """Return the space whose folder holds a path, and the names below it.

        Raises:
            InNoFolder: the path is in no shared folder.
        """
        for kept in self._kept.values():
            folder = kept.opened.folder
            for candidate in (path, Path(path.parent.resolve(), path.name)):
                if candidate.is_relative_to(folder):
                    return kept, candidate.relative_to(folder).parts
        for row, error in self._shut_out.values():
            if path.is_relative_to(row.folder):
                raise error
        folders = [str(kept.opened.folder) for kept in self._kept.values()]
        raise InNoFolder(str(path), sorted(folders))

    # -- one -----------------------------------------------------------------------------
    async def info(self, kept: Kept, *, patient: bool = False) -> SpaceInfo:
        """Say how a space stands; while it is busy, as it was told last, or wait for it.

        Who is busy may be reading what nobody else has yet: nobody is said to hold it all.
        """
        opened = kept.opened
        asking = asyncio.ensure_future(self._ask(kept))
        longest = PATIENCE if opened.last and not patient else None
        done, _ = await asyncio.wait({asking}, timeout=longest)
        if done:
            return asking.result()
        asking.cancel()
        assert opened.last is not None
        last = opened.last
        return replace(last, mirroring=Mirroring.WORKING, delivery=unsure(last.delivery))

    async def add(self, folder: Path, report: Report = silent) -> SpaceInfo:
        """Make a folder of real files a space of its own; finish one that was begun.

        Raises:
            FolderInUse, KeptElsewhere, Unreadable, BadUsage: it cannot be one.
        """
        folder = await asyncio.to_thread(existing, folder)
        begun = next((it for it in self._kept.values() if it.opened.folder == folder), None)
        if begun is not None:
            return await self._fill(begun, report)
        await self.refuse_taken(folder)
        seed = self._rim.places.spaces / f"{BEGUN}{self._rim.entropy.take(8).hex()}"
        worker = Worker("vault-new")
        try:
            vault = await worker.run(lambda: self._create(seed, folder.name))
        except BaseException:
            await worker.close()
            shutil.rmtree(seed, ignore_errors=True)
            raise
        return await self.adopt(vault, worker, folder, report)

    async def adopt(
        self, vault: Vault, worker: Worker, folder: Path, report: Report = silent
    ) -> SpaceInfo:
        """Take a vault that was just made into the spaces, and bring its folder in step."""
        space = vault.space.hex()
        opened = await self._opened(vault, worker, folder)
        # remembered first: a folder that bears our mark is one that the next start knows
        await self._account.state.put_space(SpaceRow(space, folder, folder.name))
        try:
            await opened.run(lambda _vault: opened.mirror())
        except BaseException:
            await self._account.state.forget_space(space)
            await opened.run(lambda _vault: opened.close())
            await worker.close()
            shutil.rmtree(self._rim.places.space(space), ignore_errors=True)
            raise
        return await self._fill(await self._keep(opened), report)

    async def _fill(self, kept: Kept, report: Report) -> SpaceInfo:
        """Look through all of a folder, and write what it lacks."""
        await kept.in_step.look(None, report, then_bring=False)
        await kept.in_step.bring(None, report)
        self._events.tell(SpacesChanged())
        return await self.info(kept, patient=True)

    async def leave(self, space: str) -> None:
        """Forget a space. The plain folder stays; so does the store, unless others hold it all.

        Whoever was not here for long may be lost: its word alone does not count.
        """
        data, everywhere = self._rim.places.space(space), False
        if self._shut_out.pop(space, None) is None:
            kept = self.get(space)
            found = await self.info(kept, patient=True)  # what was true a while ago is not enough
            everywhere = is_safe_elsewhere(found.delivery, self._rim.clock.now())
            await self._shut(kept)
            del self._kept[space]
            self._devices.forget_space(kept.opened.key)
        await self._account.state.forget_space(space)
        await asyncio.to_thread(throw_away if everywhere else put_aside, data, self._mark())
        self._events.tell(SpacesChanged())

    async def introduce(self, name: str) -> None:
        """Tell the members of every space what this device is called."""
        for kept in self._kept.values():
            await kept.opened.run(lambda vault: vault.introduce(name))
            self.committed(kept.opened)

    async def refuse_taken(self, folder: Path, besides: Kept | None = None) -> None:
        """Refuse a folder in, around or equal to one that is kept in step already.

        `besides` is about to give its own folder up, and to claim this one itself.

        Raises:
            FolderInUse: it is, here.
            KeptElsewhere: it is, by another Atoll that runs on this computer.
        """
        ours = [kept.opened.folder for kept in self._kept.values() if kept is not besides]
        ours += [row.folder for row, _ in self._shut_out.values()]
        ours.append(self._rim.places.data)
        await asyncio.to_thread(_refuse_overlap, folder, ours)
        if besides is None:
            await asyncio.to_thread(_refuse_kept, folder, self._rim.claims)

    def errand(self, work: Coroutine[object, object, None]) -> asyncio.Future[None]:
        """Begin work that is done before all is closed, whoever waits for it."""
        return self._errands.begin(work)

    # -- what happened -------------------------------------------------------------------
    def committed(self, opened: OpenSpace) -> None:
        """Something was committed here: tell others at once."""
        self._rim.network.announce(opened.key)

    def came(
        self, opened: OpenSpace, entries: frozenset[EntryId], ready: frozenset[EntryId]
    ) -> None:
        """A peer brought something; `ready` are those whose bytes are all here."""
        kept = self._kept.get(opened.id)
        if kept is None:
            return
        kept.moved.set()
        if not entries:
            return
        kept.in_step.came(ready)
        names = frozenset(entry.hex() for entry in entries)
        self._events.tell(SpaceChanged(opened.id, names, remote=True))

    async def mind_ends(self) -> None:
        """Notice soon, for as long as this runs, whose access has ended: others', or ours."""
        while True:
            await asyncio.sleep(ENDS_EVERY)
            for key in self._devices.lapsed():
                if (kept := self._kept.get(key.hex())) is not None:
                    await self._learn(kept.opened)

    # -- steps ---------------------------------------------------------------------------
    def _mark(self) -> str:
        """Return what tells stores of one name apart that are no more in use."""
        return self._rim.entropy.take(4).hex()

    async def _ask(self, kept: Kept) -> SpaceInfo:
        opened, this = kept.opened, self._account.did
        told, there = await opened.run(lambda _vault: (tell(opened, this), opened.seems_there()))
        if opened.seems_wrong(there=there):
            kept.in_step.missed()
        self._devices.members_of(opened.key, told.members, told.names)
        info = info_of(opened, told, self._devices, this)
        if not there and info.mirroring is not Mirroring.UNAVAILABLE:  # the keeper finds it soon
            gone = FolderUnavailable.code
            info = replace(info, mirroring=Mirroring.UNAVAILABLE, why=gone)
        opened.last = info
        return info

    async def _open_one(self, row: SpaceRow) -> None:
        worker = Worker(f"vault-{row.id[:8]}")
        try:
            vault = await worker.run(lambda: self._open_vault(row))
            opened = await self._opened(vault, worker, row.folder)
        except AtollError as error:
            await worker.close()
            self._shut_out[row.id] = row, error
            self._events.tell(Trouble(error.code, row.name, row.id))
            return
        kept = await self._keep(opened)
        await self.info(kept)  # so that there is an answer while everything is looked at
        kept.in_step.missed()
        kept.in_step.came_anywhere()

    async def _opened(self, vault: Vault, worker: Worker, folder: Path) -> OpenSpace:
        """Put a vault and its mirror together."""
        data = self._rim.places.space(vault.space.hex())

        def make(where: Path) -> Mirrored:
            return self._rim.mirrors.make(vault, data, where)

        try:
            mirrored = await worker.run(lambda: make(folder))
            guard = await worker.run(lambda: self._rim.mirrors.guard(vault, data))
        except BaseException:
            await worker.run(vault.close)
            raise
        claims = self._rim.claims
        return OpenSpace(vault.space, folder, worker, vault, mirrored, make, claims, guard)

    async def _keep(self, opened: OpenSpace) -> Kept:
        in_step = InStep(opened, self._events.tell, self.committed)
        key = await opened.run(lambda vault: vault.meeting_key)
        replica = SpaceReplica(opened, key, Hears(self.came, self._signed, self._joined))
        kept = Kept(opened, in_step, replica)
        in_step.wanted = lambda entries: self.lacking(kept, entries)
        follow_guard(opened, in_step, self._events.tell, self.committed)
        self._kept[opened.id] = kept
        self._devices.members_of(opened.key, *await opened.run(_people))
        if self._rim.watch:
            self._watch(kept)
            in_step.came_back = lambda: self._watch(kept)
            in_step.stop_watching = lambda: _unwatch(kept)
            kept.task = asyncio.create_task(in_step.run(), name=f"in step {opened.id[:8]}")
            kept.task.add_done_callback(self._ended)
        self._rim.network.add(replica)
        return kept

    def _watch(self, kept: Kept) -> None:
        """Watch a folder; once more when it was away, for it may be another inode now."""
        _unwatch(kept)
        kept.unwatch = self._rim.mirrors.watch(kept.opened, kept.in_step)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A keeper never ends by itself; a fault of ours ends the app, loudly."""
        if not task.cancelled() and self._failed is not None and not self._failed.done():
            self._failed.set_exception(task.exception() or RuntimeError("a keeper ended"))

    def _signed(self, opened: OpenSpace) -> None:
        self._events.tell(DeliveryChanged(opened.id))

    def _joined(self, opened: OpenSpace) -> None:
        """Learn who the members are now, and tell others of what we wrapped for them."""
        self.errand(self._learn(opened))

    async def _learn(self, opened: OpenSpace) -> None:
        if opened.id in self._kept:
            self._devices.members_of(opened.key, *await opened.run(_people))
            self._rim.network.announce(opened.key)
            self._events.tell(SpacesChanged())
            self._events.tell(DevicesChanged())

    async def _shut(self, kept: Kept) -> None:
        await asyncio.to_thread(_unwatch, kept)
        self._rim.network.remove(kept.opened.key)
        if kept.task is not None:
            kept.task.cancel()
            await asyncio.wait({kept.task})
        await kept.opened.run(lambda _vault: kept.opened.close())
        await kept.opened.worker.close()

    def _create(self, seed: Path, name: str) -> Vault:
        """Make a vault, and give its folder the name that its id gives."""
        keys, rim = self._account.keys, self._rim
        vault = Vault.create(seed, keys, name, rim.clock, rim.entropy)
        vault.introduce(self._account.name)
        space = vault.space.hex()
        vault.close()
        show(seed, rim.places.space(space))
        return Vault.open(rim.places.space(space), keys, rim.clock, rim.entropy)

    def _open_vault(self, row: SpaceRow) -> Vault:
        rim = self._rim
        vault = Vault.open(rim.places.space(row.id), self._account.keys, rim.clock, rim.entropy)
        vault.set_keeping(keeping_in(self._account.state, row.id))
        vault.welcome()  # of who joined just before we were stopped
        return vault


def _refuse_overlap(folder: Path, ours: Iterable[Path]) -> None:
    for known in ours:
        if overlap(folder, known.resolve()):
            raise FolderInUse(f"{folder} overlaps {known}")


def _refuse_kept(folder: Path, claims: Claims) -> None:
    if folder.is_dir():
        claims.take(folder).release()


def _people(vault: Vault) -> tuple[tuple[Member, ...], dict[str, str]]:
    return vault.members(), vault.device_names()


def _unwatch(kept: Kept) -> None:
    unwatch, kept.unwatch = kept.unwatch, None
    if unwatch is not None:
        unwatch()
