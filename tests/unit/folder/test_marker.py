"""Which folder this is: one of the space, and the very one that we knew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.errors import FolderUnavailable
from app.folder.marker import MARKER, Standing, standing_of
from tests.helpers.mirrored import Mirrored, settled


def replaced(one: Mirrored, other: Path) -> None:
    """Put another folder where ours is."""
    shutil.rmtree(one.root)
    other.rename(one.root)


def test_a_copy_in_place_of_the_folder_is_looked_at_and_nothing_is_deleted(
    one: Mirrored, tmp_path: Path
) -> None:
    """A backup brought back, or another drive of the space: what it lacks was not removed."""
    settled(one, {"a.md": "text", "b.md": "more", "c.md": "same"})
    copy = Path(shutil.copytree(one.root, tmp_path / "copy"))
    (copy / "a.md").unlink()
    (copy / "b.md").write_bytes(b"another")
    replaced(one, copy)
    with pytest.raises(FolderUnavailable):
        one.bring()
    one.round()
    assert sorted(one.disk().values()) == [b"another", b"more", b"same", b"text"]
    assert one.disk() == one.space.files()
    (one.root / "c.md").unlink()
    assert one.look().removed == 1, "now it is the folder that we know"


def test_a_copy_found_at_the_start_is_looked_at_anew(one: Mirrored, tmp_path: Path) -> None:
    """The same, when the app was not running meanwhile."""
    settled(one, {"a.md": "text", "b.md": "more"})
    one.mirror.close()
    copy = Path(shutil.copytree(one.root, tmp_path / "copy"))
    (copy / "a.md").unlink()
    replaced(one, copy)
    one.mirror.attach()
    assert one.look().removed == 0
    one.bring()
    assert one.disk() == {"a.md": b"text", "b.md": b"more"}


def test_new_rights_leave_it_the_same_folder(one: Mirrored) -> None:
    """A person may change those of every file; what is gone then is gone all the same."""
    settled(one, {"a.md": "text", "b.md": "more"})
    (one.root / ".atoll" / MARKER).chmod(0o600)
    (one.root / "a.md").unlink()
    assert one.look().removed == 1


def test_two_folders_of_a_space_bear_the_same_mark(one: Mirrored, tmp_path: Path) -> None:
    """So that any program that compares folders finds them equal."""
    other = Mirrored(tmp_path / "other", device="lap")
    mark = (one.root / ".atoll" / MARKER).read_bytes()
    assert (other.root / ".atoll" / MARKER).read_bytes() == mark


def test_a_drive_is_known_by_its_time_or_else_by_its_place() -> None:
    """Some disks number their inodes anew each time; a time may change with the rights."""
    known = Standing(1, 2, 3, 1_700_000_000_123_456_789)
    assert standing_of(known.to_bytes()) == known
    assert known.is_as(Standing(9, 8, 7, known.since))
    assert known.is_as(Standing(1, 2, 3, 5))
    assert not known.is_as(Standing(1, 2, 4, 5))
