"""What makes a disk image the same machine's disk: the numbers that the disk gives to files.

Atoll compares inodes and change times. Those of an image are new, so the real ones, which
the recorder saw, are told in their place.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from app.folder import real
from app.folder.port import Stat
from storage.core import Core
from tests.crash.disk import Left

ELSEWHERE = 1 << 40
"""Added to the inodes of files that were made after the power cut."""
_KNOWN: dict[int, tuple[int, int]] = {}
_STAT_OF = real.stat_of


def _told(raw: os.stat_result, root_device: int) -> Stat:
    stat = _STAT_OF(raw, root_device)
    known = _KNOWN.get(raw.st_ino)
    if known is None:
        return stat._replace(inode=stat.inode + ELSEWHERE)
    return stat._replace(inode=known[0], ctime_ns=known[1])


def stay_put() -> None:
    """Let folders of this process lie where they always lay, on whatever disk they are."""
    Core._lies = lambda _self: b"always here"  # type: ignore[method-assign, assignment]  # noqa: SLF001
    real.RealFolder.identity = lambda _self: (1, 1)  # type: ignore[method-assign, assignment]


@contextmanager
def same_machine() -> Generator[None]:
    """Let this process see images as the disk that was recorded."""
    lies, identity = Core._lies, real.RealFolder.identity  # noqa: SLF001
    stay_put()
    real.stat_of = _told
    try:
        yield
    finally:
        Core._lies, real.RealFolder.identity = lies, identity  # type: ignore[method-assign]  # noqa: SLF001
        real.stat_of = _STAT_OF
        _KNOWN.clear()


def lay_out(left: Left, root: Path) -> None:
    """Write an image, and remember what the real disk said of its files."""
    left.write_to(root)
    _KNOWN.clear()
    for path, item in left.items.items():
        told = item.inode.told
        if told is not None and not path.endswith((".db", ".db-wal", ".pack")):
            _KNOWN[(root / path).lstat().st_ino] = told
