"""Records set aside: an older line has their place, so they count no more on this device.

    CBOR [1, [digest of a record, …]]      causes first; one thing for each time it happened

The records themselves stay in the packs. What they did is written again, see storage.forks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.blocks.store import BlockStore, Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.codec.shape import items_of
from storage.crypto.link import DIGEST_SIZE
from storage.errors import BadToken, BlockNotFound, CorruptBlock, DecodeError
from storage.index.sql import Connection
from storage.records.record import Record, parse_record

MAX_AT_ONCE = 25_000
"""Records that give way together. A line that so much was built on stays."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was set aside, as it still lies in the packs."""

    record: Record
    digest: bytes


class Aside:
    """The table aside. The caller begins and commits transactions."""

    def __init__(self, connection: Connection, blocks: BlockStore) -> None:
        self._connection = connection
        self._blocks = blocks

    def add(self, digests: Sequence[bytes]) -> Thing:
        """Set records aside, causes first; return the thing that says so, to be kept."""
        thing = Thing(Kind.ASIDE, encode([_VERSION, list(digests)]))
        self.note(thing)
        return thing

    def note(self, thing: Thing) -> tuple[Kept, ...]:
        """Learn from a thing of the packs what was set aside, and return it."""
        found = tuple(kept for digest in _digests(thing) if (kept := self._kept(digest)))
        self._connection.executemany(
            "INSERT OR IGNORE INTO aside(cid, part, pos, digest) VALUES (?, ?, ?, ?)",
            [(it.record.cid, thing.digest, pos, it.digest) for pos, it in enumerate(found)],
        )
        return found

    def holds(self, cid: bytes) -> bool:
        """Say whether that record was set aside."""
        row = self._connection.execute("SELECT 1 FROM aside WHERE cid = ?", (cid,)).fetchone()
        return row is not None

    def any(self) -> bool:
        """Say whether anything was."""
        row = self._connection.execute("SELECT EXISTS (SELECT 1 FROM aside)").fetchone()
        return bool(row[0])

    def clashes(self) -> bool:
        """Say whether a record that was set aside still counts in the index."""
        row = self._connection.execute("SELECT 1 FROM aside JOIN record USING (cid) LIMIT 1")
        return row.fetchone() is not None

    def parts(self) -> list[bytes]:
        """Return what names each time that records were set aside."""
        rows = self._connection.execute("SELECT DISTINCT part FROM aside").fetchall()
        return [bytes(row[0]) for row in rows]

    def part(self, part: bytes) -> list[Kept]:
        """Return what was set aside together, causes first."""
        rows = self._connection.execute(
            "SELECT digest FROM aside WHERE part = ? ORDER BY pos", (part,)
        ).fetchall()
        return [kept for row in rows if (kept := self._kept(bytes(row[0])))]

    def _kept(self, digest: bytes) -> Kept | None:
        try:
            return Kept(parse_record(self._blocks.get(digest)), digest)
        except (BlockNotFound, CorruptBlock, DecodeError, BadToken):
            return None


def _digests(thing: Thing) -> list[bytes]:
    match items_of(decode(thing.data)):
        case [version, digests] if version == _VERSION and version is not True:
            found = [it for it in items_of(digests) if isinstance(it, bytes)]
            if all(len(it) == DIGEST_SIZE for it in found):
                return found
    raise DecodeError("a list of records set aside that is malformed")
