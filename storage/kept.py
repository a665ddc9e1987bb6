"""What of a space is to be here: the setting, what stays until it is pushed out, what leaves.

Tables of the index. Lost with it, the setting is told anew by whoever remembers it, and what
is here then stays until it is pushed out once more. An entry that is not to be here is
`unkept`: whether its blocks are still here, or ever were, is another question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage.batches import rows_among
from storage.facts.change import EntryId
from storage.facts.state import EntryFacts
from storage.index.schema import get_meta, set_meta
from storage.index.sql import Connection, Row
from storage.keeping import MOMENT, WHOLE, Keep, Keeping, Stay, keeping_from
from storage.tree.rows import decode_own_row

_META = "keeping"
_ALWAYS = "is_text = 1 AND size <= ?"
_FILE = "kind = 2 AND parent <> x''"
"""A file (2) that is shown: what is not has no parent."""
_UNKEPT = f"{_FILE} AND NOT ({_ALWAYS}) AND id NOT IN (SELECT entry FROM stay)"  # noqa: S608
_KNOWN = f"parent <> x'' AND NOT ({_ALWAYS})"
_FILES = f"SELECT id, max(0, min(mtime_ns / 1000000000, ?)) FROM entry WHERE {_FILE}"  # noqa: S608


class Kept:
    """The tables stay and leaving, and the setting. The caller begins and commits transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        raw = get_meta(connection, _META)
        self.keeping = WHOLE if raw is None else keeping_from(raw)

    def change(self, keeping: Keeping, now: int) -> None:
        """Keep that much from now on. What is kept until now stays until it is pushed out."""
        run, before = self._connection.execute, self.keeping
        set_meta(self._connection, _META, keeping.to_bytes())
        self.keeping = keeping
        if keeping.is_whole:
            run("DELETE FROM stay")
            run("DELETE FROM leaving")
            return
        # What lies long unchanged goes first; nothing of it was asked for in this moment.
        was_kept = f"NOT ({_ALWAYS})" if before.is_whole else _ALWAYS
        run(
            f"INSERT OR IGNORE INTO stay(entry, used) {_FILES} AND {was_kept}",
            (now - MOMENT, keeping.note_max if before.is_whole else before.note_max),
        )
        always = f"SELECT id FROM entry WHERE {_FILE} AND {_ALWAYS}"  # noqa: S608
        run(f"DELETE FROM stay WHERE entry IN ({always})", (keeping.note_max,))  # noqa: S608

    def unkept(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries that are not to be here."""
        if self.keeping.is_whole:
            return frozenset()
        ask = f"SELECT id FROM entry WHERE id IN (…) AND {_UNKEPT}"  # noqa: S608
        return _ids(rows_among(self._connection, ask, entries, self.keeping.note_max))

    def all_unkept(self) -> frozenset[EntryId]:
        """Return all entries that are shown and not to be here."""
        if self.keeping.is_whole:
            return frozenset()
        unkept = f"SELECT id FROM entry WHERE {_UNKEPT}"  # noqa: S608 - words of ours
        return self._ask(unkept, self.keeping.note_max)

    def use(self, entries: Iterable[EntryId], now: int) -> None:
        """Let entries stay, as used now."""
        if not self.keeping.is_whole:
            self._connection.executemany(
                "INSERT INTO stay(entry, used) VALUES (?, ?) "
                "ON CONFLICT(entry) DO UPDATE SET used = max(used, excluded.used)",
                [(entry, now) for entry in entries],
            )

    def stays(self) -> list[Stay]:
        """Return what stays until it is pushed out, and is not kept anyway."""
        rows = self._connection.execute(
            f"SELECT entry, size, used FROM stay JOIN entry ON id = entry WHERE {_KNOWN}",  # noqa: S608
            (self.keeping.note_max,),
        ).fetchall()
        return [Stay(EntryId(bytes(entry)), int(size), int(used)) for entry, size, used in rows]

    def deleted(self) -> frozenset[EntryId]:
        """Return what stays, and is shown no more."""
        return self._ask(
            "SELECT entry FROM stay WHERE NOT EXISTS "
            "(SELECT 1 FROM entry WHERE id = stay.entry AND parent <> x'')"
        )

    def push_out(self, entries: Iterable[EntryId]) -> None:
        """Let entries stay no longer."""
        gone = list(entries)
        self._connection.executemany("DELETE FROM stay WHERE entry = ?", [(it,) for it in gone])
        self.leave(gone)

    def leave(self, entries: Iterable[EntryId]) -> None:
        """Something of these may be here that is not to be."""
        rows = [(entry,) for entry in entries]
        self._connection.executemany("INSERT OR IGNORE INTO leaving(entry) VALUES (?)", rows)

    def leaving(self) -> frozenset[EntryId]:
        """Return what was pushed out, and whose blocks may be here."""
        return self._ask("SELECT entry FROM leaving")

    def left(self, entries: Iterable[EntryId]) -> None:
        """Nothing of these is here any more, or they are to be here again."""
        rows = [(entry,) for entry in entries]
        self._connection.executemany("DELETE FROM leaving WHERE entry = ?", rows)

    def sides(self, entries: Iterable[EntryId]) -> Iterator[EntryId]:
        """Walk entries, and the ids under which other versions of them are shown."""
        found = set(entries)
        yield from found
        for side, entry in self._connection.execute("SELECT id, entry FROM side").fetchall():
            if bytes(entry) in found:
                yield EntryId(bytes(side))

    def originals(self, ids: Iterable[EntryId]) -> Iterator[tuple[EntryId, EntryId]]:
        """Walk those ids under which other versions are shown, each with its entry."""
        wanted = set(ids)
        for side, entry in self._connection.execute("SELECT id, entry FROM side").fetchall():
            if bytes(side) in wanted:
                yield EntryId(bytes(side)), EntryId(bytes(entry))

    def always(self) -> frozenset[EntryId]:
        """Return the texts that are kept in any case."""
        always = f"SELECT id FROM entry WHERE {_FILE} AND {_ALWAYS}"  # noqa: S608
        return self._ask(always, self.keeping.note_max)

    def asked(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries that stay until they are pushed out."""
        wanted = set(entries)
        return frozenset(stay.entry for stay in self.stays() if stay.entry in wanted)

    def facts_of(self, entries: Iterable[EntryId]) -> Iterator[tuple[EntryId, EntryFacts]]:
        """Walk what entries hold, those that are there."""
        ask = "SELECT id, facts FROM entry WHERE id IN (…)"
        for entry, facts in rows_among(self._connection, ask, entries):
            yield EntryId(bytes(entry)), decode_own_row(bytes(facts))

    def shown(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries that are shown."""
        ask = "SELECT id FROM entry WHERE id IN (…) AND parent <> x''"
        return _ids(rows_among(self._connection, ask, entries))

    def size_of(self, entries: Iterable[EntryId]) -> int:
        """Return the bytes of files that are not kept in any case."""
        total = 0
        for entry in entries:
            row = self._connection.execute(
                f"SELECT size FROM entry WHERE id = ? AND NOT ({_ALWAYS})",  # noqa: S608
                (entry, self.keeping.note_max),
            ).fetchone()
            total += 0 if row is None else int(row[0])
        return total

    def next_push(self) -> float | None:
        """Return when the first is to go of what stays for a moment only."""
        if self.keeping.how is not Keep.NAMES:
            return None
        row = self._connection.execute("SELECT min(used) FROM stay").fetchone()
        return None if row[0] is None else float(row[0]) + MOMENT

    def amount(self) -> tuple[int, int]:
        """Return how many files are to be here, and their bytes; all that is shown when whole."""
        count = "SELECT count(*), total(size) FROM entry WHERE parent <> x'' AND kind <> 1"
        if self.keeping.is_whole:
            row = self._connection.execute(count).fetchone()
        else:
            besides = f"{count} AND NOT ({_UNKEPT})"
            row = self._connection.execute(besides, (self.keeping.note_max,)).fetchone()
        return int(row[0]), int(row[1])

    def _ask(self, statement: str, *values: int) -> frozenset[EntryId]:
        return _ids(self._connection.execute(statement, values).fetchall())


def _ids(rows: Iterable[Row]) -> frozenset[EntryId]:
    return frozenset(EntryId(bytes(row[0])) for row in rows)
