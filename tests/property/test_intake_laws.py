"""However things come, in any order, cut anyhow, more than once: one answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.blocks.store import Kind, Thing
from storage.errors import Overtaken
from storage.facts.change import TOP
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    dice,
    everyone,
    pure_root,
    save,
    shown,
    tell,
    things_of,
    write,
)

Unit = tuple[Thing, ...]


class Origin:
    """A space that two devices wrote in at the same time, and a third that joined before."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        owner = self.place.create()
        joined = self.place.join(owner, "joined")
        editor = self.place.join(owner, "editor")
        note = write(owner, "note.md", b"one\ntwo\n", TOP)
        everyone([owner, editor])
        for number in range(6):
            save(owner, note, f"one\n{number}\ntwo\n".encode())
            write(editor, f"file {number}", b"\0%d" % number, TOP)
            if number % 2:
                tell(owner, editor)
        change = editor.change()
        into = change.add_folder(TOP, "NOTE.md")
        change.move(note, into, "moved.md")
        editor.commit(change, "moved")
        change = owner.change()
        change.remove(note)
        owner.commit(change, "removed")
        save(editor, note, b"one\nedited\ntwo\n")
        everyone([owner, editor])
        owner.welcome()
        assert owner.root == editor.root
        self.units = list(_units(things_of(owner)))
        self.seen, self.root, self.shown = owner.seen, owner.root, sorted(shown(owner))
        for vault in (owner, joined, editor):
            vault.close()

    def newcomer(self, folder: Path) -> Vault:
        """Return a vault that has joined and heard nothing since."""
        copytree(self.place.folder / "joined", folder / "joined")
        return Place(folder).open("joined")


def _units(things: Sequence[Thing]) -> Iterator[Unit]:
    """Yield a record with its payload, and every other thing alone, as they travel."""
    held: Thing | None = None
    for thing in things:
        if thing.kind == Kind.BLOCK:
            held = thing
        elif thing.kind == Kind.RECORD:
            assert held is not None
            yield held, thing
            held = None
        else:
            yield (thing,)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Return the space, made once."""
    return Origin(tmp_path_factory.mktemp("origin"))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(0, 10))
def test_any_order_any_cut_any_repetition_gives_the_same(
    origin: Origin, seed: int, most: int, repeated: int
) -> None:
    """Parcels of many peers cross each other; what a device shows must not depend on that."""
    random = dice(seed)
    units = origin.units + random.choices(origin.units, k=repeated)
    random.shuffle(units)
    with TemporaryDirectory() as folder:
        vault = origin.newcomer(Path(folder))
        for batch in _cut(units, most, random):
            accepted = vault.accept(thing for unit in batch for thing in unit)
            assert {code for _, code in accepted.refused} <= {"access.bad-token"}
        # Tokens that came before what they build on are sent again, as long as sets differ.
        accepted = vault.accept(thing for unit in origin.units for thing in unit)
        assert accepted.refused == ()
        assert accepted.waiting == 0
        assert (vault.seen, vault.root) == (origin.seen, origin.root)
        assert vault.root.to_bytes() == pure_root(vault)
        assert vault.accept(thing for unit in units for thing in unit).records == 0
        vault.close()


def _cut(units: Sequence[Unit], most: int, random: Random) -> Iterator[Sequence[Unit]]:
    at = 0
    while at < len(units):
        size = random.randint(1, most)
        yield units[at : at + size]
        at += size


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4000))
def test_any_budget_brings_everything_over(origin: Origin, budget: int) -> None:
    """A small parcel is slower, never stuck."""
    with TemporaryDirectory() as folder:
        vault = origin.newcomer(Path(folder))
        giver = _giver(origin, Path(folder) / "giver")
        answers = tell(giver, vault, budget)
        assert all(not answer.refused for answer in answers)
        assert (vault.seen, vault.root) == (origin.seen, origin.root)
        assert sorted(shown(vault)) == origin.shown
        vault.close()
        giver.close()


def _giver(origin: Origin, folder: Path) -> Vault:
    copytree(origin.place.folder / "owner", folder / "owner")
    return Place(folder).open("owner")


def test_a_change_made_before_others_were_heard_does_not_take_theirs_away(tmp_path: Path) -> None:
    """What somebody changed without seeing the latest must be made again, knowing it."""
    place = Place(tmp_path)
    owner = place.create()
    editor = place.join(owner, "editor")
    note = write(owner, "n.md", b"one\n", TOP)
    tell(owner, editor)
    change = owner.change()
    change.write(note, b"one\nmine\n", META)
    save(editor, note, b"theirs\none\n")
    tell(editor, owner)
    with pytest.raises(Overtaken):
        owner.commit(change, "edited")
    save(owner, note, b"theirs\none\nmine\n")
    assert shown(owner) == {("n.md",): b"theirs\none\nmine\n"}
    owner.close()
    editor.close()
