"""What a device remembers besides its spaces: its name, its folders, whom it met, what it gave.

All of it fits in memory and is read from there at once; writing goes to one small encrypted
database, on a thread of its own, durable when the call returns.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.errors import StateDamaged
from app.loose import list_in, number_in, text_in
from app.statecopy import NAME, Tables, read_copy, write_copy
from app.work import Worker
from storage.errors import AtollError, StoreUnusable
from storage.index.sealed_db import (
    IndexDamaged,
    SqlError,
    as_storage_error,
    is_whole,
    open_sealed,
    set_aside,
)
from storage.index.sql import Connection, Row, SqlValue

Address = tuple[str, int]
MAX_ADDRESSES = 8
_VERSION = "1"
_TABLES = """
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS space (
 id TEXT PRIMARY KEY, folder TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS device (
 did TEXT PRIMARY KEY, name TEXT NOT NULL, agreement BLOB NOT NULL, addresses TEXT NOT NULL,
 seen REAL);
CREATE TABLE IF NOT EXISTS invite (
 id BLOB PRIMARY KEY, space TEXT NOT NULL, code TEXT NOT NULL, until INTEGER);
CREATE TABLE IF NOT EXISTS pending (space TEXT PRIMARY KEY, code TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS admitted (
 did TEXT NOT NULL, space TEXT NOT NULL, until INTEGER, PRIMARY KEY (did, space));
"""


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """A space on this device."""

    id: str
    folder: Path
    name: str
    """As it was shared; only a remark, the space itself knows better."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """Another device that we met, or that shares a space with us."""

    did: str
    name: str
    agreement: bytes
    addresses: tuple[Address, ...] = ()
    seen: float | None = None


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invite that we gave."""

    id: bytes
    space: str
    code: str
    until: int | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A device that came by an invite of ours, until its own membership has arrived."""

    did: str
    space: str
    until: int | None


class DeviceState:
    """Remembers. Lives on the app's loop; only `open` blocks."""

    def __init__(self, path: Path, connection: Connection, key: bytes) -> None:
        self._path = path
        self._key = key
        self._connection = connection
        self._worker = Worker("state")
        self.settings: dict[str, str] = {}
        self.spaces: dict[str, SpaceRow] = {}
        self.devices: dict[str, DeviceRow] = {}
        self.invites: dict[bytes, InviteRow] = {}
        self.admitted: dict[tuple[str, str], Admitted] = {}
        self.pending: dict[str, str] = {}
        """Codes, by space, whose givers were away when we joined: they do not know us yet."""
        self._load()

    @classmethod
    def open(cls, path: Path, key: bytes) -> DeviceState:
        """Open the state, or begin an empty one.

        Raises:
            StateDamaged: it is damaged, or another device's. `remake` begins another one.
            StoreUnusable: it cannot be read, or is of a newer version.
        """
        try:
            state = cls(path, open_sealed(path, key), key)
        except IndexDamaged as error:  # no index: what it holds is nowhere else but in the copy
            raise StateDamaged(str(error)) from error
        with suppress(OSError):  # it is a help only
            if state.settings and not path.with_name(NAME).exists():
                state._copy()
        return state

    @classmethod
    def remake(cls, path: Path, key: bytes, tables: Tables) -> DeviceState:
        """Set a damaged state aside, and begin one with these rows.

        Raises:
            StoreFull, StoreUnusable: there is no room for it.
        """
        set_aside(path)
        connection = open_sealed(path, key)
        try:
            _fill(connection, tables)
        except SqlError as error:
            raise as_storage_error(error, path) from error
        finally:
            connection.close()
        return cls.open(path, key)

    @property
    def name(self) -> str:
        """What this device is called."""
        return self.settings.get("name", "")

    async def set(self, key: str, value: str) -> None:
        """Remember a setting."""
        self.settings[key] = value
        await self._write("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))

    async def drop(self, key: str) -> None:
        """Forget a setting."""
        if self.settings.pop(key, None) is not None:
            await self._write("DELETE FROM setting WHERE key = ?", (key,))

    async def put_space(self, row: SpaceRow) -> None:
        """Remember a space on this device."""
        self.spaces[row.id] = row
        await self._write(
            "INSERT OR REPLACE INTO space VALUES (?, ?, ?)", (row.id, str(row.folder), row.name)
        )

    async def forget_space(self, space: str) -> None:
        """Forget a space and the invites to it."""
        self.spaces.pop(space, None)
        self.invites = {key: row for key, row in self.invites.items() if row.space != space}
        self.admitted = {key: row for key, row in self.admitted.items() if row.space != space}
        await self._write("DELETE FROM space WHERE id = ?", (space,))
        await self._write("DELETE FROM invite WHERE space = ?", (space,))
        await self._write("DELETE FROM admitted WHERE space = ?", (space,))
        await self.drop_pending(space)
        for of in ("keep", "past", "collected"):
            await self.drop(f"{of}/{space}")

    async def put_device(self, row: DeviceRow) -> None:
        """Remember another device, in place of what was known of it."""
        if self.devices.get(row.did) == row:
            return
        self.devices[row.did] = row
        await self._write(
            "INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?)",
            _row_of(row),
            copied=False,  # who was met when is found out again, and changes all the time
        )

    async def put_invite(self, row: InviteRow) -> None:
        """Remember an invite that we gave."""
        self.invites[row.id] = row
        await self._write(
            "INSERT OR REPLACE INTO invite VALUES (?, ?, ?, ?)",
            (row.id, row.space, row.code, row.until),
        )

    async def admit(self, row: Admitted) -> None:
        """Remember that a device came by an invite of ours."""
        self.admitted[row.did, row.space] = row
        await self._write(
            "INSERT OR REPLACE INTO admitted VALUES (?, ?, ?)", (row.did, row.space, row.until)
        )

    async def put_pending(self, space: str, code: str) -> None:
        """Remember that a giver does not know yet that we joined."""
        self.pending[space] = code
        await self._write("INSERT OR REPLACE INTO pending VALUES (?, ?)", (space, code))

    async def drop_pending(self, space: str) -> None:
        """The giver knows us, or never will."""
        if self.pending.pop(space, None) is not None:
            await self._write("DELETE FROM pending WHERE space = ?", (space,))

    async def tables(self) -> Tables:
        """Return all that is remembered, as rows by table."""
        return await self._worker.run(lambda: _tables_of(self._connection))

    async def is_whole(self) -> bool:
        """Say whether all of it can be read on the disk."""
        return await self._worker.run(lambda: is_whole(self._connection))

    async def make_anew(self) -> None:
        """Set the database aside, and write another one from the copy and what is in memory.

        Raises:
            StoreFull, StoreUnusable: there is no room for it.
        """
        devices = [_row_of(device) for device in self.devices.values()]

        def work() -> None:
            tables = read_copy(self._path, self._key) or {}
            self._connection.close()
            set_aside(self._path)
            self._connection = open_sealed(self._path, self._key)
            try:
                _fill(self._connection, {**tables, "device": devices})
            except SqlError as error:
                raise as_storage_error(error, self._path) from error

        await self._worker.run(work)

    async def close(self) -> None:
        """Let what is being written become durable, and let go."""
        await self._worker.run(self._connection.close)
        await self._worker.close()

    async def _write(
        self, statement: str, values: tuple[SqlValue, ...], *, copied: bool = True
    ) -> None:
        def write() -> None:
            try:
                self._connection.execute(statement, values)
            except SqlError as error:
                raise as_storage_error(error, self._path) from error
            if copied:
                self._copy()

        await self._worker.run(write)

    def _copy(self) -> None:
        """Write the second copy. Without room for it the one before stays: it is a help only."""
        with suppress(AtollError, SqlError):
            write_copy(self._path, self._key, _tables_of(self._connection))

    def _load(self) -> None:
        try:
            _make_tables(self._connection)
            self._read()
        except SqlError as error:
            self._connection.close()
            raise as_storage_error(error, self._path) from error
        except (ValueError, TypeError) as error:
            self._connection.close()
            raise StoreUnusable(f"{self._path.name} holds what does not belong there") from error

    def _read(self) -> None:
        self.settings = dict(self._rows("SELECT key, value FROM setting"))
        version = self.settings.get("version", _VERSION)
        if version != _VERSION:
            raise StoreUnusable(f"{self._path.name} was written by a newer Atoll")
        for space, folder, name in self._rows("SELECT id, folder, name FROM space"):
            self.spaces[space] = SpaceRow(space, Path(folder), name)
        for did, name, agreement, addresses, seen in self._rows("SELECT * FROM device"):
            self.devices[did] = DeviceRow(
                did, name, bytes(agreement), _addresses(json.loads(addresses)), seen
            )
        for key, space, code, until in self._rows("SELECT * FROM invite"):
            self.invites[bytes(key)] = InviteRow(bytes(key), space, code, until)
        self.pending = dict(self._rows("SELECT space, code FROM pending"))
        for did, space, until in self._rows("SELECT * FROM admitted"):
            self.admitted[did, space] = Admitted(did, space, until)

    def _rows(self, query: str) -> list[Row]:
        return self._connection.execute(query).fetchall()


def _row_of(device: DeviceRow) -> tuple[SqlValue, ...]:
    addresses = json.dumps(device.addresses)
    return (device.did, device.name, device.agreement, addresses, device.seen)


def _make_tables(connection: Connection) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)


def _names(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return sorted(str(row[0]) for row in rows)


def _tables_of(connection: Connection) -> Tables:
    """Return all rows by table."""
    return {
        name: connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - tables of ours
        for name in _names(connection)
    }


def _fill(connection: Connection, tables: Tables) -> None:
    """Make the tables, and put rows into those that there are."""
    connection.execute("BEGIN")
    _make_tables(connection)
    for name in _names(connection):
        for row in tables.get(name, ()):
            marks = ",".join("?" for _ in row)
            connection.execute(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", row)  # noqa: S608
    connection.execute("COMMIT")


def _addresses(value: object) -> tuple[Address, ...]:
    pairs = [list_in(pair) for pair in list_in(value)]
    return tuple((text_in(host), number_in(port)) for host, port in pairs)
