"""What the mirror last wrote or read, entry by entry: the middle one of the three trees.

Kept in a database whose connection is handed in. It is a cache in the sense that losing it
loses no content: without it every file is compared with the space again, and nothing is
taken for deleted.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from app.folder.names import is_text
from app.folder.port import Path, Shape, Stat
from storage.batches import rows_among
from storage.facts.change import TOP, EntryId
from storage.facts.values import EntryKind

_BESIDE_ENTRY = """
 parent BLOB NOT NULL, disk TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,
 device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
 mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, mode INTEGER NOT NULL,
 version BLOB NOT NULL, digest BLOB NOT NULL, base BLOB NOT NULL"""
"""The columns of a row besides its entry: `_COLUMNS` names all."""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS mirror_row (
 entry BLOB PRIMARY KEY,{_BESIDE_ENTRY}, UNIQUE (parent, disk));
CREATE INDEX IF NOT EXISTS mirror_inode ON mirror_row (inode);
CREATE TABLE IF NOT EXISTS mirror_draft (path TEXT PRIMARY KEY, entry BLOB, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS mirror_draft_entry ON mirror_draft (entry);
CREATE TABLE IF NOT EXISTS mirror_kept (
 path TEXT NOT NULL, at REAL NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, link BLOB);
CREATE TABLE IF NOT EXISTS mirror_replaced (
 aside TEXT PRIMARY KEY, entry BLOB NOT NULL,{_BESIDE_ENTRY});
CREATE TABLE IF NOT EXISTS mirror_word (key TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
_COLUMNS = (
    "entry, parent, disk, name, kind, device, inode, size, mtime_ns, ctime_ns, mode,"
    " version, digest, base"
)
MAX_DEPTH = 256
_SIGN = 1 << 63
_WRAP = 1 << 64
_SHAPES: dict[int, Shape] = {
    EntryKind.FOLDER: Shape.FOLDER,
    EntryKind.FILE: Shape.FILE,
    EntryKind.LINK: Shape.LINK,
}


class Cursor(Protocol):
    """The part of a DB-API cursor that is used."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        ...

    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...


class Connection(Protocol):
    """The part of a DB-API connection that is used; sqlite3 and sqlcipher3 have it."""

    @property
    def in_transaction(self) -> bool:
        """Something is not committed yet."""
        ...

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> object:
        """Run one statement for each."""
        ...


class Row(NamedTuple):
    """What is agreed of one entry."""

    entry: EntryId
    parent: EntryId
    disk: str
    """Its name on disk, in the directory of its parent."""
    name: str
    """Its name in the space, as shown there when this was agreed."""
    kind: int
    """An EntryKind, as a plain number: rows are many."""
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    """-1 when the file was so fresh that a later write could look the same: read it again."""
    mode: int
    version: bytes
    """The version on disk; empty when the disk holds something that is kept elsewhere."""
    digest: bytes
    """BLAKE3 of the bytes on disk; empty for folders."""
    base: bytes
    """The token of the text version on disk; empty when it is no text."""

    def is_as(self, stat: Stat) -> bool:
        """Say whether the disk shows exactly what was agreed."""
        return (
            self.ctime_ns == stat.ctime_ns
            and self.mtime_ns == stat.mtime_ns
            and self.inode == stat.inode
            and self.size == stat.size
            and self.device == stat.device
        )

    def with_stat(self, stat: Stat) -> Row:
        """Return the row as the disk shows it now."""
        return self._replace(
            device=stat.device,
            inode=stat.inode,
            size=stat.size,
            mtime_ns=stat.mtime_ns,
            ctime_ns=stat.ctime_ns,
            mode=stat.mode,
        )

    @property
    def shape(self) -> Shape:
        """What it is on disk."""
        return _SHAPES.get(self.kind, Shape.OTHER)


class DraftRow(NamedTuple):
    """A change that stays here. `entry` is None for something new."""

    path: Path
    entry: EntryId | None
    at: float


class Agreed:
    """The rows, the drafts, and a few words to remember."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        for statement in _SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement)

    @contextmanager
    def together(self) -> Generator[None]:
        """Make what is written inside one transaction; inside another it is part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def begin(self) -> None:
        """Begin what a later `commit` makes durable, all or nothing."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make durable what was written since `begin`."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def undo(self) -> None:
        """Forget what was written since `begin`."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # -- rows ----------------------------------------------------------------------------
    def get(self, entry: EntryId) -> Row | None:
        """Return the row of an entry."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM mirror_row WHERE entry = ?", (entry,))  # noqa: S608
        raw = found.fetchone()
        return None if raw is None else _row(raw)

    def get_some(self, entries: Iterable[EntryId]) -> dict[EntryId, Row]:
        """Return the rows of those entries that have one."""
        return {row.entry: row for row in self._some("entry", entries)}

    def _some(self, column: str, values: Iterable[bytes | int]) -> Iterator[Row]:
        query = f"SELECT {_COLUMNS} FROM mirror_row WHERE {column} IN (…)"  # noqa: S608
        return map(_row, rows_among(self._db, query, values))

    def at(self, parent: EntryId, disk: str) -> Row | None:
        """Return the row of what is agreed to lie under a name on disk."""
        if not is_text(disk):
            return None  # nothing is ever agreed on under a name that is no text
        query = f"SELECT {_COLUMNS} FROM mirror_row WHERE parent = ? AND disk = ?"  # noqa: S608
        raw = self._db.execute(query, (parent, disk)).fetchone()
        return None if raw is None else _row(raw)

    def children(self, parent: EntryId) -> list[Row]:
        """Return the rows of what a folder holds."""
        query = f"SELECT {_COLUMNS} FROM mirror_row WHERE parent = ?"  # noqa: S608
        return [_row(raw) for raw in self._db.execute(query, (parent,))]

    def holds(self, folder: EntryId) -> bool:
        """Say whether something is agreed to lie in a folder, and is not changed here only."""
        query = (
            "SELECT 1 FROM mirror_row WHERE parent = ? AND entry NOT IN"
            " (SELECT entry FROM mirror_draft WHERE entry IS NOT NULL) LIMIT 1"
        )
        return self._db.execute(query, (folder,)).fetchone() is not None

    def with_inodes(self, inodes: Iterable[int]) -> list[Row]:
        """Return the rows that may be these things on disk."""
        return list(self._some("inode", map(_signed, inodes)))

    def all(self) -> dict[EntryId, Row]:
        """Return every row."""
        query = f"SELECT {_COLUMNS} FROM mirror_row"  # noqa: S608
        return {row.entry: row for row in map(_row, self._db.execute(query))}

    def count(self) -> int:
        """Return how many files and links are agreed on."""
        query = "SELECT count(*) FROM mirror_row WHERE kind <> ?"
        found = self._db.execute(query, (int(EntryKind.FOLDER),)).fetchone()
        return 0 if found is None else int(found[0])

    def put(self, rows: Iterable[Row]) -> None:
        """Agree on rows, in place of what was agreed of their entries or names before."""
        values = list(map(_values, rows))
        marks = ", ".join("?" * len(Row._fields))
        with self.together():
            self._db.executemany(
                f"INSERT OR REPLACE INTO mirror_row ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
                values,
            )

    def forget(self, entries: Iterable[EntryId]) -> None:
        """Agree on nothing any more about entries."""
        with self.together():
            self._db.executemany(
                "DELETE FROM mirror_row WHERE entry = ?", [(entry,) for entry in entries]
            )

    def forget_all(self) -> None:
        """Agree on nothing any more. Drafts, and what is remembered, stay."""
        self._db.execute("DELETE FROM mirror_row")
        self._db.execute("DELETE FROM mirror_replaced")

    def rekey(self, old: EntryId, new: EntryId) -> None:
        """Let what was agreed of one entry, and of what lies in it, stand for another.

        What is agreed to lie in the other already, under the same name, is the newer.
        """
        with self.together():
            self._db.execute(
                "DELETE FROM mirror_row WHERE parent = ? AND disk IN"
                " (SELECT disk FROM mirror_row WHERE parent = ?)",
                (old, new),
            )
            self._db.execute("DELETE FROM mirror_row WHERE entry = ?", (new,))
            self._db.execute("UPDATE mirror_row SET entry = ? WHERE entry = ?", (new, old))
            for table in ("mirror_row", "mirror_replaced"):
                update = f"UPDATE {table} SET parent = ? WHERE parent = ?"  # noqa: S608
                self._db.execute(update, (new, old))

    def path(self, entry: EntryId) -> Path | None:
        """Return where an entry is agreed to lie on disk, None when that is not known."""
        names: list[str] = []
        while entry != TOP:
            row = self.get(entry)
            if row is None or len(names) > MAX_DEPTH:
                return None
            names.append(row.disk)
            entry = row.parent
        return tuple(reversed(names))

    def paths(self, rows: Iterable[Row]) -> dict[EntryId, Path]:
        """Return where those entries are agreed to lie, without those for which it is not known."""
        folders: dict[EntryId, Path | None] = {}
        places: dict[EntryId, Path] = {}
        for row in rows:
            if row.parent not in folders:
                folders[row.parent] = self.path(row.parent)
            above = folders[row.parent]
            if above is not None and len(above) <= MAX_DEPTH:
                places[row.entry] = (*above, row.disk)
        return places

    def find(self, path: Path) -> EntryId | None:
        """Return the entry that is agreed to lie at a path on disk."""
        entry = TOP
        for name in path:
            row = self.at(entry, name)
            if row is None:
                return None
            entry = row.entry
        return entry

    # -- what was replaced -----------------------------------------------------------------
    def put_replaced(self, aside: str, row: Row) -> None:
        """Remember what a file stood for that lies in the same folder under a name of ours."""
        marks = ", ".join("?" * (1 + len(Row._fields)))
        with self.together():
            self._db.execute(
                f"INSERT OR REPLACE INTO mirror_replaced (aside, {_COLUMNS}) VALUES ({marks})",  # noqa: S608
                (aside, *_values(row)),
            )

    def replaced(self) -> list[tuple[str, Row]]:
        """Return the names of such files, and what they stood for."""
        query = f"SELECT aside, {_COLUMNS} FROM mirror_replaced ORDER BY aside"  # noqa: S608
        return [(raw[0], _row(raw[1:])) for raw in self._db.execute(query)]

    def forget_replaced(self, aside: str) -> None:
        """Such a file is gone."""
        with self.together():
            self._db.execute("DELETE FROM mirror_replaced WHERE aside = ?", (aside,))

    # -- drafts --------------------------------------------------------------------------
    def drafts(self) -> list[DraftRow]:
        """Return the changes that stay here, by path."""
        query = "SELECT path, entry, at FROM mirror_draft ORDER BY path"
        return [_draft(raw) for raw in self._db.execute(query)]

    def draft_entries(self) -> frozenset[EntryId]:
        """Return the entries that are changed here only."""
        return frozenset(draft.entry for draft in self.drafts() if draft.entry is not None)

    def put_draft(self, draft: DraftRow) -> None:
        """Remember that a path is changed here only; the first time counts."""
        with self.together():
            self._db.execute(
                "INSERT INTO mirror_draft (path, entry, at) VALUES (?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET entry = excluded.entry",
                ("/".join(draft.path), draft.entry, draft.at),
            )

    def forget_draft(self, path: Path) -> None:
        """The path is as shared again."""
        with self.together():
            self._db.execute("DELETE FROM mirror_draft WHERE path = ?", ("/".join(path),))

    def keep(self, path: Path, at: float, size: int, digest: bytes, link: bytes | None) -> None:
        """Note where the bytes of a draft that was dropped are kept."""
        with self.together():
            self._db.execute(
                "INSERT INTO mirror_kept (path, at, size, digest, link) VALUES (?, ?, ?, ?, ?)",
                ("/".join(path), at, size, digest, link),
            )

    def kept(self) -> list[tuple[object, ...]]:
        """Return the drafts that were dropped: (path, at, size, digest, link), oldest first."""
        query = "SELECT path, at, size, digest, link FROM mirror_kept ORDER BY at"
        return list(self._db.execute(query))

    # -- words ---------------------------------------------------------------------------
    def word(self, key: str) -> bytes | None:
        """Return what is remembered under a key."""
        raw = self._db.execute("SELECT value FROM mirror_word WHERE key = ?", (key,)).fetchone()
        return raw[0] if raw is not None and isinstance(raw[0], bytes) else None

    def doubt_latest(self, span_ns: int) -> None:
        """Have everything read again that the disk changed in the last span of what is agreed."""
        with self.together():
            self._db.execute(
                "UPDATE mirror_row SET ctime_ns = -1 "
                "WHERE ctime_ns > (SELECT max(ctime_ns) FROM mirror_row) - ?",
                (span_ns,),
            )

    def remember(self, key: str, value: bytes) -> None:
        """Remember something under a key."""
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO mirror_word VALUES (?, ?)", (key, value))


def _signed(number: int) -> int:
    """Return a number of 64 bits as SQLite can hold it."""
    return number - _WRAP if number >= _SIGN else number


def _values(row: Row) -> tuple[object, ...]:
    return (*row[:5], _signed(row.device), _signed(row.inode), *row[7:])


def _row(raw: tuple[Any, ...]) -> Row:
    if raw[5] < 0 or raw[6] < 0:
        raw = (*raw[:5], raw[5] % _WRAP, raw[6] % _WRAP, *raw[7:])
    return Row._make(raw)


def _draft(raw: tuple[object, ...]) -> DraftRow:
    path, entry, at = raw
    assert isinstance(path, str)
    assert isinstance(at, float)
    return DraftRow(
        tuple(path.split("/")), EntryId(entry) if isinstance(entry, bytes) else None, at
    )
