"""Opening an SQLite file that is encrypted at rest (SQLCipher 4, raw 256-bit key)."""

from __future__ import annotations

from pathlib import Path

import sqlcipher3

from storage.errors import StoreFull, StoreLocked, StoreUnusable
from storage.index.sql import Connection

_KEY_SIZE = 32


def open_sealed(path: Path, key: bytes, *, durable: bool = True) -> Connection:
    """Open or make the encrypted database at path, in WAL mode with 16 KiB pages.

    `durable=False` is for what may be lost at a power cut (a search index): its commits
    are not forced to disk. Transactions are explicit: BEGIN … COMMIT.

    Raises:
        StoreUnusable: the file is damaged, or sealed with another key.
        StoreFull: no room to make it.
        StoreLocked: someone else holds it.
    """
    if len(key) != _KEY_SIZE:
        raise ValueError("a database key is 32 bytes")
    connection: Connection | None = None
    try:
        connection = sqlcipher3.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_page_size = 16384")
        connection.execute("PRAGMA cipher_memory_security = OFF")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA busy_timeout = 2000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher3.Error as error:
        if connection is not None:
            connection.close()
        raise as_storage_error(error, path) from error
    except OSError as error:
        raise StoreUnusable(f"cannot open {path.name}: {error.strerror}") from error
    path.chmod(0o600)
    return connection


def as_storage_error(error: Exception, path: Path) -> StoreFull | StoreLocked | StoreUnusable:
    """Say in our words what SQLite could not do."""
    text = str(error)
    if "full" in text:
        return StoreFull(f"no room left for {path.name}")
    if "locked" in text:
        return StoreLocked(f"{path.name} is in use")
    return StoreUnusable(f"{path.name} cannot be used: {text}")


SqlError: type[Exception] = sqlcipher3.Error
"""What a statement raises; wrap it with `as_storage_error`."""
