"""What repairing and backing up answer."""

from __future__ import annotations

from dataclasses import dataclass

from app.values import Finding


@dataclass(frozen=True, slots=True)
class Unhealed:
    """A version that is not whole here."""

    finding: Finding
    held_by: tuple[str, ...]
    """Names of devices that signed that they hold it."""


@dataclass(frozen=True, slots=True)
class SpaceRepair:
    """What was done to one folder."""

    space: str
    name: str
    damaged: int
    mended: int
    from_files: int
    rebuilt: bool
    """The lists were made anew from nothing."""
    same: bool
    """All is as it was: what has been seen, and the root of the tree."""
    unhealed: tuple[Unhealed, ...]
    aside: tuple[str, ...]
    """Files in which damaged bytes were kept."""


@dataclass(frozen=True, slots=True)
class RepairReport:
    """The answer of `repair`."""

    spaces: tuple[SpaceRepair, ...]
    shut_out: tuple[Finding, ...]
    """Folders that cannot be opened."""
    state_made_anew: bool = False
    """What the device remembers was damaged, and is made anew."""


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """A backup that was proved."""

    at: float
    into: str
    spaces: tuple[str, ...]
    """What the folders in it are called."""
    bytes: int
    """How long the packs are in all."""
    written: int
    """How much of that was written this time."""


@dataclass(frozen=True, slots=True)
class RestoredSpace:
    """A folder that came back from a backup."""

    name: str
    folder: str
    files: int


@dataclass(frozen=True, slots=True)
class Restored:
    """The answer of `restore-backup`."""

    device: str
    at: float
    """When the backup was taken."""
    spaces: tuple[RestoredSpace, ...]
