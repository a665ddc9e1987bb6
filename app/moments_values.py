"""What the app tells of any moment of a folder: frozen values, safe to hand to any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.progress import Report, silent


@dataclass(frozen=True, slots=True)
class MomentInfo:
    """Which moment was understood."""

    words: str
    """To follow 'as it was': 'up to Friday 20 November 2026 14:00:59, by each device's clock'."""
    steps: int
    """How many steps of the folder are in it."""
    later: int
    """How many that are known are not."""
    ahead: int = 0
    """How many are in it though their clock says later: others built on them."""
    at: int | None = None
    """The last second of it, Unix, when a clock was named."""
    record: str = ""
    """The version that was named, in full."""


@dataclass(frozen=True, slots=True)
class EntryThen:
    """A file or a folder as it was at a moment."""

    path: tuple[str, ...]
    is_folder: bool
    size: int
    mtime: float
    by: str
    """Name of the device that changed it last, then."""
    here: bool
    """All its bytes of then are on this device."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What was in a folder at a moment, folders first, or the one file that was asked for."""

    moment: MomentInfo
    entries: tuple[EntryThen, ...]


@dataclass(frozen=True, slots=True)
class FileThen:
    """A file's bytes at a moment."""

    moment: MomentInfo
    entry: EntryThen
    data: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that is not the same at two moments."""

    kind: str
    """'added', 'removed', 'renamed' (or moved), 'changed'; 'renamed and changed'."""
    path: tuple[str, ...]
    """At the second moment; of what was removed, at the first."""
    was: tuple[str, ...] = ()
    """At the first moment, when it was called or lay otherwise."""
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What is not the same at two moments."""

    first: MomentInfo
    second: MomentInfo
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done to let something be as it was."""

    kind: str
    """'binned', 'back', 'moved', 'content', 'meta', 'aside': as storage.restoring says."""
    path: tuple[str, ...]
    was: tuple[str, ...] = ()
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Stays:
    """Something that is left as others made it since."""

    path: tuple[str, ...]
    why: str
    """'changed', 'overlap', 'deleted', 'holds': as storage.undoing says."""
    by: str = ""
    """The name of the device that did it, where one step says it."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What restoring or undoing does, or did."""

    moments: tuple[MomentInfo, ...]
    """The one that comes back; of a batch, what it lies between."""
    deeds: tuple[Deed, ...]
    absent: tuple[tuple[str, ...], ...] = ()
    """Left as they are, for their bytes of then are not on this device."""
    stays: tuple[Stays, ...] = ()
    devices: tuple[str, ...] = ()
    """Names of the devices whose batch it is."""
    steps: int = 0
    """How many steps the batch has."""
    token: str = ""
    """Tells this plan from any other: what was agreed to is done, or nothing."""
    record: str = ""
    """The new step, once it is done."""


@dataclass(frozen=True, slots=True)
class Consent:
    """How far somebody agreed to what restoring or undoing will do."""

    only_plan: bool = False
    """Nothing is to be done yet."""
    token: str = ""
    """Of the plan that was agreed to; empty: whatever it is."""


class Moments(Protocol):
    """What can be asked of any moment of a folder. Moments are typed: see app.moments_typed."""

    async def place(self, path: Path) -> tuple[str, tuple[str, ...]]:
        """Return the space that a path on this disk lies in, and the names below its folder."""
        ...

    async def version(self, space: str, entry: str | None, beginning: str) -> str:
        """Return the one record whose id begins so: of the entry, else of its space."""
        ...

    async def listing(
        self, space: str, moment: str, path: Sequence[str], *, deep: bool = False
    ) -> Listing:
        """Return what was in a folder."""
        ...

    async def read(self, space: str, moment: str, path: Sequence[str]) -> FileThen:
        """Return a file as it was, found by its path of then, else by its path of now."""
        ...

    async def export(
        self, space: str, moment: str, into: Path, report: Report = silent
    ) -> tuple[MomentInfo, int]:
        """Write every file as it was into an empty folder; return how many."""
        ...

    async def compare(self, space: str, first: str, second: str, path: Sequence[str]) -> Compared:
        """Return what differs, in all of a space or below a path."""
        ...

    async def restore(
        self,
        space: str,
        moment: str,
        paths: Sequence[Sequence[str]],
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Let all be as it was, or (with paths) what lay there. A new step; nothing is erased.

        Raises:
            Overtaken: what was agreed to is not what would be done now.
            NotAllowed, AccessExpired: this device may not change the space.
        """
        ...

    async def undo(
        self,
        space: str,
        who: Sequence[str],
        first: str,
        last: str,
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Take back what devices did between two moments. Raises as `restore` does."""
        ...
