"""One owner for a space's folder: an advisory lock on a file that also names the space."""

from __future__ import annotations

import os
from pathlib import Path

from storage.errors import StoreFull, StoreLocked, StoreUnusable
from storage.filelock import lock_file
from storage.lasting import make_folder

SPACE_FILE = "space"
_KEY_SIZE = 32


class VaultLock:
    """Holds the lock until released, or until the process ends in whatever way."""

    def __init__(self, folder: Path, space: bytes | None = None) -> None:
        """Take the lock; with `space`, in a folder that holds none yet.

        Raises:
            StoreLocked: another process has the space open.
            StoreUnusable: the folder cannot be used, or holds a space already.
        """
        try:
            if space is not None:
                make_folder(folder)
            self._file = os.open(folder / SPACE_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(f"cannot open the space: {error.strerror}") from error
        if not lock_file(self._file):
            os.close(self._file)
            raise StoreLocked("another program has this space open")
        try:
            self._space = os.pread(self._file, _KEY_SIZE + 1, 0)
        except OSError as error:
            os.close(self._file)
            raise StoreUnusable(f"cannot read the space's name: {error.strerror}") from error
        if space is not None:
            self._name(space)

    def space(self) -> bytes:
        """Return the public key of the space that is kept here.

        Raises:
            StoreUnusable: the file that names it is damaged.
        """
        if len(self._space) != _KEY_SIZE:
            raise StoreUnusable("this folder does not say which space it keeps")
        return self._space

    def release(self) -> None:
        """Let others have it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _name(self, space: bytes) -> None:
        if self._space and self._space != space:
            self.release()
            raise StoreUnusable("this folder keeps another space already")
        try:
            os.pwrite(self._file, space, 0)
            os.fsync(self._file)
        except OSError as error:
            self.release()
            raise StoreFull(f"no room for a space: {error.strerror}") from error
        self._space = space
