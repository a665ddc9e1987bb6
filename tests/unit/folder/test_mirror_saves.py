"""Saves, renames and deletions in the folder, as editors and people do them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.mirrored import Mirrored, settled

# -- one save, one version ---------------------------------------------------------------------


def truncate_and_write(path: Path) -> None:
    """As VS Code, nano and a shell do."""
    path.write_text("new")


def rename_over(path: Path) -> None:
    """As sed -i, rsync and gedit do."""
    path.with_name("sedX1yZ").write_text("new")
    path.with_name("sedX1yZ").rename(path)


def backup_and_new(path: Path) -> None:
    """As vim (backupcopy=no) and emacs do."""
    path.rename(path.with_name(path.name + "~"))
    path.write_text("new")


def backup_removed_after(path: Path) -> None:
    """As LibreOffice and Word do."""
    path.with_name("lu1.tmp").write_text("new")
    path.rename(path.with_name("old.tmp"))
    path.with_name("lu1.tmp").rename(path)
    path.with_name("old.tmp").unlink()


def delete_and_create(path: Path) -> None:
    """As careless programs do."""
    path.unlink()
    path.write_text("new")


SAVES = [truncate_and_write, rename_over, backup_and_new, backup_removed_after, delete_and_create]


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize("hinted", [True, False])
def test_a_save_is_one_version_and_never_a_deletion(
    one: Mirrored,
    save: Callable[[Path], None],
    hinted: bool,  # noqa: FBT001
) -> None:
    """However an editor writes: the file keeps its history."""
    settled(one, {"n/a.md": "old"})
    entry, before = one.space.id("n/a.md"), len(one.space.words)
    save(one.root / "n/a.md")
    looked = one.look("n/a.md") if hinted else one.look()
    assert (looked.edited, looked.added, looked.removed) == (1, 0, 0)
    assert one.space.id("n/a.md") == entry
    assert len(one.space.words) == before + 1
    assert not one.look().changed
    assert one.space.files()["n/a.md"] == b"new"


def test_a_file_that_comes_back_in_time_was_not_deleted(tmp_path: Path) -> None:
    """A look may fall between delete and create."""
    one = settled(Mirrored(tmp_path / "folder", grace=2.0), {"a.md": "old"})
    entry = one.space.id("a.md")
    (one.root / "a.md").unlink()
    looked = one.look("a.md")
    assert looked.again == {("a.md",)}
    assert looked.again_in == 2.0
    one.write("a.md", "new")
    one.clock.at += 3
    assert one.look().edited == 1
    assert one.space.id("a.md") == entry


def test_a_file_that_stays_away_is_deleted(tmp_path: Path) -> None:
    """After its time of grace, and in the words of the history."""
    one = settled(Mirrored(tmp_path / "folder", grace=2.0), {"d/a.md": "1", "d/b.md": "2"})
    for name in ("d/a.md", "d/b.md"):
        (one.root / name).unlink()
    (one.root / "d").rmdir()
    assert not one.look().changed
    one.clock.at += 2.5
    assert one.look().removed == 3
    assert one.space.words[-1] == "deleted 3 items"
    assert not one.space.files()


def test_touching_a_file_tells_nobody(one: Mirrored) -> None:
    """Its bytes are the same."""
    settled(one, {"a.md": "text"})
    os.utime(one.root / "a.md", (5, 5))
    assert not one.look().changed


def test_a_program_is_one_everywhere(one: Mirrored) -> None:
    """The executable bit travels both ways."""
    settled(one, {"run.sh": "#!/bin/sh\n"})
    (one.root / "run.sh").chmod(0o755)
    assert one.look().edited == 1
    node = one.space.tree().find(("run.sh",))
    assert node is not None and node.executable
    one.space.put("there.sh", b"#!/bin/sh\n", executable=True)
    one.bring()
    assert (one.root / "there.sh").stat().st_mode & stat.S_IXUSR


# -- renames -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hinted", [True, False])
def test_a_renamed_folder_is_one_fact(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """With all that is in it, and nothing is read again."""
    settled(one, {f"d/{n}.md": str(n) for n in range(20)})
    (one.root / "d").rename(one.root / "e")
    looked = one.look("d", "e") if hinted else one.look()
    assert (looked.moved, looked.added, looked.removed) == (1, 0, 0)
    assert "e/7.md" in one.space.files()
    assert not one.look().changed


def test_a_hint_of_the_new_name_alone_finds_the_old_one(one: Mirrored) -> None:
    """Hints get lost; a rename must not become a copy."""
    settled(one, {"a.md": "text"})
    (one.root / "a.md").rename(one.root / "b.md")
    assert one.look("b.md").moved == 1


def test_two_files_may_change_their_names_with_each_other(one: Mirrored) -> None:
    """Over there; here there is no free name for a moment."""
    settled(one, {"a": "1", "b": "2"})
    one.space.move("a", "c")
    one.space.move("b", "a")
    one.space.move("c", "b")
    one.bring()
    assert one.disk() == {"a": b"2", "b": b"1"}
    assert not one.look().changed


def test_folders_may_be_turned_inside_out(one: Mirrored) -> None:
    """The inner one becomes the outer one."""
    settled(one, {"a/b/x": "1", "a/y": "2"})
    one.space.move("a/b", "b")
    one.space.move("a", "b/a")
    one.round()
    assert one.disk() == {"b/": b"", "b/x": b"1", "b/a/": b"", "b/a/y": b"2"}


def test_what_is_moved_out_of_a_folder_outlives_it(one: Mirrored) -> None:
    """Moved out and the folder deleted, between two looks."""
    settled(one, {"d/keep.md": "1", "d/other.md": "2"})
    (one.root / "d" / "keep.md").rename(one.root / "keep.md")
    (one.root / "d" / "other.md").unlink()
    (one.root / "d").rmdir()
    looked = one.look()
    assert (looked.moved, looked.removed) == (1, 2)
    one.round()
    assert one.disk() == one.space.files() == {"keep.md": b"1"}


@pytest.mark.parametrize("hinted", [True, False])
def test_a_folder_deleted_here_keeps_what_others_put_in(one: Mirrored, hinted: bool) -> None:  # noqa: FBT001
    """They had not seen it go, nor we what they wrote."""
    settled(one, {"d/old.md": "1", "d/edited.md": "2"})
    one.space.put("d/new.md", b"theirs")
    one.space.put("d/edited.md", b"theirs too")
    for path in (one.root / "d").iterdir():
        path.unlink()
    (one.root / "d").rmdir()
    assert (one.look("d") if hinted else one.look()).removed == 1
    one.round()
    assert one.disk() == {"d/": b"", "d/new.md": b"theirs", "d/edited.md": b"theirs too"}
    assert one.disk() == one.space.files()
