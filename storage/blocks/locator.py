"""Where each thing lies: small rows in an SQLite database that somebody else opened.

The locator can be lost: everything in it is found again by reading the packs. It begins
a transaction before it writes and never ends one; whoever owns the connection commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from storage.batches import rows_among
from storage.blocks.store import Kind
from storage.index.sql import Connection

_PAGE: Final = 512
_SCHEMA: Final = (
    # `id` grows with each thing added, so it is the order of adding.
    """CREATE TABLE IF NOT EXISTS block (
        id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,
        pack INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
        kind INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS pack (
        name INTEGER PRIMARY KEY, size INTEGER NOT NULL, closed INTEGER NOT NULL)""",
)


class Spot(NamedTuple):
    """Where the bytes of a thing lie, and what it is."""

    pack: int
    offset: int
    length: int
    kind: int


class PackSize(NamedTuple):
    """How much of a pack is durable and in the locator, and whether it takes no more."""

    size: int
    closed: bool


class PackUse(NamedTuple):
    """How much of a pack counts: its length, and the bytes of frames that hold something."""

    number: int
    size: int
    live: int

    @property
    def dead(self) -> int:
        """Bytes that a rewriting would give back."""
        return self.size - self.live


class Locator:
    """Rows for things and for packs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        for table in _SCHEMA:
            connection.execute(table)

    def find(self, digest: bytes) -> Spot | None:
        """Return where a thing lies."""
        row = self._connection.execute(
            "SELECT pack, offset, length, kind FROM block WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else Spot._make(row)

    def find_some(self, digests: Sequence[bytes]) -> dict[bytes, Spot]:
        """Return where those of the things lie that are known."""
        ask = "SELECT digest, pack, offset, length, kind FROM block WHERE digest IN (…)"
        rows = rows_among(self._connection, ask, digests)
        return {bytes(row[0]): Spot._make(row[1:]) for row in rows}

    def packs(self) -> dict[int, PackSize]:
        """Return what is known of each pack."""
        rows = self._connection.execute("SELECT name, size, closed FROM pack ORDER BY name")
        return {name: PackSize(size, bool(closed)) for name, size, closed in rows}

    def size(self, pack: int) -> int:
        """Return how much of a pack is known."""
        row = self._connection.execute("SELECT size FROM pack WHERE name = ?", (pack,)).fetchone()
        return 0 if row is None else int(row[0])

    def last(self) -> int:
        """Return the id of the row added last."""
        return int(self._connection.execute("SELECT ifnull(max(id), 0) FROM block").fetchone()[0])

    def put(self, rows: Iterable[tuple[bytes, Spot]]) -> None:
        """Write where things lie. One known already moves to the end of the order."""
        self._begin()
        self._connection.executemany(
            "INSERT OR REPLACE INTO block (digest, pack, offset, length, kind)"
            " VALUES (?, ?, ?, ?, ?)",
            ((digest, *spot) for digest, spot in rows),
        )

    def move(self, digest: bytes, spot: Spot) -> None:
        """Write that a thing known lies somewhere else now."""
        self._begin()
        self._connection.execute(
            "UPDATE block SET pack = ?, offset = ?, length = ? WHERE digest = ?",
            (spot.pack, spot.offset, spot.length, digest),
        )

    def set_pack(self, pack: int, size: int, *, closed: bool) -> None:
        """Write what is known of a pack."""
        self._begin()
        self._connection.execute(
            "INSERT OR REPLACE INTO pack (name, size, closed) VALUES (?, ?, ?)",
            (pack, size, closed),
        )

    def drop_pack(self, pack: int) -> None:
        """Know nothing of a pack any more."""
        self._begin()
        self._connection.execute("DELETE FROM pack WHERE name = ?", (pack,))

    def forget(self, digest: bytes) -> None:
        """Know no longer where a thing lies."""
        self._begin()
        self._connection.execute("DELETE FROM block WHERE digest = ?", (digest,))

    def remove(self, digests: Iterable[bytes]) -> None:
        """Know no longer where content lies; rows of other kinds stay."""
        self._begin()
        self._connection.executemany(
            f"DELETE FROM block WHERE digest = ? AND kind = {int(Kind.BLOCK)}",  # noqa: S608
            [(digest,) for digest in digests],
        )

    def uses(self, frame_size: int) -> list[PackUse]:
        """Return how much of each pack counts. It reads all rows."""
        live = dict(
            self._connection.execute(
                "SELECT pack, sum(length + ?) FROM block GROUP BY pack", (frame_size,)
            ).fetchall()
        )
        return [PackUse(name, it.size, live.get(name, 0)) for name, it in self.packs().items()]

    def within(self, pack: int) -> list[tuple[bytes, int]]:
        """Return what lies in a pack, in its order, and the lengths. It reads all rows."""
        rows = self._connection.execute(
            "SELECT digest, length FROM block WHERE pack = ? ORDER BY offset", (pack,)
        )
        return [(bytes(digest), int(length)) for digest, length in rows.fetchall()]

    def ids(self, digests: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
        """Return the numbers of the rows of those things that are known, and their lengths."""
        ask = "SELECT digest, id, length FROM block WHERE digest IN (…)"
        rows = rows_among(self._connection, ask, digests)
        return {bytes(digest): (int(number), int(size)) for digest, number, size in rows}

    def page(self, after: int, upto: int, kind: Kind) -> list[tuple[int, bytes, int]]:
        """Return some of the things of a kind, by the numbers of their rows, and their lengths."""
        rows = self._connection.execute(
            "SELECT id, digest, length FROM block WHERE id > ? AND id <= ? AND kind = ?"
            " ORDER BY id LIMIT ?",
            (after, upto, int(kind), _PAGE),
        )
        return [(int(number), bytes(digest), int(length)) for number, digest, length in rows]

    def beyond(self, pack: int, size: int) -> list[tuple[bytes, Spot]]:
        """Return the things said to lie in a pack further than it reaches."""
        rows = self._connection.execute(
            "SELECT digest, pack, offset, length, kind FROM block"
            " WHERE pack = ? AND offset + length > ?",
            (pack, size),
        )
        return [(row[0], Spot._make(row[1:])) for row in rows]

    def walk(self, after: int, upto: int, kind: Kind | None) -> Iterator[tuple[bytes, Spot]]:
        """Walk rows in the order added, a page at a time: others may write meanwhile."""
        where = "" if kind is None else f" AND kind = {int(kind)}"
        sql = (
            "SELECT id, digest, pack, offset, length, kind FROM block"  # noqa: S608  # an int
            f" WHERE id > ? AND id <= ?{where} ORDER BY id LIMIT {_PAGE}"
        )
        while rows := self._connection.execute(sql, (after, upto)).fetchall():
            for row in rows:
                yield row[1], Spot._make(row[2:])
            after = rows[-1][0]

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN")
