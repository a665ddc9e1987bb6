"""Checkout: what the space holds is written to the folder.

A file is written beside its place under a name of ours, made durable, and put over, after one
more look that what lies there is what was agreed; what it replaced goes when it is certain that
nobody writes to it. So there is never a moment without it, never half of it, and nothing a
person wrote meanwhile is written over. Only when a batch is durable is it agreed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from typing import assert_never

from blake3 import blake3

from app.errors import FolderUnavailable
from app.folder.agreed import Row
from app.folder.batch import file_row, folder_row
from app.folder.doors import Doors
from app.folder.folded import row_at
from app.folder.ground import Ground, Tally
from app.folder.ignore import TEMPORARY
from app.folder.match import Found
from app.folder.meter import Meter
from app.folder.names import beside, to_disk
from app.folder.plan import BringStep, Clear, MakeFolder, Mode, Shift, Write
from app.folder.port import Path, Place, Shape, Stat
from app.folder.reading import MAX_TEXT, settled, unless_written
from app.folder.ready import Deferred, Ready
from app.folder.refusals import BUSY, as_error
from app.folder.replaced import Replaced
from app.folder.scan import GONE, Skipped
from app.progress import Report, silent
from storage.errors import BlockNotFound, DecodeError
from storage.facts.change import TOP, EntryId
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.system import FULL
from storage.tree.compress import CHUNK_MAX

MAX_BATCH = 1024
"""Steps until all is made durable; a flush of the disk costs as much for one as for all."""
MAX_BATCH_BYTES = 64 << 20
SOON = 256
"""So many files are expected at a time."""
MAX_SINGLY = 8
"""More files than these are made durable all at once."""


class Checkout:
    """Does the steps of `plan.bring`, in their order."""

    def __init__(
        self, ground: Ground, replaced: Replaced, tally: Tally, known: Collection[EntryId]
    ) -> None:
        """Take what to stand on, and of which entries something is agreed."""
        self._ground = ground
        self._replaced = replaced
        self._known = known
        self._doors = Doors(ground.folder)
        self._names: dict[EntryId, set[str]] = {}
        """By folder: the names on disk that something is agreed to lie under."""
        self._rows: list[Row] = []
        """To be agreed on with the batch."""
        self._agreed = ground.agreed
        self._tally = tally
        self._ready: list[Ready] = []
        self._paths: dict[EntryId, Path | None] = {TOP: ()}
        self._dirty: set[Path] = set()
        self._steps = self._bytes = 0
        self._meter = Meter("Writing", silent, 0, 0)

    def run(self, steps: list[BringStep], report: Report) -> None:
        """Do all steps. What was written when an error comes up is agreed."""
        self._agreed.begin()
        try:
            self._meter = Meter("Writing", report, len(steps), sum(map(_size_of, steps)))
            for done, step in enumerate(steps):
                name = step.row.name if isinstance(step, Clear) else step.node.name
                self._meter.step(name, _size_of(step))
                if done % SOON == 0:
                    soon = steps[done : done + SOON]
                    self._ground.space.expect(it.node for it in soon if isinstance(it, Write))
                if self._is_enough(step):
                    self._settle()
                self._steps += 1
                self._try(step)
            self._settle()
        finally:
            self._discard()
            self._agree()
            self._doors.close()

    def _is_enough(self, step: BringStep) -> bool:
        """Say whether the batch is large, or its files must stand before this step."""
        if self._ready and not isinstance(step, Write):
            return True
        return self._steps >= MAX_BATCH or self._bytes >= MAX_BATCH_BYTES

    def _try(self, step: BringStep) -> None:
        try:
            self._do(step)
        except Deferred as error:
            self._tally.again.add(error.path)
        except (BlockNotFound, DecodeError):
            self._tally.waiting += 1
        except OSError as error:
            self._refused(step, error)

    def _refused(self, step: BringStep, error: OSError) -> None:
        if error.errno in FULL:
            raise as_error(error) from error
        entry = step.row.entry if isinstance(step, Clear) else step.node.parent
        path = self._path(entry) or ()
        name = () if isinstance(step, Clear) else (step.node.name,)
        if error.errno in GONE:
            self._tally.again.add(path)
            return
        self._tally.refused.add(entry if isinstance(step, Clear) else step.node.id)
        if error.errno in BUSY:  # somebody has it open, and closes it some time
            self._tally.again.add((*path, *name))
        else:
            self._tally.skipped.append(Skipped((*path, *name), "unreadable"))

    def _do(self, step: BringStep) -> None:
        match step:
            case MakeFolder(node):
                self._make_folder(node)
            case Write(node):
                self._write(node)
            case Shift(node):
                self._shift(node)
            case Mode(node):
                self._mode(node)
            case Clear(row):
                self._clear(row)
            case _:
                assert_never(step)

    # -- folders, moves, modes, removals ---------------------------------------------------
    def _make_folder(self, node: Node) -> None:
        path = self._path(node.parent)
        if path is None or self._ignored((*path, node.name), is_folder=True):
            return
        with self._ground.folder.enter(path) as place:
            disk = self._free_name(place, path, node)
            place.make_folder(disk)
            found = Found((*path, disk), place.stat(disk))
        self._dirty.add(path)
        self._tally.written += 1
        self._agreed.put([folder_row(node.id, node.parent, node.name, found)])

    def _shift(self, node: Node) -> None:
        row, target = self._agreed.get(node.id), self._path(node.parent)
        source = None if row is None else self._path(row.parent)
        if row is None or source is None or target is None:
            return
        with ExitStack() as stack:
            old = stack.enter_context(self._ground.folder.enter(source))
            new = stack.enter_context(self._ground.folder.enter(target))
            stat = self._as_agreed(old, row, (*source, row.disk))
            disk = to_disk(node.name, self._ground.ways)
            if (target, disk) != (source, row.disk):
                if not self._only_spelled_anew(old, row, target == source, disk):
                    disk = self._free_name(new, target, node)
                old.move(row.disk, new, disk, replace=False)
            after = new.stat(disk)
        self._dirty |= {source, target}
        self._moved_about()
        self._tally.moved += 1
        row = row.with_stat(unless_written(row, stat, after))
        self._agreed.put([row._replace(parent=node.parent, disk=disk, name=node.name)])

    def _mode(self, node: Node) -> None:
        row = self._agreed.get(node.id)
        path = None if row is None else self._path(row.parent)
        if row is None or path is None or not self._ground.ways.keeps_modes:
            return
        with self._ground.folder.enter(path) as place:
            stat = self._as_agreed(place, row, (*path, row.disk))
            place.set_executable(row.disk, executable=node.executable)
            kept = unless_written(row, stat, place.stat(row.disk))
            self._agreed.put([row.with_stat(kept)])

    def _clear(self, row: Row) -> None:
        now = self._agreed.get(row.entry)
        if now is None:
            return  # something else was written over it
        path = self._path(now.parent)
        if path is None:
            self._agreed.forget([row.entry])
            return
        here = (*path, now.disk)
        with self._ground.folder.enter(path) as place:
            self._as_agreed(place, now, here)
            if now.shape is Shape.FOLDER:
                if self._replaced.waits_in(here) or self._agreed.holds(row.entry):
                    raise Deferred(here)  # what lies in it goes, or goes elsewhere, first
                self._clear_folder(place, path, now)
            else:
                self._replaced.clear(place, path, now)
        self._dirty.add(path)
        self._moved_about()
        self._tally.removed += 1
        self._agreed.forget([row.entry])

    def _clear_folder(self, place: Place, path: Path, row: Row) -> None:
        """Remove a folder; with files in it that nobody else knows, it stays for them."""
        try:
            place.remove_folder(row.disk)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            disk = row.disk
            if TEMPORARY.match(disk):
                taken = {collision_key(name) for name, _ in place.entries()}
                disk = beside(row.name, self._ground.device, taken)
                place.move(row.disk, place, disk, replace=False)
            self._tally.again.add((*path, disk))

    # -- files and links -------------------------------------------------------------------
    def _write(self, node: Node) -> None:
        row = self._row(node.id)
        parent = node.parent if row is None else row.parent
        path = self._path(parent)
        if path is None or self._ignored((*path, node.name), is_folder=False):
            return
        if node.size > CHUNK_MAX and not self._ground.space.is_here(node):
            self._tally.waiting += 1  # of less, reading says so before a byte is written
            return
        with self._doors.at(path) as place:
            if row is not None:
                row = row._replace(mode=self._as_agreed(place, row, (*path, row.disk)).mode)
            ready = self._prepare(place, node, row)
        if ready is not None:
            self._ready.append(Ready(node, parent, path, *ready))
            self._bytes += ready[1].size

    def _prepare(
        self, place: Place, node: Node, row: Row | None
    ) -> tuple[str, Stat, bytes, bytes] | None:
        """Write what is there under a name of ours; None when it is here already.

        Returns the name, what the disk says of it, the digest, and the token of a text.
        """
        hasher = blake3()
        pieces, base = self._pieces(node, hasher), b""
        if node.kind is EntryKind.LINK or node.is_text:
            data = b"".join(pieces)
            base = self._ground.space.base(node) if node.is_text else b""
            if row is not None and row.digest == hasher.digest():
                self._agreed.put([row._replace(version=node.version, base=base)])
                return None
            pieces = iter([data])
        name = self._ground.temporary()
        if node.kind is EntryKind.LINK:
            place.make_link(name, os.fsdecode(b"".join(pieces)))
            return name, place.stat(name), hasher.digest(), base
        keeps = row is not None and self._ground.ways.keeps_modes
        stat = place.write(
            name,
            pieces,
            executable=node.executable,
            mode=row.mode if row is not None and keeps else None,
            mtime_ns=node.mtime_ns,
            sync=False,
        )
        return name, stat, hasher.digest(), base

    def _pieces(self, node: Node, hasher: blake3) -> Iterator[bytes]:
        for piece in self._meter.passing(self._ground.space.read(node)):
            hasher.update(piece)
            yield piece

    def _settle(self) -> None:
        """Make a batch durable, put each file in its place, and agree."""
        if self._ready:
            try:
                self._sync_files()
            except OSError as error:
                raise as_error(error) from error
            self._ground.root()  # the drive may have been taken out while we wrote
        while self._ready:
            file = self._ready[-1]
            try:
                row = self._put_in_place(file)  # which may put the rows so far
                self._rows.append(row)
                self._tally.written += 1
            except Deferred as error:
                self._remove_temporary(file)
                self._tally.again.add(error.path)
            except OSError as error:
                self._remove_temporary(file)
                self._refused(Write(file.node), error)
            self._ready.pop()
        self._agree()
        self._agreed.begin()

    def _agree(self) -> None:
        """Agree on what was done, once no power cut can undo it."""
        self._put_rows()
        try:
            self._sync_folders()
            self._ground.root()  # else it lies on another drive, and would be missed on ours
        except (OSError, FolderUnavailable) as error:
            # What did not become durable is not agreed, and no second try would prove that it is.
            self._agreed.undo()
            self._replaced.let_go(self._tally)
            raise as_error(error) from error
        self._replaced.let_go(self._tally)
        self._agreed.commit()
        self._steps = self._bytes = 0

    def _put_in_place(self, file: Ready) -> Row:
        row = self._row(file.node.id)
        with self._doors.at(file.folder) as place:
            if row is not None:
                disk = row.disk
                self._as_agreed(place, row, (*file.folder, disk))
                self._replaced.put_over(place, file.folder, row, file.temporary, self._tally)
            else:
                disk = self._place_new(place, file)
            stat = place.stat(disk)
        self._dirty.add(file.folder)
        if (stat.inode, stat.size, stat.mtime_ns) != file.stat[2:5]:
            stat = file.stat._replace(ctime_ns=-1)  # written already: read it again
        name = file.node.name if row is None else row.name
        stat = settled(stat, self._ground.clock.now())
        return file_row(file.node, (file.parent, disk, name), stat, file.digest, file.base)

    def _place_new(self, place: Place, file: Ready) -> str:
        """Give a new file its name; in place of one that is gone there, if that lies here."""
        disk = to_disk(file.node.name, self._ground.ways)
        taken = self._names_in(file.parent)
        if disk not in taken:
            taken.add(disk)
            with suppress(FileExistsError):
                place.move(file.temporary, place, disk, replace=False)
                return disk
        self._put_rows()
        other = self._agreed.at(file.parent, disk)
        if other is not None and other.shape is not Shape.FOLDER and self._is_gone(other):
            self._as_agreed(place, other, (*file.folder, disk))
            self._replaced.put_over(place, file.folder, other, file.temporary, self._tally)
            return disk
        disk = self._free_name(place, file.folder, file.node)
        place.move(file.temporary, place, disk, replace=False)
        return disk

    # -- names in the way ------------------------------------------------------------------
    def _free_name(self, place: Place, path: Path, node: Node) -> str:
        """Return the name for a node, after moving out of the way what has to go anyway."""
        wish = to_disk(node.name, self._ground.ways)
        number = 1
        disk = wish
        while True:
            try:
                stat = place.stat(disk)
            except FileNotFoundError:
                return disk
            other = row_at(self._agreed, place, node.parent, disk, self._ground.ways)
            if other is not None and other.entry != node.id:
                self._vacate(place, path, other)
                continue
            ours = (*path, disk)
            if stat.shape is not Shape.OTHER and not self._ignored(
                ours, is_folder=stat.shape is Shape.FOLDER
            ):
                raise Deferred(ours)  # nobody knows it yet: it is shared first
            number += 1
            disk = f"{wish} ({number})"

    def _vacate(self, place: Place, path: Path, other: Row) -> None:
        """Move aside what goes elsewhere, or away.

        Agreed first, so that a kill in between leaves something found again, not missing.
        """
        node = self._ground.space.tree().get(other.entry)
        if node is not None and (node.parent, node.name) == (other.parent, other.name):
            raise Deferred((*path, other.disk))
        stat = self._as_agreed(place, other, (*path, other.disk))
        aside = self._ground.temporary()
        self._agree()
        self._agreed.put([other._replace(disk=aside)])
        self._agreed.begin()
        place.move(other.disk, place, aside, replace=False)
        self._dirty.add(path)
        kept = unless_written(other, stat, place.stat(aside))
        name = other.name if node is None else ""
        self._agreed.put([other.with_stat(kept)._replace(disk=aside, name=name)])
        self._moved_about()

    def _as_agreed(self, place: Place, row: Row, path: Path) -> Stat:
        """Look that what lies here is what was agreed; else nothing is done to it."""
        try:
            stat = place.stat(row.disk)
        except FileNotFoundError:
            raise Deferred(path) from None
        same = row.is_as(stat) if row.shape is not Shape.FOLDER else row.inode == stat.inode
        if stat.shape is not row.shape or not (same or self._is_as_read(place, row, stat, path)):
            raise Deferred(path)
        return stat

    def _is_as_read(self, place: Place, row: Row, stat: Stat, path: Path) -> bool:
        """A file agreed on when it was fresh: read it, for its times tell nothing."""
        if row.ctime_ns != -1 or not row.is_as(stat._replace(ctime_ns=-1)):
            return False
        if row.shape is not Shape.FILE or stat.size > MAX_TEXT:
            return False
        with place.open(path[-1]) as file:
            hasher = blake3()
            while piece := file.read(MAX_TEXT):
                hasher.update(piece)
            return file.stat() == stat and hasher.digest() == row.digest

    def _only_spelled_anew(self, place: Place, row: Row, same_folder: bool, disk: str) -> bool:  # noqa: FBT001
        """Say whether the new name is taken only because the disk folds it into the old one."""
        if not same_folder or not (self._ground.ways.folds_case or self._ground.ways.folds_forms):
            return False
        try:
            return place.stat(disk).inode == place.stat(row.disk).inode
        except FileNotFoundError:
            return False

    def _is_gone(self, row: Row) -> bool:
        return self._ground.space.tree().get(row.entry) is None

    def _ignored(self, path: Path, *, is_folder: bool) -> bool:
        return self._ground.ignore.ignores_below(path, is_folder=is_folder)

    def _row(self, entry: EntryId) -> Row | None:
        return self._agreed.get(entry) if entry in self._known else None

    def _names_in(self, folder: EntryId) -> set[str]:
        if folder not in self._names:
            self._put_rows()
            self._names[folder] = {row.disk for row in self._agreed.children(folder)}
        return self._names[folder]

    def _put_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._agreed.put(rows)

    def _moved_about(self) -> None:
        """Something lies elsewhere now: what was known of places is so no more."""
        self._doors.close()
        self._names.clear()
        self._paths = {TOP: ()}

    def _path(self, entry: EntryId) -> Path | None:
        if entry not in self._paths:
            self._paths[entry] = self._agreed.path(entry)
        return self._paths[entry]

    # -- durability ------------------------------------------------------------------------
    def _sync_files(self) -> None:
        files = [file for file in self._ready if file.node.kind is EntryKind.FILE]
        on_one_disk = len(files) > MAX_SINGLY and all(file.stat.device == 0 for file in files)
        if on_one_disk and self._ground.folder.sync_disk():
            return
        for file in files:
            with self._ground.folder.enter(file.folder) as place:
                place.sync_file(file.temporary)

    def _sync_folders(self) -> None:
        dirty, self._dirty = self._dirty, set()
        if len(dirty) > MAX_SINGLY and self._ground.folder.sync_disk():
            return
        for path in dirty:
            with (
                suppress(FileNotFoundError, NotADirectoryError),
                self._ground.folder.enter(path) as place,
            ):
                place.sync()

    def _discard(self) -> None:
        """Remove what was half done."""
        ready, self._ready = self._ready, []
        for file in ready:
            self._remove_temporary(file)

    def _remove_temporary(self, file: Ready) -> None:
        assert TEMPORARY.match(file.temporary)
        with suppress(OSError), self._ground.folder.enter(file.folder) as place:
            place.remove(file.temporary)


def _size_of(step: BringStep) -> int:
    return step.node.size if isinstance(step, Write) else 0
