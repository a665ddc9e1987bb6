"""A person's folder on a simulated disk: a power cut undoes what was not synced.

Names come and go in order, as on a disk with a journal: a power cut takes back the last of
them, never one in the middle, and syncing anything makes all names so far last. The bytes of
a file that was not synced may be gone, cut or zeros, under the same time.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy

from app.folder.memory import MemoryFolder, MemoryPlace, Thing
from app.folder.port import Path, Shape, Stat, Ways
from tests.helpers.crashing_disk import PowerCut
from tests.sim.world.machine import Machine

_SECOND = 1_000_000_000
_TICK = 4_000_000
"""Nanoseconds between two times that the disk can tell apart."""
OWN = ".atoll"


class WorldFolder(MemoryFolder):
    """The folder. `meddle` is called before each look at it: a person acts at any moment."""

    def __init__(self, machine: Machine, ways: Ways | None = None) -> None:
        self.machine = machine
        self.there = True
        self.meddle: Callable[[], None] = _nothing
        self._names: list[list[tuple[Thing, dict[str, Thing]]]] = []
        self._fresh: dict[int, Thing] = {}
        self.by_person: set[int] = set()
        """Inodes of files whose bytes a person wrote last."""
        super().__init__(ways)
        self.fault = self._fail
        self.away: tuple[Thing, tuple[int, int]] | None = None
        """What lies here while another folder is in its place."""

    # -- the port ------------------------------------------------------------------------
    def tick(self) -> int:
        """Return the machine's time, as coarse as the disk keeps it."""
        now = int(self.machine.now() * _SECOND)
        return now - now % _TICK

    def identity(self) -> tuple[int, int]:
        """Return which folder lies here."""
        self._proof()
        return self.identities

    def enter(self, path: Path) -> WorldPlace:
        """Open a directory."""
        self._proof()
        place = WorldPlace(self, self.root, ())
        for name in path:
            place = place.enter(name)
        return place

    def sync_disk(self) -> bool:
        """Make everything last."""
        self.check("sync", ())
        self.flush()
        return True

    def ways(self, probe: Sequence[str]) -> Ways:
        """Return how names are treated."""
        self._proof()
        return super().ways(probe)

    def _proof(self) -> None:
        if not self.machine.on:
            raise PowerCut("folder")
        if not self.there:
            raise FileNotFoundError(errno.ENOENT, "nothing there")

    def _fail(self, what: str, path: Path) -> int:
        del path
        self.meddle()
        return self.machine.folder_step(what)

    # -- what lasts ----------------------------------------------------------------------
    def before(self, *places: Thing) -> None:
        """Remember directories as they are, before names in them change."""
        self._names.append([(place, dict(place.names)) for place in places])

    def written(self, thing: Thing, *, by_person: bool) -> None:
        """Note that bytes were written and not synced."""
        self._fresh[thing.inode] = thing
        if by_person:
            self.by_person.add(thing.inode)
        else:
            self.by_person.discard(thing.inode)

    def synced(self, thing: Thing | None = None) -> None:
        """Make names last, and the bytes of a file."""
        self._names.clear()
        if thing is not None:
            self._fresh.pop(thing.inode, None)

    def flush(self) -> None:
        """Make everything last."""
        self._names.clear()
        self._fresh.clear()

    def crash(self) -> list[tuple[bytes, bytes, bool]]:
        """Come back after a power cut; tell old and new bytes, and whether a person wrote them."""
        torn: list[tuple[bytes, bytes, bool]] = []
        random = self.machine.random
        for _ in range(random.randint(0, len(self._names))):
            for place, names in self._names.pop():
                place.names = names
        for thing in self._fresh.values():
            size = len(thing.data)
            left = random.randint(0, size)
            old = thing.data
            thing.data = random.choice((old, b"", bytes(size), old[:left] + bytes(size - left)))
            torn.append((old, thing.data, thing.inode in self.by_person))
        self.flush()
        return torn

    # -- where it lies -------------------------------------------------------------------
    def take_away(self, *, leave_empty: bool) -> None:
        """Unmount it; perhaps an empty directory is left in its place."""
        self.flush()
        if leave_empty:
            self.away = self.root, self.identities
            self.root, self.identities = self.thing(Shape.FOLDER), (2, self.inodes)
        else:
            self.there = False

    def copy(self, machine: Machine) -> WorldFolder:
        """Return a copy on another machine that the disk cannot tell from this one."""
        made = WorldFolder(machine, self.how)
        made.root, made.identities = deepcopy(self.root), self.identities
        made.inodes, made.by_person = self.inodes, set(self.by_person)
        return made

    def bring_back(self) -> None:
        """Mount it again."""
        self.there = True
        if self.away is not None:
            self.root, self.identities = self.away
            self.away = None

    # -- what lies in it -----------------------------------------------------------------
    def walk(self) -> Iterator[tuple[Path, Thing]]:
        """Walk what a person sees, folders before what they hold."""
        todo: list[tuple[Path, Thing]] = [((), self.root)]
        while todo:
            path, place = todo.pop()
            for name, thing in sorted(place.names.items()):
                if path or name != OWN:
                    yield (*path, name), thing
                    if thing.shape is Shape.FOLDER:
                        todo.append(((*path, name), thing))

    def kept(self) -> Iterator[bytes]:
        """Yield what lies beside the mark: what a power cut left, before it was written over."""
        todo = [self.root.names[OWN]] if OWN in self.root.names else []
        while todo:
            thing = todo.pop()
            yield thing.data
            todo += thing.names.values()

    def contents(self) -> dict[Path, bytes | None]:
        """Return paths and the bytes under them, None for folders."""
        return {
            path: None if thing.shape is Shape.FOLDER else thing.data for path, thing in self.walk()
        }


class WorldPlace(MemoryPlace):
    """An open directory."""

    _folder: WorldFolder

    def enter(self, name: str) -> WorldPlace:
        """Open a directory in it."""
        found = super().enter(name)
        return WorldPlace(self._folder, found._thing, found._path)  # noqa: SLF001

    def write(
        self,
        name: str,
        chunks: Iterable[bytes],
        *,
        executable: bool,
        mode: int | None,
        mtime_ns: int,
        sync: bool,
    ) -> Stat:
        """Write a new file."""
        stat = super().write(
            name, chunks, executable=executable, mode=mode, mtime_ns=mtime_ns, sync=sync
        )
        thing = self._find(name)[1]
        self._folder.written(thing, by_person=False)
        if sync:
            self._folder.synced(thing)
        return stat

    def move(self, name: str, to: MemoryPlace, new_name: str, *, replace: bool) -> None:
        """Rename."""
        self._folder.before(self._thing, to._thing)  # noqa: SLF001
        super().move(name, to, new_name, replace=replace)

    def supplant(self, name: str, new_name: str, aside: str) -> bool:
        """Rename over another file, which stays."""
        self._folder.before(self._thing)
        return super().supplant(name, new_name, aside)

    def make_folder(self, name: str) -> None:
        """Make a directory."""
        self._folder.check("make", (*self._path, name))
        super().make_folder(name)

    def make_link(self, name: str, target: str) -> None:
        """Make a link."""
        self._folder.check("make", (*self._path, name))
        super().make_link(name, target)

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._folder.before(self._thing)
        super().remove(name)

    def remove_folder(self, name: str) -> None:
        """Remove an empty directory."""
        self._folder.check("remove", (*self._path, name))
        self._folder.before(self._thing)
        super().remove_folder(name)

    def sync(self) -> None:
        """Make names last."""
        self._folder.check("sync", self._path)
        self._folder.synced()

    def sync_file(self, name: str) -> None:
        """Make the bytes of a file last."""
        super().sync_file(name)
        self._folder.synced(self._find(name)[1])

    def _new(self, name: str, thing: Thing) -> None:
        self._folder.before(self._thing)
        super()._new(name, thing)


def _nothing() -> None:
    """Let nobody act."""
