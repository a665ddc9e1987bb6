"""What lay where we wrote: kept under a name of ours until it is certain that nobody writes to it.

A program may have opened a file just before another was put in its place: what it writes then
is in no folder any more. So the old file is looked at once more, under a name of ours. It goes
when it is as it was agreed and nobody has it open. Else it is waited for, and what is new in it is
an edit of the version that it held: united with the text, or else given a name of its own again.

Its name tells the entry. What is agreed of that is the old version until the batch is, and with
the batch it is written down what each file that stays stood for; so a kill changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from app.folder.agreed import Row
from app.folder.batch import Batch
from app.folder.ground import Ground, Tally
from app.folder.ignore import REPLACED, TEMPORARY
from app.folder.names import beside, to_disk
from app.folder.port import Path, Place, Shape, Stat
from app.folder.reading import Read, StillChanging, digest_of, holds, read_file
from app.folder.rescue import put_away
from storage.facts.change import EntryId
from storage.facts.names import collision_key
from storage.facts.node import Node

_NOWHERE: Mapping[str, Path] = {}
SOON = 0.25
"""Seconds until a file that someone still writes to is looked at again."""


class _Seen(NamedTuple):
    """How a file was found, and since when it is so."""

    stat: Stat
    since: float


class Replaced:
    """Keeps what was replaced or cleared, and lets it go."""

    def __init__(self, ground: Ground, quiet: float) -> None:
        """Take what to stand on, and the seconds after which an open file holds still."""
        self._ground = ground
        self._quiet = quiet
        self._held: list[tuple[Path, str, Row]] = []
        """Of the batch under way: the folder, the name of ours, and what was agreed of it."""
        self._seen: dict[str, _Seen] = {}

    # -- while writing ---------------------------------------------------------------------
    def put_over(self, place: Place, folder: Path, row: Row, new: str, tally: Tally) -> None:
        """Put a new file where a row's lies. Raises OSError; then nothing was done."""
        aside = self._ground.aside(row.entry)
        if not place.supplant(new, row.disk, aside):
            return
        if place.stat(aside).shape is Shape.FOLDER:
            self._give_back(place, (*folder, aside), row, tally)  # it was a file when we looked
        else:
            self._held.append((folder, aside, row))

    def clear(self, place: Place, folder: Path, row: Row) -> None:
        """Remove a row's file, unless someone writes to it."""
        aside = self._ground.aside(row.entry)
        place.move(row.disk, place, aside, replace=False)
        if self._is_as_it_was(place, aside, row):
            place.remove(aside)
        else:
            self._held.append((folder, aside, row))

    def waits_in(self, folder: Path) -> bool:
        """Say whether a file is still waited for in a folder, or below it."""
        paths = [path for path, _, _ in self._held]
        for _, row in self._ground.agreed.replaced():
            paths.append(self._ground.agreed.path(row.parent) or ())
        return any(path[: len(folder)] == folder for path in paths)

    def let_go(self, tally: Tally) -> None:
        """Remove what nobody writes to; what stays is remembered with the batch.

        The folders are durable by now, so a power cut does not bring back what is removed here
        in place of what was put over it.
        """
        held, self._held = self._held, []
        for folder, aside, row in held:
            with suppress(OSError), self._ground.folder.enter(folder) as place:
                if self._is_as_it_was(place, aside, row):
                    place.remove(aside)
                    continue
            self._ground.agreed.put_replaced(aside, row)
            tally.again.add((*folder, row.disk))

    def _is_as_it_was(self, place: Place, aside: str, row: Row) -> bool:
        """Say for certain that it holds what was agreed, and nobody can write to it any more."""
        if row.shape is Shape.FILE and place.is_written(aside) is not False:
            return False
        return self._is_unchanged(place, aside, row)

    def _is_unchanged(self, place: Place, aside: str, row: Row) -> bool:
        stat = place.stat(aside)
        if not row.is_as(stat._replace(ctime_ns=row.ctime_ns)) or stat.shape is not row.shape:
            return False
        if row.shape is Shape.LINK or row.ctime_ns != -1:
            return True
        try:
            return digest_of(place, (aside,))[1] == row.digest
        except StillChanging:
            return False

    # -- while looking ---------------------------------------------------------------------
    def settle(self, tally: Tally, strays: Mapping[str, Path] = _NOWHERE) -> float | None:
        """Take in what was written to files that were replaced, and let go of them.

        `strays` tells the folders of those that were found, wherever that was. Returns the seconds
        until they are to be looked at again, None when none is left.
        """
        soonest: float | None = None
        for aside, row in self._ground.agreed.replaced():
            path = strays.get(aside, self._ground.agreed.path(row.parent))
            seconds: float | None = None
            if path is None:
                continue  # its folder was moved: a look finds it there
            try:
                with self._ground.folder.enter(path) as place:
                    seconds = self._settle(place, (*path, aside), row, tally)
            except (OSError, StillChanging):
                seconds = SOON
            if seconds is not None:
                tally.again.add((*path, row.disk))
                soonest = seconds if soonest is None else min(soonest, seconds)
        return soonest

    def find(self, paths: list[Path], tally: Tally, *, everywhere: bool) -> float | None:
        """Settle what a look found; of what nothing was written down, a kill left it.

        `everywhere`: it looked at all that there is, so what it did not find is gone.
        """
        known = {aside for aside, _ in self._ground.agreed.replaced()}
        for path in paths:
            if path[-1] not in known:
                with suppress(OSError, StillChanging):
                    self._judge(path, tally)
        strays = {path[-1]: path[:-1] for path in paths}
        for aside in known - strays.keys() if everywhere else ():
            self._forget(aside)
        return self.settle(tally, strays)

    def _settle(self, place: Place, path: Path, row: Row, tally: Tally) -> float | None:
        """Return the seconds until it is to be looked at again, None when it is gone."""
        aside = path[-1]
        try:
            stat = place.stat(aside)
        except FileNotFoundError:
            self._forget(aside)
            return None
        if self._lies_there(place, row.disk, stat):
            place.remove(aside)  # a second name of what was never replaced
            self._forget(aside)
            return None
        written = place.is_written(aside) if stat.shape is Shape.FILE else False
        if written is not False and not self._holds_still(aside, stat):
            return SOON
        if not self._is_unchanged(place, aside, row) and not self._take_in(place, path, row, tally):
            return None
        if written:
            return max(self._quiet, SOON)
        place.remove(aside)
        self._forget(aside)
        return None

    def _holds_still(self, aside: str, stat: Stat) -> bool:
        """Say whether a file that may be open did not change for a while."""
        now = self._ground.clock.monotonic()
        seen = self._seen.get(aside)
        if seen is None or seen.stat != stat:
            seen = self._seen[aside] = _Seen(stat, now)
        return now - seen.since >= self._quiet

    def _take_in(self, place: Place, path: Path, row: Row, tally: Tally) -> bool:
        """Share what is new in it; False when it was given a name of its own for that."""
        read = self._read(place, path)
        if read is None:
            self._give_back(place, path, row, tally)
            return False
        space = self._ground.space
        node = space.tree().get(row.entry)
        if read.digest == row.digest or (node is not None and holds(space, node, read)):
            return True
        if node is None or not self._unites(node, read, row):
            self._give_back(place, path, row, tally)
            return False
        batch = Batch(self._ground, tally, {})
        change = batch.begin("edited", row.entry)
        base = change.write(row.entry, read.data, batch.meta(read.stat, node), row.base)
        new = row.with_stat(read.stat)._replace(digest=read.digest, base=base)
        batch.flush()
        self._ground.agreed.put_replaced(path[-1], new)
        return True

    def _unites(self, node: Node, read: Read, row: Row) -> bool:
        """Say whether it is a text on both sides, made from a version of the one there."""
        space = self._ground.space
        if not (space.may_edit() and node.is_text and row.base and read.text is not None):
            return False
        if not space.is_here(node):
            return False
        return space.change().builds_on(row.entry, row.base)

    def _give_back(self, place: Place, path: Path, row: Row, tally: Tally) -> None:
        """Give it a name of its own again, the old one if that is free: it is new here."""
        ways, device = self._ground.ways, self._ground.device
        name = to_disk(row.name, ways) if TEMPORARY.match(row.disk) else row.disk
        try:
            place.move(path[-1], place, name, replace=False)
        except FileExistsError:
            taken = {collision_key(other) for other, _ in place.entries()}
            name = beside(name, device, taken)
            place.move(path[-1], place, name, replace=False)
        place.sync()
        self._forget(path[-1])
        tally.again.add((*path[:-1], name))

    def _judge(self, path: Path, tally: Tally) -> None:
        match = REPLACED.match(path[-1])
        assert match is not None
        entry = EntryId(bytes.fromhex(match["entry"]))
        row, node = self._ground.agreed.get(entry), self._ground.space.tree().get(entry)
        with self._ground.folder.enter(path[:-1]) as place:
            read = self._read(place, path)
            stat = place.stat(path[-1])
            parent = self._ground.agreed.find(path[:-1])
            if row is not None and parent is not None and _is_of(row, stat):
                self._ground.agreed.put_replaced(path[-1], row._replace(parent=parent))
            elif read is not None and self._is_known(row, node, read):
                place.remove(path[-1])
            elif row is None or self._lies_there(place, row.disk, row):
                put_away(self._ground, path)  # what it was made from is not known any more
            else:
                self._give_back(place, path, row, tally)

    def _is_known(self, row: Row | None, node: Node | None, read: Read) -> bool:
        if row is not None and row.digest == read.digest:
            return True
        return node is not None and holds(self._ground.space, node, read)

    def _lies_there(self, place: Place, disk: str, it: Stat | Row) -> bool:
        """Say whether the very file lies under a name."""
        try:
            return _is_of(it, place.stat(disk))
        except FileNotFoundError:
            return False

    def _read(self, place: Place, path: Path) -> Read | None:
        """Read a file; None when it is none."""
        stat = place.stat(path[-1])
        if stat.shape is not Shape.FILE:
            return None
        ground = self._ground
        return read_file(place, path, stat.size, ground.space.store, ground.clock)

    def _forget(self, aside: str) -> None:
        self._ground.agreed.forget_replaced(aside)
        self._seen.pop(aside, None)


def _is_of(it: Stat | Row, stat: Stat) -> bool:
    """Say whether this is the very file."""
    return (it.device, it.inode) == (stat.device, stat.inode)
