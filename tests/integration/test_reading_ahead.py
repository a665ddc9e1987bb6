"""Many new files are read and sealed by a second process; what comes of it is the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.folder.ahead import (
    Ahead,
    Early,
    NotAhead,
    ProcessAhead,
    ProcessReader,
    Reader,
    Small,
    early_from_cbor,
)
from app.folder.port import Path as Names
from app.folder.real import RealFolder
from storage.errors import DecodeError
from storage.facts.values import value_to_cbor
from storage.tree.content import read_content, seal_bytes
from tests.helpers.mirrored import Mirrored

SECRET = bytes(range(32))


def write_files(folder: Path, count: int) -> list[Small]:
    """Make files of all small kinds; return them with their sizes."""
    made: list[Small] = []
    for number in range(count):
        names = (f"part {number % 7}", f"ñote {number}.md")
        data = (b"", b"# text\n" * number, os.urandom(3) * number, b"\0" * 70)[number % 4]
        (folder / names[0]).mkdir(exist_ok=True)
        folder.joinpath(*names).write_bytes(data)
        made.append((names, len(data)))
    return made


def begun(folder: Path, files: list[Small]) -> ProcessReader:
    """Start reading all but the first files, which are left to who asks."""
    reader = ProcessAhead(folder, many=1).begin(RealFolder(folder).identity(), SECRET, files)
    assert isinstance(reader, ProcessReader)
    return reader


def taken(reader: Reader, files: list[Small]) -> dict[Names, Early]:
    """Take all files in their order."""
    found = {path: reader.take(path) for path, _ in files}
    return {path: early for path, early in found.items() if early is not None}


def test_a_file_read_ahead_is_what_reading_it_here_gives(tmp_path: Path) -> None:
    """Content, blocks and stat: else one folder would have two histories, by its size."""
    files = write_files(tmp_path, 400)
    reader = begun(tmp_path, files)
    found = taken(reader, files)
    reader.close()
    assert len(found) == len(files) // 2
    with RealFolder(tmp_path).enter(("part 0",)) as place:
        assert found["part 0", "ñote 259.md"].read.stat == place.stat("ñote 259.md")
    for path, early in found.items():
        data = tmp_path.joinpath(*path).read_bytes()
        content, blocks = seal_bytes(data, SECRET)
        assert early.read.content == content
        assert list(early.blocks) == blocks
        assert early.read.digest == content.digest
        held = {} if content.link is None else {content.link.digest: blocks[-1]}
        assert b"".join(read_content(content, held.__getitem__)) == data


def test_what_cannot_be_read_ahead_is_left_to_who_needs_it(tmp_path: Path) -> None:
    """It went, became a link or a folder, or grew: the one who tells of it reads it himself."""
    files = write_files(tmp_path, 100)
    gone, link, folder, grown = (files[number][0] for number in (60, 61, 62, 63))
    for path in (gone, link, folder):
        tmp_path.joinpath(*path).unlink()
    tmp_path.joinpath(*link).symlink_to("elsewhere")
    tmp_path.joinpath(*folder).mkdir()
    with tmp_path.joinpath(*grown).open("wb") as file:
        file.truncate(3 << 20)
    reader = begun(tmp_path, files)
    found = taken(reader, files)
    reader.close()
    assert found.keys() == {path for path, _ in files[50:]} - {gone, link, folder, grown}


def test_a_process_that_died_gives_nothing_and_holds_up_nothing(tmp_path: Path) -> None:
    """It may be killed at any time; whoever waits for a file reads it then."""
    files = write_files(tmp_path, 300)
    reader = begun(tmp_path, files)
    first = files[150][0]
    assert reader.take(first) is not None
    reader._process.kill()  # noqa: SLF001
    reader._process.wait()  # noqa: SLF001
    rest = taken(reader, files[151:])
    assert len(rest) < len(files)
    reader.close()
    assert reader.take(first) is None


@pytest.mark.parametrize("stat", [[9, *range(6)], [2, 0, 1], [], ["2", *range(6)], 2])
def test_an_answer_that_says_nonsense_of_a_file_is_no_answer(stat: object) -> None:
    """A process that goes mad is given up; it must not end the app that asked it."""
    content, blocks = seal_bytes(b"# text\n", SECRET)
    with pytest.raises(DecodeError):
        early_from_cbor([[stat, value_to_cbor(content), blocks]])


def test_another_folder_in_the_place_of_ours_is_not_read(tmp_path: Path) -> None:
    """The process opens the folder by its name, and proves that it is the one that was meant."""
    here, other = tmp_path / "here", tmp_path / "other"
    here.mkdir()
    other.mkdir()
    files = write_files(here, 20)
    reader = ProcessAhead(here, many=1).begin(RealFolder(other).identity(), SECRET, files)
    assert not taken(reader, files)
    reader.close()


def test_files_taken_in_another_order_are_read_by_who_asks(tmp_path: Path) -> None:
    """Nothing waits for what was not asked for yet."""
    files = write_files(tmp_path, 60)
    reader = begun(tmp_path, files)
    backwards = list(reversed(files))
    found = taken(reader, backwards)
    reader.close()
    assert found.keys() <= {path for path, _ in files}


@pytest.mark.parametrize("many", [1, 10_000])
def test_a_folder_is_taken_in_alike_with_and_without_reading_ahead(
    tmp_path: Path, many: int
) -> None:
    """The space holds every byte of every file, and a second look finds nothing to do."""
    write_files(tmp_path, 300)
    ahead: Ahead = ProcessAhead(tmp_path, many) if many == 1 else NotAhead()
    mirrored = Mirrored(tmp_path, ahead=ahead)
    assert mirrored.look().added == 307
    assert not mirrored.look().changed
    for path, node in mirrored.space.tree().walk():
        disk = tmp_path.joinpath(*path)
        if disk.is_file():
            assert b"".join(mirrored.space.read(node)) == disk.read_bytes()
