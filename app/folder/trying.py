"""Trying out how a disk treats names: what a system says of its disks is seldom so.

One file is made and asked for under its other spellings; then one of a name that Windows, and
the disks that came from it, refuse or write down otherwise.
"""

from __future__ import annotations

import errno
from contextlib import suppress

from app.folder.port import Place, Stat, Ways

REFUSED = {errno.EINVAL, errno.EILSEQ, errno.ENOENT, errno.EPERM, errno.EACCES, errno.ENAMETOOLONG}
"""What systems answer to a name that a disk cannot hold."""
_ODD = ":."
"""The end of a name as such disks never hold it: the one is a letter of theirs, the other goes."""


def ways_of(place: Place, name: str, *, windows: bool) -> Ways:
    """Find out how the disk of a directory treats names; `name` is free there.

    `windows` says that the system itself is one, whatever its disk would take.
    """
    probe = f"{name}-é-a"
    first = place.write(probe, (), executable=False, mode=None, mtime_ns=0, sync=False)
    try:
        listed = {entry for entry, _ in place.entries()}
        folds_case = _same(place, f"{name}-é-A", first)
        folds_forms = probe not in listed or _same(place, f"{name}-e\u0301-a", first)
        place.set_executable(probe, executable=True)
        ran = place.stat(probe).executable
    finally:
        place.remove(probe)
    windows = windows or not _takes(place, f"{name}{_ODD}")
    return Ways(folds_case, folds_forms, ran and not first.executable, windows)


def _same(place: Place, name: str, first: Stat) -> bool:
    try:
        return place.stat(name).inode == first.inode
    except OSError:
        return False


def _takes(place: Place, name: str) -> bool:
    """Say whether the disk holds an odd name as it is."""
    try:
        place.write(name, (), executable=False, mode=None, mtime_ns=0, sync=False)
    except OSError as error:
        if error.errno in REFUSED:
            return False
        raise
    try:
        return name in {entry for entry, _ in place.entries()}
    finally:
        with suppress(FileNotFoundError):
            place.remove(name)
