"""Matching: which thing on the disk is which entry. Pure.

A name in a folder that is known goes first, so a file that was written anew under its name
keeps its history; before it go only known things that changed places (see `places`). What is
then left over on both sides is matched by inode, and by content when the contents are known:
that was renamed or moved. Last is left what is new, and what is missing: looked for, with
evidence, and not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.folder.agreed import Row
from app.folder.names import disk_key
from app.folder.places import changed_places
from app.folder.port import FOLDER, Path, Shape, Stat, Ways
from app.folder.scan import Listing
from storage.facts.change import TOP, EntryId

Ignores = Callable[[Path, bool], bool]
"""(path, is a folder) -> left alone, itself or a folder around it."""


class Found(NamedTuple):
    """Something on the disk."""

    path: Path
    stat: Stat


@dataclass(slots=True)
class Matched:
    """The answer: each row is quiet, found, missing, left alone, or else unknown."""

    quiet: set[EntryId] = field(default_factory=set[EntryId])
    """Found exactly as agreed: nothing is to do."""
    found: dict[EntryId, Found] = field(default_factory=dict[EntryId, Found])
    """Found, but in some way not as agreed."""
    missing: dict[EntryId, Row] = field(default_factory=dict[EntryId, Row])
    left: set[EntryId] = field(default_factory=set[EntryId])
    """Ignored now, or in a folder that is: no longer ours to judge."""
    new: dict[Path, Stat] = field(default_factory=dict[Path, Stat])
    """Found and unknown, folders before what they hold."""
    other_disk: set[Path] = field(default_factory=set[Path])
    """Folders in which another disk was put in, or taken out: nothing below is evidence."""
    folders: dict[Path, EntryId] = field(default_factory=dict[Path, EntryId])
    """Which entry each known folder on the disk is."""


def match(
    here: Listing,
    agreed: Mapping[EntryId, Row],
    ways: Ways,
    ignores: Ignores,
    digests: Mapping[Path, bytes] | None = None,
) -> Matched:
    """Say which thing on the disk is which entry."""
    matcher = _Matcher(here, agreed, ways, ignores, {})
    matcher.descend(TOP, ())
    if matcher.met_another and (placed := changed_places(here, agreed)):
        matcher = _Matcher(here, agreed, ways, ignores, placed)
        matcher.descend(TOP, ())
    matcher.find_moved_folders()
    matcher.find_moved_files(digests or {})
    matched = matcher.matched
    matched.new = dict(sorted(matched.new.items()))
    return matched


def worth_reading(matched: Matched) -> list[Path]:
    """Return the new files that may be missing ones, if their content says so."""
    sizes = {row.size for row in matched.missing.values() if row.shape is Shape.FILE and row.size}
    return [
        path
        for path, stat in matched.new.items()
        if stat.shape is Shape.FILE and stat.size in sizes
    ]


def gave_way(path: Path, shape: Shape, new: Mapping[Path, Stat]) -> bool:
    """Say whether what lay at a path cannot come back: something of another kind is there."""
    there = new.get(path)
    if there is not None:
        return there.shape is not shape
    above = (new.get(path[:n]) for n in range(1, len(path)))
    return any(stat is not None and stat.shape is not Shape.FOLDER for stat in above)


class _Matcher:
    def __init__(
        self,
        here: Listing,
        agreed: Mapping[EntryId, Row],
        ways: Ways,
        ignores: Ignores,
        placed: Mapping[Path, Row],
    ) -> None:
        self.matched = Matched()
        self.met_another = False
        """A known name is there, and what bears it was not known, or bore another."""
        self._placed = placed
        self._moved = frozenset(row.entry for row in placed.values())
        self._here = here
        self._ways = ways
        self._ignores = ignores
        self._things: dict[tuple[int, int, Shape], Stat] | None = None
        self._children: dict[EntryId, list[Row]] = defaultdict(list)
        for row in agreed.values():
            self._children[row.parent].append(row)

    def descend(self, entry: EntryId, path: Path) -> None:
        """Match what lies in a folder that is known, and all below it."""
        todo = [(entry, path)]
        while todo:
            entry, path = todo.pop()
            self.matched.folders[path] = entry
            todo += self._match_names(entry, path)

    def find_moved_folders(self) -> None:
        """Match folders left over by inode, until no more are found."""
        matched = self.matched
        again = True
        while again:
            again = False
            lost = {
                (row.device, row.inode): row
                for row in matched.missing.values()
                if row.shape is Shape.FOLDER
            }
            if not lost:
                return
            for path in sorted(p for p, s in matched.new.items() if s.shape is Shape.FOLDER):
                stat = matched.new[path]
                row = lost.get((stat.device, stat.inode))
                if row is not None:
                    self._found_moved(row, Found(path, stat))
                    again = True
                    break

    def find_moved_files(self, digests: Mapping[Path, bytes]) -> None:
        """Match files and links left over: the same inode unchanged, or the same content."""
        by_inode: dict[tuple[int, int], Row] = {}
        by_digest: dict[bytes, Row] = {}
        for row in sorted(self.matched.missing.values(), key=lambda row: row.entry):
            if row.shape is not Shape.FOLDER:
                by_inode.setdefault((row.device, row.inode), row)
                if row.size:
                    by_digest.setdefault(row.digest, row)
        if not by_inode:
            return
        new = sorted((p, s) for p, s in self.matched.new.items() if s.shape is not Shape.FOLDER)
        for path, stat in new:
            lost = by_inode.get((stat.device, stat.inode))
            if lost is not None and self._is_it(lost, path, stat, digests):
                self._found_moved(lost, Found(path, stat))
        for path, stat in new:
            lost = by_digest.get(digests.get(path, b"?"))
            if path in self.matched.new and lost is not None and lost.shape is stat.shape:
                self._found_moved(lost, Found(path, stat))

    def _is_it(self, row: Row, path: Path, stat: Stat, digests: Mapping[Path, bytes]) -> bool:
        if row.entry not in self.matched.missing or row.shape is not stat.shape:
            return False
        untouched = row.size == stat.size and row.mtime_ns == stat.mtime_ns
        return untouched or digests.get(path) == row.digest

    def _found_moved(self, row: Row, found: Found) -> None:
        if row.entry not in self.matched.missing:
            return
        del self.matched.missing[row.entry]
        del self.matched.new[found.path]
        self.matched.found[row.entry] = found
        if row.shape is Shape.FOLDER:
            self._restore(row.entry)
            self.descend(row.entry, found.path)

    def _match_names(self, entry: EntryId, path: Path) -> list[tuple[EntryId, Path]]:
        """Match one folder's names; return the folders to go on with."""
        free = dict(self._here.names(path))
        moved = bool(self.matched.new)
        below = self._find_placed(path, free)
        lost: list[Row] = []
        for row in self._children.get(entry, ()):
            if row.entry in self._moved:
                continue
            stat = free.get(row.disk)
            if stat is None or stat.shape is not row.shape:
                lost.append(row)
                continue
            del free[row.disk]
            if stat.shape is not FOLDER and row.is_as(stat):
                self.matched.quiet.add(row.entry)
                if moved:
                    self.matched.new.pop((*path, row.disk), None)
            else:
                below += self._found(row, Found((*path, row.disk), stat))
        by_key: dict[str, str] = {}
        if lost and free:
            by_key = {disk_key(name, self._ways): name for name in sorted(free)}
        for row in self._by_thing(lost, by_key, free):
            name = by_key.get(disk_key(row.disk, self._ways))
            if (
                name is not None
                and name in free
                and free[name].shape is row.shape
                and not self._lies_elsewhere(row, free[name])
            ):
                below += self._found(row, Found((*path, name), free.pop(name)))
            else:
                below += self._not_found(row, path)
        for name, stat in free.items():
            self._is_new((*path, name), stat)
        return below

    def _by_thing(
        self, lost: list[Row], by_key: Mapping[str, str], free: Mapping[str, Stat]
    ) -> list[Row]:
        """Return rows so that of two with one key that comes first whose very thing is there."""

        def is_another(row: Row) -> bool:
            name = by_key.get(disk_key(row.disk, self._ways))
            return name is None or free[name].inode != row.inode

        return sorted(lost, key=is_another) if by_key else lost

    def _lies_elsewhere(self, row: Row, stat: Stat) -> bool:
        """Say whether a row's very thing has another name, and only its old one is taken anew."""
        if row.inode == stat.inode:
            return False
        if self._things is None:
            found = (it for names in self._here.folders.values() for it in names.values())
            self._things = {(it.device, it.inode, it.shape): it for it in found}
        there = self._things.get((row.device, row.inode, row.shape))
        if there is None or row.shape is Shape.FOLDER:
            return there is not None
        return (row.size, row.mtime_ns) == (there.size, there.mtime_ns)

    def _find_placed(self, path: Path, free: dict[str, Stat]) -> list[tuple[EntryId, Path]]:
        """Match what changed places; it is free for others no more."""
        if not self._placed:
            return []
        below: list[tuple[EntryId, Path]] = []
        for name in [name for name in free if (*path, name) in self._placed]:
            here = (*path, name)
            below += self._found(self._placed[here], Found(here, free.pop(name)))
        return below

    def _found(self, row: Row, found: Found) -> list[tuple[EntryId, Path]]:
        self.matched.new.pop(found.path, None)
        self.met_another |= row.inode != found.stat.inode
        if row.shape is not Shape.FOLDER:
            self.matched.found[row.entry] = found
            return []
        if row.inode == found.stat.inode and row.disk == found.path[-1]:
            self.matched.quiet.add(row.entry)
        else:
            self.matched.found[row.entry] = found
        if bool(row.device) != bool(found.stat.device):
            # Another disk was put in or taken out here: nothing below is evidence.
            self.matched.folders[found.path] = row.entry
            self.matched.other_disk.add(found.path)
            return []
        return [(row.entry, found.path)]

    def _not_found(self, row: Row, path: Path) -> list[tuple[EntryId, Path]]:
        here = (*path, row.disk)
        own = self._here.temporaries.get(here)
        if own is not None:
            self.matched.found[row.entry] = Found(here, own)
        elif self._ignores(here, row.shape is Shape.FOLDER):
            self._leave(row)
        elif self._here.looked_at(path, row.disk):
            self._lose(row)
        elif row.shape is Shape.FOLDER and here not in self._here.doubt:
            return [(row.entry, here)]  # not looked at itself, but perhaps something in it was
        return []

    def _is_new(self, path: Path, stat: Stat) -> None:
        if path in self._placed:
            for entry, below in self._found(self._placed[path], Found(path, stat)):
                self.descend(entry, below)
            return
        self.matched.new[path] = stat
        if stat.shape is Shape.FOLDER:
            for name, inner in self._here.names(path).items():
                self._is_new((*path, name), inner)

    def _lose(self, row: Row) -> None:
        """A row is missing, and with a folder all that was in it."""
        if row.entry in self._moved:
            return
        self.matched.missing[row.entry] = row
        for below in self._children.get(row.entry, ()):
            self._lose(below)

    def _leave(self, row: Row) -> None:
        if row.entry in self._moved:
            return
        self.matched.left.add(row.entry)
        for below in self._children.get(row.entry, ()):
            self._leave(below)

    def _restore(self, entry: EntryId) -> None:
        """A folder was found after all: judge anew what is in it."""
        for below in self._children.get(entry, ()):
            if self.matched.missing.pop(below.entry, None) is not None:
                self._restore(below.entry)
