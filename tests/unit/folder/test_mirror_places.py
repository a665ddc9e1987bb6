"""Things that change places keep their histories; what a program saves keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folder.memory import MemoryFolder
from storage.facts.change import EntryId
from tests.helpers.mirrored import Mirrored, settled

BOTH = pytest.mark.parametrize("hinted", [True, False])


def names(one: Mirrored) -> dict[EntryId, str]:
    """Return where the space shows each entry."""
    return {node.id: "/".join(path) for path, node in one.space.tree().walk()}


def renamed(one: Mirrored, *moves: tuple[str, str]) -> None:
    """Rename one after the other."""
    for old, new in moves:
        (one.root / old).rename(one.root / new)


@BOTH
def test_two_files_that_change_their_names_are_two_moves(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """Two moves in one commit: no edit, no deletion, and each keeps what happened to it."""
    settled(one, {"x": "x\n", "y": "yy\n"})
    x, y, before = one.space.id("x"), one.space.id("y"), len(one.space.words)
    renamed(one, ("x", "t"), ("y", "x"), ("t", "y"))
    looked = one.look("x", "y", "t") if hinted else one.look()
    assert (looked.moved, looked.edited, looked.added, looked.removed) == (2, 0, 0, 0)
    assert (names(one)[x], names(one)[y]) == ("y", "x")
    assert len(one.space.words) == before + 1
    one.round()
    assert one.disk() == one.space.files() == {"x": b"yy\n", "y": b"x\n"}


@BOTH
def test_a_row_of_names_that_moves_up_is_moves_alone(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """`c3` to `c4`, `c2` to `c3`, `c1` to `c2`: a hint at the last new name is enough."""
    settled(one, {f"c{n}": "line\n" * n for n in (1, 2, 3)})
    before = {entry: int(name[1]) for entry, name in names(one).items()}
    renamed(one, ("c3", "c4"), ("c2", "c3"), ("c1", "c2"))
    looked = one.look("c4") if hinted else one.look()
    assert (looked.moved, looked.edited, looked.added, looked.removed) == (3, 0, 0, 0)
    assert names(one) == {entry: f"c{n + 1}" for entry, n in before.items()}
    one.round()


@BOTH
def test_two_folders_that_change_their_names_are_two_moves(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """With what is in them, though both hold a file of one name."""
    settled(one, {"d/a": "1\n", "d/only": "d\n", "e/a": "22\n"})
    before = names(one)
    renamed(one, ("d", "t"), ("e", "d"), ("t", "e"))
    looked = one.look("d", "e") if hinted else one.look()
    assert (looked.moved, looked.edited, looked.added, looked.removed) == (2, 0, 0, 0)
    other = {"d": "e", "e": "d"}
    assert names(one) == {entry: other[name[0]] + name[1:] for entry, name in before.items()}
    one.round()
    assert one.disk() == one.space.files()


def test_where_a_new_file_takes_a_name_it_was_a_save(one: Mirrored) -> None:
    """Logs that are rotated: what is called `log` stays so, and names go first as ever."""
    settled(one, {"log": "3\n", "log.1": "22\n"})
    log = one.space.id("log")
    renamed(one, ("log.1", "log.2"), ("log", "log.1"))
    one.write("log", "new\n")
    one.look()
    assert names(one)[log] == "log"
    one.round()
    assert one.disk() == one.space.files()


def test_what_was_edited_on_its_way_is_no_move(one: Mirrored) -> None:
    """Then the inode says too little: names go first, and nothing is lost."""
    settled(one, {"x": "x\n", "y": "yy\n"})
    renamed(one, ("x", "t"), ("y", "x"), ("t", "y"))
    one.write("x", "edited meanwhile\n")
    one.round()
    assert one.disk() == one.space.files() == {"x": b"edited meanwhile\n", "y": b"x\n"}


def test_a_file_put_over_another_keeps_the_history_of_the_name(one: Mirrored) -> None:
    """So programs save: what lay there was edited, and is not called removed."""
    settled(one, {"note": "old\n", "draft": "new\n"})
    note = one.space.id("note")
    renamed(one, ("draft", "note"))
    looked = one.look("note")
    assert (looked.edited, looked.moved) == (1, 0)
    assert names(one)[note] == "note"


def test_a_folder_that_moved_is_looked_through_once() -> None:
    """Where it came from is looked at too; what it holds is not asked for a second time."""
    folder = MemoryFolder()
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    folder.write("d/a.md", b"1")
    one.round()
    folder.rename("d", "e")
    asked: list[tuple[str, ...]] = []

    def hear(what: str, path: tuple[str, ...]) -> int:
        if what == "list":
            asked.append(path)
        return 0

    folder.fault = hear
    assert one.look("e").moved == 1
    assert asked == [("e",)]


@BOTH
def test_a_file_and_the_folder_around_it_renamed_are_two_moves(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """A hint tells of the file alone: it was shared as a new one, and its old one deleted later."""
    settled(one, {"d/x": "words of its own\n"})
    entry = one.space.id("d/x")
    renamed(one, ("d", "e"), ("e/x", "e/y"))
    looked = one.look("e/y") if hinted else one.look()
    assert (looked.moved, looked.added, looked.removed) == (2, 0, 0)
    assert names(one)[entry] == "e/y"
    one.round()
    assert one.disk() == one.space.files()
