"""Locking a file against other processes, in the way of the system we run on."""

from __future__ import annotations

import fcntl


def lock_file(descriptor: int) -> bool:
    """Take an exclusive lock that lives as long as the open file; False when another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
