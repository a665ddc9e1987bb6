"""What only the terminal asks of the app: no window that is on the stage may ever ask it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.care_values import BackupInfo, RepairReport
from app.facade import App
from app.guard_values import GuardSettings, HeldBatch, PutBack
from app.moments_values import Moments
from app.past_values import KeptPast
from app.progress import Report, silent
from app.together_values import Together
from app.values import SpaceInfo


class Unasked(App):
    """Every answer is a fault of the test, or of the window."""

    @property
    def moments(self) -> Moments:
        """Not asked."""
        raise AssertionError("moments")

    @property
    def together(self) -> Together:
        """Not asked."""
        raise AssertionError("together")

    @property
    def past(self) -> KeptPast:
        """Not asked."""
        raise AssertionError("past")

    async def keep(
        self, space: str, how: str | None = None, budget: int | None = None
    ) -> SpaceInfo:
        """Not asked."""
        raise AssertionError(space, how, budget)

    async def fetch(self, space: str, entries: Sequence[str], report: Report = silent) -> int:
        """Not asked."""
        raise AssertionError(space, entries, report)

    async def held(self, space: str | None = None) -> tuple[HeldBatch, ...]:
        """Not asked unless something is held."""
        raise AssertionError(space)

    async def let_through(self, space: str) -> int:
        """Not asked unless something is held."""
        raise AssertionError(space)

    async def undo_held(self, space: str) -> PutBack:
        """Not asked unless something is held."""
        raise AssertionError(space)

    async def guard(self, space: str) -> GuardSettings:
        """Not asked."""
        raise AssertionError(space)

    async def set_guard(self, space: str, settings: GuardSettings) -> None:
        """Not asked."""
        raise AssertionError(space, settings)

    async def repair(self, space: str | None = None, report: Report = silent) -> RepairReport:
        """Not asked."""
        raise AssertionError(space, report)

    async def backup(self, into: Path, passphrase: str, report: Report = silent) -> BackupInfo:
        """Not asked; and a passphrase is nothing for the words of an error."""
        del passphrase
        raise AssertionError(into, report)

    async def backups(self) -> tuple[BackupInfo, ...]:
        """Not asked."""
        raise AssertionError
