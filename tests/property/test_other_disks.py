"""Two people on disks that treat names differently: nothing is lost, deleted or doubled by that.

One has a disk as Linux has it. The other's folds large and small letters into one, or gives back
other letters than it was given, or refuses what Windows refuses; see `tests/helpers/emulated.py`.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from app.folder.names import disk_key, from_disk
from app.folder.port import Ways
from app.progress import silent
from storage.blocks.store import MemoryBlocks
from tests.helpers.emulated import (
    APFS,
    FAT,
    FOLDING_EXT4,
    HFS,
    LINUX,
    NTFS,
    RESPELLING,
    EmulatedFolder,
    Manners,
)
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

LEVEL = os.environ.get("ATOLL_TESTS", "fast")
HISTORIES = {"fast": 20, "full": 500, "night": 10_000}[LEVEL]
"""Of each of six disks: four take large letters for small ones, two give back other letters."""
NOWHERE = Path("/dev/null").parent
FIRST = 0x4E00
"""Each writing is marked by a character of its own."""
MAX_ROUNDS = 30
NAMES = [
    ("a.md", "A.md", "A.MD"),
    ("é", "e\u0301", "É", "E\u0301"),
    ("ß", "SS", "ss", "ẞ"),
    ("Σ", "ς", "Σ.md"),
    ("a:b", "A:B", "a%3Ab", "a%3AB"),
    ("con", "CON", "%63on", "Con.txt"),
    ("x.", "x", "X", "x%2E"),
    ("%3A", "%253A", "a ", "a"),
]
"""Each a set of names that some disk takes for one, or writes down as one."""
FOLDERS = [("d", "D"), ("ö", "o\u0308", "Ö")]


class Person:
    """Someone with a folder on a disk of some kind."""

    def __init__(self, name: str, manners: Manners, blocks: MemoryBlocks) -> None:
        self.disk = EmulatedFolder(manners)
        space = MemorySpace(name.encode(), blocks)
        self.one = Mirrored(NOWHERE, space, folder=self.disk, device=name * 4)
        self.ways: Ways = self.disk.ways(["again"])
        self.removed = 0
        """How many things were removed by hand."""
        self.told_removed = 0
        """How many the space was told of."""
        self.unseen = ""
        """What was done by hand since the last look, of a kind that hides another kind."""

    def marks_at(self, path: str) -> set[str]:
        """Return what a file holds, or all files below a folder."""
        key = self.disk.key
        return {
            mark
            for name, data in self.disk.files().items()
            if f"{key(name)}/".startswith(f"{key(path)}/")
            for mark in marks([data])
        }

    def things_at(self, path: str) -> int:
        """Count what lies at and below a path."""
        key = self.disk.key
        return sum(f"{key(name)}/".startswith(f"{key(path)}/") for name in self.disk.listed())

    def stands_for(self) -> dict[str, bytes]:
        """Return what the names on the disk stand for, and the bytes."""
        return {
            self.spelling("/".join(from_disk(name, self.ways) for name in path.split("/"))): data
            for path, data in self.disk.files().items()
        }

    def spelling(self, name: str) -> str:
        """Return a name as it is compared: a file that was here already keeps its letters."""
        return disk_key(name, self.ways)


class World:
    """Two people, what they wrote, and what became of it."""

    def __init__(self, manners: Manners) -> None:
        blocks = MemoryBlocks()
        self.people = [Person("A", LINUX, blocks), Person("B", manners, blocks)]
        self.count = 0
        self.written: set[str] = set()
        self.let_go: set[str] = set()
        """What was in a file when somebody wrote over it or removed it."""
        self.known: set[str] = set()

    def do(self, what: str, who: int, old: int, target: str) -> None:
        """Do one thing. What a person tries may be impossible: then nothing happens."""
        person = self.people[who]
        there = person.disk.listed()
        path = there[old % len(there)] if there else target
        match what:
            case "look":
                self.look(person)
            case "look at":
                self.look(person, target, path)
            case "bring":
                self.bring(person)
            case "meet":
                self.look(person)
                self.people[0].one.space.meet(self.people[1].one.space)
            case "everyone":
                self.everyone()
            case "replug":
                self.look(person)
                person.disk.renumber()
                self.look(person)
            case _:
                kind = "edit" if what in {"new", "save", "save over"} else what
                if person.unseen not in {"", kind}:
                    self.look(person)  # edited and renamed at once, a file is another one
                person.unseen = kind
                with suppress(OSError):
                    self._by_hand(person, what, path, target)

    def _by_hand(self, person: Person, what: str, path: str, target: str) -> None:
        disk = person.disk
        self.count += 1
        mark = chr(FIRST + self.count)
        match what:
            case "new" | "save" | "save over":
                path = target if what == "new" else path
                before = person.marks_at(path)
                (disk.save_over if what == "save over" else disk.write)(path, b"\0" + mark.encode())
                self.written.add(mark)
                self.let_go |= before
            case "rename":
                folder = path.rpartition("/")[0]
                disk.rename(path, "/".join(filter(None, (folder, target.rpartition("/")[2]))))
            case "respell":
                folder, _, name = path.rpartition("/")
                disk.rename(path, "/".join(filter(None, (folder, name.swapcase()))))
            case "move":
                disk.rename(path, target)
            case "remove":
                things, held = person.things_at(path), person.marks_at(path)
                disk.remove(path)
                person.removed += things
                self.let_go |= held
            case _:
                disk.make_folder(target.rpartition("/")[0] or target)

    def look(self, person: Person, *paths: str) -> None:
        """Look: then the space knows every word that is on the disk, and of no more removals."""
        hints = [tuple(path.split("/")) for path in paths]
        # A hint may tell half of a rename, and the rest comes before its time is over.
        looked = person.one.mirror.look(silent, hints or None, grace=2.0 if hints else 0.0)
        person.told_removed += looked.removed
        assert person.told_removed <= person.removed, "deleted, and nobody did it"
        if not paths:
            person.unseen = ""
        self.known |= marks(person.one.space.files().values())
        if not paths and not looked.again:
            assert marks(person.disk.files().values()) <= self.known

    def bring(self, person: Person) -> None:
        """Write: no word goes from the disk that the space never knew."""
        before = marks(person.disk.files().values())
        person.one.bring()
        assert before - marks(person.disk.files().values()) <= self.known

    def everyone(self) -> None:
        """All look, meet, and write."""
        for _ in range(2):
            for person in self.people:
                self.look(person)
                self.bring(person)
            self.people[0].one.space.meet(self.people[1].one.space)

    def settle(self) -> None:
        """After a few rounds all hold the same; what nobody let go of is there, and once."""
        first, second = (person.one.space for person in self.people)
        for _ in range(MAX_ROUNDS):
            before = first.state, second.state, *(p.disk.files() for p in self.people)
            self.everyone()
            if before == (first.state, second.state, *(p.disk.files() for p in self.people)):
                break
        else:
            raise AssertionError("it does not end")
        assert first.state == second.state
        shown = {name: data for name, data in first.files().items() if not name.endswith("/")}
        for person in self.people:
            spelled = {person.spelling(name): data for name, data in shown.items()}
            assert person.stands_for() == spelled, "the folder is not the tree"
        counts = Counter(mark for data in shown.values() for mark in marks([data]))
        assert set(counts) >= self.written - self.let_go, "lost"
        assert not [mark for mark, count in counts.items() if count > 1], "doubled"


def marks(contents: object) -> set[str]:
    """Return the characters that mark what was written."""
    assert not isinstance(contents, bytes)
    return {
        mark
        for data in contents  # type: ignore[attr-defined]
        for mark in data.decode()
        if ord(mark) >= FIRST
    }


BY_HAND = ["new", "new", "save", "save over", "rename", "respell", "respell", "move", "remove"]
BY_HAND += ["folder"]
BY_US = ["look", "look at", "bring", "meet", "meet", "everyone", "replug"]


class Story:
    """What happens, by one seed: few names, so that they meet.

    On a disk that folds letters and not forms nobody has both forms of one name: what then
    becomes of two folders that look alike is not promised.
    """

    def __init__(self, seed: int, manners: Manners) -> None:
        self.dice = Random(seed)  # noqa: S311
        self.manners = manners
        bare = [name for them in self.dice.sample(NAMES, 2) for name in them]
        folders = self.dice.choice(FOLDERS)
        names = bare + [f"{folder}/{name}" for folder in folders for name in bare]
        forms = manners.fold("e\u0301") == manners.fold("é") or manners.fold("a") != manners.fold(
            "A"
        )
        self.names = [it for it in names if forms or it == unicodedata.normalize("NFC", it)]

    def tell(self) -> None:
        """Let it happen on disks of which one has such manners."""
        world, dice = World(self.manners), self.dice
        for _ in range(dice.randint(5, 40)):
            what = dice.choice(BY_HAND if dice.random() < 0.6 else BY_US)
            world.do(what, dice.randrange(2), dice.randrange(99), dice.choice(self.names))
        world.settle()


@pytest.mark.slow
@pytest.mark.parametrize(
    "manners",
    [
        pytest.param(APFS, id="folds letters and forms"),
        pytest.param(NTFS, id="folds letters, refuses names"),
        pytest.param(FAT, id="cuts names, refuses names"),
        pytest.param(FOLDING_EXT4, id="folds letters, on Linux"),
        pytest.param(HFS, id="folds letters, respells"),
        pytest.param(RESPELLING, id="respells"),
    ],
)
def test_a_disk_with_manners_of_its_own_loses_deletes_and_doubles_nothing(
    manners: Manners,
) -> None:
    """Other programs deleted files on every device because one disk spelled them otherwise."""
    for seed in range(HISTORIES):
        try:
            Story(seed, manners).tell()
        except Exception as error:
            raise AssertionError(f"history {seed}") from error


@pytest.mark.parametrize(("seed", "manners"), [(643, FAT), (666, FAT), (10_061, APFS)])
def test_histories_that_once_failed(seed: int, manners: Manners) -> None:
    """A hint in another spelling, or a folder renamed as well, hid what was known there."""
    Story(seed, manners).tell()


@pytest.mark.parametrize("hint", ["Ö/x.", "Ö/x", "ö/x.", "ö/X ", "Ö."])
def test_a_hint_in_any_spelling_names_what_is_known_there(hint: str) -> None:
    """Programs name a file as they like where the disk answers; it was taken for a new one."""
    person = Person("B", FAT, MemoryBlocks())
    person.disk.make_folder("ö")
    person.disk.write("ö/x", b"\0a")
    mirror = person.one.mirror
    mirror.look(silent)
    before = person.one.space.files()
    person.disk.renumber()
    mirror.look(silent, [tuple(hint.split("/"))])
    mirror.look(silent)
    assert person.one.space.files() == before
