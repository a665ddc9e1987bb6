"""What a device keeps of the past, as the app and its callers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.progress import Report, silent
from storage.retention import Rule


@dataclass(frozen=True, slots=True)
class PastRule:
    """How much of the past one folder keeps on this device."""

    path: tuple[str, ...]
    """Of the folder; () is the whole space."""
    all_days: int
    daily_days: int
    monthly: bool
    latest_over: int | None
    any_kind: bool
    is_own: bool
    """It was set for this folder; else it is what holds for all."""


@dataclass(frozen=True, slots=True)
class Given:
    """What collecting did in one space, or is to come."""

    space: str
    name: str
    removed_bytes: int
    quarantined_bytes: int
    """Put into quarantine now: it goes a week later, if nothing needs it by then."""
    given_back: int
    """Bytes by which the store shrank."""
    is_counted_on: bool = False
    """What was to go at once goes in a week: another device may count on its being here."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a space takes on this disk, in bytes."""

    space: str
    name: str
    files: int
    older: int
    bin: int
    log: int
    freed_later: int
    leaving: tuple[tuple[int, int], ...]
    """What is in quarantine: on which day (Unix seconds) how many bytes go."""
    unused: int
    index: int

    @property
    def quarantine(self) -> int:
        """All that is in quarantine."""
        return sum(size for _at, size in self.leaving)

    @property
    def total(self) -> int:
        """All of it."""
        kept = self.files + self.older + self.bin + self.log
        return kept + self.freed_later + self.quarantine + self.unused + self.index


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is to be forgotten on this device."""

    count: int
    """How many versions, or deleted files."""
    size: int
    at_once: bool
    """It went already; else it goes after a week in quarantine."""
    removed_bytes: int
    still_shown: int = 0
    """How many are what a file holds now, and stay."""
    others: int = 0
    """How many other devices share the folder."""
    emptied: tuple[tuple[str, str], ...] = ()
    """What was deleted and is shown in the bin no more: entry and record."""
    has_edits: bool = False
    """Edits short enough to stand in the log stay there."""
    is_counted_on: bool = False
    """It was to go at once, and goes in a week: another device may count on its being here."""


class KeptPast(Protocol):
    """What can be asked about the past on this device, and told."""

    async def rules(self, space: str, entry: str | None = None) -> tuple[PastRule, ...]:
        """Return the rule that holds for a folder; of a whole space, all that were set too."""
        ...

    async def set_rule(self, space: str, entry: str | None, rule: Rule | None) -> None:
        """Keep as much from now on; None: as the folders above. Nothing goes by this alone."""
        ...

    async def use(self, space: str | None, report: Report = silent) -> tuple[Use, ...]:
        """Return where the disk went."""
        ...

    async def collect(self, space: str | None, report: Report = silent) -> tuple[Given, ...]:
        """Give back what no rule keeps. Raises NotAllHere: then nothing was removed."""
        ...

    async def forget(
        self, space: str, entry: str, record: str, *, at_once: bool, report: Report = silent
    ) -> Forgotten:
        """Keep the content of one version no longer on this device. Raises NotFound."""
        ...

    async def take_back(self, space: str, entry: str, record: str) -> None:
        """Keep a version after all, and ask the other devices for it if it is gone here."""
        ...

    async def empty_bin(
        self,
        space: str | None,
        entries: Sequence[str] | None = None,
        *,
        at_once: bool,
        report: Report = silent,
    ) -> tuple[Forgotten, ...]:
        """Keep nothing of what was deleted any longer on this device, or of some of it."""
        ...
