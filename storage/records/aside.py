"""Records set aside: an older line has their place, so they count no more on this device.

    CBOR [1, salt 8 B, [digest of a record, …]]     causes first; a thing for each time it happened

The records themselves stay in the packs. What they did is written again, see storage.forks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.blocks.store import BlockStore, Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.codec.shape import items_of
from storage.crypto.link import DIGEST_SIZE
from storage.errors import BadToken, BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Writer
from storage.index.sql import Connection
from storage.records.record import Record, parse_record

MAX_AT_ONCE = 25_000
"""Records that give way together. A line that so much was built on stays."""
SALT_SIZE = 8
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Part:
    """Records that were set aside together, causes first."""

    salt: bytes
    """Chosen when it happened: the lines that are written instead never were before."""
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class GivenWay:
    """What gave way to other lines. Its dots are others' now, and all is in another order."""

    entries: frozenset[EntryId]
    """What was told apart by dots alone may be another thing, of these."""
    kept: Mapping[Writer, int]
    """How much of the writers' lines stayed as it was."""


class Aside:
    """The table aside. The caller begins and commits transactions."""

    def __init__(self, connection: Connection, blocks: BlockStore) -> None:
        self._connection = connection
        self._blocks = blocks

    def add(self, digests: Sequence[bytes], salt: bytes) -> Thing:
        """Set records aside, causes first; return the thing that says so, to be kept."""
        thing = Thing(Kind.ASIDE, encode([_VERSION, salt, list(digests)]))
        self.note(thing)
        return thing

    def note(self, thing: Thing) -> tuple[Record, ...]:
        """Learn from a thing of the packs what was set aside, and return it."""
        salt, digests = _read(thing)
        found = [(record, it) for it in digests if (record := self._record(it))]
        self._connection.executemany(
            "INSERT OR IGNORE INTO aside(cid, salt, digest) VALUES (?, ?, ?)",
            [(record.cid, salt, digest) for record, digest in found],
        )
        return tuple(record for record, _ in found)

    def holds(self, cid: bytes) -> bool:
        """Say whether that record was set aside."""
        row = self._connection.execute("SELECT 1 FROM aside WHERE cid = ?", (cid,)).fetchone()
        return row is not None

    def dot(self, cid: bytes) -> Dot | None:
        """Return the dot of that record if it was set aside, and can be read."""
        row = self._connection.execute("SELECT digest FROM aside WHERE cid = ?", (cid,)).fetchone()
        record = None if row is None else self._record(bytes(row[0]))
        return None if record is None else record.dot

    def any(self) -> bool:
        """Say whether anything was."""
        row = self._connection.execute("SELECT EXISTS (SELECT 1 FROM aside)").fetchone()
        return bool(row[0])

    def count(self) -> int:
        """Return how many records were set aside, ever."""
        return int(self._connection.execute("SELECT count(*) FROM aside").fetchone()[0])

    def clashes(self) -> bool:
        """Say whether a record that was set aside still counts in the index."""
        row = self._connection.execute("SELECT 1 FROM aside JOIN record USING (cid) LIMIT 1")
        return row.fetchone() is not None

    def parts(self) -> list[Part]:
        """Return all that was set aside, in the order in which it was."""
        rows = self._connection.execute("SELECT salt, digest FROM aside ORDER BY pos").fetchall()
        parts: dict[bytes, list[Record]] = {}
        for salt, digest in rows:
            if (record := self._record(bytes(digest))) is not None:
                parts.setdefault(bytes(salt), []).append(record)
        return [Part(salt, tuple(records)) for salt, records in parts.items()]

    def _record(self, digest: bytes) -> Record | None:
        try:
            return parse_record(self._blocks.get(digest))
        except (BlockNotFound, CorruptBlock, DecodeError, BadToken):
            return None


def _read(thing: Thing) -> tuple[bytes, list[bytes]]:
    match items_of(decode(thing.data)):
        case [version, bytes() as salt, digests] if version == _VERSION and version is not True:
            found = [it for it in items_of(digests) if isinstance(it, bytes)]
            if len(salt) == SALT_SIZE and all(len(it) == DIGEST_SIZE for it in found):
                return salt, found
        case _:
            pass
    raise DecodeError("a list of records set aside that is malformed")
