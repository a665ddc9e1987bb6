"""Two people, two real folders, one space: whatever they do, both end with the same files."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import MemoryBlocks
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

NAMES = ["a", "É.md", "d1", "d2"]
FOLDERS = ["", "d1/", "d2/", "d1/d2/"]
NEW = [folder + name for folder in FOLDERS for name in NAMES]
MAX_ROUNDS = 20
FIRST = 0x4E00
"""Each writing is marked by a character of its own."""


class World:
    """Two folders with their mirrors, and what their spaces ever knew."""

    def __init__(self) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="atoll-mirrors-", dir=_fast()))
        blocks = MemoryBlocks()
        self.both = [
            Mirrored(self.top / name, MemorySpace(name.encode(), blocks), device=name * 4)
            for name in ("A", "B")
        ]
        self.known: set[str] = set()
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self.both:
            one.connection.close()
        shutil.rmtree(self.top, ignore_errors=True)

    def do(self, what: str, person: int, old: int, new: int) -> None:
        """Do one thing. What a person tries may be impossible: then nothing happens."""
        one = self.both[person]
        there = sorted(one.disk())
        path = one.root / (there[old % len(there)] if there else NEW[old % len(NEW)])
        target = one.root / NEW[new % len(NEW)]
        self.count += 1
        with suppress(OSError):
            self._by_hand(what, path, target)
        match what:
            case "look":
                self.look(person)
            case "bring":
                self.bring(person)
            case "look at":
                one.look(target.relative_to(one.root).as_posix(), path.name)
                self.learn()
            case "share":
                self.look(person)
                self.both[0].space.meet(self.both[1].space)
            case "all meet":
                self.everyone()
            case _:
                pass

    def _by_hand(self, what: str, path: Path, target: Path) -> None:
        """Do what a person or an editor does."""
        text = f"{chr(FIRST + self.count) * 3}\n".encode()
        match what:
            case "new":
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text)
            case "new bytes":
                target.write_bytes(b"\0" + text)
            case "append" if path.is_file():
                path.write_bytes(path.read_bytes() + text)
            case "save beside" if path.is_file():
                path.with_name("saving").write_bytes(text)
                path.with_name("saving").rename(path)
            case "move" if not target.exists():
                path.rename(target)
            case "swap" if target.exists():
                path.rename(path.with_name("swapping"))
                target.rename(path)
                path.with_name("swapping").rename(target)
            case "remove" if path.is_dir():
                shutil.rmtree(path)
            case "remove":
                path.unlink()
            case "folder":
                target.mkdir()
            case _:
                pass

    def look(self, person: int) -> None:
        """One mirror looks: then the space knows every word that is on the disk."""
        one = self.both[person]
        looked = one.look()
        self.learn()
        assert looked.again or marks(one.disk()) <= self.known

    def bring(self, person: int) -> None:
        """One mirror writes: no word goes from the disk that the space never knew."""
        one = self.both[person]
        before = marks(one.disk())
        one.bring()
        after = one.disk()
        assert before - marks(after) <= self.known
        assert not [name for name in after if ".tmp" in name], "half written"

    def learn(self) -> None:
        """Remember what the spaces know."""
        for one in self.both:
            self.known |= marks(one.space.files())

    def everyone(self) -> None:
        """All look, meet, and write."""
        for _ in range(2):
            for person in (0, 1):
                self.look(person)
                self.bring(person)
            self.both[0].space.meet(self.both[1].space)

    def settle(self) -> None:
        """After a few rounds both folders and the space hold the same, and nothing more is done."""
        first, second = self.both
        for _ in range(MAX_ROUNDS):
            self.everyone()
            for one in self.both:
                one.round(MAX_ROUNDS)
            if first.space.state == second.space.state:
                break
        else:
            raise AssertionError("they never agree")
        assert first.disk() == second.disk() == first.space.files()


def marks(files: dict[str, bytes]) -> set[str]:
    """Return the characters that mark what was written: texts merge by character."""
    return {mark for data in files.values() for mark in data.decode() if ord(mark) >= FIRST}


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


WHAT = ["new", "new", "new bytes", "append", "append", "save beside", "move", "move", "remove"]
WHAT += ["remove", "folder", "look", "look at", "bring", "bring", "share", "share", "all meet"]
WHAT += ["swap", "swap"]
stories = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(0, 1), st.integers(0, 99), st.integers(0, 99)),
    min_size=5,
    max_size=40,
)


@given(stories)
def test_two_folders_become_one_and_nothing_is_lost(story: list[tuple[str, int, int, int]]) -> None:
    """Whoever does what, and whenever they meet: the promise the product stands on."""
    with World() as world:
        for step in story:
            world.do(*step)
        world.settle()
