"""A real folder and a database that let others act before and after each step, or end there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from app.folder.agreed import Connection, Cursor
from app.folder.port import Path
from app.folder.real import RealFolder, RealPlace

_STEPS = {
    *("entries", "stat", "open", "read_link", "enter", "make_folder", "make_link", "write"),
    *("move", "supplant", "is_written", "set_executable", "remove", "remove_folder"),
    *("sync", "sync_file"),
}


class Killed(BaseException):
    """The program ended here: nothing that follows is done."""


class Steps:
    """Counts steps, and does before each what a test wants."""

    def __init__(self) -> None:
        self.count = 0
        self.dead = False
        self.kill_at = 0
        self.act: Callable[[int], None] = _nothing
        self._acting = False

    def step(self) -> None:
        """Let others act; or be killed, and stay so."""
        if self._acting:
            return
        if self.dead:
            raise Killed
        self.count += 1
        if self.count == self.kill_at:
            self.dead = True
            raise Killed
        self._acting = True
        try:
            self.act(self.count)
        finally:
            self._acting = False


class SteppedPlace(RealPlace):
    """A directory, of which each use is two steps: before, and after. So are uses in uses."""

    steps: Steps

    @classmethod
    def of(cls, opened: RealPlace, steps: Steps) -> SteppedPlace:
        """Take over a directory that was opened."""
        place = cls(opened._fd, opened._root)  # noqa: SLF001 - its own kind
        place.steps = steps
        return place

    def __getattribute__(self, name: str) -> Any:
        """Return a method that counts."""
        found = object.__getattribute__(self, name)
        if name not in _STEPS:
            return found
        steps = self.steps

        @wraps(found)
        def stepped(*args: Any, **keywords: Any) -> Any:
            steps.step()
            result = found(*args, **keywords)
            steps.step()
            return result

        return stepped


class SteppedFolder(RealFolder):
    """A folder of such directories."""

    steps: Steps

    def enter(self, path: Path) -> SteppedPlace:
        """Open a directory."""
        self.steps.step()
        return SteppedPlace.of(super().enter(path), self.steps)


class SteppedConnection:
    """A database, of which each statement is a step."""

    def __init__(self, connection: Connection, steps: Steps) -> None:
        self._connection = connection
        self._steps = steps

    @property
    def in_transaction(self) -> bool:
        """Something is not committed yet."""
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Cursor:
        """Run one statement."""
        self._steps.step()
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> object:
        """Run one statement for each."""
        self._steps.step()
        return self._connection.executemany(sql, parameters)


def _nothing(step: int) -> None:
    del step
