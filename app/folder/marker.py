"""The marker in the root: proof that this is the folder we knew, before anything is believed.

A drive that is not plugged in looks like an empty folder. So `.atoll/folder-id` names the
space that the folder shows; when it is missing or names another, the folder is unavailable
and nothing was deleted. It is written once, when a folder is taken on, and never made again.

It holds nothing else, so two folders of one space are equal byte for byte. That this is not
just a folder of the space, but the very one we knew, is seen by what the disk says of the
marker itself: see `Standing`.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from app.errors import FolderInUse, FolderUnavailable, Unreadable
from app.folder.ignore import OWN_FOLDER
from app.folder.port import Folder, Place, Shape

MARKER = "folder-id"
_PART = "folder-id.part"
_HEAD = "ATOLL-FOLDER-1"
_ID_SIZE = 32
_MAX = 4096
_STANDING = struct.Struct(">4Q")
_WRAP = 1 << 64


@dataclass(frozen=True, slots=True)
class Marker:
    """Of which space this is a folder."""

    space: bytes

    def to_bytes(self) -> bytes:
        """Return what is written on the disk."""
        return f"{_HEAD}\n{self.space.hex()}\n".encode()


class Standing(NamedTuple):
    """Where the root and its marker lie, as the disk tells it."""

    device: int
    root: int
    """The root's inode."""
    mark: int
    """The marker's inode."""
    since: int
    """When the disk last changed what it knows of the marker, in ns: nobody can choose that."""

    def is_as(self, other: Standing) -> bool:
        """Say whether this is the folder that stood there before.

        The time alone is proof: a copy, a restored backup or another drive has its own, and
        the inodes of some disks change each time they are plugged in. Without it the place
        is proof: the rights of every file may have been changed.
        """
        return self.since == other.since or self.is_at(other)

    def is_at(self, other: Standing) -> bool:
        """Say whether it lies at the same place of the same disk, by whatever path.

        Of a folder in another place the time is no proof: the snapshot of a disk has it too.
        """
        return self[:3] == other[:3]

    def to_bytes(self) -> bytes:
        """Return what is remembered."""
        return _STANDING.pack(*(number % _WRAP for number in self))


def standing_of(raw: bytes) -> Standing:
    """Return what was remembered."""
    return Standing(*_STANDING.unpack(raw))


def read_marker(folder: Folder) -> Marker | None:
    """Return the folder's marker, None when it has none.

    Raises:
        FolderUnavailable: the folder or its marker cannot be read.
    """
    try:
        with folder.enter(()) as root:
            found = _read_in(root)
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be opened: {error.strerror}") from error
    return None if found is None else found[0]


def write_marker(folder: Folder, marker: Marker) -> None:
    """Mark a folder as ours, durably: a power cut leaves the whole mark or none.

    Raises:
        FolderInUse: it is marked already.
        Unreadable: nothing can be written to it.
    """
    try:
        with folder.enter(()) as root:
            with suppress(FileExistsError):
                root.make_folder(OWN_FOLDER)
            with root.enter(OWN_FOLDER) as own:
                with suppress(FileNotFoundError):
                    own.remove(_PART)  # of an earlier attempt
                own.write(
                    _PART,
                    [marker.to_bytes()],
                    executable=False,
                    mode=None,
                    mtime_ns=0,
                    sync=True,
                )
                own.move(_PART, own, MARKER, replace=False)
                own.sync()
            root.sync()
    except FileExistsError as error:
        raise FolderInUse("the folder is marked already") from error
    except OSError as error:
        raise Unreadable(f"the folder cannot be marked: {error.strerror}", "") from error


def root_of(folder: Folder, expected: Marker) -> Standing:
    """Return where the root stands, after proof that it is a folder of the space.

    Raises:
        FolderUnavailable: it is not there, or another one. Nothing may be concluded from it.
    """
    try:
        with folder.enter(()) as root:
            found = _read_in(root)
        identity = folder.identity()
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be opened: {error.strerror}") from error
    if found is None or found[0] != expected:
        raise FolderUnavailable("the folder is another one, or its mark is gone")
    return Standing(*(number % _WRAP for number in (*identity, *found[1])))


def prove(root: Place, expected: Marker, standing: Standing) -> None:
    """Make sure that an open root is the one that stood there a moment ago.

    Raises:
        FolderUnavailable: it is another: a drive came or went between two looks.
    """
    try:
        found = _read_in(root)
    except OSError as error:
        raise FolderUnavailable(f"the folder cannot be opened: {error.strerror}") from error
    if found is None or found[0] != expected:
        raise FolderUnavailable("the folder is another one, or its mark is gone")
    if tuple(number % _WRAP for number in found[1]) != (standing.mark, standing.since):
        raise FolderUnavailable("another folder of the space came in its place")


def _read_in(root: Place) -> tuple[Marker, tuple[int, int]] | None:
    try:
        if root.stat(OWN_FOLDER).shape is not Shape.FOLDER:
            raise FolderUnavailable("the folder's mark is not readable")
        with root.enter(OWN_FOLDER) as own, own.open(MARKER) as file:
            raw, stat = file.read(_MAX), file.stat()
    except FileNotFoundError:
        return None
    return _parse(raw), (stat.inode, stat.ctime_ns)


def _parse(raw: bytes) -> Marker:
    try:
        head, space, rest = raw.decode("ascii").split("\n")
        marker = Marker(bytes.fromhex(space))
    except ValueError as error:
        raise FolderUnavailable("the folder's mark is damaged") from error
    if head != _HEAD or rest or len(marker.space) != _ID_SIZE or marker.to_bytes() != raw:
        raise FolderUnavailable("the folder's mark is damaged")
    return marker
