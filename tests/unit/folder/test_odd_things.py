"""What else lies in folders, and what disks do to those who write there."""

from __future__ import annotations

import errno
import os
import resource
import socket
from pathlib import Path
from random import Random

import pytest

from app.folder.memory import MemoryFolder
from app.folder.port import Path as DiskPath
from app.folder.scan import MAX_DEPTH
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored, settled

NOWHERE = Path("/dev/null").parent
TREES = 30


class Odd:
    """A tree of things that are no plain files, by one seed."""

    def __init__(self, root: Path, outside: Path, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311
        self.root, self.outside = root, outside
        self.shared: set[str] = set()
        """What is to be in the space, of files and links."""
        for number in range(self.dice.randint(5, 25)):
            self.put(self.dice.choice(self.folders()), f"{number}")

    def folders(self) -> list[Path]:
        """Return the root, and each real folder in it that is a person's."""
        found = (it for it in self.root.rglob("*") if it.is_dir() and not it.is_symlink())
        return [self.root, *(it for it in found if ".atoll" not in it.parts)]

    def put(self, folder: Path, name: str) -> None:
        """Put something odd in a folder."""
        path = folder / name
        inside = path.relative_to(self.root).as_posix()
        what = self.dice.choice(["pipe", "socket", "loop", "out", "up", "hard", "hollow", "dir"])
        match what:
            case "pipe":
                os.mkfifo(path)
            case "socket":
                self.bind(path)
            case "loop":
                path.symlink_to(name)
            case "out":
                path.symlink_to(self.outside)
            case "up":
                path.symlink_to(".." if folder != self.root else ".")
            case "hard":
                path.hardlink_to(self.outside / "linked")
            case "hollow":
                with path.open("wb") as file:
                    file.truncate(1 << 20)
            case _:
                path.mkdir()
        if what in {"loop", "out", "up", "hard", "hollow"}:
            self.shared.add(inside)

    def bind(self, path: Path) -> None:
        """Make a socket; the system takes short paths only."""
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path.name)
        finally:
            os.chdir(before)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TREES))
def test_an_odd_tree_is_looked_through_at_once_and_nothing_is_followed(
    seed: int, tmp_path: Path
) -> None:
    """Pipes that would wait for ever, links that lead around or out, files with two names."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "linked").write_bytes(b"linked")
    (outside / "secret").write_bytes(b"secret")
    one = Mirrored(tmp_path / "folder")
    odd = Odd(one.root, outside, seed)
    before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    looked = one.look()
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - before
    assert used < 5.0
    files = {name for name in one.space.files() if not name.endswith("/")}
    assert files == odd.shared
    assert not any("secret" in name for name in files)
    assert {it.why for it in looked.skipped} <= {"special"}
    assert not one.look().changed


def test_a_file_with_two_names_is_written_under_one(one: Mirrored, tmp_path: Path) -> None:
    """What others change in a folder must not change what lies outside of it."""
    settled(one, {"a.md": "old"})
    (tmp_path / "elsewhere.md").hardlink_to(one.root / "a.md")
    one.look()
    one.space.put("a.md", b"new, and longer")
    one.round()
    assert (one.root / "a.md").read_bytes() == b"new, and longer"
    assert (tmp_path / "elsewhere.md").read_bytes() == b"old"


def test_a_tree_that_is_too_deep_is_said_and_what_is_above_is_shared(one: Mirrored) -> None:
    """A loop of mounts has no end."""
    deep = "/".join(["d"] * (MAX_DEPTH + 3))
    (one.root / deep).mkdir(parents=True)
    one.write("top.md", "top")
    looked = one.look()
    assert {it.why for it in looked.skipped} == {"deep"}
    assert "top.md" in one.space.files()


@pytest.mark.parametrize("error", [errno.EACCES, errno.EBUSY, errno.EPERM, errno.ETXTBSY])
def test_a_file_that_others_hold_open_is_replaced_later_and_never_removed_first(error: int) -> None:
    """Windows lets nobody replace a file that is open: then the old one stays, whole, until it can.

    The renaming is refused, as often as it is tried; no step of ours takes the old file away.
    """
    folder = MemoryFolder()
    one = Mirrored(NOWHERE, folder=folder)
    folder.write("a.bin", b"\0old")
    folder.write("b.bin", b"\0old")
    one.round()
    for name in ("a.bin", "b.bin", "c.bin"):
        one.space.put(name, b"\0new")
    done: list[str] = []

    def refuses(what: str, path: DiskPath) -> int:
        done.append(what)
        assert what != "remove" or path[-1] not in {"a.bin", "b.bin"}
        return error if what in {"move", "supplant"} and path == ("a.bin",) else 0

    folder.fault = refuses
    for _ in range(3):
        one.bring()
        assert folder.files() == {"a.bin": b"\0old", "b.bin": b"\0new", "c.bin": b"\0new"}
        assert one.look().changed is False
    assert "supplant" in done
    folder.fault = lambda _what, _path: 0
    one.round()
    assert folder.files()["a.bin"] == b"\0new"


def test_what_could_not_be_replaced_is_tried_again_by_itself(one: Mirrored) -> None:
    """Whoever holds it open closes it some time, and nobody should have to do anything then."""
    folder = MemoryFolder()
    one = Mirrored(NOWHERE, MemorySpace(b"B"), folder=folder)
    folder.write("a.bin", b"\0old")
    one.round()
    one.space.put("a.bin", b"\0new")
    folder.fault = lambda what, _path: errno.EBUSY if what == "supplant" else 0
    brought = one.bring()
    assert brought.again == {("a.bin",)}, "it is looked at soon, and brought once more"


def test_what_a_disk_refuses_is_named_until_it_takes_it() -> None:
    """A folder that nobody may write into: its files are older than everywhere else."""
    folder = MemoryFolder()
    one = Mirrored(NOWHERE, MemorySpace(b"B"), folder=folder)
    folder.write("a.bin", b"\0old")
    folder.write("b.bin", b"\0old")
    one.round()
    one.space.put("a.bin", b"\0new")
    folder.fault = lambda _what, path: errno.EACCES if path == ("a.bin",) else 0
    assert [it.path for it in one.bring().troubles] == [("a.bin",)]
    one.space.put("b.bin", b"\0new")
    assert [it.path for it in one.bring().troubles] == [("a.bin",)], "whatever else is brought"
    folder.fault = lambda _what, _path: 0
    assert one.bring().troubles == ()
    assert folder.files() == {"a.bin": b"\0new", "b.bin": b"\0new"}
