"""The tables of a space's index. All of it can be rebuilt from packs; see storage/FORMAT.md."""

from __future__ import annotations

from blake3 import blake3

from storage.index.sql import Connection

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    id BLOB PRIMARY KEY,
    folder BLOB NOT NULL,
    raw BLOB NOT NULL,
    parent BLOB NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    shown TEXT NOT NULL,
    kind INTEGER NOT NULL,
    size INTEGER NOT NULL,
    version BLOB NOT NULL,
    mtime_ns INTEGER NOT NULL,
    executable INTEGER NOT NULL,
    is_text INTEGER NOT NULL,
    plain BLOB NOT NULL,
    writer BLOB NOT NULL, -- and n: who changed it last
    n INTEGER NOT NULL,
    odd INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    facts BLOB NOT NULL,
    child BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_folder ON entry(folder, id);
CREATE INDEX IF NOT EXISTS entry_cut ON entry(folder, id) WHERE cut = 1;
CREATE INDEX IF NOT EXISTS entry_parent ON entry(parent, folded);
CREATE INDEX IF NOT EXISTS entry_odd ON entry(parent, odd) WHERE odd <> 0;
CREATE TABLE IF NOT EXISTS side (
    id BLOB PRIMARY KEY, entry BLOB NOT NULL, writer BLOB NOT NULL, n INTEGER NOT NULL,
    parent BLOB NOT NULL, shown TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS side_entry ON side(entry);
CREATE INDEX IF NOT EXISTS side_parent ON side(parent);
CREATE TABLE IF NOT EXISTS revived (
    id BLOB PRIMARY KEY, parent BLOB NOT NULL, name TEXT NOT NULL, shown TEXT NOT NULL,
    writer BLOB NOT NULL, n INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leaf (
    folder BLOB NOT NULL, first BLOB NOT NULL, link BLOB NOT NULL,
    PRIMARY KEY (folder, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    pos INTEGER PRIMARY KEY,
    cid BLOB NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    payload BLOB NOT NULL,
    writer BLOB NOT NULL,
    n INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    at INTEGER NOT NULL,
    words TEXT NOT NULL,
    seen BLOB NOT NULL,
    root BLOB NOT NULL,
    head INTEGER NOT NULL,
    UNIQUE (writer, n)
);
CREATE INDEX IF NOT EXISTS record_head ON record(head) WHERE head = 1;
CREATE TABLE IF NOT EXISTS touch (
    entry BLOB NOT NULL,
    pos INTEGER NOT NULL,
    lay BLOB NOT NULL, -- the folder that its place named then, and before that if it was moved
    how INTEGER NOT NULL, -- see storage.records.trail
    PRIMARY KEY (entry, pos)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touch_pos ON touch(pos);
CREATE TABLE IF NOT EXISTS gone (
    entry BLOB PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, folder INTEGER NOT NULL,
    pos INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    digest BLOB PRIMARY KEY, cid BLOB NOT NULL, writer BLOB NOT NULL, n INTEGER NOT NULL,
    older INTEGER NOT NULL -- the record that has its place here must give way to it
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_cid ON waiting(cid);
CREATE TABLE IF NOT EXISTS aside (
    pos INTEGER PRIMARY KEY, cid BLOB NOT NULL UNIQUE, salt BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS auth (
    pos INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS want (
    digest BLOB NOT NULL, entry BLOB NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (digest, entry)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS want_entry ON want(entry, size);
CREATE TABLE IF NOT EXISTS version (id BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS let_go (
    digest BLOB PRIMARY KEY,
    older INTEGER NOT NULL -- as an older version: wanted again once an entry holds it
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
    digest BLOB PRIMARY KEY, since INTEGER NOT NULL, size INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stay (entry BLOB PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leaving (entry BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unread (entry BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt (
    did TEXT PRIMARY KEY, body BLOB NOT NULL
) WITHOUT ROWID;
"""


VERSION = int.from_bytes(blake3(_TABLES.encode()).digest()[:3], "big") | 1
"""Which tables these are. An index with others is set aside, and built anew from the packs."""


UNREAD = "unread"
"""Something stands under this name while a pack is damaged and nobody tried to repair it."""
TOLD = "told"
"""Under this name stands what others have seen, as each itself said since then."""
ANSWERED = "answered"
"""Under this name stands when this device signed last that it has all older versions."""


def make_tables(connection: Connection) -> None:
    """Make what is not there yet."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)


def get_meta(connection: Connection, name: str) -> bytes | None:
    """Return a value kept by name."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def set_meta(connection: Connection, name: str, value: bytes) -> None:
    """Keep a value by name."""
    connection.execute(
        "INSERT INTO meta(name, value) VALUES (?, ?) "
        "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
