"""Records, what each touched, and what waits: the history of a space in SQLite."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from storage.codec.dagcbor import decode, encode
from storage.errors import NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer, seen_from_cbor
from storage.facts.view import is_shown
from storage.index.catalog import Applied
from storage.index.sql import Connection
from storage.records.record import MAX_PARENTS, Payload, Record

_COLUMNS = "record.pos, cid, digest, payload, writer, n, issuer, at, words, seen, root"
_HEX = re.compile(r"[0-9a-f]{1,64}")
_CID_HEAD = b"\x01\x71\x12\x20"
_ROW = f"SELECT {_COLUMNS} FROM record"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Step:
    """A record as the history lists it."""

    pos: int
    """Its place in the order in which this device took the records in: causes come first."""
    cid: bytes
    digest: bytes
    payload: bytes
    dot: Dot
    issuer: str
    at: int
    words: str
    seen: Seen
    """What its writer had seen before it."""
    root: bytes


@dataclass(frozen=True, slots=True)
class Binned:
    """Something deleted."""

    entry: EntryId
    path: tuple[str, ...]
    size: int
    step: Step
    is_folder: bool


class Ledger:
    """The tables record, touch, gone and waiting. The caller begins and commits transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seen(self) -> Seen:
        """Return how much of each writer is in."""
        rows = self._connection.execute("SELECT writer, max(n) FROM record GROUP BY writer")
        return Seen([(Writer(bytes(writer)), n) for writer, n in rows.fetchall()])

    def holds(self, cid: bytes) -> bool:
        """Say whether that record is in."""
        row = self._connection.execute("SELECT 1 FROM record WHERE cid = ?", (cid,)).fetchone()
        return row is not None

    def cid_at(self, dot: Dot) -> bytes | None:
        """Return the record of that dot."""
        row = self._connection.execute(
            "SELECT cid FROM record WHERE writer = ? AND n = ?", dot
        ).fetchone()
        return None if row is None else bytes(row[0])

    def place(self, dot: Dot) -> tuple[int, bytes] | None:
        """Return what the clock said when the record of that dot was made, and its CID."""
        row = self._connection.execute(
            "SELECT at, cid FROM record WHERE writer = ? AND n = ?", dot
        ).fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def digest_at(self, dot: Dot) -> bytes | None:
        """Return the digest of the record of that dot."""
        row = self._connection.execute(
            "SELECT digest FROM record WHERE writer = ? AND n = ?", dot
        ).fetchone()
        return None if row is None else bytes(row[0])

    def heads(self) -> tuple[bytes, ...]:
        """Return the CIDs that no other record builds on."""
        rows = self._connection.execute("SELECT cid FROM record WHERE head = 1 ORDER BY cid")
        return tuple(bytes(row[0]) for row in rows.fetchall())

    def parents(self, dot: Dot) -> tuple[bytes, ...]:
        """Return what the next record builds on: its writer's last one, and all heads."""
        last = self.cid_at(Dot(dot.writer, dot.n - 1))
        others = [cid for cid in self.heads() if cid != last][: MAX_PARENTS - 1]
        return tuple(others) if last is None else (last, *others)

    def enter(self, record: Record, digest: bytes, payload: Payload) -> int:
        """Take a record in, and return its position."""
        cursor = self._connection.execute(
            "INSERT INTO record"
            "(cid, digest, payload, writer, n, issuer, at, words, seen, root, head)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                record.cid,
                digest,
                record.payload_digest,
                record.dot.writer,
                record.dot.n,
                record.issuer,
                record.at,
                payload.words,
                encode(payload.seen.to_cbor()),
                payload.root.to_bytes(),
            ),
        )
        self._connection.executemany(
            "UPDATE record SET head = 0 WHERE cid = ?", [(parent,) for parent in record.parents]
        )
        return int(cursor.lastrowid or 0)

    def note_applied(self, pos: int, applied: Applied) -> None:
        """Remember what a record did: what it touched, and what the view shows now, or no more."""
        run = self._connection.executemany
        touches = [(e, pos, touch.lay, int(touch.how)) for e, touch in applied.touches.items()]
        run("INSERT OR IGNORE INTO touch(entry, pos, lay, how) VALUES (?, ?, ?, ?)", touches)
        shown = [(entry,) for entry, facts in applied.facts.items() if is_shown(facts)]
        run("DELETE FROM gone WHERE entry = ?", shown)
        gone = [(g.entry, json.dumps(g.path), g.size, int(g.is_folder), pos) for g in applied.gone]
        run(
            "INSERT OR REPLACE INTO gone(entry, path, size, folder, pos) VALUES (?, ?, ?, ?, ?)",
            gone,
        )

    def steps(
        self, entry: EntryId | None = None, limit: int = -1, *, latest_first: bool = True
    ) -> list[Step]:
        """Return the records that touched an entry, or all."""
        order = "DESC" if latest_first else "ASC"
        if entry is None:
            rows = self._connection.execute(f"{_ROW} ORDER BY pos {order} LIMIT ?", (limit,))
        else:
            rows = self._connection.execute(
                f"{_ROW} JOIN touch USING (pos) WHERE entry = ? ORDER BY pos {order} LIMIT ?",
                (entry, limit),
            )
        return [_step(row) for row in rows.fetchall()]

    def after(self, seen: Seen, mine: Seen) -> Iterator[Step]:
        """Yield the records that seen does not include, causes first.

        Of the writers of `mine` only: that is all that is in, or more than seen.
        """
        places: list[int] = []
        for writer, n in mine.items():
            if n > seen.of(writer):
                rows = self._connection.execute(
                    "SELECT pos FROM record WHERE writer = ? AND n > ?", (writer, seen.of(writer))
                ).fetchall()
                places += [row[0] for row in rows]
        for pos in sorted(places):
            yield self.at(pos)

    def find(self, beginning: bytes) -> Step:
        """Return the record whose CID's digest begins so.

        Raises:
            NotFound: none, or more than one.
        """
        low = _CID_HEAD + beginning
        high = low + b"\xff" * (37 - len(low))
        rows = self._connection.execute(
            f"{_ROW} WHERE cid >= ? AND cid <= ? LIMIT 2",
            (low, high),
        ).fetchall()
        if len(rows) != 1:
            raise NotFound("no version of that name" if not rows else "more than one such version")
        return _step(rows[0])

    def at(self, pos: int) -> Step:
        """Return the record at a position."""
        return _step(self._connection.execute(f"{_ROW} WHERE pos = ?", (pos,)).fetchone())

    def steps_at(self, places: Iterable[int]) -> Iterator[Step]:
        """Yield the records at those positions, causes first."""
        for pos in sorted(places):
            yield self.at(pos)

    def made_by(self, at: int) -> Seen:
        """Return all that was made up to a time, by its writers' clocks, and what it builds on."""
        rows = self._connection.execute(
            "SELECT writer, max(n) FROM record WHERE at <= ? GROUP BY writer", (at,)
        ).fetchall()
        found = Seen()
        for writer, n in rows:
            row = self._connection.execute(
                "SELECT seen FROM record WHERE writer = ? AND n = ?", (writer, n)
            ).fetchone()
            seen = seen_from_cbor(decode(bytes(row[0])))
            found = found.join(seen).with_dot(Dot(Writer(bytes(writer)), n))
        return found

    def count_made_by(self, at: int) -> int:
        """Return how many records say that they were made up to a time."""
        row = self._connection.execute("SELECT count(*) FROM record WHERE at <= ?", (at,))
        return int(row.fetchone()[0])

    def made_between(self, issuers: AbstractSet[str], after: Seen, until: Seen) -> list[Step]:
        """Return what some devices wrote that `until` includes and `after` does not."""
        marks = ", ".join("?" * len(issuers))
        rows = self._connection.execute(
            f"SELECT pos, writer, n FROM record WHERE issuer IN ({marks})",  # noqa: S608
            sorted(issuers),
        ).fetchall()
        dots = {int(pos): Dot(Writer(bytes(writer)), n) for pos, writer, n in rows}
        chosen = [
            pos for pos, dot in dots.items() if until.includes(dot) and not after.includes(dot)
        ]
        return list(self.steps_at(chosen))

    def touched_since(self, seen: Seen, now: Seen) -> set[EntryId]:
        """Return the entries that records name which `seen` does not include."""
        found: set[EntryId] = set()
        for writer, n in now.items():
            if n > seen.of(writer):
                rows = self._connection.execute(
                    "SELECT DISTINCT touch.entry FROM record JOIN touch ON touch.pos = record.pos"
                    " WHERE record.writer = ? AND record.n > ?",
                    (writer, seen.of(writer)),
                ).fetchall()
                found.update(EntryId(bytes(row[0])) for row in rows)
        return found

    def touched_by(self, pos: int, limit: int = -1) -> tuple[EntryId, ...]:
        """Return the entries that a record names."""
        rows = self._connection.execute(
            "SELECT entry FROM touch WHERE pos = ? LIMIT ?", (pos, limit)
        ).fetchall()
        return tuple(EntryId(bytes(row[0])) for row in rows)

    def touching(self, entries: Iterable[EntryId]) -> set[int]:
        """Return the positions of the records that name one of several entries."""
        found: set[int] = set()
        for entry in entries:
            rows = self._connection.execute("SELECT pos FROM touch WHERE entry = ?", (entry,))
            found.update(int(row[0]) for row in rows.fetchall())
        return found

    def gone(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[tuple[str, ...], bool]]:
        """Return where deleted ones of these lay last, and whether they were folders."""
        found: dict[EntryId, tuple[tuple[str, ...], bool]] = {}
        for entry in entries:
            row = self._connection.execute(
                "SELECT path, folder FROM gone WHERE entry = ?", (entry,)
            ).fetchone()
            if row is not None:
                found[entry] = tuple(json.loads(row[0])), bool(row[1])
        return found

    def named(self, beginning: str, entry: EntryId | None, limit: int) -> list[Step]:
        """Return a few records whose id begins with these hex digits; those that name an entry."""
        if not _HEX.fullmatch(beginning):
            return []
        low, high = (bytes.fromhex(beginning.ljust(64, digit)) for digit in "0f")
        joined = "" if entry is None else " JOIN touch ON touch.pos = record.pos AND entry = ?3"
        rows = self._connection.execute(
            f"{_ROW}{joined} WHERE cid >= ?1 AND cid <= ?2 LIMIT ?4",
            (_CID_HEAD + low, _CID_HEAD + high, entry, limit),
        ).fetchall()
        return [_step(row) for row in rows]

    def bin(self) -> list[Binned]:
        """Return what was deleted, the last first."""
        rows = self._connection.execute(
            "SELECT entry, path, size, folder, pos FROM gone ORDER BY pos DESC"
        )
        steps: dict[int, Step] = {}
        found: list[Binned] = []
        for entry, path, size, folder, pos in rows.fetchall():
            step = steps.get(pos) or steps.setdefault(pos, self.at(pos))
            names = tuple(json.loads(path))
            found.append(Binned(EntryId(bytes(entry)), names, size, step, bool(folder)))
        return found

    def wait(self, digest: bytes, record: Record, *, older: bool) -> None:
        """Remember a record that came before what it builds on, or whose place is taken.

        With `older`, the record that has its place must give way to it.
        """
        self._connection.execute(
            "INSERT INTO waiting(digest, cid, writer, n, older) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(digest) DO UPDATE SET older = max(older, excluded.older)",
            (digest, record.cid, *record.dot, older),
        )

    def is_awaited(self, cids: Iterable[bytes], dot: Dot) -> bool:
        """Say whether one of those records waits, and would have that dot."""
        rows = self._connection.execute("SELECT cid FROM waiting WHERE writer = ? AND n = ?", dot)
        return not {bytes(row[0]) for row in rows.fetchall()}.isdisjoint(cids)

    def giving_way(self) -> dict[Writer, int]:
        """Return from which number on the lines held here must give way to older ones."""
        rows = self._connection.execute(
            "SELECT record.writer, min(record.n) FROM waiting"
            " JOIN record ON record.writer = waiting.writer AND record.n = waiting.n"
            " WHERE waiting.older AND record.cid <> waiting.cid GROUP BY record.writer"
        )
        return {Writer(bytes(writer)): n for writer, n in rows.fetchall()}

    def let_stay(self) -> None:
        """Let no line here give way to those that wait."""
        self._connection.execute("UPDATE waiting SET older = 0")

    def waiting(self) -> list[tuple[bytes, Dot]]:
        """Return the digests and dots of records that wait, in line order."""
        rows = self._connection.execute("SELECT digest, writer, n FROM waiting ORDER BY n")
        return [(bytes(digest), Dot(Writer(bytes(w)), n)) for digest, w, n in rows.fetchall()]

    def is_waiting(self, digest: bytes) -> bool:
        """Say whether that record waits."""
        row = self._connection.execute("SELECT 1 FROM waiting WHERE digest = ?", (digest,))
        return row.fetchone() is not None

    def count_waiting(self) -> int:
        """Return how many records wait."""
        return int(self._connection.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def done_waiting(self, digest: bytes) -> None:
        """Forget that it waited."""
        self._connection.execute("DELETE FROM waiting WHERE digest = ?", (digest,))

    def writers(self) -> dict[Writer, str]:
        """Return which device each writer is."""
        rows = self._connection.execute("SELECT DISTINCT writer, issuer FROM record").fetchall()
        return {Writer(bytes(writer)): str(issuer) for writer, issuer in rows}

    def count(self) -> int:
        """Return how many records are in."""
        return int(self._connection.execute("SELECT count(*) FROM record").fetchone()[0])


def _step(row: Sequence[object]) -> Step:
    pos, cid, digest, payload, writer, n, issuer, at, words, seen, root = row
    assert isinstance(pos, int) and isinstance(n, int) and isinstance(at, int)  # noqa: PT018
    return Step(
        pos,
        bytes(cid),  # type: ignore[call-overload]
        bytes(digest),  # type: ignore[call-overload]
        bytes(payload),  # type: ignore[call-overload]
        Dot(Writer(bytes(writer)), n),  # type: ignore[call-overload]
        str(issuer),
        at,
        str(words),
        seen_from_cbor(decode(bytes(seen))),  # type: ignore[call-overload]
        bytes(root),  # type: ignore[call-overload]
    )
