"""The trail of a folder: the records that named it, what is in it, or was in it just then.

Each record says of each entry that it names in which folder the entry lay, so the trail is
walked from its newest end, and only as far as somebody wants to see.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import groupby
from operator import itemgetter

from storage.facts.change import ENTRY_SIZE, TOP, EntryId
from storage.index.sql import Connection
from storage.index.touch import How

AT_ONCE = 256
"""Records whose entries are read at once."""


class Trail:
    """Walks the table `touch`. Reads only."""

    def __init__(self, connection: Connection, roots: AbstractSet[EntryId]) -> None:
        self._connection = connection
        self._roots = roots
        self._moves: dict[EntryId, tuple[list[int], list[EntryId]]] = {}
        """Where a folder lay, from which record on."""
        self._now: dict[EntryId, bool] = {}
        """Whether an entry lies below the roots now, or lay there last."""

    def places(self) -> Iterator[int]:
        """Walk the positions of the records, the last to come first."""
        row = self._connection.execute("SELECT max(pos) FROM touch").fetchone()
        end = int(row[0] or 0)
        while end > 0:
            rows = self._connection.execute(
                "SELECT pos, entry, lay FROM touch WHERE pos > ? AND pos <= ? ORDER BY pos DESC",
                (end - AT_ONCE, end),
            ).fetchall()
            for pos, its in groupby(rows, key=itemgetter(0)):
                if self._is_on_it(pos, [(EntryId(bytes(e)), bytes(lay)) for _, e, lay in its]):
                    yield pos
            end -= AT_ONCE

    def _is_on_it(self, pos: int, touched: Iterable[tuple[EntryId, bytes]]) -> bool:
        found = False
        for entry, lay in touched:  # all of them: the first time that one is met is its last place
            folders = [EntryId(lay[i : i + ENTRY_SIZE]) for i in range(0, len(lay), ENTRY_SIZE)]
            now = self._now.get(entry)
            if now is None:
                now = self._now[entry] = entry in self._roots or (
                    bool(folders) and self._is_below(folders[0], None)
                )
            found = found or now or any(self._is_below(folder, pos) for folder in folders)
        return found

    def _is_below(self, folder: EntryId, pos: int | None) -> bool:
        """Say whether a folder was a root or below one, at a record or (None) is now."""
        passed: set[EntryId] = set()
        while folder not in passed:
            if folder in self._roots:
                return True
            passed.add(folder)
            lay = None if folder == TOP else self._lay(folder, pos)
            if lay is None:
                return False
            folder = lay
        return False

    def _lay(self, folder: EntryId, pos: int | None) -> EntryId | None:
        if folder not in self._moves:
            rows = self._connection.execute(
                "SELECT pos, lay FROM touch WHERE entry = ? AND lay <> x'' ORDER BY pos", (folder,)
            ).fetchall()
            into = [EntryId(bytes(lay)[:ENTRY_SIZE]) for _, lay in rows]
            self._moves[folder] = [int(at) for at, _ in rows], into
        places, folders = self._moves[folder]
        if not places:
            return None
        number = len(places) if pos is None else bisect_right(places, pos)
        return folders[max(number - 1, 0)]


def kinds(connection: Connection, places: Iterable[int]) -> dict[int, dict[How, int]]:
    """Return for each record how many entries it made, edited, moved and so on."""
    found: dict[int, dict[How, int]] = {}
    for pos in places:
        counts = found[pos] = {}
        rows = connection.execute(
            "SELECT how, count(*) FROM touch WHERE pos = ? GROUP BY how", (pos,)
        ).fetchall()
        for how, number in rows:
            for one in How(how):
                counts[one] = counts.get(one, 0) + int(number)
    return found
