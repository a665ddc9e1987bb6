"""The marker in the root: proof that this is the very folder we knew, before anything is believed.

A drive that is not plugged in looks like an empty folder. So `.atoll/folder-id` holds a random
id; when it is missing or another, the folder is unavailable and nothing was deleted. It is
written once, when a folder is taken on, and never made again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from app.errors import FolderInUse, FolderUnavailable
from app.folder.ignore import OWN_FOLDER
from app.folder.port import Folder, Place, Shape

MARKER = "folder-id"
_HEAD = "ATOLL-FOLDER-1"
_ID_SIZE = 16
_MAX = 4096


@dataclass(frozen=True, slots=True)
class Marker:
    """Which folder this is, and of which space."""

    folder: bytes
    space: bytes

    def to_bytes(self) -> bytes:
        """Return what is written on the disk."""
        return f"{_HEAD}\n{self.folder.hex()}\n{self.space.hex()}\n".encode()


def read_marker(folder: Folder) -> Marker | None:
    """Return the folder's marker, None when it has none.

    Raises:
        FolderUnavailable: the folder or its marker cannot be read.
    """
    try:
        with folder.enter(()) as root:
            return _read_in(root)
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be opened: {error.strerror}") from error


def write_marker(folder: Folder, marker: Marker) -> None:
    """Mark a folder as ours, durably. FolderInUse when it is marked already."""
    try:
        with folder.enter(()) as root:
            with suppress(FileExistsError):
                root.make_folder(OWN_FOLDER)
            with root.enter(OWN_FOLDER) as own:
                own.write(
                    MARKER,
                    [marker.to_bytes()],
                    executable=False,
                    mode=None,
                    mtime_ns=0,
                    sync=True,
                )
                own.sync()
            root.sync()
    except FileExistsError as error:
        raise FolderInUse("the folder is marked already") from error
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be marked: {error.strerror}") from error


def root_of(folder: Folder, expected: Marker) -> tuple[int, int]:
    """Return (device, inode) of the root, after proof that it is the folder we know.

    Raises:
        FolderUnavailable: it is not there, or another one. Nothing may be concluded from it.
    """
    try:
        with folder.enter(()) as root:
            found = _read_in(root)
        identity = folder.identity()
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be opened: {error.strerror}") from error
    if found != expected:
        raise FolderUnavailable("the folder is another one, or its mark is gone")
    return identity


def _read_in(root: Place) -> Marker | None:
    try:
        if root.stat(OWN_FOLDER).shape is not Shape.FOLDER:
            raise FolderUnavailable("the folder's mark is not readable")
        with root.enter(OWN_FOLDER) as own, own.open(MARKER) as file:
            raw = file.read(_MAX)
    except FileNotFoundError:
        return None
    return _parse(raw)


def _parse(raw: bytes) -> Marker:
    try:
        head, folder, space, rest = raw.decode("ascii").split("\n")
        marker = Marker(bytes.fromhex(folder), bytes.fromhex(space))
    except ValueError as error:
        raise FolderUnavailable("the folder's mark is damaged") from error
    if head != _HEAD or rest or len(marker.folder) != _ID_SIZE or marker.to_bytes() != raw:
        raise FolderUnavailable("the folder's mark is damaged")
    return marker
