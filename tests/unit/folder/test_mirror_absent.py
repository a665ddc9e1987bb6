"""What is not kept on a device is not in its folder; that it is not there is no deletion."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folder.replaced import Replaced
from app.progress import Stopped
from tests.helpers.mirrored import Mirrored

PHOTO = b"\0photo" * 9


@pytest.fixture
def one(tmp_path: Path) -> Mirrored:
    """Return a mirror of a folder with a photo, a note, and a folder."""
    made = Mirrored(tmp_path / "desk")
    made.write("trip/lake.jpg", PHOTO)
    made.write("trip/day.md", "we went")
    made.round()
    return made


def let(one: Mirrored, path: str) -> None:
    """Keep a file no longer."""
    entry = one.space.id(path)
    one.space.let.add(entry)


def forget(one: Mirrored, path: str) -> None:
    """Keep a file no longer, neither its blocks."""
    let(one, path)
    one.space.absent.add(one.space.id(path))


def test_what_is_not_kept_leaves_the_folder_and_is_not_deleted(one: Mirrored) -> None:
    """The one thing that must never happen: that it is gone for everyone."""
    let(one, "trip/lake.jpg")
    one.bring()
    assert one.disk() == {"trip/": b"", "trip/day.md": b"we went"}
    one.round()
    assert one.look().removed == 0
    assert one.space.files()["trip/lake.jpg"] == PHOTO
    one.space.let.clear()
    one.round()
    assert one.disk()["trip/lake.jpg"] == PHOTO


def test_what_was_never_here_is_not_written_and_not_missed(one: Mirrored) -> None:
    """No file that another program would take for the real one."""
    one.space.put("trip/sea.jpg", PHOTO + b"sea")
    forget(one, "trip/sea.jpg")
    brought = one.bring()
    assert brought.waiting == 0
    one.round()
    assert "trip/sea.jpg" not in one.disk()
    assert one.space.id("trip/sea.jpg")


def test_a_kill_between_taking_out_and_agreeing_deletes_nothing(
    one: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is gone then, and what is agreed says that it should be there."""
    let(one, "trip/lake.jpg")

    def forget_nothing(_entries: object) -> None:
        """Die before it is agreed."""

    with monkeypatch.context() as patched:
        patched.setattr(one.agreed, "forget", forget_nothing)
        one.bring()
    assert "trip/lake.jpg" not in one.disk()
    assert one.space.id("trip/lake.jpg") in one.agreed.all()
    assert one.look().removed == 0
    one.round()
    one.space.let.clear()
    one.round()
    assert one.disk()["trip/lake.jpg"] == PHOTO


def test_stopped_before_it_was_taken_out_a_change_of_it_is_an_edit(
    one: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not another file beside it."""
    let(one, "trip/lake.jpg")

    def stop(*_args: object) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(Replaced, "clear", stop)
        with pytest.raises(Stopped):
            one.bring()
    one.space.let.clear()
    one.write("trip/lake.jpg", PHOTO + b"edited")
    one.round()
    assert one.space.files()["trip/lake.jpg"] == PHOTO + b"edited"
    assert len(one.space.files()) == 3


def test_without_its_memory_the_mirror_misses_nothing(one: Mirrored, tmp_path: Path) -> None:
    """A lost mirror.db: what is absent and not kept must never read as deleted."""
    let(one, "trip/lake.jpg")
    one.bring()
    again = Mirrored(tmp_path / "desk", one.space)
    again.round()
    assert again.look().removed == 0
    assert one.space.id("trip/lake.jpg")
    assert again.disk() == {"trip/": b"", "trip/day.md": b"we went"}
    one.space.let.clear()
    again.round()
    assert again.disk()["trip/lake.jpg"] == PHOTO


def test_a_file_made_under_the_name_of_one_that_is_not_here_waits_to_be_compared(
    one: Mirrored,
) -> None:
    """Both were created at one path: the usual rules unite them, once both are here."""
    forget(one, "trip/lake.jpg")
    entry = one.space.id("trip/lake.jpg")
    one.bring()
    one.write("trip/lake.jpg", b"\0another")
    assert one.look().wanted == {entry}
    one.bring()
    assert one.disk()["trip/lake.jpg"] == b"\0another"
    one.space.let.clear()
    one.space.absent.clear()
    one.round()
    files = one.space.files()
    assert files["trip/lake.jpg"] == PHOTO
    assert b"\0another" in files.values()
    assert one.disk() == files


def test_a_folder_with_things_that_are_not_here_comes_back(one: Mirrored) -> None:
    """Who deletes a folder deletes what they see in it, and nothing else."""
    forget(one, "trip/lake.jpg")
    one.bring()
    (one.root / "trip" / "day.md").unlink()
    (one.root / "trip").rmdir()
    one.round()
    assert [path for path, _ in one.space.tree().walk()] == [("trip",), ("trip", "lake.jpg")]
    assert one.disk() == {"trip/": b""}


def test_a_folder_is_moved_with_what_is_not_here(one: Mirrored) -> None:
    """A name is a name, whether its bytes are here or not."""
    forget(one, "trip/lake.jpg")
    one.bring()
    (one.root / "trip").rename(one.root / "tour")
    one.round()
    paths = {path for path, _ in one.space.tree().walk()}
    assert paths == {("tour",), ("tour", "lake.jpg"), ("tour", "day.md")}


def test_a_file_that_was_changed_meanwhile_stays(one: Mirrored) -> None:
    """What nobody has seen yet is shared first."""
    let(one, "trip/lake.jpg")
    one.write("trip/lake.jpg", PHOTO + b"new")
    assert one.bring().removed == 0
    assert one.disk()["trip/lake.jpg"] == PHOTO + b"new"
    one.look()
    assert one.space.files()["trip/lake.jpg"] == PHOTO + b"new"
