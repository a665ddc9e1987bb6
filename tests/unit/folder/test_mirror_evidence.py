"""What the mirror believes of a disk, and what it never concludes."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from app.errors import FolderInUse, FolderUnavailable
from app.folder.marker import MARKER
from app.folder.memory import MemoryFolder
from tests.helpers.mirrored import Mirrored, settled

# -- evidence ----------------------------------------------------------------------------------


def test_without_its_mark_a_folder_says_nothing(one: Mirrored) -> None:
    """A drive that is not there looks like an empty folder."""
    settled(one, {"a.md": "text"})
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
    settled(one, {"a.md": "text"})
    other = Mirrored(tmp_path / "other")
    mark = (other.root / ".atoll" / MARKER).read_bytes()
    (one.root / ".atoll" / MARKER).write_bytes(mark.replace(b"73", b"74"))
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
        one = settled(Mirrored(Path(top) / "folder"), {"d/a.md": "1", "b.md": "2"})
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


def test_special_files_are_passed_over_with_a_note(
    one: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe must not make us wait, a device must not be read."""
    os.mkfifo(one.root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(one.root)
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
    settled(one, {"d/a.md": "1"})
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
    settled(one, {"a.log": "1", "b.md": "2"})
    one.write(".atollignore", "*.log\nbuild/\n")
    one.write("build/x", "3")
    one.write(".b.md.swp", "4")
    one.round()
    assert one.space.files().keys() == {"a.log", "b.md", ".atollignore"}
    (one.root / "a.log").unlink()
    assert not one.look().changed
