"""A disk that remembers what was synced, and what else a power cut may have left of the rest.

Harsher than any file system we know: a file's bytes last only after a sync of that file, a
name only after a sync of its folder, and what was synced by neither may be there in part and
in any order, torn at 512 bytes. What a disk that lies about a sync does is not modelled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

SECTOR = 512
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class Kind(Enum):
    """What an inode is."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Put:
    """Bytes written to a file that are not synced."""

    at: int
    data: bytes
    order: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A new length of a file that is not synced."""

    size: int
    order: int


@dataclass(slots=True, eq=False)
class Inode:
    """A file, folder or link; it may have many names, or none."""

    kind: Kind
    mode: int
    target: str = ""
    mtime_ns: int = 0
    told: tuple[int, int] | None = None
    """What the real disk said of it last: its inode's number, and its ctime in ns."""
    safe: bytes = b""
    size: int = 0
    pending: list[Put | Cut] = field(default_factory=list[Put | Cut])
    names: dict[str, Inode] = field(default_factory=dict[str, "Inode"])
    """Of a folder, as running programs see it."""
    safe_names: dict[str, Inode] = field(default_factory=dict[str, "Inode"])

    def data(self) -> bytes:
        """Return the bytes as running programs see them."""
        return _applied(self.safe, self.pending)

    def changed(self, *, written: bool = False) -> None:
        """Let its times be others than those that were told."""
        self.mtime_ns += written
        if self.told is not None:
            self.told = self.told[0], self.told[1] + 1


Key = tuple[Inode, str]


@dataclass(slots=True, eq=False)
class Naming:
    """Names that appeared or went together and are not synced: a rename is one of these."""

    names: dict[Key, Inode | None]
    order: int


class Disk:
    """One folder on a disk, as programs see it and as a power cut may leave it."""

    def __init__(self) -> None:
        self.root = Inode(Kind.FOLDER, FOLDER_MODE)
        self.namings: list[Naming] = []
        self.order = 0

    # -- what programs do ----------------------------------------------------------------------
    def find(self, path: str) -> Inode | None:
        """Return what lies at a path, '' for the root."""
        at: Inode | None = self.root
        for name in filter(None, path.split("/")):
            at = None if at is None else at.names.get(name)
        return at

    def put(self, inode: Inode, at: int, data: bytes) -> None:
        """Write to a file."""
        inode.pending.append(Put(at, data, self._next()))
        inode.size = max(inode.size, at + len(data))
        inode.changed(written=True)

    def cut(self, inode: Inode, size: int) -> None:
        """Give a file another length."""
        inode.pending.append(Cut(size, self._next()))
        inode.size = size
        inode.changed(written=True)

    def name(self, names: dict[str, Inode | None]) -> None:
        """Let paths name inodes, or nothing, all at once."""
        keys: dict[Key, Inode | None] = {}
        for path, inode in names.items():
            folder, _, name = path.rpartition("/")
            above = self.find(folder)
            assert above is not None, f"no folder for {path}"
            keys[above, name] = inode
        for (above, name), inode in keys.items():
            _set(above.names, name, inode)
            if inode is not None:
                inode.changed()
        self.namings.append(Naming(keys, self._next()))

    def sync(self, inode: Inode) -> None:
        """Make the bytes of a file last, or the names in a folder."""
        if inode.kind is not Kind.FOLDER:
            inode.safe, inode.pending = inode.data(), []
            return
        for naming in tuple(self.namings):
            if any(above is inode for above, _ in naming.names):
                self._make_last(naming)

    def sync_all(self) -> None:
        """Make everything last."""
        for naming in tuple(self.namings):
            self._make_last(naming)
        for inode in set(self.inodes()):
            self.sync(inode)

    def inodes(self) -> Iterator[Inode]:
        """Walk everything that has a name now, or may have it after a power cut."""
        waiting, known = [self.root], {self.root}
        named = {inode for naming in self.namings for inode in naming.names.values() if inode}
        while waiting:
            inode = waiting.pop()
            yield inode
            found = {*inode.names.values(), *inode.safe_names.values()}
            found |= named if inode is self.root else set()
            waiting += found - known
            known |= found

    def _make_last(self, naming: Naming) -> None:
        """Also forget what was to be so before of the same names."""
        self.namings.remove(naming)
        for (above, name), inode in naming.names.items():
            _set(above.safe_names, name, inode)
            for other in self.namings:
                if other.order < naming.order:
                    other.names.pop((above, name), None)

    def _next(self) -> int:
        self.order += 1
        return self.order

    # -- what a power cut leaves ---------------------------------------------------------------
    def left(self, dice: Random) -> Left:
        """Return one of the many things that a power cut right now may leave."""
        return Left(self, dice, *dice.choice(WAYS))


class Some(Enum):
    """How much of what was not synced is there after a power cut."""

    ALL = "all"
    NONE = "none"
    FIRST = "all up to some moment, in the order of writing"
    ANY = "any of it, each piece by itself"


WAYS = (
    (Some.FIRST, Some.FIRST),  # a disk that keeps the order of everything
    (Some.ALL, Some.NONE),  # names went ahead of bytes: the file of zero bytes
    (Some.ALL, Some.ANY),
    (Some.NONE, Some.ALL),  # bytes without names
    (Some.NONE, Some.ANY),
    (Some.FIRST, Some.ANY),
    (Some.ANY, Some.FIRST),
    (Some.ANY, Some.ANY),
)
"""Of names, and of bytes."""


@dataclass(frozen=True, slots=True)
class Item:
    """What lies at a path after a power cut."""

    inode: Inode
    data: bytes


class Left:
    """What a power cut left: path to item, folders before what is in them."""

    def __init__(self, disk: Disk, dice: Random, names: Some, data: Some) -> None:
        self.way = f"names: {names.value}; bytes: {data.value}"
        self._dice = dice
        self._data = data
        self._moment = dice.randint(_oldest(disk), disk.order) if disk.order else 0
        self._share = dice.choice((0.1, 0.5, 0.9))
        self._names = self._named(disk, names)
        self._known: dict[Inode, bytes] = {}
        self.items = dict(self._walk(disk.root, ""))

    def _named(self, disk: Disk, some: Some) -> dict[Inode, dict[str, Inode]]:
        """Return the names in each folder."""
        found: dict[Inode, dict[str, Inode]] = {}
        for naming in disk.namings:
            if self._is_there(some, naming.order):
                for (above, name), inode in naming.names.items():
                    names = found.setdefault(above, dict(above.safe_names))
                    _set(names, name, inode)
        return found

    def _is_there(self, some: Some, order: int) -> bool:
        match some:
            case Some.ALL:
                return True
            case Some.NONE:
                return False
            case Some.FIRST:
                return order <= self._moment
            case Some.ANY:
                return self._dice.random() < self._share

    def _walk(self, folder: Inode, above: str) -> Iterator[tuple[str, Item]]:
        for name, inode in sorted(self._names.get(folder, folder.safe_names).items()):
            yield above + name, Item(inode, self._bytes(inode))
            if inode.kind is Kind.FOLDER:
                yield from self._walk(inode, f"{above}{name}/")

    def _bytes(self, inode: Inode) -> bytes:
        """Return what is left of a file's bytes: the same under all of its names."""
        if inode not in self._known:
            self._known[inode] = self._torn(inode) if inode.pending else inode.safe
        return self._known[inode]

    def _torn(self, inode: Inode) -> bytes:
        if self._data is Some.ALL:
            return inode.data()
        kept: list[Put | Cut] = []
        for change in inode.pending:
            if isinstance(change, Cut) or self._data is not Some.ANY:
                if self._is_there(self._data, change.order):
                    kept.append(change)
                elif isinstance(change, Put) and change.order == self._moment + 1:
                    kept.append(Put(change.at, self._beginning(change), change.order))
            else:
                kept += self._sectors(change)
        data = _applied(inode.safe, kept)
        if self._dice.random() < 0.5:  # the length may be there before the bytes
            longest = max(len(data), inode.size)
            data += bytes(longest - len(data))
        return data

    def _beginning(self, change: Put) -> bytes:
        """Return what was written of a change when the power went: whole sectors."""
        sectors = -(-len(change.data) // SECTOR)
        return change.data[: self._dice.randint(0, sectors) * SECTOR]

    def _sectors(self, change: Put) -> Iterator[Put]:
        """Walk the sectors of a change that are there."""
        if self._dice.random() < 0.3:  # most often a write is there whole, or not at all
            if self._dice.random() < self._share:
                yield change
            return
        start = change.at
        while start < change.at + len(change.data):
            end = (start // SECTOR + 1) * SECTOR
            if self._dice.random() < self._share:
                piece = change.data[start - change.at : end - change.at]
                yield Put(start, piece, change.order)
            start = end

    def write_to(self, root: Path) -> None:
        """Lay it all out in an empty folder."""
        for path, item in self.items.items():
            here, inode = root / path, item.inode
            match inode.kind:
                case Kind.FOLDER:
                    here.mkdir()
                case Kind.LINK:
                    here.symlink_to(inode.target)
                case Kind.FILE:
                    file = os.open(here, os.O_WRONLY | os.O_CREAT | os.O_EXCL, inode.mode)
                    try:
                        _write(file, item.data)
                        os.fchmod(file, inode.mode)
                        os.utime(file, ns=(inode.mtime_ns, inode.mtime_ns))
                    finally:
                        os.close(file)


def _oldest(disk: Disk) -> int:
    """Return a moment before all that is not synced."""
    orders = [naming.order for naming in disk.namings]
    orders += [inode.pending[0].order for inode in disk.inodes() if inode.pending]
    return max(min(orders, default=disk.order) - 1, 0)


def _applied(data: bytes, changes: list[Put | Cut]) -> bytes:
    if not changes:
        return data
    done = bytearray(data)
    for change in changes:
        match change:
            case Cut(size, _):
                done[size:] = bytes(max(size - len(done), 0))
            case Put(at, piece, _):
                done += bytes(max(at - len(done), 0))
                done[at : at + len(piece)] = piece
    return bytes(done)


def _set(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
