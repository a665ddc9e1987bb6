"""Whether a folder on the disk can be kept in step at all."""

from __future__ import annotations

import os
from pathlib import Path

from app.errors import BadUsage, FolderNotEmpty, Unreadable


def existing(folder: Path) -> Path:
    """Return a folder as the disk knows it.

    Raises:
        Unreadable: it is not there, or is no folder.
        BadUsage: it is the root of everything.
    """
    try:
        found = folder.resolve(strict=True)
        if not found.is_dir():
            raise Unreadable("not a folder", str(folder))
        if not found.name:
            raise BadUsage("the root of the disk cannot be shared")
        check_usable(found)
    except OSError as error:
        raise Unreadable(error.strerror or "not readable", str(folder)) from error
    return found


def check_usable(folder: Path) -> bool:
    """Say whether a folder that can be kept in step holds something.

    Raises:
        Unreadable, OSError: it cannot be read, or nothing can be written in it.
    """
    with os.scandir(folder) as found:
        holds_something = next(found, None) is not None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unreadable("not writable", str(folder))
    return holds_something


def made_ready(into: Path, *, merge: bool) -> Path:
    """Return the folder to fill, made if need be.

    Raises:
        FolderNotEmpty: it holds something, and uniting was not asked for.
        Unreadable: it cannot be made or read.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        holds_something = check_usable(into)
    except OSError as error:
        raise Unreadable(error.strerror or "not readable", str(into)) from error
    if holds_something and not merge:
        raise FolderNotEmpty(f"{into} holds something")
    return into.resolve()
