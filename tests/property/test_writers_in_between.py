"""A program writes to a file at any moment while we put another one in its place.

Each of its saves is in the tree, or in the history, whatever it was between which of our steps;
also when we are killed at any of them. Who only appends gets one file, with each line once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import MemoryBlocks
from storage.changes import ChangeSet
from tests.helpers.interrupted import Killed, SteppedConnection, SteppedFolder, Steps
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

FIRST = 0x4E00
"""Each writing is marked by a character of its own."""
MAX_ROUNDS = 30
NAMES = ("note.md", "data.bin")
BEGIN = {"note.md": b"begin\n", "data.bin": b"\0begin\n"}


class Remembering(MemorySpace):
    """A space that knows all that it ever held."""

    known: set[str]

    def commit(self, change: ChangeSet, words: str) -> object | None:
        """Make a change, and look at what is there then."""
        done = super().commit(change, words)
        self.known |= marks(self.files())
        return done


class Writer:
    """A program that writes to one file, in its own time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.saved: set[str] = set()
        """What it wrote, and nobody took away again."""
        self._fd = -1
        self._text = b""

    def do(self, what: str, mark: str) -> None:
        """Do one thing. What it tries may be impossible: then nothing happens."""
        line = f"{mark}\n".encode()
        with suppress(FileNotFoundError):
            match what:
                case "open":
                    self._open(os.O_APPEND)
                case "write" if self._fd >= 0:
                    os.write(self._fd, self._text + line)
                    self._text = b""
                    self.saved.add(mark)
                case "close":
                    self.close()
                case "append":
                    for step in ("open", "write", "close"):
                        self.do(step, mark)
                case "empty":
                    self.close()  # else what is still to be written is emptied too
                    text = self.path.read_bytes()
                    self._open(os.O_TRUNC)
                    self._text = text
                case "rename over":
                    self.close()
                    saving = self.path.with_name("saving~")
                    saving.write_bytes(self.path.read_bytes() + line)
                    saving.rename(self.path)
                    self.saved.add(mark)
                case "remove":
                    self.close()
                    gone = self.path.read_bytes()
                    self.path.unlink()
                    self.saved -= set(gone.decode())
                case _:
                    pass

    def close(self) -> None:
        """Write what is left to be written, and close."""
        if self._fd >= 0:
            if self._text:
                os.write(self._fd, self._text)
            os.close(self._fd)
        self._fd, self._text = -1, b""

    def _open(self, how: int) -> None:
        self.close()
        self._fd = os.open(self.path, os.O_WRONLY | how)


class World:
    """Two folders of one space; in one of them a program writes whenever we do a step."""

    def __init__(self, *, grace: float = 0.0) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="atoll-writers-", dir=_fast()))
        self.steps = Steps()
        self.grace = grace
        blocks, known = MemoryBlocks(), set[str]()
        self.spaces = [Remembering(name.encode(), blocks) for name in ("Eve", "Fay")]
        for space in self.spaces:
            space.known = known
        self.known = known
        self.count = 0
        self.eve, self.fay = self.opened(0, "1"), self.opened(1, "1")
        self.writers = [Writer(self.eve.root / name) for name in NAMES]
        for name, data in BEGIN.items():
            self.eve.write(name, data)
        self.everyone()

    def opened(self, number: int, time: str) -> Mirrored:
        """Open a mirror, of Eve's with a step at each thing that is done."""
        space, root = self.spaces[number], self.top / "EF"[number]
        database = str(self.top / f"{number}.db")
        device, grace = ("Eve", "Fay")[number] + time, self.grace
        if number:
            return Mirrored(root, space, database=database, device=device, grace=grace)
        folder = SteppedFolder(root)
        folder.steps = self.steps
        return Mirrored(
            root,
            space,
            folder=folder,
            database=database,
            device=device,
            grace=grace,
            asked=lambda connection: SteppedConnection(connection, self.steps),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self.writers:
            writer.close()
        for one in (self.eve, self.fay):
            one.connection.close()
        shutil.rmtree(self.top, ignore_errors=True)

    @property
    def saved(self) -> set[str]:
        """Return all that has to be somewhere."""
        return set[str]().union(*(writer.saved for writer in self.writers))

    def mark(self) -> str:
        """Return a character that nobody wrote yet."""
        self.count += 1
        return chr(FIRST + self.count)

    def writes(self, what: str) -> None:
        """Let the program do one thing to each file."""
        for writer in self.writers:
            writer.do(what, self.mark())

    def comes(self) -> None:
        """Let something come from Fay."""
        for name in NAMES:
            path = self.fay.root / name
            with suppress(FileNotFoundError):
                self.fay.write(name, path.read_bytes() + f"{self.mark()}\n".encode())
        self.fay.look()
        self.spaces[0].meet(self.spaces[1])

    def eve_works(self) -> None:
        """Let Eve's folder take up what came; perhaps she is killed, and starts anew."""
        try:
            self.eve.look()
            self.eve.bring()
        except Killed:
            self.eve.connection.close()
            self.steps.dead, self.steps.kill_at = False, 0
            self.eve = self.opened(0, "2")

    def everyone(self) -> bool:
        """All look, meet, and write; time passes. Say whether anything was done."""
        busy = False
        for one in (self.eve, self.fay):
            one.clock.at += 10 * self.grace
            looked = one.look()
            self.spaces[0].meet(self.spaces[1])
            brought = one.bring()
            busy |= looked.changed or bool(looked.again or brought.again)
            busy |= bool(brought.written or brought.moved or brought.removed)
        return busy

    def settle(self) -> dict[str, bytes]:
        """The program ends; after a few rounds all is one. Return what there is."""
        self.steps.act = lambda _step: None
        for writer in self.writers:
            writer.close()
        for _ in range(MAX_ROUNDS):
            if not self.everyone() and self.spaces[0].state == self.spaces[1].state:
                break
        else:
            raise AssertionError("they never agree")
        files = self.eve.disk()
        assert files == self.fay.disk() == self.spaces[0].files()
        assert not [name for name in files if name.endswith((".old", ".tmp"))], "left behind"
        assert not self.eve.agreed.replaced()
        return files


def marks(files: dict[str, bytes]) -> set[str]:
    """Return the characters that mark what was written."""
    return {mark for data in files.values() for mark in data.decode() if ord(mark) >= FIRST}


def _fast() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def _one_note(files: dict[str, bytes], world: World) -> None:
    """Who only appends has one note, with each line once."""
    assert [name for name in files if name.endswith(".md")] == ["note.md"]
    lines = [line for line in files["note.md"].decode().split("\n") if line]
    assert len(lines) == len(set(lines))
    assert world.writers[0].saved <= set(lines)


def _each_step(prepare: Callable[[World], None], act: Callable[[World, int], None]) -> int:
    """Do a story again and again, with something else done at each step in its turn."""
    turn = 0
    while True:
        turn += 1
        with World() as world:
            prepare(world)
            world.comes()
            act(world, world.steps.count + turn)
            last = world.steps.count + turn
            world.eve_works()
            over = world.steps.count < last
            world.writes("close")
            files = world.settle()
            assert world.saved <= world.known, f"lost by step {turn}"
            _one_note(files, world)
        if over:
            return turn


@pytest.mark.slow
@pytest.mark.parametrize("later", [0, 1, 2, 5, 1000])
def test_a_line_is_appended_at_any_step(later: int) -> None:
    """Opened at one step, written and closed at another: the shell's `echo >>` was lost so."""

    def act(world: World, at: int) -> None:
        def acts(step: int) -> None:
            if step == at:
                world.writes("open")
            if step == at + later:
                world.writes("write")
                world.writes("close")

        world.steps.act = acts

    def prepare(world: World) -> None:
        del world

    assert _each_step(prepare, act) > 30


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", "open", "append"])
def test_a_kill_at_any_step_loses_no_line(before: str) -> None:
    """The old file may lie under a name of ours then, with a line that nobody read."""

    def act(world: World, at: int) -> None:
        world.steps.kill_at = at

        def acts(step: int) -> None:
            if step == at - 1:
                world.writes("write" if before == "open" else "append")
                world.writes("close")

        world.steps.act = acts

    turn = 0
    while True:
        turn += 1
        with World() as world:
            if before:
                world.writes(before)
            world.comes()
            at = world.steps.count + turn
            act(world, at)
            world.eve_works()
            over = world.steps.count < at
            world.steps.kill_at = 0
            world.settle()
            assert world.saved <= world.known, f"lost by step {turn}"
        if over:
            break
    assert turn > 30


WHAT = ["open", "write", "write", "close", "append", "append", "empty", "rename over", "remove"]
stories = st.lists(st.tuples(st.integers(0, 25), st.sampled_from(WHAT)), min_size=1, max_size=12)


@given(stories, st.integers(0, 200), st.booleans(), st.sampled_from([0.0, 1.0]))
def test_whatever_a_program_does_between_our_steps_is_kept(
    story: list[tuple[int, str]],
    kill_after: int,
    is_killed: bool,  # noqa: FBT001
    grace: float,
) -> None:
    """It opens, writes, empties, renames over and removes; and we may be killed."""
    with World(grace=grace) as world:
        left = list(story)
        wait = 0

        def acts(step: int) -> None:
            nonlocal wait
            del step
            wait += 1
            while left and wait > left[0][0]:
                wait = 0
                world.writes(left.pop(0)[1])

        world.steps.act = acts
        for _ in range(3):
            world.comes()
            if is_killed:
                world.steps.kill_at = world.steps.count + 1 + kill_after
            world.eve_works()
            world.steps.kill_at = 0
        files = world.settle()
        assert world.saved <= world.known | marks(files)
        if not is_killed and not {"empty", "rename over", "remove"} & {what for _, what in story}:
            _one_note(files, world)
