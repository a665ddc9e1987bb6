"""The plain folder as a mirror sees it: open directories and names in them, never paths.

Every operation is done in a directory that is held open, on one name without separators,
and follows no symbolic link: nobody can swap a component away between look and use.
Failures are OSError, as the machine says them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import NamedTuple, Protocol, Self

Path = tuple[str, ...]
"""Names on disk from the root of the folder down; the root itself is ()."""

EXECUTABLE = 0o100


class Shape(IntEnum):
    """What lies on the disk under a name."""

    FOLDER = 1
    FILE = 2
    LINK = 3
    OTHER = 4


FOLDER, OTHER = Shape.FOLDER, Shape.OTHER
"""For loops over thousands of names: asking the class for a member takes longer than the rest."""


class Stat(NamedTuple):
    """What the disk says of a name, without opening it."""

    shape: Shape
    device: int
    """0 on the disk that holds the root, whatever number the machine gave that today."""
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    mode: int

    @property
    def executable(self) -> bool:
        """Its owner may run it."""
        return bool(self.mode & EXECUTABLE)


@dataclass(frozen=True, slots=True)
class Ways:
    """How this disk treats names, found out by trying."""

    folds_case: bool = False
    folds_forms: bool = False
    """Takes or gives back NFD for NFC."""
    keeps_modes: bool = True
    windows_names: bool = False


class Opened(Protocol):
    """A regular file, open for reading."""

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        ...

    def stat(self) -> Stat:
        """Return what the disk says of this very file now."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Place(Protocol):
    """A directory, held open."""

    def entries(self) -> list[tuple[str, Stat | OSError]]:
        """Return each name with what the disk says of it, or why it would not say."""
        ...

    def stat(self, name: str) -> Stat:
        """Return what the disk says of a name; of a link itself, not of its target."""
        ...

    def here(self) -> Stat:
        """Return what the disk says of the directory itself."""
        ...

    def open(self, name: str) -> Opened:
        """Open a regular file. A link, pipe, socket or device is an OSError, never a wait."""
        ...

    def read_link(self, name: str) -> str:
        """Return the text of a symbolic link."""
        ...

    def enter(self, name: str) -> Place:
        """Open a directory in this one."""
        ...

    def make_folder(self, name: str) -> None:
        """Make a directory. FileExistsError when something is there."""
        ...

    def make_link(self, name: str, target: str) -> None:
        """Make a symbolic link. FileExistsError when something is there."""
        ...

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
        """Write a new file; nothing stays when it fails. FileExistsError when one is there.

        `mode` is that of the file it will replace, or None for what the person's mask says.
        """
        ...

    def move(self, name: str, to: Self, new_name: str, *, replace: bool) -> None:
        """Rename in one step. FileExistsError when something is there and replace is false."""
        ...

    def supplant(self, name: str, new_name: str, aside: str) -> bool:
        """Rename over a file or link in one step, which lies under `aside` from then on.

        False where the disk can do no such thing: then what lay there is gone. `aside` has to be
        free, and `new_name` to be taken; nothing happens otherwise.
        """
        ...

    def is_written(self, name: str) -> bool | None:
        """Say whether anyone has a file open for writing; None where the system does not tell."""
        ...

    def set_executable(self, name: str, *, executable: bool) -> None:
        """Change whether a file may be run."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file or link."""
        ...

    def remove_folder(self, name: str) -> None:
        """Remove an empty directory."""
        ...

    def sync(self) -> None:
        """Make the names in this directory durable."""
        ...

    def sync_file(self, name: str) -> None:
        """Make the bytes of a file durable."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Folder(Protocol):
    """The person's folder."""

    def identity(self) -> tuple[int, int]:
        """Return (device, inode) of the root: another pair means another folder."""
        ...

    def enter(self, path: Path) -> Place:
        """Open a directory below the root, one name at a time."""
        ...

    def sync_disk(self) -> bool:
        """Make all that was written to this disk durable at once; False when it cannot."""
        ...

    def ways(self, probe: Sequence[str]) -> Ways:
        """Find out how the disk treats names, with probe files of names not in use."""
        ...
