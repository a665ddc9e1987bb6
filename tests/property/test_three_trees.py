"""Three trees that came from one: the folder, the space, and what was agreed become one again.

The folder was changed by hand, the space by two others at once, who did not hear of each other:
moves that make a circle, moves into folders that are deleted, other letters of a name, edits of
what others remove. Then a mirror looks and brings in any order, and in pieces.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from app.errors import AppError
from app.progress import silent
from storage.blocks.store import MemoryBlocks
from storage.errors import AtollError
from storage.facts.change import TOP
from tests.helpers.emulated import LINUX, EmulatedFolder
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

LEVEL = os.environ.get("ATOLL_TESTS", "fast")
TRIPLES = {"fast": 60, "full": 8_000, "night": 100_000}[LEVEL]
FOUND = [367, 6509, 13560]
"""What did harm once: a child left behind by its folder, two names in a new one, a circle."""
ROUNDS = 200
NOWHERE = Path("/dev/null").parent
FIRST = 0x4E00
"""Each writing is marked by a character of its own."""
NAMES = ["a", "b", "A", "é", "e\u0301", "d"]
Files = dict[str, bytes]


class Side:
    """Someone who changes a tree: its files, and how each change is done there."""

    def __init__(self, triple: Triple) -> None:
        self.triple = triple

    def paths(self) -> list[str]:
        """Return all paths; folders end with a slash."""
        raise NotImplementedError

    def files(self) -> Files:
        """Return path -> bytes of files; folders may be among them, with none."""
        raise NotImplementedError

    def put(self, path: str, data: bytes) -> None:
        """Write a file; its folder is there."""
        raise NotImplementedError

    def move(self, path: str, to: str) -> None:
        """Move to a free name."""
        raise NotImplementedError

    def remove(self, path: str) -> None:
        """Remove with all below."""
        raise NotImplementedError

    def make(self, path: str) -> None:
        """Make a folder."""
        raise NotImplementedError

    def change(self) -> None:
        """Do one thing. What cannot be done is not done."""
        triple, dice = self.triple, self.triple.dice
        there = self.paths()
        folders = ["", *(path for path in there if path.endswith("/"))]
        path = dice.choice(there).rstrip("/") if there else ""
        to = dice.choice(folders) + dice.choice(NAMES)
        taken = to in there or f"{to}/" in there
        what = dice.choice(["edit", "move", "move", "respell", "remove", "add", "folder"])
        if what == "respell":
            folder, slash, name = path.rpartition("/")
            to = folder + slash + name.swapcase()
            taken = to in there or f"{to}/" in there
        with suppress(OSError, AtollError):
            match what:
                case "edit" if path in there:
                    held = marks({path: self.files()[path]})
                    self.save(path)
                    triple.let_go |= held
                case "move" | "respell" if path and not taken and not f"{to}/".startswith(path):
                    self.move(path, to)
                case "remove" if path:
                    gone = {k: v for k, v in self.files().items() if f"{k}/".startswith(f"{path}/")}
                    self.remove(path)
                    triple.let_go |= marks(gone)
                case "folder" if not taken:
                    self.make(to)
                case _:
                    if to.rpartition("/")[2] and not taken:
                        self.save(to)

    def save(self, path: str) -> None:
        """Write something that nobody wrote before."""
        triple = self.triple
        triple.count += 1
        mark = chr(FIRST + triple.count)
        self.put(path, b"\0" + mark.encode())
        triple.written.add(mark)


class Here(Side):
    """The folder, changed by hand."""

    def paths(self) -> list[str]:
        """Return what lies there."""
        files = self.triple.disk.files()
        return [path if path in files else f"{path}/" for path in self.triple.disk.listed()]

    def files(self) -> Files:
        """Return what lies there."""
        return self.triple.disk.files()

    def put(self, path: str, data: bytes) -> None:
        """Save in place, or over."""
        disk = self.triple.disk
        self.triple.dice.choice([disk.write, disk.save_over])(path, data)

    def move(self, path: str, to: str) -> None:
        """Rename."""
        self.triple.disk.rename(path, to)

    def remove(self, path: str) -> None:
        """Remove."""
        self.triple.disk.remove(path)

    def make(self, path: str) -> None:
        """Make a folder."""
        self.triple.disk.make_folder(path)


class There(Side):
    """A replica of the space, changed by its own people."""

    def __init__(self, triple: Triple, space: MemorySpace) -> None:
        super().__init__(triple)
        self.space = space

    def paths(self) -> list[str]:
        """Return what is shown."""
        return list(self.space.files())

    def files(self) -> Files:
        """Return what is shown."""
        return self.space.files()

    def put(self, path: str, data: bytes) -> None:
        """Save."""
        self.space.put(path, data)

    def move(self, path: str, to: str) -> None:
        """Move."""
        self.space.move(path, to)

    def remove(self, path: str) -> None:
        """Remove."""
        self.space.remove(path)

    def make(self, path: str) -> None:
        """Make a folder."""
        folder, _, name = path.rpartition("/")
        change = self.space.change()
        change.add_folder(self.space.id(folder) if folder else TOP, name)
        self.space.commit(change, "folder")


class Triple:
    """The three trees, by one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311
        self.count = 0
        self.written: set[str] = set()
        self.let_go: set[str] = set()
        """What somebody wrote over or removed, who had it before their eyes."""
        blocks = MemoryBlocks()
        self.disk = EmulatedFolder(LINUX)
        self.spaces = [MemorySpace(name, blocks) for name in (b"A", b"B", b"C")]
        self.one = Mirrored(NOWHERE, self.spaces[0], folder=self.disk)
        here = Here(self)
        for _ in range(self.dice.randrange(2, 12)):
            here.change()
        self.one.round()
        for space in self.spaces[1:]:
            space.meet(self.spaces[0])
        for side in (here, *(There(self, space) for space in self.spaces[1:])):
            for _ in range(self.dice.randrange(6)):
                side.change()
        self.spaces[1].meet(self.spaces[2])

    def become_one(self) -> None:
        """Look and bring in any order and in pieces, hear of the others at some point, and end."""
        pieces: list[Callable[[], object]] = [self._hear, self.one.look, self.one.bring]
        pieces += [self._look_somewhere, self._bring_some]
        self.dice.shuffle(pieces)
        for piece in pieces:
            with suppress(AppError):
                piece()
        self._hear()
        self.one.round(ROUNDS)

    def judge(self) -> None:
        """The folder is the space, nothing unseen was dropped, and the plan has no more to do."""
        shown = self.spaces[0].files()
        files = self.disk.files()
        lies = files | {f"{path}/": b"" for path in self.disk.listed() if path not in files}
        assert composed(lies) == composed(shown)
        assert marks(shown) >= self.written - self.let_go, "dropped, and nobody had seen it"
        assert not self.one.look().changed

    def _hear(self) -> None:
        self.spaces[0].meet(self.spaces[1])

    def _look_somewhere(self) -> None:
        paths = [path.rstrip("/") for path in Here(self).paths()]
        self.one.mirror.look(
            silent, [tuple(p.split("/")) for p in paths if self.dice.random() < 0.5], grace=2.0
        )

    def _bring_some(self) -> None:
        entries = sorted(self.spaces[0].state.entries)
        self.one.mirror.bring(silent, [it for it in entries if self.dice.random() < 0.5])


def composed(files: Files) -> Files:
    """Return files by names as they are compared: accents may be written in two ways."""
    return {unicodedata.normalize("NFC", path): data for path, data in files.items()}


def marks(files: Files) -> set[str]:
    """Return the characters that mark what was written."""
    return {mark for data in files.values() for mark in data.decode() if ord(mark) >= FIRST}


@pytest.mark.slow
def test_three_trees_become_one_and_nothing_unseen_is_dropped() -> None:
    """Whatever was done where, and in whichever order it is heard of: it ends, and soon."""
    for seed in (*FOUND, *range(TRIPLES)):
        try:
            triple = Triple(seed)
            triple.become_one()
            triple.judge()
        except Exception as error:
            raise AssertionError(f"triple {seed}") from error
