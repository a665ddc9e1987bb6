"""A disk and a database that fail at a chosen step, under a vault that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage import core
from storage.blocks.disk import RealDisk
from storage.errors import StoreFull
from storage.index.sealed_db import GuardedConnection, open_guarded


class PowerCut(BaseException):
    """The machine is off: nothing after this line happened."""


@dataclass(slots=True)
class Fuse:
    """Counts steps that change something, and fails at one of them."""

    left: int = -1
    cuts: bool = False
    blown: bool = False

    def step(self, what: str) -> None:
        """Let a step happen, or fail. After a power cut nothing happens any more."""
        if self.blown and self.cuts:
            raise PowerCut(what)
        if self.left == 0:
            self.left = -1
            self.blown = True
            raise PowerCut(what) if self.cuts else StoreFull(f"no room: {what}")
        self.left -= self.left > 0


class TrippingDisk(RealDisk):
    """A folder on a disk that fails."""

    fuse: Fuse

    def append(self, name: str, data: bytes) -> None:
        """Write, or fail with half of it written."""
        try:
            self.fuse.step("append")
        except StoreFull:
            super().append(name, data[: len(data) // 2])
            raise
        super().append(name, data)

    def sync(self, name: str) -> None:
        """Sync, or fail."""
        self.fuse.step("sync")
        super().sync(name)

    def sync_folder(self) -> None:
        """Sync, or fail."""
        self.fuse.step("sync folder")
        super().sync_folder()


class TrippingConnection:
    """A database whose statements fail; all else is the real one's."""

    def __init__(self, connection: GuardedConnection, fuse: Fuse) -> None:
        self._connection = connection
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Do a statement, or fail."""
        if not sql.startswith(("SELECT", "PRAGMA", "ROLLBACK", "CREATE")):
            self._fuse.step(sql)
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Do statements, or fail."""
        self._fuse.step(sql)
        return self._connection.executemany(sql, parameters)


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    """Put a fuse under every vault that is opened from now on."""
    made = Fuse()

    class Disk(TrippingDisk):
        fuse = made

    def open_tripping(path: Path, key: bytes, **how: Any) -> Any:
        return TrippingConnection(open_guarded(path, key, **how), made)

    monkeypatch.setattr(core, "RealDisk", Disk)
    monkeypatch.setattr(core, "open_guarded", open_tripping)
    return made
