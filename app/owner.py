"""One owner per data folder: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from enum import Enum
from pathlib import Path

from app.errors import AlreadyRunning, Unreadable


class Ownership(Enum):
    """For how long a process means to own the data folder."""

    APP = "app"
    """Until somebody stops it: a window or `atoll serve`. It listens for others."""
    COMMAND = "command"
    """For one command. Waiting for it makes sense."""


class Owner:
    """Holds the lock until closed, or until the process ends in whatever way."""

    def __init__(self, path: Path, ownership: Ownership) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: another process has it; `holder` says which kind.
            Unreadable: nothing may be written in the data folder.
        """
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unreadable(error.strerror or "no lock", str(path.parent)) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise AlreadyRunning("another Atoll has this data folder open") from error
        with suppress(OSError):  # a remark; a full disk keeps nobody out
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, ownership.value.encode(), 0)

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._file)


def holder(path: Path) -> Ownership | None:
    """Return who wrote its name into the lock last. Only worth asking after AlreadyRunning."""
    try:
        return Ownership(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
