"""Whatever was touched is brought, thing by thing; then the folder is the tree, all of it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.progress import silent
from storage.facts.change import EntryId
from tests.helpers.mirrored import Mirrored
from tests.property.test_mirrors_converge import World

NAMES = ["a", "A", "b", "d/a", "d/A", "D/a", "d", "D", "e/d"]
WHAT = ["text", "bytes", "move", "move", "remove", "folder", "meet", "meet"]
MANY_ROUNDS = 10


class Piecemeal(World):
    """Two folders. Nothing is ever compared but what a commit or a meeting touched."""

    def step(self, what: str, person: int, old: int, new: int) -> None:
        """Let one person do something, or both meet; then bring what that touched."""
        if what == "meet":
            self.meet()
            return
        one = self.both[person]
        there = sorted(one.disk())
        path = one.root / (there[old % len(there)] if there else NAMES[0])
        with suppress(OSError):
            self.by_hand(what, path, one.root / NAMES[new % len(NAMES)])
        self.take(one)

    def by_hand(self, what: str, path: Path, target: Path) -> None:
        """Do what a person does."""
        self.count += 1
        match what:
            case "text" | "bytes":
                target.parent.mkdir(parents=True, exist_ok=True)
                zero = b"\0" if what == "bytes" else b""
                target.write_bytes(zero + f"{self.count}\n".encode())
            case "move" if not target.exists():
                path.rename(target)
            case "remove" if path.is_dir():
                shutil.rmtree(path)
            case "remove":
                path.unlink()
            case _:
                target.mkdir(parents=True)

    def take(self, one: Mirrored) -> None:
        """Look, and bring what came of it, until nothing changes meanwhile."""
        for _ in range(MANY_ROUNDS):
            looked = one.look()
            brought = one.mirror.bring(silent, looked.entries)
            if not (looked.again or brought.again or looked.entries):
                return
        raise AssertionError("it does not end")

    def meet(self) -> None:
        """Both hear of each other, and bring what records touched."""
        before = [one.space.state.entries for one in self.both]
        self.both[0].space.meet(self.both[1].space)
        for one, had in zip(self.both, before, strict=True):
            now = one.space.state.entries
            touched: set[EntryId] = {e for e in had.keys() | now if had.get(e) != now.get(e)}
            one.mirror.bring(silent, touched)
            self.take(one)

    def all_is_brought(self) -> None:
        """Compare everything: there is nothing to do."""
        for one in self.both:
            brought = one.bring()
            assert (brought.written, brought.moved, brought.removed) == (0, 0, 0)
            assert one.disk() == one.space.files()


stories = st.lists(
    st.tuples(st.sampled_from(WHAT), st.integers(0, 1), st.integers(0, 99), st.integers(0, 99)),
    min_size=2,
    max_size=20,
)


@given(stories)
def test_what_is_brought_piece_by_piece_is_all_there_is(
    story: list[tuple[str, int, int, int]],
) -> None:
    """Else a folder stays different from all others, while everyone says that all is stored."""
    with Piecemeal() as world:
        for step in story:
            world.step(*step)
            world.all_is_brought()
