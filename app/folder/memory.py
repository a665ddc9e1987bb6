"""A folder in memory: it folds names, fills up and fails as it is told. For tests and dry runs."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from app.folder.port import Path, Shape, Stat, Ways
from storage.facts.names import collision_key

Fault = Callable[[str, Path], int]
"""(what is done, where) -> an errno to fail with, 0 to go on."""


@dataclass(slots=True)
class Thing:
    """Something in the folder."""

    shape: Shape
    inode: int
    mtime_ns: int
    ctime_ns: int
    mode: int = 0o644
    data: bytes = b""
    names: dict[str, Thing] = field(default_factory=dict[str, "Thing"])


def _no_fault(what: str, path: Path) -> int:
    del what, path
    return 0


class MemoryFolder:
    """The whole folder. `ways` says how it treats names, `fault` when it fails."""

    def __init__(self, ways: Ways | None = None, room: int | None = None) -> None:
        self.how = ways or Ways()
        self.room = room
        """Bytes that it still takes; None for any number."""
        self.fault: Fault = _no_fault
        self.identities = (1, 1)
        self.writing: set[int] = set()
        """The inodes that someone has open for writing."""
        self.ticks = 1_000_000_000
        self.inodes = 1
        self.root = self.thing(Shape.FOLDER)

    def identity(self) -> tuple[int, int]:
        """Return what the test says."""
        return self.identities

    def enter(self, path: Path) -> MemoryPlace:
        """Open a directory."""
        place = MemoryPlace(self, self.root, ())
        for name in path:
            place = place.enter(name)
        return place

    def sync_disk(self) -> bool:
        """Memory is as durable as it gets."""
        self.check("sync", ())
        return True

    def ways(self, probe: Sequence[str]) -> Ways:
        """Return what the test says."""
        del probe
        return self.how

    def thing(self, shape: Shape, data: bytes = b"", mode: int = 0o644) -> Thing:
        """Make something new."""
        self.inodes += 1
        return Thing(shape, self.inodes, self.tick(), self.tick(), mode, data)

    def tick(self) -> int:
        """Let time pass."""
        self.ticks += 1_000_000
        return self.ticks

    def check(self, what: str, path: Path) -> None:
        """Fail if the test wants it."""
        number = self.fault(what, path)
        if number:
            raise OSError(number, os.strerror(number))

    def key(self, name: str) -> str:
        """Return what two names share that this folder takes for one."""
        if self.how.folds_case:
            return collision_key(name)
        return unicodedata.normalize("NFC", name) if self.how.folds_forms else name

    def spelled(self, name: str) -> str:
        """Return how this folder writes a name down."""
        return unicodedata.normalize("NFD", name) if self.how.folds_forms else name

    # -- what a person does --------------------------------------------------------------------
    def write(self, path: str, data: bytes) -> None:
        """Write a file in place, as any program would; its folders are made."""
        *folders, name = path.split("/")
        at = self.root
        for folder in folders:
            at = at.names.setdefault(self.spelled(folder), self.thing(Shape.FOLDER))
        found = at.names.get(self.spelled(name))
        if found is None:
            at.names[self.spelled(name)] = self.thing(Shape.FILE, data)
        else:
            found.data, found.mtime_ns, found.ctime_ns = data, self.tick(), self.tick()

    def rename(self, path: str, to: str) -> None:
        """Rename within one folder, as any program would."""
        *folders, name = path.split("/")
        at = self.root
        for folder in folders:
            at = at.names[self.spelled(folder)]
        thing = at.names.pop(self.spelled(name))
        thing.ctime_ns = self.tick()
        at.names[self.spelled(to)] = thing

    def files(self) -> dict[str, bytes]:
        """Return path -> bytes of what a person sees."""
        found: dict[str, bytes] = {}

        def walk(at: Thing, prefix: str) -> None:
            for name, thing in at.names.items():
                if prefix + name == ".atoll":
                    continue
                if thing.shape is Shape.FOLDER:
                    walk(thing, f"{prefix}{name}/")
                else:
                    found[prefix + name] = thing.data

        walk(self.root, "")
        return found


class MemoryFile:
    """An open file."""

    def __init__(self, folder: MemoryFolder, thing: Thing, path: Path) -> None:
        self._folder = folder
        self._thing = thing
        self._path = path
        self._at = 0

    def read(self, size: int) -> bytes:
        """Return at most size bytes."""
        self._folder.check("read", self._path)
        piece = self._thing.data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def stat(self) -> Stat:
        """Return what it is now."""
        return _stat(self._thing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class MemoryPlace:
    """An open directory."""

    def __init__(self, folder: MemoryFolder, thing: Thing, path: Path) -> None:
        self._folder = folder
        self._thing = thing
        self._path = path

    def entries(self) -> list[tuple[str, Stat | OSError]]:
        """Return each name and what it is."""
        self._folder.check("list", self._path)
        return [(name, _stat(thing)) for name, thing in self._thing.names.items()]

    def stat(self, name: str) -> Stat:
        """Return what a name is."""
        self._folder.check("stat", (*self._path, name))
        return _stat(self._find(name)[1])

    def here(self) -> Stat:
        """Return what the directory is."""
        return _stat(self._thing)

    def open(self, name: str) -> MemoryFile:
        """Open a file."""
        self._folder.check("open", (*self._path, name))
        thing = self._find(name)[1]
        if thing.shape is not Shape.FILE:
            raise OSError(errno.ELOOP, "not a regular file")
        return MemoryFile(self._folder, thing, (*self._path, name))

    def read_link(self, name: str) -> str:
        """Return a link's text."""
        return self._find(name)[1].data.decode()

    def enter(self, name: str) -> Self:
        """Open a directory."""
        self._folder.check("enter", (*self._path, name))
        thing = self._find(name)[1]
        if thing.shape is not Shape.FOLDER:
            raise NotADirectoryError(errno.ENOTDIR, "no directory")
        return type(self)(self._folder, thing, (*self._path, name))

    def make_folder(self, name: str) -> None:
        """Make a directory."""
        self._new(name, self._folder.thing(Shape.FOLDER))

    def make_link(self, name: str, target: str) -> None:
        """Make a link."""
        self._new(name, self._folder.thing(Shape.LINK, target.encode()))

    def write(
        self,
        name: str,
        chunks: Iterable[bytes],
        *,
        executable: bool,
        mode: int | None,
        mtime_ns: int,
        sync: bool,
    ) -> Stat:
        """Write a new file."""
        del sync
        self._folder.check("write", (*self._path, name))
        data = b"".join(chunks)
        if self._folder.room is not None:
            if len(data) > self._folder.room:
                raise OSError(errno.ENOSPC, "full")
            self._folder.room -= len(data)
        plain = (mode if mode is not None else 0o644) & ~0o111
        thing = self._folder.thing(Shape.FILE, data, plain | (0o111 if executable else 0))
        thing.mtime_ns = mtime_ns
        self._new(name, thing)
        return _stat(thing)

    def move(self, name: str, to: MemoryPlace, new_name: str, *, replace: bool) -> None:
        """Rename."""
        self._folder.check("move", (*to._path, new_name))
        spelled, thing = self._find(name)
        there, written = to._look(new_name), self._folder.spelled(new_name)
        if there is not None and there[1] is not thing:
            if not replace:
                raise FileExistsError(errno.EEXIST, "something is there")
            if there[1].shape is Shape.FOLDER:
                raise IsADirectoryError(errno.EISDIR, "a folder is there")
            del to._thing.names[there[0]]
        del self._thing.names[spelled]
        thing.ctime_ns = self._folder.tick()
        to._thing.names[written] = thing

    def supplant(self, name: str, new_name: str, aside: str) -> bool:
        """Rename over what then lies under another name."""
        self._folder.check("supplant", (*self._path, new_name))
        there = self._find(new_name)
        if self._look(aside) is not None:
            raise FileExistsError(errno.EEXIST, "something is there")
        (spelled, thing), written = self._find(name), self._folder.spelled(aside)
        del self._thing.names[spelled]
        self._thing.names[there[0]] = thing
        self._thing.names[written] = there[1]
        thing.ctime_ns = there[1].ctime_ns = self._folder.tick()
        return True

    def is_written(self, name: str) -> bool | None:
        """Say what the test decided."""
        return self._find(name)[1].inode in self._folder.writing

    def set_executable(self, name: str, *, executable: bool) -> None:
        """Change the mode."""
        thing = self._find(name)[1]
        thing.mode = thing.mode & ~0o111 | (0o111 if executable else 0)
        thing.ctime_ns = self._folder.tick()

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._folder.check("remove", (*self._path, name))
        spelled, thing = self._find(name)
        if self._folder.room is not None:
            self._folder.room += len(thing.data)
        del self._thing.names[spelled]

    def remove_folder(self, name: str) -> None:
        """Remove an empty directory."""
        spelled, thing = self._find(name)
        if thing.names:
            raise OSError(errno.ENOTEMPTY, "not empty")
        del self._thing.names[spelled]

    def sync(self) -> None:
        """Nothing to do."""

    def sync_file(self, name: str) -> None:
        """Nothing to do but to fail."""
        self._folder.check("sync", (*self._path, name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def _look(self, name: str) -> tuple[str, Thing] | None:
        names = self._thing.names
        key = self._folder.key(name)
        for spelled in names:
            if spelled == name or self._folder.key(spelled) == key:
                return spelled, names[spelled]
        return None

    def _find(self, name: str) -> tuple[str, Thing]:
        found = self._look(name)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "nothing there")
        return found

    def _new(self, name: str, thing: Thing) -> None:
        if self._look(name) is not None:
            raise FileExistsError(errno.EEXIST, "something is there")
        self._thing.names[self._folder.spelled(name)] = thing


def _stat(thing: Thing) -> Stat:
    mode = thing.mode & 0o777
    size = len(thing.data)
    return Stat(thing.shape, 0, thing.inode, size, thing.mtime_ns, thing.ctime_ns, mode)
