"""A file that becomes a folder, and a folder that becomes a file."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored, settled


def test_a_file_turned_into_a_folder_is_one_change(tmp_path: Path) -> None:
    """Found end to end: the folder took a name beside, since the file might have come back."""
    one = settled(Mirrored(tmp_path / "one", grace=60.0), {"a.md": "text"})
    (one.root / "a.md").unlink()
    one.write("a.md/inside.md", "inside")
    assert one.look().removed == 1
    one.round()
    assert one.disk() == {"a.md/": b"", "a.md/inside.md": b"inside"}


def test_a_folder_turned_into_a_file_is_one_change(tmp_path: Path) -> None:
    """With all that was in it."""
    one = settled(Mirrored(tmp_path / "one", grace=60.0), {"d/e/f.md": "text", "d/g.md": "more"})
    shutil.rmtree(one.root / "d")
    one.write("d", "a file")
    one.look()
    one.round()
    assert one.disk() == {"d": b"a file"}


def test_a_link_in_place_of_a_file_is_one_change(tmp_path: Path) -> None:
    """Both have a name and no children, and are two kinds all the same."""
    one = settled(Mirrored(tmp_path / "one", grace=60.0), {"a.md": "text"})
    (one.root / "a.md").unlink()
    (one.root / "a.md").symlink_to("b.md")
    one.look()
    one.round()
    assert one.disk() == {"a.md": b"b.md"}


def test_a_file_that_comes_back_takes_its_name_from_the_folder_that_has_it(tmp_path: Path) -> None:
    """Found by killing programs (seed 202): the file was left out, and nobody looked again."""
    one = settled(Mirrored(tmp_path / "one"), {"a.md": "text", "b.md": "more"})
    other = MemorySpace(b"B", one.space.blocks)
    other.meet(one.space)
    other.put("a.md", b"text, edited there")
    (one.root / "a.md").unlink()
    one.space.clock.at += 10.0  # the folder is the younger of the two: it comes later
    one.write("a.md/inside.md", "inside")
    one.round()
    other.meet(one.space)
    brought = one.bring()
    assert (brought.troubles, brought.again) == ((), frozenset())
    files = one.disk()
    assert b"edited there" in files["a.md"]
    assert files["a (2).md/inside.md"] == b"inside"
