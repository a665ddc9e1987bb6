"""The real folder under the packs, and how its troubles are told."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.blocks.disk import RealDisk
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind, Thing
from storage.errors import StoreFull, StoreUnusable


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[RealDisk]:
    """Hand out an empty folder that is made on the way."""
    made = RealDisk(tmp_path / "space" / "packs", headroom=0)
    yield made
    made.close()


def test_appends_follow_each_other(disk: RealDisk) -> None:
    """In the order written, whichever file was written in between."""
    disk.append("a", b"one ")
    disk.append("b", b"other")
    disk.append("a", b"two")
    disk.sync("a")
    disk.sync_folder()
    disk.settle("a")
    assert disk.names() == ["a", "b"]
    assert disk.size("a") == 7
    assert disk.read("a", 0, 100) == b"one two"
    assert disk.read("a", 4, 2) == b"tw"
    assert disk.read("a", 7, 5) == b""


def test_nobody_else_may_look(disk: RealDisk, tmp_path: Path) -> None:
    """What is inside is sealed, but its size and times are not."""
    disk.append("a", b"x")
    assert (tmp_path / "space" / "packs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "space" / "packs" / "a").stat().st_mode & 0o777 == 0o600


def test_many_files_need_few_open_ones(disk: RealDisk) -> None:
    """A big space has more packs than a process may have open files."""
    for n in range(100):
        disk.append(str(n), b"%d" % n)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for n in range(100):
        assert disk.read(str(n), 0, 9) == b"%d" % n
    assert len(os.listdir("/proc/self/fd")) - before <= 16  # noqa: PTH208


def test_what_the_system_takes_in_parts_is_written_whole(
    disk: RealDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write may take less than it was given and call that success."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    disk.append("a", b"a longer piece")
    assert disk.read("a", 0, 100) == b"a longer piece"


def test_what_the_system_gives_in_parts_is_read_whole(
    disk: RealDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read may give less than is there."""
    disk.append("a", b"a longer piece")
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, at: pread(file, min(size, 3), at))
    assert disk.read("a", 2, 6) == b"longer"
    assert disk.read("a", 9, 60) == b"piece"


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse to write on, after a short write, like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_store_on_a_full_disk_says_so_and_goes_on_after_opening_anew(tmp_path: Path) -> None:
    """What was saved is safe, the torn piece stays where it is, and a new pack takes over."""
    connection = sqlite3.connect(":memory:")
    store = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection))
    saved = Thing(Kind.BLOCK, b"saved" * 100)
    store.add(saved)
    store.sync()
    connection.commit()
    lost = Thing(Kind.BLOCK, os.urandom(5000))
    store.add(lost)
    with no_file_longer_than(3000), pytest.raises(StoreFull):
        store.sync()
    with pytest.raises(StoreFull):
        store.sync()
    assert store.get(saved.digest) == saved.data
    store.close()
    torn = (tmp_path / "000001.pack").read_bytes()
    assert len(torn) == 3000

    again = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection))
    assert [damage.digest for damage in again.damage] == [lost.digest]
    assert not again.has(lost.digest)
    again.add(lost)
    again.sync()
    connection.commit()
    assert again.get(lost.digest) == lost.data
    assert not list(again.verify())
    assert (tmp_path / "000001.pack").read_bytes() == torn
    again.close()


def test_the_last_room_is_left_to_the_index(tmp_path: Path) -> None:
    """Refused before the first byte, so that nothing is torn."""
    disk = RealDisk(tmp_path, headroom=1 << 60)
    with pytest.raises(StoreFull):
        disk.append("a", b"x")
    assert disk.size("a") == 0
    disk.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_sync_may_find_the_disk_full(
    disk: RealDisk, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Some file systems find the room only then."""

    def fail(_file: int) -> None:
        raise OSError(number, "no")

    disk.append("a", b"x")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreFull):
        disk.sync("a")


def test_a_failed_sync_is_never_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second try may succeed and mean nothing: the pages were dropped by the first."""
    store = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(sqlite3.connect(":memory:")))
    store.add(Thing(Kind.BLOCK, b"x"))
    calls: list[int] = []

    def fail(file: int) -> None:
        calls.append(file)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    for _ in range(3):
        with pytest.raises(StoreUnusable):
            store.sync()
    assert len(calls) == 1
    store.close()


def test_other_troubles_are_told_in_our_words(disk: RealDisk, tmp_path: Path) -> None:
    """Each names the file, so that a person knows what to look at."""
    folder = tmp_path / "space" / "packs"
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("gone", "link"):
        with pytest.raises(StoreUnusable, match=name):
            disk.read(name, 0, 1)
        with pytest.raises(StoreUnusable, match=name):
            disk.size(name)
    for name in ("folder", "link"):
        with pytest.raises(StoreUnusable, match=name):
            disk.append(name, b"x")
    disk.append("file", b"x")
    with pytest.raises(StoreUnusable):
        RealDisk(folder / "file" / "packs")


def test_a_store_for_reading_writes_nothing(tmp_path: Path) -> None:
    """Looking into a space must not change it, not even by adopting."""
    connection = sqlite3.connect(":memory:")
    store = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection))
    thing = Thing(Kind.BLOCK, b"x")
    store.add(thing)
    store.sync()
    reading = PackedBlocks(RealDisk(tmp_path), Locator(connection), writable=False)
    assert reading.get(thing.digest) == b"x"
    for change in (lambda: reading.add(thing), lambda: reading.forget(thing.digest)):
        with pytest.raises(StoreUnusable):
            change()
    reading.sync()
    reading.close()
    store.close()


def test_a_commit_that_was_rolled_back_stops_the_store(tmp_path: Path) -> None:
    """Else what it wrote would lie between rows, and never be adopted."""
    connection = sqlite3.connect(":memory:")
    store = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection))
    thing = Thing(Kind.BLOCK, b"x")
    store.add(thing)
    store.sync()
    connection.rollback()
    store.add(Thing(Kind.BLOCK, b"y"))
    with pytest.raises(StoreUnusable):
        store.sync()
    store.close()
    again = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection))
    assert thing in list(again.adopted())
    again.close()


def test_a_pack_that_was_cut_short_or_is_gone_is_told(tmp_path: Path) -> None:
    """What lay there is not held any more, so that it is asked for again."""
    connection = sqlite3.connect(":memory:")
    store = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection), pack_size=100)
    things = [Thing(Kind.BLOCK, bytes([n]) * 90) for n in range(3)]
    for thing in things:
        store.add(thing)
        store.sync()
    connection.commit()
    store.close()
    os.truncate(tmp_path / "000001.pack", 120)
    (tmp_path / "000003.pack").unlink()
    again = PackedBlocks(RealDisk(tmp_path, headroom=0), Locator(connection), pack_size=100)
    assert [damage.digest for damage in again.damage] == [things[0].digest, things[2].digest]
    assert list(again.scan()) == [things[1]]
    again.add(things[0])
    again.sync()
    connection.commit()
    assert not list(again.verify())
    assert max(path.name for path in tmp_path.iterdir()) == "000004.pack"
    again.close()
