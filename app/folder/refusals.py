"""What a disk says when it does not write, and what that means."""

from __future__ import annotations

import errno

from app.errors import FolderUnavailable, Unreadable
from storage.errors import AtollError, StoreFull
from storage.system import FULL

BUSY = {errno.EBUSY, errno.ETXTBSY}
"""Somebody has it open: it is tried again soon. Until then the old file stays as it is."""


def as_error(error: OSError | FolderUnavailable) -> AtollError:
    """Return what a person should hear of a disk that takes no more."""
    if isinstance(error, FolderUnavailable):
        return error
    if error.errno in FULL:
        return StoreFull("the disk of the folder is full")
    return Unreadable("the folder could not be written", "")
