"""Ingest: what changed in the folder becomes changes of the space.

A file is read until it held still. Content that others changed meanwhile is merged when it
is text, and kept beside when it is not. Whoever may only view tells the space nothing: the
change is a draft, and stays as it is.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import assert_never

from blake3 import blake3

from app.folder.agreed import Row
from app.folder.ahead import NotAhead, Reader
from app.folder.batch import Batch, file_row, folder_row
from app.folder.doors import Doors
from app.folder.ground import Ground, Tally
from app.folder.match import Found
from app.folder.meter import Meter
from app.folder.names import beside, from_disk
from app.folder.plan import (
    Add,
    Adopt,
    Aside,
    Edit,
    Forget,
    Know,
    Move,
    Remove,
    ShareStep,
    shared_name,
)
from app.folder.port import Path, Place, Shape
from app.folder.reading import (
    MAX_TEXT,
    Read,
    StillChanging,
    Stream,
    holds,
    read_file,
    settled,
)
from app.folder.rescue import is_back, keep, looks_cut
from app.folder.scan import GONE, Skipped
from app.progress import Report, silent
from storage.errors import NameTaken
from storage.facts.change import EntryId
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.values import Content, Meta


class Ingest:
    """Does the steps of `plan.share`, in their order."""

    def __init__(self, ground: Ground, tally: Tally, folders: dict[Path, EntryId]) -> None:
        self._ground = ground
        self._tally = tally
        self._batch = Batch(ground, tally, dict(folders))
        self._may_edit = ground.space.may_edit()
        self._in_doubt = False
        self._doors = Doors(ground.folder)
        self._reader: Reader = NotAhead()
        self._meter = Meter("Reading", silent, 0, 0)

    def run(self, steps: list[ShareStep], report: Report) -> None:
        """Do all steps. What was committed when an error comes up stays so, and is agreed."""
        added = (step.found for step in steps if isinstance(step, Add))
        small = [(it.path, it.stat.size) for it in added if _is_small(it)]
        if small and self._may_edit:
            ground = self._ground
            secret = ground.space.sealing_secret()
            with suppress(OSError):  # reading ahead is only quicker
                self._reader = ground.ahead.begin(ground.folder.identity(), secret, small)
        try:
            self._run(steps, report)
        finally:
            self._reader.close()
            self._doors.close()

    def _run(self, steps: list[ShareStep], report: Report) -> None:
        self._meter = Meter("Reading", report, len(steps), sum(map(_size_of, steps)))
        for step in steps:
            path = _path_of(step)
            self._meter.step(path[-1] if path else "", _size_of(step))
            if self._in_doubt and isinstance(step, Remove):
                continue  # something was to be moved out of there first
            try:
                self._do(step)
            except StillChanging as error:
                self._tally.again.add(error.path)
            except OSError as error:
                self._in_doubt = True
                if error.errno in GONE:
                    self._tally.again.add(path)  # it went meanwhile; the next look tells
                else:
                    self._tally.skipped.append(Skipped(path, "unreadable"))
        self._batch.flush()

    def _do(self, step: ShareStep) -> None:
        match step:
            case Know(entry, found):
                self._know(entry, found)
            case Adopt(entry, found):
                self._adopt(entry, found)
            case Add(found):
                self._add(found)
            case Edit(entry, found):
                self._edit(entry, found)
            case Move(entry, found):
                self._move(entry, found)
            case Aside(found):
                self._aside(found)
            case Remove(entry, below):
                self._remove(entry, below)
            case Forget(entry):
                self._ground.agreed.forget([entry])
                self._tally.entries.add(entry)
            case _:
                assert_never(step)

    def _know(self, entry: EntryId, found: Found) -> None:
        parent = self._batch.parent_of(found.path)
        row = self._batch.row(entry)
        node = self._batch.tree.get(entry)
        if parent is None:
            return  # in a folder that is nobody's but ours
        if row is not None:
            name = shared_name(row, found.path[-1], self._ground.ways)
            self._batch.moved(row, parent, found, name)
        elif node is not None:
            self._batch.is_folder(found.path, entry)
            row = folder_row(entry, parent, node.name, found)
            self._batch.then(lambda: [row])

    def _add(self, found: Found) -> None:
        if not self._may_edit:
            self._batch.draft(found.path, None)
            return
        if found.stat.shape is Shape.FOLDER:
            self._batch.living(found.path, found.stat)
            return
        if (early := self._reader.take(found.path)) is not None:
            self._ground.space.keep(early.blocks)
            self._add_file(found.path, early.read)
            return
        with self._doors.at(found.path[:-1]) as place:
            if found.stat.shape is Shape.LINK:
                self._add_link(place, found)
            else:
                self._add_file(found.path, self._read(place, found))

    def _edit(self, entry: EntryId, found: Found) -> None:
        row = self._batch.row(entry)
        if row is None:
            return
        with self._doors.at(found.path[:-1]) as place:
            if found.stat.shape is Shape.LINK:
                self._edit_link(place, row, found)
                return
            read = self._read(place, found)
        node = self._batch.tree.get(entry)
        if read.digest == row.digest:
            self._touch(row, read, node)
        elif self._ground.suspicious and (looks_cut(row, read) or is_back(self._ground, row, read)):
            keep(self._ground, found.path, read)
            self._batch.holding(row, read.stat, read.digest)
        elif not self._may_edit:
            self._batch.draft(found.path, entry if node is not None else None)
        elif node is None:  # deleted there, edited here: it comes back
            self._ground.agreed.forget([entry])
            self._add_file(found.path, read)
        else:
            self._edit_file(row, node, read, found.path)

    def _move(self, entry: EntryId, found: Found) -> None:
        row = self._batch.row(entry)
        if row is None:
            return
        if not self._may_edit:
            self._batch.draft(self._agreed_path(row), entry)
            self._batch.draft(found.path, None)
            return
        parent = self._batch.living(found.path[:-1])
        name = shared_name(row, found.path[-1], self._ground.ways)
        change = self._batch.begin("moved", entry)
        try:
            change.move(entry, parent, name)
        except NameTaken:  # it was moved there meanwhile, and the other into it: that holds
            self._batch.take_back("moved")
            self._batch.to_bring(entry)
        if row.shape is Shape.FOLDER:
            self._batch.is_folder(found.path, entry)
        self._batch.moved(row, parent, found, name)

    def _remove(self, entry: EntryId, below: tuple[EntryId, ...]) -> None:
        gone = [entry, *below]
        if not self._may_edit:
            for row in filter(None, map(self._batch.row, gone)):
                self._batch.draft(self._agreed_path(row), row.entry)
            return
        self._batch.begin("deleted", entry, len(gone)).remove(entry)
        self._batch.then_forget(gone)

    def _aside(self, found: Found) -> None:
        """Something there has this name, and is of another kind: ours takes a name beside."""
        if not self._may_edit:
            self._batch.draft(found.path, None)
            return
        with self._ground.folder.enter(found.path[:-1]) as place:
            taken = {collision_key(name) for name, _ in place.entries()}
            name = beside(found.path[-1], self._ground.device, taken)
            place.move(found.path[-1], place, name, replace=False)
            place.sync()
        self._tally.again |= {(*found.path[:-1], name), found.path}

    def _adopt(self, entry: EntryId, found: Found) -> None:
        """Compare what is both here and there. The same is agreed; else both are kept."""
        node, parent = self._batch.tree.get(entry), self._batch.parent_of(found.path)
        if node is None or parent is None:
            return
        if not self._ground.space.is_here(node):
            self._tally.wanted.add(node.entry)
            return  # nothing can be said, and nothing will be written over it
        with self._ground.folder.enter(found.path[:-1]) as place:
            if found.stat.shape is Shape.LINK:
                target = os.fsencode(place.read_link(found.path[-1]))
                read = Read(found.stat, blake3(target).digest(), target)
            else:
                read = self._read(place, found)
        same = holds(self._ground.space, node, read)
        base = self._ground.space.base(node) if same and node.is_text else b""
        stat = settled(read.stat, self._ground.clock.now())
        row = file_row(node, (parent, found.path[-1], node.name), stat, read.digest, base)
        if same:
            self._batch.then(lambda: [row])
        elif not self._may_edit:
            self._batch.draft(found.path, None)
        elif found.stat.shape is Shape.LINK:
            self._aside(found)
        else:
            self._put_beside(found.path, read)
            self._batch.holding(row, stat, read.digest)

    # -- files and links -------------------------------------------------------------------
    def _read(self, place: Place, found: Found) -> Read:
        def store(stream: Stream) -> Content:
            return self._ground.space.store(self._meter.reading(stream))

        clock = self._ground.clock
        return read_file(place, found.path, found.stat.size, store, clock)

    def _add_file(self, path: Path, read: Read) -> None:
        parent = self._batch.living(path[:-1])
        content = read.content or self._ground.space.store(read.source())
        name = from_disk(path[-1], self._ground.ways)
        change = self._batch.begin("added")
        entry = change.add_file(parent, name, content, self._batch.meta(read.stat))
        self._batch.added(entry, parent, path[-1], read)

    def _put_beside(self, path: Path, read: Read) -> None:
        """Share what is here under a name beside; `bring` then writes both."""
        parent = self._batch.living(path[:-1])
        taken = {collision_key(node.name) for node in self._batch.tree.children(parent)}
        with self._ground.folder.enter(path[:-1]) as place:
            taken |= {collision_key(name) for name, _ in place.entries()}
        name = beside(from_disk(path[-1], self._ground.ways), self._ground.device, taken)
        content = read.content or self._ground.space.store(read.source())
        change = self._batch.begin("added")
        self._batch.to_bring(change.add_file(parent, name, content, self._batch.meta(read.stat)))

    def _edit_file(self, row: Row, node: Node, read: Read, path: Path) -> None:
        unseen = node.version != row.version
        text = read.text if node.is_text else None
        if unseen and holds(self._ground.space, node, read):
            self._batch.edited(row, read)
        elif text is not None and row.base and not (unseen and self._is_another(row)):
            change = self._batch.begin("edited", row.entry)
            meta = self._batch.meta(read.stat, node)
            held = change.write(row.entry, read.data, meta, row.base)
            self._batch.edited(row, read, held=held if unseen else None, token=held)
        elif unseen:
            self._put_beside(path, read)
            self._batch.holding(row, read.stat, read.digest)
        else:
            content = read.content or self._ground.space.store(read.source())
            change = self._batch.begin("edited", row.entry)
            change.replace(row.entry, content, self._batch.meta(read.stat, node))
            self._batch.edited(row, read)

    def _is_another(self, row: Row) -> bool:
        """Say whether the text there was replaced by another one, as by an old version."""
        return not self._ground.space.change().builds_on(row.entry, row.base)

    def _touch(self, row: Row, read: Read, node: Node | None) -> None:
        """The bytes are as agreed; perhaps it became a program."""
        stat = settled(read.stat, self._ground.clock.now())
        if node is not None:
            was = bool(row.mode & 0o100)
            meta = self._batch.meta(read.stat, node)
            if meta.executable not in {was, node.executable}:
                if not self._may_edit:
                    self._batch.draft(self._agreed_path(row), row.entry)
                    return
                self._batch.begin("edited", row.entry).set_meta(row.entry, meta)
        self._batch.then(lambda: [row.with_stat(stat)])

    def _add_link(self, place: Place, found: Found) -> None:
        target = place.read_link(found.path[-1])
        try:
            raw = target.encode()
        except UnicodeEncodeError:
            self._tally.skipped.append(Skipped(found.path, "name"))
            return
        parent = self._batch.living(found.path[:-1])
        name = from_disk(found.path[-1], self._ground.ways)
        meta = Meta(found.stat.mtime_ns, executable=False)
        entry = self._batch.begin("added").add_link(parent, name, target, meta)
        read = Read(found.stat, blake3(raw).digest(), b"\0")
        self._batch.added(entry, parent, found.path[-1], read)

    def _edit_link(self, place: Place, row: Row, found: Found) -> None:
        target = os.fsencode(place.read_link(found.path[-1]))
        if blake3(target).digest() == row.digest:
            self._batch.then(lambda: [row.with_stat(found.stat)])
        elif not self._may_edit:
            self._batch.draft(found.path, row.entry)
        else:  # a link has one target for life: another target is another link
            if self._batch.tree.get(row.entry) is not None:
                self._batch.begin("deleted", row.entry).remove(row.entry)
            self._batch.then_forget([row.entry])
            self._add_link(place, found)

    def _agreed_path(self, row: Row) -> Path:
        return (*(self._ground.agreed.path(row.parent) or ()), row.disk)


def _is_small(found: Found) -> bool:
    return found.stat.shape is Shape.FILE and found.stat.size <= MAX_TEXT


def _size_of(step: ShareStep) -> int:
    """Return how many bytes are read for a step."""
    match step:
        case Add(found) | Edit(_, found) if found.stat.shape is Shape.FILE:
            return found.stat.size
        case _:
            return 0


def _path_of(step: ShareStep) -> Path:
    return () if isinstance(step, Remove | Forget) else step.found.path
