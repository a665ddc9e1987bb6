"""Claims that every Atoll of one person on this computer sees: locks that die with a process.

For each folder on the disk there may be a file in the runtime folder, named by its device and
inode, so that neither a link nor a second mount hides it. Who keeps a folder locks its file
for itself alone, and those of all folders around it together with others:

    /home/ana             shared     by both
    /home/ana/Recipes     alone      by the one that keeps it
    /home/ana/Journal     alone      by another

So a folder in a kept one is refused, for the file of the kept one is locked alone; and a
folder around a kept one too, for its file is locked already. A folder inside that is reached
through a second mount of a folder in between is not noticed.

Where the runtime folder cannot be written, or its disk knows no locks, nobody is kept out;
the log says so. A system without `fcntl` has no such locks at all: it needs other `Claims`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from pathlib import Path

from app.errors import FolderUnavailable, KeptElsewhere
from app.folder.claims import Identity, around, identity_of

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o1600
"""Closed to others; the sticky bit keeps files in a runtime folder from being tidied away."""
_log = logging.getLogger(__name__)


class FolderLocks:
    """Claims among all processes that use the same runtime folder."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._guard = threading.Lock()
        self._shared: dict[Identity, tuple[int, int]] = {}
        """The folders around ours: the open file, and how many claims stand on it."""

    def take(self, folder: Path) -> FolderLock:
        """Claim a folder.

        Raises:
            KeptElsewhere: another one has it, or one around or inside it.
            FolderUnavailable: it is not there.
        """
        identity = identity_of(folder)
        if identity is None:
            raise FolderUnavailable("the folder is not there")
        lock = FolderLock(self, folder, identity)
        try:
            with self._guard:
                lock.own = self._locked(identity, fcntl.LOCK_EX)
                for above in around(folder.resolve()):
                    self._share(above)
                    lock.around.append(above)
        except BlockingIOError as error:
            lock.release()
            raise KeptElsewhere("another Atoll keeps this folder") from error
        except OSError as error:
            _log.info("folders cannot be claimed: %s", error.strerror)
        return lock

    def let_go(self, own: int | None, above: list[Identity]) -> None:
        """Release what a claim held."""
        with self._guard:
            for identity in above:
                file, count = self._shared.pop(identity)
                if count > 1:
                    self._shared[identity] = file, count - 1
                else:
                    os.close(file)
            if own is not None:
                os.close(own)

    def _share(self, identity: Identity) -> None:
        file, count = self._shared.get(identity, (None, 0))
        if file is None:
            file = self._locked(identity, fcntl.LOCK_SH)
        self._shared[identity] = file, count + 1

    def _locked(self, identity: Identity, how: int) -> int:
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        device, inode = identity
        file = os.open(self._place / f"{device:x}-{inode:x}", _FLAGS, _MODE)
        try:
            os.fchmod(file, _MODE)
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BaseException:
            os.close(file)
            raise
        return file


class FolderLock:
    """A claim on one folder."""

    def __init__(self, locks: FolderLocks, folder: Path, identity: Identity) -> None:
        self.own: int | None = None
        self.around: list[Identity] = []
        self._locks, self._folder, self._identity = locks, folder, identity

    def stands(self) -> bool:
        """Say whether the folder at the path is still the one that was claimed."""
        return identity_of(self._folder) == self._identity

    def release(self) -> None:
        """Let others have it."""
        own, self.own = self.own, None
        above, self.around = self.around, []
        self._locks.let_go(own, above)
