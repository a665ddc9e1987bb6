"""Two names that a disk may hold apart and another cannot: both folders show the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import FolderUnavailable
from app.progress import silent
from storage.blocks.store import MemoryBlocks
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored


def pair(tmp_path: Path) -> tuple[Mirrored, Mirrored]:
    """Return two devices that both have `g/Foo`, and one of them `g/foo` too."""
    blocks = MemoryBlocks()
    one = Mirrored(tmp_path / "one", MemorySpace(b"A", blocks), device="desk")
    other = Mirrored(tmp_path / "other", MemorySpace(b"B", blocks), device="lap")
    for name in ("earlier", "Foo"):  # so Foo's number is higher, and it has to give way
        one.write(f"g/{name}", "1\n")
        take(one)
    meet(one, other)
    other.write("g/foo", "2\n")
    return one, other


def take(one: Mirrored) -> None:
    """Look where something was written, and bring what came of it: as a keeper does."""
    one.mirror.bring(silent, one.look("g").entries)


def meet(one: Mirrored, other: Mirrored) -> None:
    """Both know the same, and the other brings it."""
    one.space.meet(other.space)
    for it in (one, other):
        it.mirror.bring(silent, it.space.state.entries)


def test_who_takes_a_name_twice_sees_both_under_the_names_that_all_see(tmp_path: Path) -> None:
    """No record speaks of the file that was there first, and gets another name."""
    one, other = pair(tmp_path)
    take(other)
    assert (
        other.disk()
        == other.space.files()
        == {
            "g/": b"",
            "g/earlier": b"1\n",
            "g/Foo (2)": b"1\n",
            "g/foo": b"2\n",
        }
    )
    meet(one, other)
    assert one.disk() == other.disk()


def test_when_the_twin_goes_the_name_is_given_back(tmp_path: Path) -> None:
    """In the folder of who removed it too."""
    one, other = pair(tmp_path)
    take(other)
    (other.root / "g" / "foo").unlink()
    take(other)
    assert other.disk() == other.space.files() == one.disk()


def test_what_could_not_be_renamed_yet_is_renamed_with_the_next(tmp_path: Path) -> None:
    """The space says it once."""
    other = pair(tmp_path)[1]
    entries = other.look("g").entries
    moved = other.root.rename(other.root.with_name("away"))
    with pytest.raises(FolderUnavailable):
        other.mirror.bring(silent, entries)
    moved.rename(other.root)
    other.mirror.bring(silent, ())
    assert other.disk() == other.space.files()
