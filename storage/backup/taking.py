"""Taking a backup while the space is used on, and opening it from its place alone.

Packs only grow, and a commit says how far each reaches. So what lies up to there at one moment
is a whole space, whatever is written behind it meanwhile. A pack that was rewritten and went
before it was copied means another try. Good is a backup only once it was put together anew
from its own place: every hash looked at, every file read, and the root held against ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from storage.backup.places import BackupDisk, Source, Target
from storage.backup.table import Member, SpaceKept, Table
from storage.blocks.disk import Disk
from storage.checking import DAMAGED, Found, Step, check_readable
from storage.crypto.link import Link
from storage.facts.dots import Seen
from storage.facts.values import Content
from storage.ports import Clock, Entropy
from storage.proving import Whose, proved, put_together
from storage.retention import tops_of_held
from storage.uses import Uses

Copied = Callable[[int], None]
"""Hears how many bytes were copied. May raise to stop."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A space at one moment, while it is used on."""

    space: bytes
    name: str
    root: Link
    seen: Seen
    packs: tuple[tuple[int, int], ...]
    """Number and size: what is durable and counts."""
    wanting: frozenset[bytes]
    """What was not here at that moment, or was let go of."""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(size for _number, size in self.packs)


def take(
    snapshot: Snapshot,
    folder: str,
    disk: Disk,
    target: Target,
    *,
    old: SpaceKept | None,
    copied: Copied,
) -> SpaceKept:
    """Copy a space as it was at a moment; `old` says what of it is there already.

    Raises:
        StoreFull, StoreUnusable: there is no room, or a pack is gone: take another snapshot.
    """
    before = {member.number: member for member in old.packs} if old is not None else {}
    members: list[Member] = []
    for number, size in snapshot.packs:
        name = f"{number:06}.pack"

        def read(at: int, length: int, name: str = name) -> bytes:
            data = disk.read(name, at, length)
            copied(len(data))
            return data

        members.append(target.put(snapshot.space, number, size, before.get(number), read))
    return SpaceKept(
        snapshot.space, snapshot.name, folder, snapshot.root, snapshot.seen, tuple(members)
    )


@dataclass(frozen=True, slots=True)
class Tools:
    """With what a backup is put together anew."""

    clock: Clock
    entropy: Entropy
    scratch: Path
    """A folder in which another is made for a while."""
    step: Step


def prove(
    source: Source, table: Table, snapshots: Iterable[Snapshot], tools: Tools
) -> tuple[Found, ...]:
    """Put every space together from the backup alone; return what is not as it should be."""
    by_space = {snapshot.space: snapshot for snapshot in snapshots}
    found: list[Found] = []
    for kept in table.spaces:
        found += _prove(source, table, kept, by_space.get(kept.space), tools)
    return tuple(found)


def _prove(
    source: Source,
    table: Table,
    kept: SpaceKept,
    snapshot: Snapshot | None,
    tools: Tools,
) -> Iterable[Found]:
    total, read = sum(member.size for member in kept.packs), 0

    def heard(size: int) -> None:
        nonlocal read
        read += size
        tools.step("Trying the backup", 0, 0, min(read, total), total)

    whose = Whose(kept.space, table.keys, tools.clock, tools.entropy)
    with put_together(whose, BackupDisk(source, kept.packs), tools.scratch, heard) as core:
        now = proved(core)
        if (now.root, now.seen) != (kept.root, kept.seen):
            return [Found("the folder as a whole", kept.name, DAMAGED)]
        found = [it for it in check_readable(core, tools.step) if it.severity == DAMAGED]
        if snapshot is not None and (gone := now.wanting - snapshot.wanting):
            found += _lost(Uses(core, gone), gone, snapshot.wanting, kept.name)
        return found


def _lost(
    uses: Uses, gone: Iterable[bytes], wanting: AbstractSet[bytes], space: str
) -> Iterator[Found]:
    """Walk what lacks something that was there when the backup was begun.

    What opens a version that was let go of may still lie in a pack that was not written anew, as
    of no use: then what it names is gone, and that is as it should be.
    """
    for digest in gone:
        its = uses.by_digest.get(digest, [])
        for use in its:
            is_let_go = isinstance(use.value, Content) and not wanting.isdisjoint(
                tops_of_held(use.value)
            )
            if not is_let_go:
                what = "a block" if use.entry is None else "a file"
                where = space if use.entry is None else "/".join(uses.path(use.entry))
                yield Found(what, where, DAMAGED)
        if not its:
            yield Found("a block", space, DAMAGED)
