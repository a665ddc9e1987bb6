"""A file that is replaced or cleared while a program has it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.folder.memory import MemoryFolder, MemoryPlace
from app.folder.port import Path as FolderPath
from app.folder.real import RealFolder
from storage.facts.values import Meta
from tests.helpers.mirrored import Mirrored, settled


class Late:
    """A program that opened a file before it was replaced, and writes after."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(self, text: str) -> None:
        """Write to whatever it opened."""
        os.write(self._fd, text.encode())

    def close(self) -> None:
        """End."""
        os.close(self._fd)


def hidden(one: Mirrored) -> list[str]:
    """Return what lies in the folder under a name of ours."""
    return sorted(name for name in one.disk() if name.rpartition("/")[2].startswith(".atoll"))


def test_a_line_written_to_the_old_file_is_in_the_new_one(one: Mirrored) -> None:
    """The shell's `echo >>` opens, then writes; between the two we had put another file there."""
    settled(one, {"a.md": "begin\n"})
    late = Late(one.root / "a.md")
    one.space.put("a.md", b"begin\nthere\n")
    assert one.bring().again == {("a.md",)}
    assert len(hidden(one)) == 1
    late.write("late\n")
    late.close()
    one.round()
    assert one.disk().keys() == {"a.md"}
    assert sorted(one.disk()["a.md"].split()) == [b"begin", b"late", b"there"]


def test_who_keeps_a_file_open_is_heard_while_it_is_open(tmp_path: Path) -> None:
    """A log is open for days; each line of it is shared, once, and the old file goes in the end."""
    one = settled(Mirrored(tmp_path / "folder", grace=2.0), {"a.log": "begin\n"})
    late = Late(one.root / "a.log")
    one.space.put("a.log", b"begin\nthere\n")
    one.bring()
    for number in range(3):
        late.write(f"late {number}\n")
        assert one.look().again_in == 0.25
        one.clock.at += 3
        looked = one.look()
        assert (looked.edited, looked.again_in) == (1, 2.0)
        one.bring()
        assert not one.look().changed
    late.close()
    one.round()
    lines = one.disk()["a.log"].decode().splitlines()
    assert sorted(lines) == ["begin", "late 0", "late 1", "late 2", "there"]
    assert not hidden(one)


def test_bytes_written_to_the_old_file_are_kept_beside(one: Mirrored) -> None:
    """What is no text cannot be united: both stay."""
    settled(one, {"a.bin": "\0begin"})
    late = Late(one.root / "a.bin")
    one.space.put("a.bin", b"\0there")
    one.bring()
    late.write(" late")
    late.close()
    one.round()
    assert one.disk() == {"a.bin": b"\0there", "a (from desk).bin": b"\0begin late"}
    assert one.disk() == one.space.files()


def test_a_file_that_is_cleared_and_still_written_comes_back(one: Mirrored) -> None:
    """Deleted there, edited here; its folder is gone there too."""
    settled(one, {"d/a.md": "begin\n", "d/b.md": "b"})
    late = Late(one.root / "d" / "a.md")
    one.space.remove("d")
    assert one.bring().again == {("d",), ("d", "a.md")}
    assert not one.look().changed
    late.write("late\n")
    late.close()
    one.round()
    assert one.disk() == {"d/": b"", "d/a.md": b"begin\nlate\n"} == one.space.files()


def test_a_folder_that_is_cleared_waits_for_who_has_a_file_open_in_it(one: Mirrored) -> None:
    """And goes when nothing was written: it is not shared once more meanwhile."""
    settled(one, {"d/e/a.md": "begin\n"})
    late = Late(one.root / "d" / "e" / "a.md")
    one.space.remove("d")
    one.bring()
    one.look()
    one.bring()
    late.close()
    one.round()
    assert one.disk() == one.space.files() == {}


def test_a_folder_that_is_moved_takes_with_it_what_was_replaced_there(one: Mirrored) -> None:
    """By a person, between two looks, while a program writes in it."""
    settled(one, {"d/a.md": "begin\n"})
    late = Late(one.root / "d" / "a.md")
    one.space.put("d/a.md", b"begin\nthere\n")
    one.bring()
    (one.root / "d").rename(one.root / "moved")
    late.write("late\n")
    late.close()
    one.round()
    assert one.disk().keys() == {"moved/", "moved/a.md"}
    assert sorted(one.disk()["moved/a.md"].split()) == [b"begin", b"late", b"there"]


def test_a_viewers_late_words_are_a_draft(one: Mirrored) -> None:
    """They cannot be shared, and are not lost."""
    settled(one, {"a.md": "begin\n"})
    late = Late(one.root / "a.md")
    one.space.put("a.md", b"begin\nthere\n")
    one.space.editor = False
    one.bring()
    late.write("late\n")
    late.close()
    one.round()
    assert one.disk() == {"a.md": b"begin\nthere\n", "a (from desk).md": b"begin\nlate\n"}
    assert [draft.path for draft in one.mirror.drafts()] == [("a (from desk).md",)]


def test_of_a_text_that_was_replaced_as_a_whole_the_old_one_is_no_version(one: Mirrored) -> None:
    """As when an old version was restored: a save here is kept, and does not undo that."""
    settled(one, {"a.md": "begin\n"})
    entry = one.space.id("a.md")
    change = one.space.change()
    content = one.space.contents.store_bytes(b"restored\n")
    change.replace(entry, content, Meta(1_000_000_000, executable=False))
    one.space.commit(change, "restored")
    one.write("a.md", "begin\nhere\n")
    one.round()
    assert one.disk() == {"a.md": b"restored\n", "a (from desk).md": b"begin\nhere\n"}


def test_what_nothing_is_known_of_is_put_away_and_never_removed(one: Mirrored) -> None:
    """The index was lost just then: nobody can say what it was made from."""
    settled(one, {"a.md": "text"})
    one.write(f".atoll-{bytes(16).hex()}-01234567.old", "perhaps a person's")
    one.round()
    assert one.disk() == {"a.md": b"text"} == one.space.files()
    kept = [path.read_bytes() for path in (one.root / ".atoll" / "kept").iterdir()]
    assert kept == [b"perhaps a person's"]


# -- disks that can do less -----------------------------------------------------------------------


@pytest.mark.parametrize("links", [True, False])
def test_a_disk_that_cannot_exchange_names_keeps_the_old_file_by_a_link(
    one: Mirrored,
    links: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it has no links either, the file is replaced as anywhere: as good as it gets."""

    def cannot(*_names: object) -> bool:
        return False

    def no_link(*_names: object, **_how: object) -> None:
        raise PermissionError(1, "no links")

    monkeypatch.setattr("app.folder.real._renamed", cannot)
    if not links:
        monkeypatch.setattr(os, "link", no_link)
    settled(one, {"a.md": "begin\n"})
    late = Late(one.root / "a.md")
    one.space.put("a.md", b"begin\nthere\n")
    one.bring()
    late.write("late\n")
    late.close()
    one.round()
    words = [b"begin", b"late", b"there"] if links else [b"begin", b"there"]
    assert sorted(one.disk()["a.md"].split()) == words
    assert one.disk().keys() == {"a.md"}


def test_nothing_happens_when_there_is_nothing_to_replace(tmp_path: Path) -> None:
    """It was removed a moment ago: then what was to be put there stays as it is."""
    (tmp_path / "new").write_text("new")
    with RealFolder(tmp_path).enter(()) as place:
        with pytest.raises(FileNotFoundError):
            place.supplant("new", "gone", "aside")
        (tmp_path / "there").write_text("old")
        (tmp_path / "aside").write_text("taken")
        with pytest.raises(FileExistsError):
            place.supplant("new", "there", "aside")
    names = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert names == {"new": "new", "there": "old", "aside": "taken"}


class Untold(MemoryFolder):
    """A folder on a system that does not tell who has a file open."""

    def enter(self, path: FolderPath) -> MemoryPlace:
        """Open a directory."""
        place = UntoldPlace(self, self.root, ())
        for name in path:
            found = place.enter(name)
            place = UntoldPlace.of(self, found)
        return place


class UntoldPlace(MemoryPlace):
    """A directory of it."""

    @classmethod
    def of(cls, folder: Untold, found: MemoryPlace) -> UntoldPlace:
        """Return the same directory, that tells less."""
        return cls(folder, found._thing, found._path)  # noqa: SLF001 - its own kind

    def is_written(self, name: str) -> bool | None:
        """Say that nobody knows."""
        self.stat(name)
        return None


def test_where_nobody_tells_who_writes_the_old_file_waits_a_while() -> None:
    """Then what held still is taken for what will stay so."""
    folder = Untold()
    one = Mirrored(Path("/dev/null").parent, folder=folder, grace=2.0)
    folder.write("a.md", b"begin\n")
    one.round()
    old = folder.root.names["a.md"]
    one.space.put("a.md", b"begin\nthere\n")
    one.bring()
    assert one.look().again_in == 0.25
    old.data, old.mtime_ns = b"begin\nlate\n", folder.tick()
    one.clock.at += 1
    assert one.look().again_in == 0.25
    one.clock.at += 1.5
    assert one.look().again_in == 0.25, "it changed since, so it waits anew"
    one.clock.at += 1.5
    assert one.look().edited == 1
    while one.bring().again or one.look().again:
        one.clock.at += 3
    assert folder.files().keys() == {"a.md"}
    assert sorted(folder.files()["a.md"].split()) == [b"begin", b"late", b"there"]
