"""What the mirror promises about a person's folder, one promise a test."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import FolderInUse, FolderUnavailable
from app.folder.marker import MARKER
from app.folder.memory import MemoryFolder
from app.folder.port import Ways
from storage.blocks.store import MemoryBlocks
from storage.errors import NotFound, StoreFull
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored


@pytest.fixture
def one(tmp_path: Path) -> Mirrored:
    """Return a mirror of an empty folder."""
    return Mirrored(tmp_path / "folder")


def settled(one: Mirrored, **files: str) -> Mirrored:
    """Return the mirror with some files in its folder, all agreed."""
    for name, text in files.items():
        one.write(name.replace("__", "/"), text)
    one.round()
    return one


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
    settled(one, **{"n__a.md": "old"})
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
    one = settled(Mirrored(tmp_path / "folder", grace=2.0), **{"a.md": "old"})
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
    one = settled(Mirrored(tmp_path / "folder", grace=2.0), **{"d__a.md": "1", "d__b.md": "2"})
    for name in ("d/a.md", "d/b.md"):
        (one.root / name).unlink()
    (one.root / "d").rmdir()
    assert not one.look().changed
    one.clock.at += 2.5
    assert one.look().removed == 3
    assert one.space.words[-1] == "deleted 3 files"
    assert not one.space.files()


def test_touching_a_file_tells_nobody(one: Mirrored) -> None:
    """Its bytes are the same."""
    settled(one, **{"a.md": "text"})
    os.utime(one.root / "a.md", (5, 5))
    assert not one.look().changed


def test_a_program_is_one_everywhere(one: Mirrored) -> None:
    """The executable bit travels both ways."""
    settled(one, **{"run.sh": "#!/bin/sh\n"})
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
    settled(one, **{f"d__{n}.md": str(n) for n in range(20)})
    (one.root / "d").rename(one.root / "e")
    looked = one.look("d", "e") if hinted else one.look()
    assert (looked.moved, looked.added, looked.removed) == (1, 0, 0)
    assert "e/7.md" in one.space.files()
    assert not one.look().changed


def test_a_hint_of_the_new_name_alone_finds_the_old_one(one: Mirrored) -> None:
    """Hints get lost; a rename must not become a copy."""
    settled(one, **{"a.md": "text"})
    (one.root / "a.md").rename(one.root / "b.md")
    assert one.look("b.md").moved == 1


def test_two_files_may_change_their_names_with_each_other(one: Mirrored) -> None:
    """Over there; here there is no free name for a moment."""
    settled(one, a="1", b="2")
    one.space.move("a", "c")
    one.space.move("b", "a")
    one.space.move("c", "b")
    one.bring()
    assert one.disk() == {"a": b"2", "b": b"1"}
    assert not one.look().changed


def test_folders_may_be_turned_inside_out(one: Mirrored) -> None:
    """The inner one becomes the outer one."""
    settled(one, a__b__x="1", a__y="2")
    one.space.move("a/b", "b")
    one.space.move("a", "b/a")
    one.round()
    assert one.disk() == {"b/": b"", "b/x": b"1", "b/a/": b"", "b/a/y": b"2"}


# -- evidence ----------------------------------------------------------------------------------


def test_without_its_mark_a_folder_says_nothing(one: Mirrored) -> None:
    """A drive that is not there looks like an empty folder."""
    settled(one, **{"a.md": "text"})
    (one.root / "a.md").unlink()
    (one.root / ".atoll" / MARKER).unlink()
    with pytest.raises(FolderUnavailable):
        one.look()
    with pytest.raises(FolderUnavailable):
        one.bring()
    with pytest.raises(FolderUnavailable):
        one.mirror.attach()
    assert one.space.files() == {"a.md": b"text"}
    assert not (one.root / ".atoll" / MARKER).exists(), "it must never be made again"


def test_a_folder_with_another_mark_says_nothing(one: Mirrored, tmp_path: Path) -> None:
    """Another disk may be where ours was."""
    settled(one, **{"a.md": "text"})
    other = Mirrored(tmp_path / "other")
    mark = (other.root / ".atoll" / MARKER).read_bytes()
    (one.root / ".atoll" / MARKER).write_bytes(mark.replace(b"a", b"b"))
    with pytest.raises(FolderUnavailable):
        one.look()


def test_a_folder_of_another_space_is_refused(one: Mirrored, tmp_path: Path) -> None:
    """One folder, one space."""
    mark = one.root / ".atoll" / MARKER
    mark.write_bytes(mark.read_bytes().replace(b"73", b"74"))
    with pytest.raises(FolderInUse):
        Mirrored(one.root)
    del tmp_path


def test_a_root_that_changes_while_it_is_read_says_nothing() -> None:
    """The mark may be read of one disk and the names of another."""
    folder = MemoryFolder()
    one = Mirrored(Path("/dev/null").parent, folder=folder)
    folder.write("a", b"1")
    one.round()
    folder.root.names.pop("a")

    def unmount(what: str, path: tuple[str, ...]) -> int:
        if what == "list" and path == ():
            folder.identities = (2, 2)
        return 0

    folder.fault = unmount
    with pytest.raises(FolderUnavailable):
        one.look()
    assert one.space.files() == {"a": b"1"}


def test_what_the_disk_does_not_tell_is_not_deleted() -> None:
    """Each listing fails once, in turn; deletions beside it are still believed."""
    for broken in [(), ("d",), ("d", "e")]:
        folder = MemoryFolder()
        one = Mirrored(Path("/dev/null").parent, folder=folder)
        for path in ("a", "b", "d/x", "d/e/y"):
            folder.write(path, path.encode())
        one.round()
        folder.root.names.pop("b")

        def fails(what: str, path: tuple[str, ...], broken: tuple[str, ...] = broken) -> int:
            return 13 if what == "list" and path == broken else 0

        folder.fault = fails
        looked = one.look()
        assert looked.removed == (0 if broken == () else 1)
        assert [skipped.why for skipped in looked.skipped] == ["unreadable"]
        assert {"d/x", "d/e/y"} <= one.space.files().keys()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
def test_a_folder_we_may_not_read_is_not_empty() -> None:
    """On a real disk, as someone who is not root."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        one = settled(Mirrored(Path(top) / "folder"), **{"d__a.md": "1", "b.md": "2"})
        os.chown(one.root, 65534, 65534)
        (one.root / "d").chmod(0)
        os.seteuid(65534)
        try:
            looked = one.look()
            (one.root / "b.md").unlink()
            assert one.look().removed == 1
        finally:
            os.seteuid(0)
        assert looked.removed == 0
        assert [skipped.why for skipped in looked.skipped] == ["unreadable"]
        assert one.space.files().keys() == {"d/", "d/a.md"}


def test_special_files_are_passed_over_with_a_note(one: Mirrored) -> None:
    """A pipe must not make us wait, a device must not be read."""
    os.mkfifo(one.root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(one.root)
    listener.bind("socket")
    listener.close()
    one.write("back\\slash", "x")
    one.write("a.md", "text")
    looked = one.look()
    notes = {(skipped.path[-1], skipped.why) for skipped in looked.skipped}
    assert notes == {("pipe", "special"), ("socket", "special"), ("back\\slash", "name")}
    assert one.space.files() == {"a.md": b"text"}


def test_links_are_text_and_never_followed(one: Mirrored, tmp_path: Path) -> None:
    """A link to a folder outside shares its text and not the folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (one.root / "out").symlink_to(outside)
    (one.root / "loop").symlink_to("loop")
    one.round()
    assert one.space.files() == {"out": os.fsencode(outside), "loop": b"loop"}
    (one.root / "loop").unlink()
    (one.root / "loop").symlink_to("other")
    one.round()
    assert one.space.files()["loop"] == b"other"
    two = Mirrored(tmp_path / "two", one.space)
    two.bring()
    assert (two.root / "out").readlink() == outside


def test_a_folder_swapped_for_a_link_is_not_written_through(one: Mirrored, tmp_path: Path) -> None:
    """Between agreeing and writing, someone puts a link in the way."""
    settled(one, **{"d__a.md": "1"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (one.root / "d").rename(tmp_path / "kept")
    (one.root / "d").symlink_to(outside)
    one.space.put("d/a.md", b"written")
    one.space.put("d/new.md", b"written")
    assert one.bring().again
    assert not list(outside.iterdir())
    assert (tmp_path / "kept" / "a.md").read_text() == "1"


def test_what_a_person_ignores_stays_theirs(one: Mirrored) -> None:
    """Patterns as in git; what was shared before is not deleted by them."""
    settled(one, **{"a.log": "1", "b.md": "2"})
    one.write(".atollignore", "*.log\nbuild/\n")
    one.write("build/x", "3")
    one.write(".b.md.swp", "4")
    one.round()
    assert one.space.files().keys() == {"a.log", "b.md", ".atollignore"}
    (one.root / "a.log").unlink()
    assert not one.look().changed


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
    settled(one, **{"a.bin": "\0old"})
    one.space.put("a.bin", b"\0there")
    one.write("a.bin", b"\0here, and longer")
    assert one.bring().again == {("a.bin",)}
    assert one.disk()["a.bin"] == b"\0here, and longer"
    one.round()
    assert one.disk() == {"a.bin": b"\0there", "a (from desk).bin": b"\0here, and longer"}
    assert one.disk() == one.space.files()


def test_text_changed_on_both_sides_is_merged(one: Mirrored) -> None:
    """Each kept their line."""
    settled(one, **{"a.md": "one\ntwo\nthree\n"})
    one.space.put("a.md", b"ONE\ntwo\nthree\n")
    one.write("a.md", "one\ntwo\nTHREE\n")
    one.round()
    assert one.disk()["a.md"] == b"ONE\ntwo\nTHREE\n"


def test_an_edit_beats_a_deletion(one: Mirrored) -> None:
    """Deleted there, edited here: it comes back, with the folder it was in."""
    settled(one, **{"d__a.md": "old", "d__b.md": "old"})
    one.space.remove("d")
    one.write("d/a.md", "edited")
    one.round()
    assert one.disk() == {"d/": b"", "d/a.md": b"edited"} == one.space.files()


def test_files_nobody_knows_keep_their_folder(one: Mirrored) -> None:
    """Deleted there; here it holds something ignored."""
    settled(one, **{"d__a.md": "old"})
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
            except (FolderUnavailable, StoreFull, OSError):
                continue
        done = count < turn
        folder.fault = lambda _what, _path: 0
        one.round()
        assert folder.files() == {"a": b"\0there", "new/e": b"e", "moved": b"edited"}, turn
    assert turn > 20


def test_a_replaced_file_is_never_absent(one: Mirrored) -> None:
    """Someone watches it all the while."""
    settled(one, **{"a.md": "0"})
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
    settled(one, a="1", b="2")
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
    settled(one, **{"a.md": "text"})
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
    settled(one, **{"a.md": "text", "b.md": "text", "c.md": "text"})
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


def test_after_a_clean_end_an_empty_file_is_an_edit(tmp_path: Path) -> None:
    """A person may empty a file."""
    database = str(tmp_path / "mirror.db")
    one = settled(Mirrored(tmp_path / "folder", database=database), **{"a.md": "text"})
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
