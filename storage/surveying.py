"""Where the disk went: what each part of a space takes here, and what is to be given back when.

Nothing is changed. What several parts share counts for the first of them: files as they are,
then the bin, then older versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.blocks.store import Kind
from storage.bygone import Run
from storage.collecting import Collected, Collection, Orders, Slice, all_held
from storage.core import INDEX, Core
from storage.opened import Opened
from storage.retention import DAY, Held
from storage.system import in_our_words
from storage.wants import Wants

_LIVES = 100
_CACHES = (INDEX, "search.db")


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is in quarantine, and goes together."""

    at: int
    size: int


@dataclass(slots=True)
class SpaceUse:
    """What a space takes on this disk, in bytes."""

    files: int = 0
    """Files as they are, side by side and all."""
    older: int = 0
    """Older versions that are kept."""
    bin: int = 0
    """What was last in what was deleted, and is kept."""
    log: int = 0
    """Who did what when: records with short edits, rights, keys."""
    freed_later: int = 0
    """What no rule keeps, and the next collection puts into quarantine."""
    leaving: list[Leaving] = field(default_factory=list[Leaving])
    """What is in quarantine, by the day on which it goes."""
    unused: int = 0
    """What was removed and is still in packs that were not worth writing anew."""
    index: int = 0
    """Lists and search: made anew when they are lost."""

    @property
    def quarantine(self) -> int:
        """All that is in quarantine."""
        return sum(it.size for it in self.leaving)

    @property
    def total(self) -> int:
        """All of it."""
        held = self.files + self.older + self.bin + self.log
        return held + self.freed_later + self.quarantine + self.unused + self.index


class Survey:
    """Finds it out, a slice at a time."""

    def __init__(self, core: Core, wants: Wants, orders: Orders) -> None:
        self._core = core
        self._orders = orders
        self._collection = Collection(core, wants, orders)
        self.use = SpaceUse()

    def slices(self) -> Iterator[Slice]:
        """Do it. Raises as `Collection.slices`, but not if something is missing."""
        marks, use = self._collection.marks, self.use
        yield from self._collection.mark_records()
        marks.flush()
        use.log, done = marks.size, marks.size
        yield from self._collection.mark_present()
        marks.flush()
        use.files, done = marks.size - done, marks.size
        binned, older = set[Held](), set[Held]()
        for _entry, life, kept, number, total in self._collection.lives_of():
            binned |= life.last & kept
            older |= all_held(life) & kept
            if number % _LIVES == 0:
                yield Slice("Looking at older versions", number, total)
        for held in binned:
            marks.add(held, strict=False)
        marks.flush()
        use.bin, done = marks.size - done, marks.size
        for held in older:
            marks.add(held, strict=False)
        marks.flush()
        use.older = marks.size - done
        self._count_rest()

    def _count_rest(self) -> None:
        run, use = self._core.connection.execute, self.use
        free: dict[bytes, int] = {}
        locator, last = self._core.blocks.locator, 0
        while page := locator.page(last, self._collection.marks.upto, Kind.BLOCK):
            free |= {d: size for number, d, size in page if not self._collection.marks.has(number)}
            last = page[-1][0]
        days: dict[int, int] = {}
        for digest, since in run("SELECT digest, since FROM quarantine").fetchall():
            size = free.pop(bytes(digest), 0)
            day = -(-(int(since) + self._orders.quarantine) // DAY) * DAY
            days[day] = days.get(day, 0) + size
        use.leaving = [Leaving(day, size) for day, size in sorted(days.items()) if size]
        use.freed_later = sum(free.values())
        others = run("SELECT total(length) FROM block WHERE kind <> ?", (int(Kind.BLOCK),))
        use.log += int(others.fetchone()[0])
        packs = self._core.blocks.uses()
        held = use.files + use.older + use.bin + use.log + use.freed_later + use.quarantine
        use.log += sum(it.live for it in packs) - held  # what stands before each thing in a pack
        use.unused = sum(it.dead for it in packs)
        use.index = self._size_of_caches()

    def _size_of_caches(self) -> int:
        with in_our_words("look into the space"):
            return sum(
                path.stat().st_size
                for path in self._core.folder.iterdir()
                if path.name.startswith(_CACHES)
            )


class Surveying(Opened):
    """The door to what a space takes."""

    def survey(self, orders: Orders) -> tuple[Run, SpaceUse]:
        """Return what finds out what the space takes here, and where the answer will stand."""
        survey = Survey(self._ready(), self._wants, orders)
        return Run(survey.slices(), self._whole, Collected()), survey.use
