"""What the system does in parts is done whole here; what it refuses is said in our words."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from storage.errors import StoreFull, StoreUnusable

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""There is no room left, whoever says so."""


def write_all(file: int, data: bytes) -> None:
    """Write all of it, though the system may take it in parts."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def read_all(file: int, at: int, size: int) -> bytes:
    """Return so many bytes from a place on, fewer only where the file ends."""
    data = os.pread(file, size, at)
    while 0 < len(data) < size and (more := os.pread(file, size - len(data), at + len(data))):
        data += more
    return data


@contextmanager
def in_our_words(action: str) -> Generator[None]:
    """Say in our words what a disk could not do."""
    try:
        yield
    except OSError as error:
        raise our_error(action, error) from error


def our_error(action: str, error: OSError) -> StoreFull | StoreUnusable:
    """Return what a disk could not do, in our words."""
    if error.errno in FULL:
        return StoreFull(f"no room left to {action}")
    return StoreUnusable(f"cannot {action}: {error.strerror}")
