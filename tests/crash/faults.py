"""One call to the system fails, whichever is wanted: Python's, SQLite's, and those by ctypes.

SQLite's own calls are reached through its table of system calls, which is made for this.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.folder import real

CALLS = (
    *("open", "read", "write", "pread", "pwrite", "fsync", "fstat", "stat", "lstat", "fstatvfs"),
    *("rename", "replace", "unlink", "mkdir", "rmdir", "scandir", "listdir", "utime", "chmod"),
    *("fchmod", "readlink", "symlink", "ftruncate", "posix_fadvise"),
)
"""Of the module os: what our code and pathlib use."""
READS = {"os.read", "os.pread", "os.fstat", "os.fstatvfs", "sqlite pread", "sqlite pread64"}
NUMBERS = {
    "EIO": errno.EIO,
    "ENOSPC": errno.ENOSPC,
    "EACCES": errno.EACCES,
}


@dataclass(slots=True)
class Fault:
    """The call that fails, counted from now on."""

    left: int = -1
    number: int = errno.EIO
    hit: str = ""
    """Which call it was."""

    def comes(self, what: str) -> bool:
        """Say whether this call fails. Of an open file that is read, only the disk can fail."""
        if self.left < 0 or (self.number != errno.EIO and what in READS):
            return False
        self.left -= 1
        if self.left < 0:
            self.hit = what
            return True
        return False

    @contextmanager
    def at(self, k: int, number: int) -> Generator[None]:
        """Let the k-th call inside fail, counted from 0."""
        self.left, self.number, self.hit = k, number, ""
        try:
            yield
        finally:
            self.left = -1


@contextmanager
def faults() -> Generator[Fault]:
    """Put faults under everything that this process asks of the system."""
    fault = Fault()
    before = {name: getattr(os, name) for name in CALLS}
    libc, real_libc = real._LIBC, _Libc(real._LIBC, fault)  # noqa: SLF001
    sqlite = _Sqlite(fault)
    try:
        for name, call in before.items():
            setattr(os, name, _failing(name, call, fault))
        real._LIBC = real_libc  # type: ignore[assignment]  # noqa: SLF001
        sqlite.put()
        yield fault
    finally:
        sqlite.take_away()
        real._LIBC = libc  # noqa: SLF001
        for name, call in before.items():
            setattr(os, name, call)


def _failing(name: str, call: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        if fault.comes(f"os.{name}"):
            raise OSError(fault.number, os.strerror(fault.number))
        return call(*given, **named)

    return called


class _Libc:
    """What the folder asks of the C library."""

    def __init__(self, libc: ctypes.CDLL, fault: Fault) -> None:
        self._libc = libc
        self._fault = fault

    def renameat2(self, *given: Any) -> int:
        """Rename, or fail."""
        return self._do("renameat2", *given)

    def syncfs(self, *given: Any) -> int:
        """Sync a whole disk, or fail."""
        return self._do("syncfs", *given)

    def _do(self, name: str, *given: Any) -> int:
        if self._fault.comes(name):
            ctypes.set_errno(self._fault.number)
            return -1
        return int(getattr(self._libc, name)(*given))


class _Vfs(ctypes.Structure):
    """The beginning of `sqlite3_vfs`, up to what is needed."""


_SET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Vfs), ctypes.c_char_p, ctypes.c_void_p)
_Vfs._fields_ = [
    ("version", ctypes.c_int),
    ("size", ctypes.c_int),
    ("longest", ctypes.c_int),
    ("following", ctypes.c_void_p),
    ("name", ctypes.c_char_p),
    ("data", ctypes.c_void_p),
    *((f"call{n}", ctypes.c_void_p) for n in range(13)),
    ("set_system_call", _SET),
]
_INT, _LONG, _SIZE, _AT = ctypes.c_int, ctypes.c_ssize_t, ctypes.c_size_t, ctypes.c_void_p
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "open": (_INT, ctypes.c_char_p, _INT, _INT),
    "pread": (_LONG, _INT, _AT, _SIZE, ctypes.c_int64),
    "pwrite": (_LONG, _INT, _AT, _SIZE, ctypes.c_int64),
    "pread64": (_LONG, _INT, _AT, _SIZE, ctypes.c_int64),
    "pwrite64": (_LONG, _INT, _AT, _SIZE, ctypes.c_int64),
    "ftruncate": (_INT, _INT, ctypes.c_int64),
    "unlink": (_INT, ctypes.c_char_p),
}


class _Sqlite:
    """SQLite's table of system calls."""

    def __init__(self, fault: Fault) -> None:
        library = ctypes.CDLL(importlib.import_module("sqlcipher3._sqlite3").__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._vfs = library.sqlite3_vfs_find(None)
        libc = ctypes.CDLL(None, use_errno=True)
        self._calls = {
            name: ctypes.CFUNCTYPE(*signature, use_errno=True)(
                _failing_c(name, _of(libc, name, signature), fault)
            )
            for name, signature in _SIGNATURES.items()
        }

    def put(self) -> None:
        """Let SQLite call ours."""
        for name, call in self._calls.items():
            self._set(name, ctypes.cast(call, ctypes.c_void_p))

    def take_away(self) -> None:
        """Let it call the system again."""
        for name in self._calls:
            self._set(name, None)

    def _set(self, name: str, call: ctypes.c_void_p | None) -> None:
        self._vfs.contents.set_system_call(self._vfs, name.encode(), call)


def _of(libc: ctypes.CDLL, name: str, signature: tuple[Any, ...]) -> Callable[..., int]:
    found = getattr(libc, name)
    found.restype, *found.argtypes = signature
    return found  # type: ignore[no-any-return]


def _failing_c(name: str, call: Callable[..., int], fault: Fault) -> Callable[..., int]:
    def called(*given: Any) -> int:
        if fault.comes(f"sqlite {name}"):
            ctypes.set_errno(fault.number)
            return -1
        return call(*given)

    return called
