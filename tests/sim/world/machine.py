"""One machine: its clock, its power, its disk and databases in memory, and how they fail.

What was synced stays. What was not may be gone after a power cut, and a database that does
not force its commits to the disk may be as it was some commits ago.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Generator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from storage import core
from storage.blocks.packed import PackedBlocks
from storage.crypto import primitives
from storage.errors import StorageError, StoreFull
from storage.index.sealed_db import GuardedConnection
from tests.access import NOW
from tests.helpers.crashing_disk import CrashingDisk, PowerCut
from tests.sim.world.loop import BEGINNING

_READS = ("SELECT", "PRAGMA", "ROLLBACK", "CREATE", "SAVEPOINT", "RELEASE", "BEGIN")
PACK_SIZE = 6000
"""So small that a new pack begins every few commits."""
_OLDER = 0.2
"""How often a database keeps a copy that a power cut may bring back."""


class Machine:
    """What a device runs on. `step` is called before anything that changes a disk."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.on = True
        self.skew = 0.0
        self.full = False
        self.slow = 0.0
        self.left = -1
        """So many steps until `trouble`."""
        self.trouble: type[StorageError] | None = None
        """What happens then; None cuts the power."""
        self.went_off: Callable[[], None] = _nothing
        """Called when it loses its power."""

    # -- the clock and the dice ----------------------------------------------------------
    def now(self) -> float:
        """Return the wall clock, as wrong as it is."""
        return NOW + self.monotonic() - BEGINNING + self.skew

    def monotonic(self) -> float:
        """Return simulated seconds."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return BEGINNING

    def take(self, size: int) -> bytes:
        """Roll the dice."""
        return self.random.randbytes(size)

    # -- trouble -------------------------------------------------------------------------
    def step(self, what: str) -> None:
        """Let a step happen, or fail. Once the power is off nothing happens any more."""
        if not self.on:
            raise PowerCut(what)
        if self.full and what != "sync":
            raise StoreFull(what)
        if self.left < 0:
            return
        self.left -= 1
        if self.left >= 0:
            return
        if self.trouble is None:
            self.on = False
            self.went_off()
            raise PowerCut(what)
        raise self.trouble(what)

    def folder_step(self, what: str) -> int:
        """Do the same for the person's folder, whose errors are numbers."""
        try:
            self.step("sync" if what == "sync" else what)
        except StoreFull:
            return errno.ENOSPC if what in {"write", "sync"} else 0
        except StorageError:
            return errno.EIO
        return 0

    def well(self) -> None:
        """Let nothing fail any more."""
        self.left, self.trouble, self.full, self.slow = -1, None, False, 0.0


class PackDisk(CrashingDisk):
    """The folder of packs."""

    machine: Machine

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def _step(self) -> None:
        self.machine.step("packs")

    def sync(self, name: str) -> None:
        """Make what was appended last."""
        self.machine.step("sync")
        file = self._file(name)
        file.safe = len(file.seen)

    def names(self) -> list[str]:
        """List the files."""
        return sorted(self.files)

    @property
    def lasts(self) -> bool:
        """Whether a power cut would take nothing."""
        return all(file.named and file.safe == len(file.seen) for file in self.files.values())

    def forget_unsynced(self) -> None:
        """Come back after a power cut."""
        self.random = self.machine.random
        self.restart(power_lost=True)


class Standing(GuardedConnection):
    """A database in memory that outlives who had it open, and fails when its machine does."""

    machine: Machine
    database: Database

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Do a statement, or fail."""
        if not sql.startswith(_READS):
            self.machine.step("commit" if sql == "COMMIT" else "database")
        elif not self.machine.on:
            raise PowerCut(sql)
        done = super().execute(sql, parameters)
        if sql == "COMMIT":
            self.database.committed()
        return done

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        """Do statements, or fail."""
        self.machine.step("database")
        return super().executemany(sql, parameters)

    def close(self) -> None:
        """Keep it: only the program that had it open is gone."""


class Database:
    """One database file. `durable` ones lose no commit."""

    def __init__(self, machine: Machine, *, durable: bool, like: Database | None = None) -> None:
        self.machine = machine
        self.durable = durable
        self.connection = self._empty()
        self._older: Standing | None = None
        if like is not None:
            like.undo()
            like.connection.backup(self.connection)

    def open(self) -> Standing:
        """Open it anew."""
        self.undo()
        self.connection.damaged = False
        self._older = None
        return self.connection

    def undo(self) -> None:
        """Forget what was not committed, as happens when a program ends."""
        if self.connection.in_transaction:
            GuardedConnection.execute(self.connection, "ROLLBACK")

    def committed(self) -> None:
        """Keep a copy now and then, when commits are not forced to the disk."""
        if not self.durable and self.machine.random.random() < _OLDER:
            self._older = self._copy()

    def crash(self) -> None:
        """Come back after the power was cut."""
        self.undo()
        if self._older is not None and self.machine.random.random() < 0.5:
            self.connection, self._older = self._older, None

    def lose(self) -> None:
        """Let the file be gone."""
        self.connection = self._empty()

    def _empty(self) -> Standing:
        made = Standing(":memory:", isolation_level=None, cached_statements=512)
        made.machine, made.database = self.machine, self
        return made

    def _copy(self) -> Standing:
        made = self._empty()
        self.connection.backup(made)
        return made


class SmallFile:
    """A small file that is replaced as a whole, and lasts."""

    def __init__(self, machine: Machine, held: bytes | None = None) -> None:
        self.machine = machine
        self.held = held

    def load(self) -> bytes | None:
        """Return what was saved last."""
        return self.held

    def save(self, plain: bytes) -> None:
        """Keep these bytes instead."""
        self.held = plain


class Data:
    """The data folder of a device: its packs, its index, and what mirror and guard remember."""

    def __init__(self, machine: Machine, like: Data | None = None) -> None:
        self.machine = machine
        self.packs = PackDisk(machine)
        if like is not None:
            self.packs.files = deepcopy(like.packs.files)
        self.index: Database = Database(machine, durable=True, like=like.index if like else None)
        self.memory: Database = Database(machine, durable=False, like=like.memory if like else None)
        self.guard: SmallFile = SmallFile(machine, like.guard.held if like else None)

    def lies(self, where: bytes) -> None:
        """Let the index say that it always lay there."""
        update = "UPDATE meta SET value = ? WHERE name = 'lies'"
        GuardedConnection.execute(self.index.connection, update, (where,))

    def crash(self) -> None:
        """Come back after the power was cut."""
        self.packs.forget_unsynced()
        self.index.crash()
        self.memory.crash()


class Remembered:
    """A key that remembers which signatures are good: each is asked on every device, and again."""

    _good: dict[tuple[bytes, bytes, bytes], bool] = {}  # noqa: RUF012 - of all keys
    _MOST = 20_000

    def __init__(self, public: bytes) -> None:
        self._public = public

    @classmethod
    def from_public_bytes(cls, public: bytes) -> Remembered:
        """Return a key."""
        return cls(public)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise unless it signed data so."""
        asked = self._public, signature, data
        if asked not in self._good:
            if len(self._good) >= self._MOST:
                self._good.clear()
            self._good[asked] = _is_good(*asked)
        if not self._good[asked]:
            raise InvalidSignature


class Bench:
    """Which data lies in which folder. The folders are real and empty: they only have a place."""

    def __init__(self) -> None:
        self.data: dict[Path, Data] = {}

    def place(self, folder: Path, data: Data) -> None:
        """Let data lie in a folder."""
        (folder / core.PACKS).mkdir(parents=True, exist_ok=True)
        (folder / core.INDEX).touch()
        self.data[folder] = data

    def lies(self, folder: Path) -> bytes:
        """Return what an index says of where it lies."""
        return f"{folder.stat().st_ino} {(folder / core.INDEX).stat().st_ino}".encode()

    @contextmanager
    def in_use(self) -> Generator[None]:
        """Let vaults find their disks and databases here."""
        with (
            patch.object(core, "RealDisk", self._disk),
            patch.object(core, "PackedBlocks", partial(PackedBlocks, pack_size=PACK_SIZE)),
            patch.object(core, "open_guarded", self._database),
            patch.object(core, "set_aside", self._set_aside),
            patch.object(primitives, "Ed25519PublicKey", Remembered),
        ):
            yield

    def _disk(self, folder: Path) -> PackDisk:
        return self.data[folder.parent].packs

    def _database(self, path: Path, key: bytes) -> GuardedConnection:
        del key
        if (data := self.data.get(path.parent)) is None:  # an index to throw away
            path.touch()
            return GuardedConnection(":memory:", isolation_level=None)
        return data.index.open()

    def _set_aside(self, path: Path) -> None:
        self.data[path.parent].index.lose()


def _is_good(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _nothing() -> None:
    """Nobody minds."""
