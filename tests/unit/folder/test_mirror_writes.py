"""Reading while others write, and writing without harm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.folder.memory import MemoryFolder
from storage.errors import AtollError, StoreFull
from tests.helpers.mirrored import Mirrored, settled

# -- reading and writing -----------------------------------------------------------------------


@pytest.mark.parametrize(("writes", "looks"), [(1, 1), (2, 1), (5, 2)])
def test_a_file_that_changes_while_it_is_read_is_read_again(writes: int, looks: int) -> None:
    """No version mixes two writes; one that does not hold still is looked at later."""
    folder = MemoryFolder()
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    folder.write("a", b"0")
    left = writes

    def someone_writes(what: str, path: tuple[str, ...]) -> int:
        nonlocal left
        if what == "read" and left and path == ("a",):
            left -= 1
            folder.write("a", b"%d" % left)
        return 0

    folder.fault = someone_writes
    for look in range(looks):
        looked = one.look()
        assert bool(looked.again) == (look + 1 < looks)
        assert one.space.words == ([] if looked.again else ["added"])
    assert one.space.files() == {"a": b"0"}


def test_nothing_is_written_over_an_edit_nobody_saw(one: Mirrored) -> None:
    """The last look before the rename decides."""
    settled(one, {"a.bin": "\0old"})
    one.space.put("a.bin", b"\0there")
    one.write("a.bin", b"\0here, and longer")
    assert one.bring().again == {("a.bin",)}
    assert one.disk()["a.bin"] == b"\0here, and longer"
    one.round()
    assert one.disk() == {"a.bin": b"\0there", "a (from desk).bin": b"\0here, and longer"}
    assert one.disk() == one.space.files()


def test_text_changed_on_both_sides_is_merged(one: Mirrored) -> None:
    """Each kept their line."""
    settled(one, {"a.md": "one\ntwo\nthree\n"})
    one.space.put("a.md", b"ONE\ntwo\nthree\n")
    one.write("a.md", "one\ntwo\nTHREE\n")
    one.round()
    assert one.disk()["a.md"] == b"ONE\ntwo\nTHREE\n"


def test_saves_that_follow_each_other_faster_than_we_write_are_one_note(one: Mirrored) -> None:
    """What is on disk is a version of its own until ours is written: the next save is made from it.

    Else each save while others write too became one more file beside, with words only in there.
    """
    settled(one, {"a.md": "begin\n"})
    here = "begin\n"
    for number in range(20):
        there = one.space.files()["a.md"] + b"there %d\n" % number
        one.space.put("a.md", there)
        here += f"here {number}\n"
        one.write("a.md", here)
        one.look()
    one.round()
    assert one.disk().keys() == {"a.md"}
    lines = one.disk()["a.md"].decode().splitlines()
    assert sorted(lines) == sorted(
        ["begin", *(f"{side} {number}" for side in ("here", "there") for number in range(20))]
    )


def test_an_edit_beats_a_deletion(one: Mirrored) -> None:
    """Deleted there, edited here: it comes back, with the folder it was in."""
    settled(one, {"d/a.md": "old", "d/b.md": "old"})
    one.space.remove("d")
    one.write("d/a.md", "edited")
    one.round()
    assert one.disk() == {"d/": b"", "d/a.md": b"edited"} == one.space.files()


def test_files_nobody_knows_keep_their_folder(one: Mirrored) -> None:
    """Deleted there; here it holds something ignored."""
    settled(one, {"d/a.md": "old"})
    one.write("d/.a.md.swp", "mine")
    one.space.remove("d")
    one.bring()
    assert one.disk() == {"d/": b"", "d/.a.md.swp": b"mine"}


def test_a_full_disk_leaves_whole_files_and_no_rubbish() -> None:
    """What was written stays, the rest comes when there is room."""
    folder = MemoryFolder(room=1000)
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    for number in range(5):
        one.space.put(f"{number}.bin", bytes([number]) * 300)
    with pytest.raises(StoreFull):
        one.bring()
    assert not [name for name in folder.files() if ".tmp" in name]
    assert not one.look().changed
    folder.room = 10_000
    one.round()
    assert folder.files() == one.space.files()


def test_each_disk_operation_may_fail_once_and_nothing_is_lost() -> None:
    """Every call in its turn, with an I/O error; then all goes on as if it had not been."""
    turn, done = 0, False
    while not done:
        folder, count = MemoryFolder(), 0
        one = Mirrored(Path("/dev/null").parent, folder=folder)
        for path in ("a", "d/b", "d/c"):
            folder.write(path, path.encode())
        one.round()
        one.space.put("a", b"\0there")
        one.space.put("new/e", b"e")
        one.space.move("d/b", "moved")
        one.space.remove("d/c")
        folder.write("d/b", b"edited")

        def fails(what: str, path: tuple[str, ...]) -> int:
            nonlocal count
            del what, path
            count += 1
            return 5 if count == turn else 0  # noqa: B023

        folder.fault = fails
        turn += 1
        for work in (one.look, one.bring):
            try:
                work()
            except AtollError:
                continue
        done = count < turn
        folder.fault = lambda _what, _path: 0
        one.round()
        assert folder.files() == {"a": b"\0there", "new/e": b"e", "moved": b"edited"}, turn
    assert turn > 20


@pytest.mark.slow
def test_a_replaced_file_is_never_absent(one: Mirrored) -> None:
    """Someone watches it all the while."""
    settled(one, {"a.md": "0"})
    watcher = (
        "import os, sys\nmissing = 0\n"
        "while os.path.exists(sys.argv[1]):\n"
        "    try: os.stat(sys.argv[2])\n"
        "    except FileNotFoundError: missing += 1\n"
        "sys.exit(missing > 0)\n"
    )
    flag = one.root.parent / "flag"
    flag.touch()
    command = [sys.executable, "-c", watcher, str(flag), str(one.root / "a.md")]
    with subprocess.Popen(command) as process:
        for number in range(50):
            one.space.put("a.md", f"version {number}".encode())
            one.bring()
        flag.unlink()
        assert process.wait(20) == 0


def test_what_was_written_is_agreed_at_once(one: Mirrored, tmp_path: Path) -> None:
    """Found end to end: of each folder the first file was forgotten, and written once more."""
    paths = {f"d{n % 3}/note-{n}.md": str(n) for n in range(12)} | {"top.md": "top", "up.md": "up"}
    settled(one, paths)
    other = Mirrored(tmp_path / "other", one.space)
    first = other.bring()
    assert (first.written, first.again) == (len(one.disk()), frozenset())
    again = other.bring()
    assert (again.written, again.again) == (0, frozenset())
    assert other.disk() == one.disk()


@pytest.mark.parametrize("way", ["moves", "makes way"])
def test_what_is_saved_in_the_moment_we_move_a_file_is_taken_in(way: str) -> None:
    """It was looked at before, and is looked at after: what came in between is in neither."""
    folder = MemoryFolder()
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    folder.write("a", b"one")
    folder.write("b", b"other")
    one.round()
    one.space.move("a", "moved")
    if way == "makes way":  # each for the other
        one.space.move("b", "a")
        one.space.move("moved", "b")
    left = [("a", b"one, and more")]

    def someone_saves(what: str, path: tuple[str, ...]) -> int:
        del path
        if what == "move" and left:
            folder.write(*left.pop())
        return 0

    folder.fault = someone_saves
    one.bring()
    assert not left
    one.round()
    assert b"one, and more" in one.space.files().values()
    assert folder.files() == one.space.files()
