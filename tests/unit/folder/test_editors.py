"""Eight programs save a note; a look, or a kill of us or of them, falls between any two calls.

Whatever falls where: the note keeps its history, each save is one step of it, what a look finds
half written is a step at most, and nothing is ever in the bin.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from storage.changes import ChangeSet
from tests.helpers.editors import EDITORS, Call, Saving
from tests.helpers.interrupted import Killed, SteppedConnection, SteppedFolder, Steps
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

pytestmark = pytest.mark.slow
GRACE = 2.0
OLD, NEW = b"a note as it was\n", b"a note with another line\nas it is saved now\n"
NAME = "plan.md"


@pytest.fixture(autouse=True)
def _all_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a look believe that all was just made: the test's clock is not the disk's."""
    monkeypatch.setattr("app.folder.newborn.FRESH", 1e12)


class Recalling(MemorySpace):
    """A space that tells each state of the note that it ever held."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[dict[str, bytes]] = []

    def commit(self, change: ChangeSet, words: str) -> object | None:
        """Make a change, and note what is there then."""
        done = super().commit(change, words)
        self.states.append(self.files())
        return done


class Desk:
    """A folder with one note, a mirror that may be killed, and a program that saves."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.space = Recalling()
        self.steps = Steps()
        self.one = self.opened()
        self.one.write(NAME, OLD)
        self.comes_to_rest()
        self.entry = self.space.id(NAME)
        self.begun = len(self.space.states)
        self.saving = Saving(self.one.root, NAME, NEW)

    def opened(self) -> Mirrored:
        """Open the mirror, as after a start."""
        folder = SteppedFolder(self.top / "folder")
        folder.steps = self.steps
        return Mirrored(
            self.top / "folder",
            self.space,
            folder=folder,
            database=str(self.top / "mirror.db"),
            grace=GRACE,
            boot=b"one",
            asked=lambda connection: SteppedConnection(connection, self.steps),
        )

    def look(self) -> None:
        """Look everywhere, at once."""
        self.one.clock.at += 0.2
        self.one.look()

    def killed_while_looking(self, at: int) -> bool:
        """Look, and be killed at a step; then start anew. False when it ended before that."""
        self.steps.count, self.steps.kill_at = 0, at
        try:
            self.look()
        except Killed:
            was_killed = True
        else:
            was_killed = False
        self.steps.kill_at, self.steps.dead = 0, False
        at_now = self.one.clock.at
        self.one.connection.close()
        self.one = self.opened()
        self.one.clock.at = at_now
        return was_killed

    def comes_to_rest(self) -> None:
        """Let the time of grace pass, and look until nothing is left."""
        for _ in range(3):
            self.one.clock.at += GRACE + 1
            self.one.look()
            self.one.bring()

    def judge(self, seen: list[bytes], last: bytes | None) -> None:
        """Compare the history with what was seen of the note, each time that we looked."""
        versions = [OLD]
        for body in [*seen, *([] if last is None else [last])]:
            if body != versions[-1]:
                versions.append(body)
        states = self.space.states[self.begun :]
        bodies = [OLD, *(state.get(NAME, b"") for state in states)]
        told = [body for n, body in enumerate(bodies) if n == 0 or body != bodies[n - 1]]
        assert told == versions, "not one step for each version that was seen"
        assert all(NAME in state for state in states), "it was in the bin"
        assert self.space.id(NAME) == self.entry
        assert not any("deleted" in words for words in self.space.words)
        self.one.connection.close()


def shown(desk: Desk) -> list[bytes]:
    """Return what the note holds now, none while it is away."""
    path = desk.one.root / NAME
    return [path.read_bytes()] if path.is_file() else []


def calls_of(editor: str) -> list[Call]:
    """Return the calls of a program."""
    return EDITORS[editor]


def ways(top: Path) -> Iterator[Desk]:
    """Return desk after desk."""
    for number in count():
        (top / str(number)).mkdir()
        yield Desk(top / str(number))


@pytest.mark.parametrize("editor", EDITORS)
def test_a_look_between_any_two_calls_of_a_save(editor: str, tmp_path: Path) -> None:
    """At one place, and at each of them in one save."""
    desks = ways(tmp_path)
    calls = calls_of(editor)
    for where in [*({n} for n in range(len(calls))), set(range(len(calls)))]:
        desk, seen = next(desks), list[bytes]()
        for number, call in enumerate(calls):
            call(desk.saving)
            if number in where:
                desk.look()
                seen += shown(desk)
        desk.saving.end()
        desk.comes_to_rest()
        desk.judge(seen, NEW)


@pytest.mark.parametrize("editor", EDITORS)
def test_a_program_that_is_killed_between_any_two_calls(editor: str, tmp_path: Path) -> None:
    """What it left is what there is; only a note that it took away itself is gone."""
    desks = ways(tmp_path)
    calls = calls_of(editor)
    for stop in range(len(calls)):
        desk = next(desks)
        for call in calls[:stop]:
            call(desk.saving)
        desk.saving.end()
        left = shown(desk)
        desk.look()
        if left:
            desk.comes_to_rest()
            desk.judge([], left[0])
            continue
        # It died while the note had another name. The person finds that, and puts it back.
        desk.look()
        assert NAME in desk.space.files(), "it may come back"
        desk.one.write(NAME, OLD)
        desk.comes_to_rest()
        desk.judge([], OLD)


@pytest.mark.parametrize("editor", EDITORS)
def test_our_own_kill_at_any_step_of_a_look_between_any_two_calls(
    editor: str, tmp_path: Path
) -> None:
    """What was looked at and not yet written down is looked at again, and is no second step."""
    desks = ways(tmp_path)
    calls = calls_of(editor)
    for stop in range(1, len(calls) + 1):
        at, killed = 1, True
        while killed:
            desk, seen = next(desks), list[bytes]()
            for call in calls[:stop]:
                call(desk.saving)
            committed = len(desk.space.states)
            killed = desk.killed_while_looking(at)
            if not killed or len(desk.space.states) > committed:
                seen = shown(desk)
            for call in calls[stop:]:
                call(desk.saving)
            desk.saving.end()
            desk.comes_to_rest()
            desk.judge(seen, NEW)
            at += STRIDE


STRIDE = 7
"""So many steps from one kill to the next: a prime, so that all kinds of steps are met."""
