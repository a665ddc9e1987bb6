"""What a guard knows of a device of late, and of a batch that it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from app.guard_harm import Before, Known
from app.guard_memory import Hold
from app.guard_rule import Recent, stands_for
from app.guard_values import Harm
from storage.facts.change import EntryId
from storage.lately import LookingBack
from storage.records.ledger import Step


@dataclass(slots=True)
class Judged:
    """A record, and which files it may have harmed."""

    step: Step
    files: AbstractSet[EntryId] = frozenset()
    compared: bool = False
    """What it left as it lay here is not among these files any more."""


@dataclass(slots=True)
class OfLate:
    """What one device did of late."""

    recent: Recent[Judged] = field(default_factory=Recent[Judged])
    before: dict[EntryId, Before | None] = field(default_factory=dict[EntryId, Before | None])
    """Files as they were before what is recent; None for what cannot be harmed."""
    known: Known = field(default_factory=dict[tuple[EntryId, bytes], Harm | None])
    unsure: bool = False


@dataclass(slots=True)
class Batch:
    """What is held of one device."""

    hold: Hold
    files: dict[EntryId, Before] = field(default_factory=dict[EntryId, Before])
    harms: dict[EntryId, Harm] = field(default_factory=dict[EntryId, Harm])
    made: dict[int, Step] = field(default_factory=dict[int, Step])
    """All that its maker committed since, by position."""
    names: set[tuple[EntryId, str]] = field(default_factory=set[tuple[EntryId, str]])
    """Where the harmed files lay."""
    last: int = 0
    """The position of the last record that harmed something."""
    known: Known = field(default_factory=dict[tuple[EntryId, bytes], Harm | None])
    weighed: int = 0
    """How many harms there were when it was last found out which are missed by nobody."""
    excused: int = 0
    """How many were."""

    def stands_in(self, folder: EntryId, name: str) -> bool:
        """Say whether a file is what was put instead of one that was harmed."""
        if len(self.names) != len(self.files):
            self.names = {(it.folder, it.name) for it in self.files.values()}
        return stands_for(name, lambda before: (folder, before) in self.names)


def made_since(batch: Batch, looking: LookingBack, entry: EntryId) -> bool:
    """Say whether the maker of a batch made a file only after the batch began to be held."""
    step = batch.made.get(looking.first(entry))
    return step is not None and not batch.hold.known.includes(step.dot)


def count_of(batch: Batch) -> tuple[int, int, int]:
    """Return how many files were deleted, replaced and renamed."""
    found = Counter(batch.harms.values())
    return found[Harm.DELETED], found[Harm.REPLACED], found[Harm.RENAMED]


def is_of(batch: Batch, step: Step) -> bool:
    """Say whether a record belongs to what is held, as all do that its maker made since."""
    return batch.hold.did == step.issuer and not batch.hold.before.includes(step.dot)
