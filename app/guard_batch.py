"""What a guard knows of a device of late, and of a batch that it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from app.guard_harm import Before, Known, lacks
from app.guard_memory import Hold
from app.guard_rule import Recent, stands_for
from app.guard_unsure import Judged, Unsure
from app.guard_values import Harm
from storage.facts.change import EntryId
from storage.facts.dots import Writer
from storage.lately import LookingBack
from storage.records.ledger import Step
from storage.vault import Vault


@dataclass(slots=True)
class OfLate:
    """What one device did of late."""

    recent: Recent[Judged] = field(default_factory=Recent[Judged])
    before: dict[EntryId, Before | None] = field(default_factory=dict[EntryId, Before | None])
    """Files as they were before what is recent; None for what cannot be harmed."""
    known: Known = field(default_factory=dict[tuple[EntryId, bytes], Harm | None])
    unsure: bool = False
    """Some text is not here yet."""


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
    unsure: Unsure = field(default_factory=Unsure)
    """Texts that are not all here yet, and not held: they are looked at again."""
    asked: bool = False
    """It was, since it was found out last whether this is too much."""
    weighed: int = 0
    """How many harms there were when it was last found out which are missed by nobody."""
    excused: int = 0
    """How many were."""
    spare: int | None = None
    """It is held for what is still to come only, while that is more than so many texts."""

    def stands_in(self, folder: EntryId, name: str) -> bool:
        """Say whether a file is what was put instead of one that was harmed."""
        if len(self.names) != len(self.files):
            self.names = {(it.folder, it.name) for it in self.files.values()}
        return stands_for(name, lambda before: (folder, before) in self.names)


def lies_as_before(
    batch: Batch, looking: LookingBack, entry: EntryId, step: Step, own: Container[Writer]
) -> bool:
    """Say whether a held file lies here as its batch's maker found it, when a record comes.

    Not if it was written here meanwhile, or something of it had come that the maker had not seen.
    """
    was = batch.files[entry].seen
    since = [it for it in looking.steps(entry) if it.pos < step.pos and not was.includes(it.dot)]
    first = next((it.pos for it in since if it.pos in batch.made), 0)
    return not any(
        it.dot.writer in own or (it.pos < first and it.issuer != batch.hold.did) for it in since
    )


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


def wait_for(
    batch: Batch,
    vault: Vault,
    seen: Judged,
    files: Mapping[EntryId, Before],
    unsure: Mapping[EntryId, frozenset[bytes]],
) -> None:
    """Note that a record did something to files of which nobody can tell yet what."""
    for entry in seen.files & unsure.keys():
        missing = unsure[entry] | lacks(vault, entry, files[entry])
        batch.unsure.note(entry, seen, missing)


def stays(batch: Batch, vault: Vault) -> bool:
    """Say whether a batch of which nothing changed is held on.

    What is right again says nothing of what is still to come; what never comes says nothing.
    """
    if batch.spare is not None:
        return batch.unsure.are_to_come(vault, batch.spare)
    return bool(batch.harms)
