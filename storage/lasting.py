"""Making a folder's names outlast a power cut: a file that is synced can still lose its name."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from storage.system import write_all

_POSIX = sys.platform != "win32"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last.

    Raises:
        OSError: they may not.
    """
    if not _POSIX:  # a folder cannot be opened there; the disk keeps a journal of names
        return
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for their owner alone, so that they last.

    Raises:
        OSError: it cannot be made, or something else has its name.
    """
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        with suppress(PermissionError):  # who may write there need not be allowed to read
            sync_folder(each.parent)


def replace_file(path: Path, data: bytes) -> None:
    """Let a file hold these bytes, for its owner alone: it holds the old or the new, whole.

    Raises:
        OSError: it holds what it held.
    """
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    beside.replace(path)
    sync_folder(path.parent)
