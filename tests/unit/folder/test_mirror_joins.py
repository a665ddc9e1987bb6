"""Joining, viewing, odd disks and power cuts."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from app.folder.memory import MemoryFolder
from app.folder.port import Ways
from storage.blocks.store import MemoryBlocks
from storage.errors import NotFound
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored, settled

# -- joining, viewing, names, power cuts -------------------------------------------------------


def test_joining_a_folder_with_files_unites_both(tmp_path: Path) -> None:
    """The same is agreed, the different is kept beside; nothing is written over."""
    root = tmp_path / "folder"
    root.mkdir()
    space = MemorySpace()
    for path, data in {"same": b"1", "differs.md": b"there", "d/x": b"2", "kind": b"3"}.items():
        space.put(path, data)
    (root / "d").mkdir()
    (root / "kind").mkdir()
    for path, text in {"same": "1", "differs.md": "here", "d/mine": "4", "kind/in": "5"}.items():
        (root / path).write_text(text)
    before = (root / "same").stat()
    one = Mirrored(root, space)
    one.round()
    assert (
        one.disk()
        == space.files()
        == {
            "same": b"1",
            "differs.md": b"there",
            "differs (from desk).md": b"here",
            "d/": b"",
            "d/x": b"2",
            "d/mine": b"4",
            "kind": b"3",
            "kind (from desk)/": b"",
            "kind (from desk)/in": b"5",
        }
    )
    assert (root / "same").stat().st_mtime_ns == before.st_mtime_ns


def test_a_lost_index_deletes_nothing(one: Mirrored, tmp_path: Path) -> None:
    """All is compared anew, under the same mark."""
    settled(one, {"a": "1", "b": "2"})
    (one.root / "a").unlink()
    again = Mirrored(one.root, one.space)
    again.round()
    assert again.disk() == {"a": b"1", "b": b"2"}
    del tmp_path


def test_bytes_that_are_not_here_are_waited_for(one: Mirrored) -> None:
    """And a file in their place is neither judged nor written over."""
    entry = one.space.put("a.bin", b"\0there")
    one.space.absent.add(entry)
    one.write("a.bin", "here")
    one.look()
    assert one.bring().waiting == 1
    assert one.disk() == {"a.bin": b"here"}
    one.space.absent.clear()
    one.round()
    assert one.disk() == {"a.bin": b"\0there", "a (from desk).bin": b"here"}


def test_who_may_only_view_keeps_drafts(one: Mirrored) -> None:
    """They are never sent, never written over, and go back when the person wants."""
    one.space.put("a.bin", b"\0one")
    one.space.put("b.md", b"two")
    one.space.put("c.md", b"three")
    one.round()
    one.space.editor = False
    one.write("a.bin", "draft")
    (one.root / "b.md").unlink()
    (one.root / "c.md").rename(one.root / "d.md")
    one.write("new.md", "mine")
    assert one.look().drafts
    shared = one.space.files()
    paths = {"/".join(draft.path) for draft in one.mirror.drafts()}
    assert paths == {"a.bin", "b.md", "c.md", "d.md", "new.md"}
    one.space.editor = True
    one.space.put("a.bin", b"\0newer")
    one.space.editor = False
    one.bring()
    assert one.disk() == {"a.bin": b"draft", "d.md": b"three", "new.md": b"mine"}
    for path in sorted(paths):
        one.mirror.drop_draft((path,))
    with pytest.raises(NotFound):
        one.mirror.drop_draft(("a.bin",))
    one.bring()
    assert one.disk() == {**shared, "a.bin": b"\0newer"}
    kept = {path: digest for path, _, _, digest, _ in one.agreed.kept()}
    assert kept.keys() == {"a.bin", "d.md", "new.md"}
    one.look()
    assert not one.mirror.drafts()


def test_a_draft_that_is_undone_by_hand_is_none(one: Mirrored) -> None:
    """The same bytes again are no draft."""
    settled(one, {"a.md": "text"})
    one.space.editor = False
    one.write("a.md", "draft")
    one.look()
    assert one.mirror.drafts()
    one.write("a.md", "text")
    one.look()
    assert not one.mirror.drafts()


@pytest.mark.parametrize("ways", [Ways(folds_case=True), Ways(folds_case=True, folds_forms=True)])
def test_a_new_spelling_is_a_rename_and_an_echo_is_nothing(ways: Ways) -> None:
    """On disks that fold case, or give back NFD for NFC: no deletion, no second file."""
    folder = MemoryFolder(ways)
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    one.space.put("Émile.md", b"1")
    one.space.put("readme.md", b"2")
    one.round()
    assert one.space.files().keys() == {"Émile.md", "readme.md"}
    entry = one.space.id("readme.md")
    folder.rename("readme.md", "README.md")
    looked = one.look(unicodedata.normalize("NFD", "Émile.md"), "README.md", "readme.md")
    assert (looked.moved, looked.added, looked.removed) == (1, 0, 0)
    assert one.space.id("README.md") == entry
    one.space.move("README.md", "ReadMe.md")
    one.round()
    assert "ReadMe.md" in folder.files()
    assert one.space.files().keys() == {"Émile.md", "ReadMe.md"}


@pytest.mark.parametrize("hint", [("É.md",), ("É.md", "É.md"), ()])
def test_two_spellings_of_a_name_are_two_files_where_the_disk_tells_them_apart(
    hint: tuple[str, ...],
) -> None:
    """Whoever only looks at the new one must not take it for the other one, changed."""
    one = Mirrored(Path("/dev/null").parent, folder=MemoryFolder())
    one.space.put(unicodedata.normalize("NFC", "É.md"), b"the first")
    one.round()
    folder = one.folder
    assert isinstance(folder, MemoryFolder)
    folder.write(unicodedata.normalize("NFD", "É.md"), b"another")
    looked = one.look(*(unicodedata.normalize("NFD", name) for name in hint[:1]), *hint[1:])
    assert (looked.added, looked.edited, looked.moved, looked.removed) == (1, 0, 0, 0)
    assert sorted(one.space.files().values()) == [b"another", b"the first"]


def test_names_windows_cannot_hold_are_written_another_way() -> None:
    """And read back as they were."""
    folder = MemoryFolder(Ways(folds_case=True, windows_names=True, keeps_modes=False))
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    names = {"a:b", "con.txt", "end. ", "50%", "%3A", "x" * 300}
    for name in names:
        one.space.put(name, name.encode())
    one.round()
    assert not set(folder.files()) & {"a:b", "con.txt", "end. "}
    folder.write("what%3F", b"new")
    one.round()
    assert one.space.files().keys() == names | {"what?"}


def test_what_a_power_cut_left_is_not_shared(tmp_path: Path) -> None:
    """It is kept aside, and the file is as agreed again."""
    database = str(tmp_path / "mirror.db")
    one = Mirrored(tmp_path / "folder", database=database)
    settled(one, {"a.md": "text", "b.md": "text", "c.md": "text"})
    times = (one.root / "a.md").stat()
    one.write("a.md", "te")
    os.utime(one.root / "a.md", ns=(times.st_atime_ns, times.st_mtime_ns))
    one.write("b.md", b"\0\0\0\0")
    one.write("c.md", "a real edit")
    one.connection.close()
    again = Mirrored(tmp_path / "folder", one.space, database=database)
    looked = again.look()
    assert looked.edited == 1
    again.bring()
    assert again.disk() == {"a.md": b"text", "b.md": b"text", "c.md": b"a real edit"}
    kept = sorted(path.read_bytes() for path in (again.root / ".atoll" / "kept").iterdir())
    assert kept == [b"\0\0\0\0", b"te"]


def test_zeros_under_the_same_times_are_noticed_after_a_power_cut(tmp_path: Path) -> None:
    """Some disks keep a file's size and times and lose its bytes; no stat tells.

    The simulated world found it (seed 103): the folder stayed so, and nobody was told.
    """
    disk, nowhere = MemoryFolder(), Path("/dev/null").parent
    database = str(tmp_path / "mirror.db")
    one = Mirrored(nowhere, folder=disk, database=database)
    disk.write("a.md", b"text")
    one.look()
    one.connection.close()
    disk.root.names["a.md"].data = bytes(4)
    again = Mirrored(nowhere, one.space, folder=disk, database=database)
    again.look()
    again.bring()
    assert disk.files() == {"a.md": b"text"}


@pytest.mark.parametrize(("boot", "left"), [(b"one", {}), (b"other", {"a.md": b"text"})])
def test_what_is_missing_after_a_kill_was_removed_unless_the_machine_was_started_anew(
    tmp_path: Path, boot: bytes, left: dict[str, bytes]
) -> None:
    """A kill takes nothing off the disk, so a person's deletion meanwhile counts."""
    database = str(tmp_path / "mirror.db")
    one = Mirrored(tmp_path / "folder", database=database, boot=b"one")
    settled(one, {"a.md": "text"})
    one.connection.close()
    (one.root / "a.md").unlink()
    again = Mirrored(tmp_path / "folder", one.space, database=database, boot=boot)
    again.look()
    again.bring()
    assert again.disk() == left


def test_a_new_file_that_a_power_cut_took_is_written_anew(tmp_path: Path) -> None:
    """Its bytes were saved, its name on this disk was not yet: nobody deleted it.

    The simulated world found it (seed 3221): the note went to the bin on every device.
    """
    disk, nowhere = MemoryFolder(), Path("/dev/null").parent
    database = str(tmp_path / "mirror.db")
    one = Mirrored(nowhere, folder=disk, database=database)
    disk.write("old.md", b"old")
    one.look()
    disk.ticks += 3600 * 1_000_000_000
    for path in ("new.md", "d/new.md"):
        disk.write(path, path.encode())
    one.look()
    one.connection.close()
    for name in ("old.md", "new.md", "d"):
        del disk.root.names[name]
    again = Mirrored(nowhere, one.space, folder=disk, database=database)
    looked = again.look()
    again.bring()
    assert looked.removed == 1
    assert disk.files() == {"new.md": b"new.md", "d/new.md": b"d/new.md"}
    assert again.space.files() == {**disk.files(), "d/": b""}


def test_the_file_before_is_no_edit_when_a_power_cut_brings_it_back(tmp_path: Path) -> None:
    """A careful editor renames over the old file; the disk may lose that name after we saved.

    The simulated world found it: the line that was saved last went away on every device.
    """
    disk, nowhere = MemoryFolder(), Path("/dev/null").parent
    database = str(tmp_path / "mirror.db")
    one = Mirrored(nowhere, folder=disk, database=database)
    disk.write("a.md", b"a line\n")
    one.look()
    before = disk.root.names.pop("a.md")
    disk.write("a.md", b"a line\nanother\n")
    one.look()
    one.connection.close()
    disk.root.names["a.md"] = before
    again = Mirrored(nowhere, one.space, folder=disk, database=database)
    assert not again.look().edited
    again.bring()
    assert disk.files() == again.space.files() == {"a.md": b"a line\nanother\n"}


def test_an_edit_under_a_clock_that_was_set_back_is_an_edit_after_a_power_cut(
    tmp_path: Path,
) -> None:
    """Its time is before that of the file it replaced, and its words are new: they are shared."""
    disk, nowhere = MemoryFolder(), Path("/dev/null").parent
    database = str(tmp_path / "mirror.db")
    one = Mirrored(nowhere, folder=disk, database=database)
    disk.ticks += 3600 * 1_000_000_000
    disk.write("a.md", b"a line\n")
    one.look()
    one.connection.close()
    del disk.root.names["a.md"]
    disk.ticks -= 1800 * 1_000_000_000
    disk.write("a.md", b"something else\n")
    again = Mirrored(nowhere, one.space, folder=disk, database=database)
    assert again.look().edited == 1
    assert again.space.files() == {"a.md": b"something else\n"}


def test_after_a_clean_end_an_empty_file_is_an_edit(tmp_path: Path) -> None:
    """A person may empty a file."""
    database = str(tmp_path / "mirror.db")
    one = settled(Mirrored(tmp_path / "folder", database=database), {"a.md": "text"})
    one.mirror.close()
    one.connection.close()
    one.write("a.md", "")
    again = Mirrored(tmp_path / "folder", one.space, database=database)
    assert again.look().edited == 1


def test_what_a_kill_left_half_written_is_swept(one: Mirrored) -> None:
    """Only our own, and only what is nobody's."""
    one.write(".atoll-0123456789abcdef.tmp", "half")
    one.write(".atoll-mine.tmp", "not ours")
    one.look()
    assert one.disk() == {".atoll-mine.tmp": b"not ours"}


def test_two_replicas_with_a_binary_conflict_keep_both(tmp_path: Path) -> None:
    """Side by side there, side by side here."""
    blocks = MemoryBlocks()
    both = [
        Mirrored(tmp_path / name, MemorySpace(name.encode(), blocks), device=name * 4)
        for name in ("A", "B")
    ]
    both[0].write("a.bin", b"\0")
    both[0].look()
    both[0].space.meet(both[1].space)
    both[1].bring()
    both[0].write("a.bin", b"\0A")
    both[1].write("a.bin", b"\0B")
    for one in both:
        one.look()
    both[0].space.meet(both[1].space)
    for one in both:
        one.round()
    assert both[0].disk() == both[1].disk()
    assert sorted(both[0].disk().values()) == [b"\0A", b"\0B"]
