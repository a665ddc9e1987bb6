"""A device brought back from a backup, on a new machine or in an empty data folder.

It is the same device with new incarnations: its index is built anew, so it writes under numbers
that nobody used. What others heard of it after the backup comes back from them. The keys are
written last: until then the data folder belongs to no device, and all can be done again. What
was begun is told from what somebody keeps by a file that stands there meanwhile.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.accounts import STATE
from app.care_values import Restored, RestoredSpace
from app.errors import BadUsage, PlaceNotEmpty, Unreadable
from app.folder.names import to_disk
from app.folder.port import Ways
from app.keep_setting import with_new_marks
from app.places import Places
from app.progress import Progress, Report
from app.shelf import BEGUN
from app.state import DeviceState
from app.statecopy import Tables, tables_from
from app.usable import made_ready
from storage.backup.places import PIECE, Source, open_backup
from storage.backup.table import Member, SpaceKept, Table, open_table
from storage.core import PACKS
from storage.errors import BackupUnusable, DecodeError
from storage.identity.keyfile import save
from storage.lasting import make_folder, replace_file, sync_folder
from storage.ports import Clock, Entropy
from storage.system import in_our_words, our_error
from storage.vault import Vault
from storage.vaultlock import SPACE_FILE

_WAYS = Ways()


@dataclass(frozen=True, slots=True)
class Wished:
    """Where what comes back is to lie."""

    into: Path
    """Each plain folder lies in there, under its name."""
    folders: Mapping[str, Path]
    """But these, by name, lie elsewhere."""
    merge: bool
    """A plain folder may hold files: both are brought together."""


class Restoring:
    """Brings one device back."""

    def __init__(self, places: Places, clock: Clock, entropy: Entropy, report: Report) -> None:
        self._places = places
        self._clock = clock
        self._entropy = entropy
        self._report = report

    async def restore(self, source: Path, passphrase: str, wished: Wished) -> Restored:
        """Fill the data folder; plain folders are made, and filled by whoever opens it next.

        Raises:
            BackupUnusable, WrongPassphrase: the backup cannot be opened, or is damaged.
            PlaceNotEmpty, FolderNotEmpty, Unreadable: a place for it cannot be used.
            StoreFull, StoreUnusable: there is no room.
        """
        if self._places.is_set_up():
            raise BadUsage("this data folder belongs to a device already; name another: --data")
        self._refuse_known_folders()
        opened = open_backup(source)
        try:
            table = open_table(opened.envelope, passphrase)
            memory = _memory_in(table)
            folders = self._folders(table, wished)
            self._begin()
            spaces = [self._space(opened, table, kept) for kept in table.spaces]
        finally:
            opened.close()
        for folder in folders.values():
            made_ready(folder, merge=wished.merge)
        await self._remember(table, memory, folders)
        save(self._places.device_key, table.keys)
        self._end()
        rows = [
            RestoredSpace(kept.name, str(folders[kept.space]), files)
            for kept, files in zip(table.spaces, spaces, strict=True)
        ]
        return Restored(table.name, table.at, tuple(rows))

    def _begin(self) -> None:
        """Say on the disk that this data folder is half of a device, until all is there."""
        with in_our_words("write to the data folder"):
            replace_file(self._places.restoring, b"")

    def _end(self) -> None:
        with in_our_words("write to the data folder"):
            self._places.restoring.unlink(missing_ok=True)
            sync_folder(self._places.data)

    def _refuse_known_folders(self) -> None:
        """Refuse a data folder in which something lies that is not ours to replace."""
        try:
            if self._places.restoring.exists():
                return  # of an earlier try
            there = [path.name for path in self._places.spaces.iterdir()]
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unreadable(error.strerror or "not readable", str(self._places.data)) from error
        if any(not name.startswith(BEGUN) for name in there):
            raise PlaceNotEmpty(f"{self._places.spaces} holds something")

    def _folders(self, table: Table, wished: Wished) -> dict[bytes, Path]:
        """Choose a place for each plain folder, all of them different."""
        found: dict[bytes, Path] = {}
        unknown = set(wished.folders) - {kept.name for kept in table.spaces}
        if unknown:
            raise BadUsage(f"the backup holds no folder {min(unknown)!r}")
        for kept in table.spaces:
            name = to_disk(kept.name, _WAYS) if kept.name else kept.space.hex()[:8]
            folder = wished.folders.get(kept.name, wished.into / name)
            if folder in found.values():
                folder = folder.with_name(f"{folder.name} {kept.space.hex()[:8]}")
            found[kept.space] = folder.absolute()
        return found

    def _space(self, source: Source, table: Table, kept: SpaceKept) -> int:
        """Write one store, open it, and hold it against what the backup says."""
        store = self._places.space(kept.space.hex())
        begun = store.with_name(f"{BEGUN}{store.name}")
        shutil.rmtree(begun, ignore_errors=True)  # of an earlier try
        shutil.rmtree(store, ignore_errors=True)
        try:
            make_folder(begun / PACKS)
            for member in kept.packs:
                self._pack(source, member, begun / PACKS / f"{member.number:06}.pack")
            sync_folder(begun / PACKS)
            replace_file(begun / SPACE_FILE, kept.space)
            begun.rename(store)
            sync_folder(store.parent)
        except OSError as error:
            shutil.rmtree(begun, ignore_errors=True)
            raise our_error("write a store", error) from error
        return self._files_in(store, table, kept)

    def _files_in(self, store: Path, table: Table, kept: SpaceKept) -> int:
        try:
            vault = Vault.open(store, table.keys, self._clock, self._entropy)
            try:
                if (vault.root, vault.seen) != (kept.root, kept.seen):
                    raise BackupUnusable(f"{kept.name} is not what it was when it was backed up")
                return vault.counts()[0]
            finally:
                vault.close()
        except BaseException:
            with suppress(OSError):
                shutil.rmtree(store)
            raise

    def _pack(self, source: Source, member: Member, path: Path) -> None:
        done = 0
        with path.open("xb") as file:
            path.chmod(0o600)
            while done < member.size:
                piece = source.read(member, done, min(PIECE, member.size - done))
                if not piece:
                    raise BackupUnusable(f"the backup ends within {path.name}")
                file.write(piece)
                done += len(piece)
                self._report(Progress("Restoring", "", 0, 0, done, member.size))
            file.flush()
            os.fsync(file.fileno())

    async def _remember(self, table: Table, memory: Tables, folders: Mapping[bytes, Path]) -> None:
        rows = [(kept.space.hex(), str(folders[kept.space]), kept.name) for kept in table.spaces]
        tables: Tables = {**memory, "space": list(rows)}
        if not any(row[:1] == ("name",) for row in tables.get("setting", ())):
            tables["setting"] = [*tables.get("setting", ()), ("name", table.name)]
        tables["setting"] = with_new_marks(tables["setting"], self._entropy)
        state = DeviceState.remake(self._places.state, table.keys.derive(STATE), tables)
        await state.close()


def _memory_in(table: Table) -> Tables:
    try:
        return tables_from(table.memory)
    except DecodeError as error:
        raise BackupUnusable("what the device remembered is malformed") from error
