"""A file that becomes a folder, and a folder that becomes a file."""

from __future__ import annotations

import shutil
from pathlib import Path

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
