"""Known things that changed places with each other, or moved up a row of names. Pure.

A name counts first, for most programs save by putting a new file under it. So who renames
`a` to `b` and `b` to `c` would seem to have edited two files and removed one. But here the inode
of each tells which it is. It is believed where all that is known fits together: each of them
is untouched, was one of those that moved, and lies under a name that was free or was left by
another of them. Where anything new lies under one of their names, it was a save.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from app.folder.agreed import Row
from app.folder.port import Path, Shape, Stat
from app.folder.scan import Listing
from storage.facts.change import TOP, EntryId

_Thing = tuple[int, int, Shape]


class _Moved(NamedTuple):
    """A row, where it was, and where its thing is."""

    row: Row
    home: Path
    now: Path


def changed_places(here: Listing, rows: Mapping[EntryId, Row]) -> dict[Path, Row]:
    """Return what lies under names that others left: by where it lies now."""
    homes = _homes(rows)
    taken = {home: entry for entry, home in homes.items()}
    moved = _moved(here, rows, homes)
    while True:
        targets = {it.now for it in moved.values()}
        doubtful = [
            entry
            for entry, it in moved.items()
            if ((at := taken.get(it.now)) is not None and at not in moved)
            or (_at(here, it.home) is not None and it.home not in targets)
        ]
        if not doubtful:
            break
        for entry in doubtful:
            del moved[entry]
    left = {it.home for it in moved.values()}
    return {it.now: it.row for it in moved.values() if it.now in left or it.home in targets}


def _moved(
    here: Listing, rows: Mapping[EntryId, Row], homes: Mapping[EntryId, Path]
) -> dict[EntryId, _Moved]:
    """Return what is certainly not where it was, and lies in one other place, untouched."""
    found: dict[_Thing, list[Path]] = {}
    for folder, names in here.folders.items():
        for name, stat in names.items():
            found.setdefault((stat.device, stat.inode, stat.shape), []).append((*folder, name))
    owners = Counter(_thing(row) for row in rows.values())
    moved: dict[EntryId, _Moved] = {}
    for entry, home in homes.items():
        row = rows[entry]
        paths = found.get(_thing(row), ())
        if len(paths) != 1 or owners[_thing(row)] != 1 or paths[0] == home:
            continue
        there = here.names(paths[0][:-1])[paths[0][-1]]
        if _is_untouched(row, there) and here.looked_at(home[:-1], home[-1]):
            moved[entry] = _Moved(row, home, paths[0])
    return moved


def _homes(rows: Mapping[EntryId, Row]) -> dict[EntryId, Path]:
    """Return where each row is agreed to lie."""
    homes: dict[EntryId, Path] = {TOP: ()}
    for entry in rows:
        chain: list[Row] = []
        up: EntryId = entry
        while up not in homes and (row := rows.get(up)) is not None and len(chain) <= len(rows):
            chain.append(row)
            up = row.parent
        for row in reversed(chain):
            if row.parent in homes:
                homes[row.entry] = (*homes[row.parent], row.disk)
    del homes[TOP]
    return homes


def _thing(row: Row) -> _Thing:
    return row.device, row.inode, row.shape


def _at(here: Listing, path: Path) -> Stat | None:
    return here.names(path[:-1]).get(path[-1])


def _is_untouched(row: Row, stat: Stat) -> bool:
    if row.shape is Shape.FOLDER:
        return True
    return row.size == stat.size and row.mtime_ns == stat.mtime_ns
