"""Opening an SQLite file that is encrypted at rest (SQLCipher 4, raw 256-bit key)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import sqlcipher3

from storage.batches import AT_ONCE
from storage.errors import StoreFull, StoreLocked, StoreUnusable
from storage.index.sql import Connection
from storage.system import in_our_words, our_error

_KEY_SIZE = 32
_CORRUPT, _NOT_A_DATABASE = 11, 26  # SQLite's own numbers


class IndexDamaged(StoreUnusable):
    """A database file is damaged. What is kept in one can be made again from elsewhere."""

    code = "storage.index-damaged"


class GuardedConnection(sqlcipher3.Connection):
    """Says in our words whatever goes wrong, and remembers when the file was found damaged."""

    path = Path()
    damaged = False

    def cursor(self, factory: Any = None) -> Any:  # noqa: ARG002 - its own is the only one
        """Return a cursor that does the same."""
        return super().cursor(_GuardedCursor)

    def rest(self) -> None:
        """Hold no pages at hand until they are asked for again."""
        if not self.damaged:
            self.execute("PRAGMA shrink_memory")

    def in_our_words(self, error: Exception) -> StoreFull | StoreLocked | StoreUnusable:
        """Return what to raise for what SQLite raised."""
        ours = as_storage_error(error, self.path)
        self.damaged = self.damaged or isinstance(ours, IndexDamaged)
        return ours


class _GuardedCursor(sqlcipher3.Cursor):
    @property
    def guard(self) -> GuardedConnection:
        """Whose it is."""
        connection: Any = self.connection
        assert isinstance(connection, GuardedConnection)
        return connection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        try:
            return super().execute(sql, parameters)
        except sqlcipher3.Error as error:
            raise self.guard.in_our_words(error) from error

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Self:
        try:
            return super().executemany(sql, parameters)
        except sqlcipher3.Error as error:
            raise self.guard.in_our_words(error) from error

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except sqlcipher3.Error as error:
            raise self.guard.in_our_words(error) from error

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlcipher3.Error as error:
            raise self.guard.in_our_words(error) from error

    def fetchmany(self, size: int | None = None) -> list[Any]:
        try:
            return super().fetchmany(self.arraysize if size is None else size)
        except sqlcipher3.Error as error:
            raise self.guard.in_our_words(error) from error

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # it answers `for` alone
        # One call of ours for each row would take as long as the row.
        while rows := self.fetchmany(AT_ONCE):
            yield from rows


def open_guarded(path: Path, key: bytes, *, durable: bool = True) -> GuardedConnection:
    """Open a database as `open_sealed` does; its statements, too, raise only what that raises."""
    connection = _open(path, key, durable=durable, factory=GuardedConnection)
    assert isinstance(connection, GuardedConnection)
    connection.path = path
    return connection


def open_sealed(path: Path, key: bytes, *, durable: bool = True) -> Connection:
    """Open or make the encrypted database at path, in WAL mode with 16 KiB pages.

    `durable=False` is for what may be lost at a power cut (a search index): its commits
    are not forced to disk. Transactions are explicit: BEGIN … COMMIT.

    Raises:
        StoreUnusable: the file is damaged, or sealed with another key.
        StoreFull: no room to make it.
        StoreLocked: someone else holds it.
    """
    return _open(path, key, durable=durable, factory=sqlcipher3.Connection)


def _open(
    path: Path, key: bytes, *, durable: bool, factory: type[sqlcipher3.Connection]
) -> sqlcipher3.Connection:
    if len(key) != _KEY_SIZE:
        raise ValueError("a database key is 32 bytes")
    connection: sqlcipher3.Connection | None = None
    try:
        _close_to_others(path)
        connection = sqlcipher3.connect(
            str(path),
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            factory=factory,
        )
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_page_size = 16384")
        connection.execute("PRAGMA cipher_memory_security = OFF")
        # One owner: nobody else ever reads it, so no statement has to ask the system for locks.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA busy_timeout = 2000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (sqlcipher3.Error, StoreFull, StoreLocked, StoreUnusable) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlcipher3.Error):
            raise as_storage_error(error, path) from error
        raise
    except OSError as error:
        raise our_error(f"open {path.name}", error) from error
    return connection


def _close_to_others(path: Path) -> None:
    """Let only this user read a database, whatever the umask: SQLite's other files follow it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for ending in ("", "-wal", "-shm"):
        found = path.with_name(path.name + ending)
        if found.exists():
            found.chmod(0o600)


def is_whole(connection: Connection, *, quick: bool = False) -> bool:
    """Read every page of a database: the seal of each, and what SQLite says of them together.

    With `quick` only the seals: what somebody without the key could have changed.

    Raises:
        StoreUnusable: it cannot be read at all.
    """
    questions = ("PRAGMA cipher_integrity_check", "PRAGMA integrity_check(1)")
    for question in questions[: 1 if quick else 2]:
        answers = [str(row[0]) for row in connection.execute(question).fetchall()]
        if any(answer != "ok" for answer in answers):
            return False
    return True


def set_aside(path: Path) -> None:
    """Move a damaged database away, so that it is made anew. Not deleted: it may be evidence.

    Raises:
        StoreFull, StoreUnusable: the disk refuses.
    """
    number = 1
    with in_our_words(f"set {path.name} aside"):
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        for ending in ("", "-wal", "-shm"):
            found = path.with_name(path.name + ending)
            if found.exists():
                found.rename(aside.with_name(aside.name + ending))


def as_storage_error(error: Exception, path: Path) -> StoreFull | StoreLocked | StoreUnusable:
    """Say in our words what SQLite could not do."""
    text = str(error)
    if "full" in text:
        return StoreFull(f"no room left for {path.name}")
    if "locked" in text:
        return StoreLocked(f"{path.name} is in use")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {_CORRUPT, _NOT_A_DATABASE}:
        return IndexDamaged(f"{path.name} is damaged")
    return StoreUnusable(f"{path.name} cannot be used: {text}")


SqlError: type[Exception] = sqlcipher3.Error
"""What a statement raises; wrap it with `as_storage_error`."""
