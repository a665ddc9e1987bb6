"""Disks that treat names as other systems do, in memory: they fold, respell and refuse names.

Nothing is told of them: how such a disk treats names is found out by trying, as of a real one.
"""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.folder.ignore import OWN_FOLDER
from app.folder.memory import MemoryFolder, MemoryPlace, Thing
from app.folder.port import Path, Shape, Ways
from app.folder.trying import ways_of

_NOT_OF_WINDOWS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_DEVICES = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|\Z)", re.IGNORECASE
)


def _as_it_is(name: str) -> str:
    return name


def _decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def _letter_by_letter(name: str) -> str:
    """Fold as NTFS and FAT do: each letter to one other, and accents stay what they are."""
    return "".join(up if len(up := letter.upper()) == 1 else letter for letter in name)


def _folded(name: str) -> str:
    return _decomposed(_decomposed(name).casefold())


def _cut(name: str) -> str:
    """Write down as FAT does: dots and spaces at the end go without a word."""
    return name.rstrip(". ") or name


@dataclass(frozen=True, slots=True)
class Manners:
    """How a disk treats names."""

    fold: Callable[[str], str] = _as_it_is
    """What two names share that it takes for one."""
    write_down: Callable[[str], str] = _as_it_is
    windows: bool = False
    """Refuses what Windows refuses."""
    units: bool = False
    """Counts the length of names in UTF-16, not in bytes."""
    keeps_modes: bool = True
    exchanges: bool = True


LINUX = Manners()
NTFS = Manners(_letter_by_letter, windows=True, units=True, keeps_modes=False, exchanges=False)
FAT = Manners(
    lambda name: _letter_by_letter(_cut(name)), _cut, windows=True, units=True, keeps_modes=False
)
APFS = Manners(_folded)
HFS = Manners(_folded, _decomposed, units=True)
RESPELLING = Manners(_decomposed, _decomposed)
"""Gives back NFD for whatever it is given, and knows large letters from small ones."""
FOLDING_EXT4 = Manners(_folded)


class EmulatedFolder(MemoryFolder):
    """A folder on such a disk."""

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        super().__init__()

    def ways(self, probe: Sequence[str]) -> Ways:
        """Find out by trying."""
        with self.enter((OWN_FOLDER,)) as own:
            return ways_of(own, probe[0], windows=False)

    def enter(self, path: Path) -> MemoryPlace:
        """Open a directory."""
        place: MemoryPlace = EmulatedPlace(self, self.root, ())
        for name in path:
            place = place.enter(name)
        return place

    def thing(self, shape: Shape, data: bytes = b"", mode: int = 0o644) -> Thing:
        """Make something new; a disk without modes says that everyone may run everything."""
        return super().thing(shape, data, mode if self.manners.keeps_modes else 0o755)

    def key(self, name: str) -> str:
        """Return what two names share that this folder takes for one."""
        return self.manners.fold(name)

    def spelled(self, name: str) -> str:
        """Return how a name is written down, if it can be."""
        if self.manners.windows and (_NOT_OF_WINDOWS.search(name) or _DEVICES.match(name)):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        name = self.manners.write_down(name)
        size = len(name.encode("utf-16-le")) // 2 if self.manners.units else len(name.encode())
        if size > 255:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        return name

    # -- what a person does --------------------------------------------------------------------
    @contextmanager
    def _by_hand(self, path: str) -> Generator[tuple[EmulatedPlace, str]]:
        """Open the directory around a path; nobody's faults are in the way."""
        fault, self.fault = self.fault, _no_fault
        *folders, name = path.split("/")
        try:
            place = EmulatedPlace(self, self.root, ())
            for folder in folders:
                place = place.enter(folder)
            yield place, name
        finally:
            self.fault = fault

    def write(self, path: str, data: bytes) -> None:
        """Write a file in place, or a new one; its folder has to be there."""
        with self._by_hand(path) as (place, name):
            place.write_in_place(name, data)

    def save_over(self, path: str, data: bytes) -> None:
        """Save as most programs do: a file beside, put over."""
        with self._by_hand(path) as (place, name):
            if place.holds_folder(name):
                raise IsADirectoryError(errno.EISDIR, "a folder")
            place.write(
                "saving~", [data], executable=False, mode=None, mtime_ns=self.tick(), sync=False
            )
            try:
                place.move("saving~", place, name, replace=True)
            except OSError:
                place.remove("saving~")
                raise

    def read(self, path: str) -> bytes:
        """Read a file."""
        with self._by_hand(path) as (place, name), place.open(name) as file:
            return file.read(1 << 30)

    def make_folder(self, path: str) -> None:
        """Make a folder."""
        with self._by_hand(path) as (place, name):
            place.make_folder(name)

    def rename(self, path: str, to: str) -> None:
        """Rename or move; nothing may be there, but it itself under another spelling."""
        if f"{to}/".startswith(f"{path}/") and to != path:
            raise OSError(errno.EINVAL, "into itself")
        with self._by_hand(path) as (place, name), self._by_hand(to) as (other, new_name):
            if other.lies_in(place, name):
                raise OSError(errno.EINVAL, "into itself")
            place.move(name, other, new_name, replace=False)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        with self._by_hand(path) as (place, name):
            place.remove(name)

    def listed(self) -> list[str]:
        """Return all paths, as a program that lists the folder is given them."""
        found: list[str] = []
        todo = [("", self.root)]
        while todo:
            prefix, at = todo.pop()
            for name, thing in at.names.items():
                if prefix + name != OWN_FOLDER:
                    found.append(prefix + name)
                    todo.append((f"{prefix}{name}/", thing))
        return sorted(found)

    def renumber(self) -> None:
        """Be taken out and put in again: some disks number their files anew each time."""
        todo = [self.root]
        while todo:
            thing = todo.pop()
            self.inodes += 1
            thing.inode = self.inodes
            todo += thing.names.values()


class EmulatedPlace(MemoryPlace):
    """A directory on such a disk."""

    _folder: EmulatedFolder

    def write_in_place(self, name: str, data: bytes) -> None:
        """Write a file, which stays the file that it is."""
        there = self._look(name)
        if there is None:
            self._new(name, self._folder.thing(Shape.FILE, data))
            return
        if there[1].shape is not Shape.FILE:
            raise IsADirectoryError(errno.EISDIR, "a folder")
        there[1].data = data
        there[1].mtime_ns = there[1].ctime_ns = self._folder.tick()

    def holds_folder(self, name: str) -> bool:
        """Say whether a folder lies under a name."""
        there = self._look(name)
        return there is not None and there[1].shape is Shape.FOLDER

    def lies_in(self, place: EmulatedPlace, name: str) -> bool:
        """Say whether this directory is what another one holds under a name, or below that."""
        todo = [place._find(name)[1]]
        while todo:
            thing = todo.pop()
            if thing is self._thing:
                return True
            todo += thing.names.values()
        return False

    def set_executable(self, name: str, *, executable: bool) -> None:
        """Change the mode, where there are any."""
        if self._folder.manners.keeps_modes:
            super().set_executable(name, executable=executable)

    def supplant(self, name: str, new_name: str, aside: str) -> bool:
        """Rename over; not every disk can let two files change places."""
        if self._folder.manners.exchanges:
            return super().supplant(name, new_name, aside)
        self.stat(new_name)
        self.move(name, self, new_name, replace=True)
        return False


def _no_fault(what: str, path: Path) -> int:
    del what, path
    return 0
