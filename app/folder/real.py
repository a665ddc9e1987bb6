"""The person's folder on a real disk, through descriptors of directories only.

No path is ever built from names: a name is looked up in a directory that is held open, with
O_NOFOLLOW, so a link put in the way by anyone leads nowhere.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import stat as modes
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path as OsPath
from types import TracebackType
from typing import Self

from app.folder.ignore import OWN_FOLDER
from app.folder.port import OTHER, Path, Shape, Stat, Ways
from app.folder.trying import ways_of
from storage.system import write_all

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOFOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
_NOREPLACE = 1
_EXCHANGE = 2
_FALLBACK = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}
_LIBC = ctypes.CDLL(None, use_errno=True)
_SHAPES = {modes.S_IFDIR: Shape.FOLDER, modes.S_IFREG: Shape.FILE, modes.S_IFLNK: Shape.LINK}
_FORMAT = 0o170000


def stat_of(raw: os.stat_result, root_device: int) -> Stat:
    """Return the part of a stat that matters."""
    mode = raw.st_mode
    return Stat(
        _SHAPES.get(mode & _FORMAT, OTHER),
        0 if raw.st_dev == root_device else raw.st_dev,
        raw.st_ino,
        raw.st_size,
        raw.st_mtime_ns,
        raw.st_ctime_ns,
        mode & 0o7777,
    )


class RealFile:
    """A regular file, open for reading."""

    def __init__(self, fd: int, root_device: int) -> None:
        self._fd = fd
        self._root = root_device

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        return os.read(self._fd, size)

    def stat(self) -> Stat:
        """Return what the disk says of this very file now."""
        return stat_of(os.fstat(self._fd), self._root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)


class RealPlace:
    """A directory, held open."""

    def __init__(self, fd: int, root_device: int) -> None:
        self._fd = fd
        self._root = root_device

    def entries(self) -> list[tuple[str, Stat | OSError]]:
        """Return each name with what the disk says of it, or why it would not say."""
        found: list[tuple[str, Stat | OSError]] = []
        with os.scandir(self._fd) as names:
            for entry in names:
                try:
                    found.append(
                        (entry.name, stat_of(entry.stat(follow_symlinks=False), self._root))
                    )
                except FileNotFoundError:
                    continue  # it went while we looked
                except OSError as error:
                    found.append((entry.name, error))
        return found

    def stat(self, name: str) -> Stat:
        """Return what the disk says of a name; of a link itself, not of its target."""
        return stat_of(os.lstat(_one(name), dir_fd=self._fd), self._root)

    def here(self) -> Stat:
        """Return what the disk says of the directory itself."""
        return stat_of(os.fstat(self._fd), self._root)

    def open(self, name: str) -> RealFile:
        """Open a regular file. O_NONBLOCK, so that a pipe cannot make us wait."""
        fd = os.open(_one(name), os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW, dir_fd=self._fd)
        if not modes.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a regular file")
        return RealFile(fd, self._root)

    def read_link(self, name: str) -> str:
        """Return the text of a symbolic link."""
        return os.readlink(_one(name), dir_fd=self._fd)

    def enter(self, name: str) -> RealPlace:
        """Open a directory in this one."""
        fd = os.open(_one(name), _FOLDER_FLAGS | _NOFOLLOW, dir_fd=self._fd)
        return RealPlace(fd, self._root)

    def make_folder(self, name: str) -> None:
        """Make a directory."""
        os.mkdir(_one(name), dir_fd=self._fd)

    def make_link(self, name: str, target: str) -> None:
        """Make a symbolic link."""
        os.symlink(target, _one(name), dir_fd=self._fd)

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
        """Write a new file; nothing stays when it fails."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW
        fd = os.open(_one(name), flags, 0o777 if executable else 0o666, dir_fd=self._fd)
        try:
            try:
                for chunk in chunks:
                    write_all(fd, chunk)
                if mode is not None:
                    os.fchmod(fd, _with_executable(mode, executable=executable))
                os.utime(fd, ns=(mtime_ns, mtime_ns))
                if sync:
                    os.fsync(fd)
                return stat_of(os.fstat(fd), self._root)
            finally:
                os.close(fd)
        except BaseException:
            os.unlink(name, dir_fd=self._fd)
            raise

    def move(self, name: str, to: RealPlace, new_name: str, *, replace: bool) -> None:
        """Rename in one step."""
        if replace:
            os.rename(_one(name), _one(new_name), src_dir_fd=self._fd, dst_dir_fd=to._fd)
        elif not _renamed(self._fd, _one(name), to._fd, _one(new_name), _NOREPLACE):
            # The disk or system has no such call: look, then move; as good as it gets there.
            if to._holds(new_name) and not self._is_same(name, to, new_name):
                raise FileExistsError(errno.EEXIST, "something is there")
            os.rename(name, new_name, src_dir_fd=self._fd, dst_dir_fd=to._fd)

    def supplant(self, name: str, new_name: str, aside: str) -> bool:
        """Rename over a file or link, which lies under `aside` from then on.

        It changes places with what lies there, whatever that is by now. A disk that cannot do so
        is asked for a second name of the old file; what is put there after that is gone.
        """
        self.move(name, self, aside, replace=False)
        try:
            if _renamed(self._fd, _one(aside), self._fd, _one(new_name), _EXCHANGE):
                return True
        except OSError:
            self.move(aside, self, name, replace=True)
            raise
        self.move(aside, self, name, replace=True)
        try:
            os.link(
                new_name, aside, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False
            )
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.EEXIST}:
                raise
            self.move(name, self, new_name, replace=True)
            return False
        self.move(name, self, new_name, replace=True)
        return True

    def is_written(self, name: str) -> bool | None:
        """Say whether anyone has a file open for writing: of such a file nobody gets a lease."""
        if not hasattr(fcntl, "F_SETLEASE"):
            return None
        fd = -1
        try:
            fd = os.open(_one(name), os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW, dir_fd=self._fd)
            # Who opens the file meanwhile has us sent a signal: one that ends nobody.
            fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        except OSError:
            return None  # not our file, or a disk without leases
        else:
            return False
        finally:
            if fd >= 0:
                os.close(fd)

    def set_executable(self, name: str, *, executable: bool) -> None:
        """Change whether a file may be run."""
        fd = os.open(_one(name), os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW, dir_fd=self._fd)
        try:
            mode = os.fstat(fd).st_mode & 0o7777
            os.fchmod(fd, _with_executable(mode, executable=executable))
        finally:
            os.close(fd)

    def remove(self, name: str) -> None:
        """Remove a file or link."""
        os.unlink(_one(name), dir_fd=self._fd)

    def remove_folder(self, name: str) -> None:
        """Remove an empty directory."""
        os.rmdir(_one(name), dir_fd=self._fd)

    def sync(self) -> None:
        """Make the names in this directory durable."""
        os.fsync(self._fd)

    def sync_file(self, name: str) -> None:
        """Make the bytes of a file durable."""
        fd = os.open(_one(name), os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW, dir_fd=self._fd)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def _holds(self, name: str) -> bool:
        try:
            os.lstat(name, dir_fd=self._fd)
        except FileNotFoundError:
            return False
        return True

    def _is_same(self, name: str, to: RealPlace, new_name: str) -> bool:
        """Say whether both names are one thing: a new spelling, on a disk that folds names."""
        ours, theirs = self.stat(name), to.stat(new_name)
        return (ours.device, ours.inode) == (theirs.device, theirs.inode) and name != new_name


class RealFolder:
    """The person's folder, opened anew for each piece of work, so a drive can be taken out."""

    def __init__(self, root: OsPath) -> None:
        self._root = root

    def identity(self) -> tuple[int, int]:
        """Return (device, inode) of the root."""
        raw = self._root.stat()
        return (raw.st_dev, raw.st_ino)

    def enter(self, path: Path) -> RealPlace:
        """Open a directory below the root, one name at a time."""
        fd = os.open(self._root, _FOLDER_FLAGS)
        device = os.fstat(fd).st_dev
        for name in path:
            above = fd
            try:
                fd = os.open(_one(name), _FOLDER_FLAGS | _NOFOLLOW, dir_fd=above)
            finally:
                os.close(above)
        return RealPlace(fd, device)

    def sync_disk(self) -> bool:
        """Make all that was written to this disk durable at once."""
        if not hasattr(_LIBC, "syncfs"):
            return False
        fd = os.open(self._root, _FOLDER_FLAGS)
        try:
            if _LIBC.syncfs(fd) != 0:
                raise OSError(ctypes.get_errno(), "the disk did not take it")
        finally:
            os.close(fd)
        return True

    def ways(self, probe: Sequence[str]) -> Ways:
        """Find out how the disk treats names, where nobody sees what a kill may leave."""
        with self.enter((OWN_FOLDER,)) as own:
            return ways_of(own, probe[0], windows=sys.platform == "win32")


def _one(name: str) -> str:
    """Return name if it is one name. A bug it would be otherwise, and a dangerous one."""
    assert "/" not in name, "one name"
    assert name not in {"", ".", ".."}, "one name"
    return name


def _with_executable(mode: int, *, executable: bool) -> int:
    """Let whoever may read also run, or nobody. Set-uid and the like are never kept."""
    plain = mode & 0o666
    return plain | (plain & 0o444) >> 2 if executable else plain


def _renamed(source: int, name: str, target: int, new_name: str, how: int) -> bool:
    """Rename as no plain rename can; False where the disk or system cannot either."""
    if not hasattr(_LIBC, "renameat2"):
        return False
    old, new = os.fsencode(name), os.fsencode(new_name)
    if _LIBC.renameat2(source, old, target, new, how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _FALLBACK:
        return False
    if number == errno.EEXIST:
        raise FileExistsError(number, os.strerror(number))
    raise OSError(number, os.strerror(number))
