"""What the guard against mass changes tells a window or a terminal: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

FILES = 50
PERCENT = 25


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """From how many files on a folder's guard holds what happens to them within five minutes."""

    on: bool = True
    files: int = FILES
    percent: int = PERCENT


class Harm(Enum):
    """What befell a file."""

    DELETED = "deleted"
    REPLACED = "replaced"
    """Its content is another one; of a text, less than half was kept."""
    RENAMED = "renamed"
    """It is named as another kind of file."""


@dataclass(frozen=True, slots=True)
class HeldChange:
    """One file of a batch that is held."""

    path: tuple[str, ...]
    """Where it was before."""
    harm: Harm


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """Very many files that one device changed at once, and nobody has let through yet."""

    space: str
    did: str
    device: str
    """The name of the device that changed them."""
    is_this: bool
    """This one did: nothing of it was sent. Else: it is not written to the plain folder."""
    since: float
    changes: tuple[HeldChange, ...]

    def count(self, harm: Harm) -> int:
        """Return how many files that befell."""
        return sum(change.harm is harm for change in self.changes)


@dataclass(frozen=True, slots=True)
class HeldCount:
    """The same in short, for a line that says how a folder stands."""

    did: str
    is_this: bool
    deleted: int
    replaced: int
    renamed: int
    device: str = ""
    """The device's name, where it is known."""

    @property
    def files(self) -> int:
        """How many files it is about."""
        return self.deleted + self.replaced + self.renamed


@dataclass(frozen=True, slots=True)
class PutBack:
    """What undoing a batch did."""

    files: int
    """So many are as they were before."""
    removed: int
    """So many that the batch had added are in the bin."""
    lacking: int = 0
    """So many could not be put back: their bytes are not on this device."""
    stays: int = 0
    """So many stay as they are, for others changed them since."""

    def and_(self, other: PutBack) -> PutBack:
        """Return what both did."""
        return PutBack(
            self.files + other.files,
            self.removed + other.removed,
            self.lacking + other.lacking,
            self.stays + other.stays,
        )
