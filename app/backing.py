"""Backups of all that a device keeps: taken while it works, tried before they are called good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.accounts import Account
from app.care_values import BackupInfo
from app.errors import BadUsage, PlaceNotEmpty
from app.health import stepping
from app.loose import list_in, mapping_in, number_in, text_in
from app.places import Places
from app.progress import Progress, Report
from app.spaces import Spaces
from app.statecopy import plain_of
from app.work import Worker
from storage.backup.places import (
    ENVELOPE,
    NEW,
    PACKS,
    FileTarget,
    FolderTarget,
    Target,
    holds_backup,
    open_folder,
)
from storage.backup.table import SpaceKept, Table, open_table, seal_table
from storage.backup.taking import Snapshot, Tools, prove, take
from storage.blocks.disk import RealDisk
from storage.checking import Found
from storage.core import PACKS as STORE_PACKS
from storage.crypto.passphrase import SALT_SIZE, SHORTEST, is_weak
from storage.errors import BackupNotGood, StoreUnusable
from storage.identity.device import DeviceKeys
from storage.ports import Clock, Entropy
from storage.system import in_our_words

SETTING = "backups"
REMEMBERED = 20
AGAIN = 3
"""So often is tried anew when a pack went before it was copied."""
FILE_ENDING = ".atoll-backup"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One backup on its way."""

    into: Path
    passphrase: str
    snapshots: tuple[Snapshot, ...]
    folders: dict[bytes, str]
    stores: dict[bytes, Path]
    memory: bytes
    name: str
    keys: DeviceKeys


class Backing:
    """Takes backups."""

    def __init__(
        self, account: Account, spaces: Spaces, places: Places, clock: Clock, entropy: Entropy
    ) -> None:
        self._account = account
        self._spaces = spaces
        self._places = places
        self._clock = clock
        self._entropy = entropy

    async def backup(self, into: Path, passphrase: str, report: Report) -> BackupInfo:
        """Write a backup into a folder or a file, try it, and remember when it was good.

        Raises:
            BadUsage: the passphrase is too short, or the place lies in what is backed up.
            PlaceNotEmpty: a folder that holds something else.
            WrongPassphrase: the folder holds a backup under another one.
            BackupNotGood: what was written does not hold all. An earlier backup is as it was.
            StoreFull, StoreUnusable: it cannot be written. An earlier backup is as it was.
        """
        check_passphrase(passphrase)
        into = await asyncio.to_thread(self._fit_place, into)
        worker = Worker("backup")
        try:
            info = await self._some_tries(worker, into, passphrase, report)
        finally:
            await worker.close()
        await self._remember(info)
        return info

    async def _some_tries(
        self, worker: Worker, into: Path, passphrase: str, report: Report
    ) -> BackupInfo:
        """Write it; anew when a pack was rewritten and went before it was copied."""
        for _ in range(AGAIN):
            asked = await self._asked(into, passphrase)

            def work(told: Report, asked: _Asked = asked) -> BackupInfo:
                return self._write(asked, told)

            try:
                return await worker.run_reporting(work, report)
            except StoreUnusable:
                if not await self._has_changed(asked):
                    raise
        raise StoreUnusable("the packs changed all the time; back up once more")

    def backups(self) -> tuple[BackupInfo, ...]:
        """Return what was proved, the last first: one for each place."""
        with suppress(ValueError):
            found = json.loads(self._account.state.settings.get(SETTING, "[]"))
            return tuple(_info_from(mapping_in(each)) for each in list_in(found))
        return ()

    async def _remember(self, info: BackupInfo) -> None:
        known = [it for it in self.backups() if it.into != info.into]
        kept = [info, *known][:REMEMBERED]
        await self._account.state.set(SETTING, json.dumps([_info_to(it) for it in kept]))

    async def _asked(self, into: Path, passphrase: str) -> _Asked:
        snapshots: list[Snapshot] = []
        folders: dict[bytes, str] = {}
        stores: dict[bytes, Path] = {}
        for row, error in self._spaces.shut_out():
            raise StoreUnusable(f"{row.name} cannot be opened: {error}")
        for kept in self._spaces.some(None):
            snapshot = await kept.opened.run(lambda vault: vault.snapshot())
            snapshots.append(snapshot)
            folders[snapshot.space] = str(kept.opened.folder)
            stores[snapshot.space] = self._places.space(kept.opened.id)
        memory = plain_of(await self._account.state.tables())
        name, keys = self._account.name, self._account.keys
        return _Asked(into, passphrase, tuple(snapshots), folders, stores, memory, name, keys)

    async def _has_changed(self, asked: _Asked) -> bool:
        """Say whether packs that were to be copied are gone, for they were rewritten."""
        before = {it.space: {number for number, _size in it.packs} for it in asked.snapshots}
        for kept in self._spaces.some(None):
            now = await kept.opened.run(lambda vault: vault.snapshot())
            if not before.get(now.space, set()) <= {number for number, _size in now.packs}:
                return True
        return False

    def _fit_place(self, into: Path) -> Path:
        """Return where to write, if a backup may lie there.

        Raises:
            BadUsage: it would lie in what is backed up.
            PlaceNotEmpty: it is a folder that holds something else.
            StoreUnusable: it cannot be looked at.
        """
        with in_our_words(f"look at {into}"):
            found = into.resolve()
            if found.is_relative_to(self._places.data.resolve()):
                raise BadUsage("a backup inside the data folder would be lost with it")
            for kept in self._spaces.some(None):
                if found.is_relative_to(kept.opened.folder.resolve()):
                    raise BadUsage(f"a backup inside {kept.opened.folder} would be shared with it")
            if found.is_dir():
                there = {path.name for path in found.iterdir()}
                if there - {ENVELOPE, PACKS, ENVELOPE + NEW}:
                    raise PlaceNotEmpty(f"{found} holds something else")
        return found

    # -- on a thread of its own ------------------------------------------------------------
    def _write(self, asked: _Asked, report: Report) -> BackupInfo:
        old = self._old(asked)
        found, info = self._try(asked, old, report)
        if found and old is not None:  # what was there is damaged: write all of it anew
            found, info = self._try(asked, None, report)
        if found:
            raise BackupNotGood("; ".join(f"{it.what}: {it.where}" for it in found[:3]))
        return info

    def _old(self, asked: _Asked) -> Table | None:
        """Return what the place holds already."""
        if not holds_backup(asked.into):
            return None
        source = open_folder(asked.into)
        return open_table(source.envelope, asked.passphrase)

    def _try(
        self, asked: _Asked, old: Table | None, report: Report
    ) -> tuple[Sequence[Found], BackupInfo]:
        """Write all of it, open it from there, and let it be in force when nothing is wrong."""
        target = _target(asked.into)
        try:
            spaces, written = self._copy(asked, old, target, report)
            at = self._clock.now()
            table = Table(int(at), asked.name, asked.keys, asked.memory, spaces)
            salt = self._entropy.take(SALT_SIZE)
            source = target.finish(seal_table(table, asked.passphrase, salt))
            try:
                tools = Tools(self._clock, self._entropy, self._places.data, stepping(report))
                there = open_table(source.envelope, asked.passphrase)
                found = prove(source, there, asked.snapshots, tools)
            finally:
                source.close()
            if found:
                target.give_up()
            else:
                target.publish(member for kept in spaces for member in kept.packs)
        except BaseException:
            target.give_up()
            raise
        size = sum(snapshot.size for snapshot in asked.snapshots)
        names = tuple(kept.name for kept in spaces)
        return found, BackupInfo(at, str(asked.into), names, size, written)

    def _copy(
        self, asked: _Asked, old: Table | None, target: Target, report: Report
    ) -> tuple[tuple[SpaceKept, ...], int]:
        total, done = sum(snapshot.size for snapshot in asked.snapshots), 0
        before = {kept.space: kept for kept in old.spaces} if old is not None else {}
        spaces: list[SpaceKept] = []

        def copied(size: int) -> None:
            nonlocal done
            done += size
            report(Progress("Backing up", "", 0, 0, done, max(total, done)))

        for snapshot in asked.snapshots:
            disk = RealDisk(asked.stores[snapshot.space] / STORE_PACKS)
            try:
                folder, was = asked.folders[snapshot.space], before.get(snapshot.space)
                spaces.append(take(snapshot, folder, disk, target, old=was, copied=copied))
            finally:
                disk.close()
        return tuple(spaces), sum(_written(kept, before.get(kept.space)) for kept in spaces)


def _written(kept: SpaceKept, was: SpaceKept | None) -> int:
    """Return how many bytes of packs were not there already."""
    there = {member.file: member.size for member in was.packs} if was is not None else {}
    return sum(member.size - there.get(member.file, 0) for member in kept.packs)


def _target(into: Path) -> Target:
    """A folder, or one file where the name says so or a file lies there."""
    with in_our_words(f"look at {into}"):
        is_file = into.is_file() or (into.suffix == FILE_ENDING and not into.is_dir())
    return FileTarget(into) if is_file else FolderTarget(into)


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is guessed too easily.

    Raises:
        BadUsage: it is.
    """
    if is_weak(passphrase):
        raise BadUsage(
            f"this passphrase is guessed too easily: take {SHORTEST} characters or more, "
            "such as four words"
        )


def _info_to(info: BackupInfo) -> dict[str, object]:
    return {
        "at": info.at,
        "into": info.into,
        "spaces": list(info.spaces),
        "bytes": info.bytes,
        "written": info.written,
    }


def _info_from(value: dict[str, object]) -> BackupInfo:
    at = value.get("at")
    return BackupInfo(
        float(at) if isinstance(at, int | float) else 0.0,
        text_in(value.get("into")),
        tuple(text_in(name) for name in list_in(value.get("spaces"))),
        number_in(value.get("bytes")),
        number_in(value.get("written")),
    )
