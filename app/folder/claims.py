"""Claims: of all Atolls that one person runs on a computer, one keeps a folder in step.

Two that keep the same folder take each other's writing for a person's, and share it, without
end. Nor may one folder lie in the other. A claim says nothing of which space a folder shows:
that is what its mark is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

Identity = tuple[int, int]
"""The device and inode of a folder: the same by whatever path one comes to it."""


class Claim(Protocol):
    """A folder is ours to keep, until let go, or until the process ends in whatever way."""

    def stands(self) -> bool:
        """Say whether the folder at the path is still the one that was claimed."""
        ...

    def release(self) -> None:
        """Let others have it."""
        ...


class Claims(Protocol):
    """Gives claims on folders. May be called on any thread."""

    def take(self, folder: Path) -> Claim:
        """Claim a folder.

        Raises:
            KeptElsewhere: another one has it, or one around or inside it.
            FolderUnavailable: it is not there.
        """
        ...


def identity_of(folder: Path) -> Identity | None:
    """Return which folder lies at a path, links followed; None when there is none."""
    try:
        found = folder.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def around(folder: Path) -> tuple[Identity, ...]:
    """Return the folders that lie around one, up to the root of the disk."""
    found = (identity_of(above) for above in folder.parents)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def overlap(one: Path, other: Path) -> bool:
    """Say whether two folders are the same, or one lies in the other, by path or on the disk."""
    if one.is_relative_to(other) or other.is_relative_to(one):
        return True
    here, there = identity_of(one), identity_of(other)
    if here is not None and (here == there or here in around(other)):
        return True
    return there is not None and there in around(one)
