"""Real programs of which one does not keep all: its folder, what comes when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from app.loose import list_in, mapping_in
from tests.e2e.devices import Device, difference, join, running, shared, until

pytestmark = pytest.mark.e2e
FILM = Random(7).randbytes(5_000_000)  # noqa: S311 - bytes that nothing compresses
PHOTO = Random(8).randbytes(400_000)  # noqa: S311


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return a desk that holds a film, a photo and notes, and a phone that joined."""
    desk, phone = Device("Desk", tmp_path / "desk"), Device("Phone", tmp_path / "phone")
    with running(desk, phone):
        for name, data in FILES.items():
            put(desk, name, data)
        join(phone, shared(desk))
        until(lambda: desk.where() == phone.where() == "everywhere", "all is everywhere")
        yield desk, phone


FILES = {"films/lake.mov": FILM, "a.jpg": PHOTO, "day.md": b"we went to the lake\n"}


def put(device: Device, name: str, data: bytes) -> None:
    """Save a file, with the folders around it."""
    (device.folder / name).parent.mkdir(parents=True, exist_ok=True)
    device.write(name, data)


def files(device: Device) -> dict[str, bytes]:
    """Return what a person finds in the folder; what leaves while it is read is not there."""
    found: dict[str, bytes] = {}
    for where, folders, names in os.walk(device.folder):
        folders[:] = [name for name in folders if name != ".atoll"]
        for path in (Path(where, name) for name in names if not name.startswith(".")):
            with suppress(FileNotFoundError):
                found[path.relative_to(device.folder).as_posix()] = path.read_bytes()
    return found


def packs(device: Device) -> int:
    """Return how much disk the store takes."""
    total = 0
    for path in device.data.rglob("*.pack"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def sentence(device: Device) -> str:
    """Return where the program says that all is."""
    return str(mapping_in(device.space()["where"])["sentence"])


def test_names_only_and_back_to_whole(pair: tuple[Device, Device]) -> None:
    """The story of a small disk: nothing heavy stays, one thing comes, and then all."""
    desk, phone = pair
    said = phone.ask("keep", "Notes", "names")
    assert "Names only are kept here" in said
    until(lambda: files(phone) == {}, "nothing is left in the folder")
    assert (phone.folder / "films").is_dir()
    until(lambda: phone.space()["here_bytes"] == 0, "nothing is here")
    assert "0 bytes of 5.4 MB here" in phone.ask("spaces")
    until(lambda: packs(phone) < 1_000_000 < packs(desk), "the disk is given back")
    assert sentence(desk) == "Saved here · Phone keeps names only"
    assert sentence(phone) == "Stored on Desk · this computer keeps names only"
    assert [hit["path"] for hit in phone.values("search", "lake")] == ["films/lake.mov"]
    assert files(desk) == FILES

    assert "1 file is here" in phone.ask("fetch", str(phone.folder / "films" / "lake.mov"))
    assert files(phone) == {"films/lake.mov": FILM}
    assert phone.ask("show", "Notes/day.md") == FILES["day.md"].decode()
    out = phone.folder.parent / "out"
    phone.ask("export", "Notes", str(out))
    assert difference(desk.folder, out) == f"Only in {desk.folder}: .atoll\n"
    desk.write("day.md", b"another day\n")
    until(lambda: len(phone.values("log", "Notes/day.md")) == 2, "the new version's name")
    old = str(phone.values("log", "Notes/day.md")[-1]["version"])
    assert phone.ask("show", f"Notes/day.md@{old}") == FILES["day.md"].decode()
    phone.ask("restore", f"Notes/day.md@{old}")
    until(lambda: files(desk) == FILES, "the old version is back at the desk")

    phone.ask("keep", "Notes", "whole")
    until(lambda: difference(desk.folder, phone.folder) == "", "both folders are equal")
    until(lambda: desk.where() == phone.where() == "everywhere", "all is everywhere again")
    assert sentence(desk) == "Stored on all 2 devices"
    assert desk.damaged() == phone.damaged() == 0
    assert files(desk) == FILES


def test_work_goes_on_where_not_all_is_kept(pair: tuple[Device, Device]) -> None:
    """New files, edits, renames and deletions reach the other; absence never does."""
    desk, phone = pair
    phone.ask("keep", "Notes", "--budget", "1MB")
    until(lambda: "films/lake.mov" not in files(phone), "the film has left")
    assert "day.md" in files(phone)
    phone.write("new.bin", PHOTO[::-1])
    phone.write("day.md", b"we went to the lake\nand swam\n")
    phone.move("films", "movies")
    until(lambda: files(desk).get("new.bin") == PHOTO[::-1], "a new file")
    until(lambda: b"swam" in files(desk)["day.md"], "an edit")
    until(lambda: files(desk).get("movies/lake.mov") == FILM, "a folder that was renamed")
    desk.write("a.jpg", PHOTO + b"!")
    until(lambda: files(phone).get("a.jpg") == PHOTO + b"!", "what was opened follows")
    phone.stop()
    desk.write("late.bin", FILM[:-1])
    phone.start()
    until(lambda: phone.space()["entries"] == desk.space()["entries"] == 5, "the new name")
    assert "late.bin" not in files(phone)
    refused = phone.tries("fetch", str(phone.folder / "late.bin"))
    assert refused.returncode != 0
    assert "more than may stay" in refused.stderr
    phone.ask("keep", "Notes", "whole")
    until(lambda: difference(desk.folder, phone.folder) == "", "both folders are equal")
    assert set(files(desk)) == {"movies/lake.mov", "a.jpg", "day.md", "new.bin", "late.bin"}
    assert list_in(desk.says("bin")) == []


def test_a_file_made_under_an_absent_name_is_united(pair: tuple[Device, Device]) -> None:
    """Both were created at one path: nobody's is lost, and both have both."""
    desk, phone = pair
    phone.ask("keep", "Notes", "names")
    until(lambda: files(phone) == {}, "nothing is left in the folder")
    phone.write("a.jpg", PHOTO[::-1])
    until(lambda: PHOTO[::-1] in files(desk).values(), "the new one is at the desk")
    assert files(desk)["a.jpg"] == PHOTO
    phone.ask("keep", "Notes", "whole")
    until(lambda: difference(desk.folder, phone.folder) == "", "both folders are equal")


def test_killed_while_files_leave_the_folder(pair: tuple[Device, Device]) -> None:
    """Whatever a kill leaves behind, nothing is deleted for others."""
    desk, phone = pair
    for n in range(200):
        put(desk, f"many/{n}.bin", bytes([n]) + PHOTO[:9000])
    until(lambda: len(files(phone)) == len(FILES) + 200, "all are there")
    until(lambda: desk.where() == "everywhere", "all is everywhere")
    before = files(desk)
    phone.ask("keep", "Notes", "names")
    for wait in (0.9, 1.2, 1.4):
        phone.lives_for(wait)
        phone.kill()
        phone.start()
    until(lambda: files(phone) == {}, "nothing is left in the folder")
    phone.ask("scan", "Notes")
    assert files(desk) == before
    assert list_in(desk.says("bin")) == []
    phone.ask("keep", "Notes", "whole")
    until(lambda: difference(desk.folder, phone.folder) == "", "both folders are equal")


def test_a_newcomer_that_meets_only_a_partial_device_is_told_so(
    pair: tuple[Device, Device], tmp_path: Path
) -> None:
    """It has the names, is not let hang, and gets the rest once somebody has it."""
    desk, phone = pair
    code = desk.value("share", "Notes", "--can", "manage")["code"]
    manager = Device("Tablet", tmp_path / "tablet")
    manager.ask("init", "--name", "Tablet")
    manager.start()
    third = Device("Third", tmp_path / "third")
    try:
        manager.ask("join", "-", "--into", str(manager.folder), given=f"{code}\n")
        until(lambda: manager.where() == "everywhere", "all is at the tablet")
        manager.ask("keep", "Notes", "names")
        until(lambda: files(manager) == {}, "nothing is left in the folder")
        until(lambda: manager.space()["here_bytes"] == 0, "nothing is here")
        desk.stop()
        phone.stop()
        third.ask("init", "--name", "Third")
        third.start()
        code = manager.value("share", "Notes", "--can", "view")["code"]
        said = third.ask("join", "-", "--into", str(third.folder), given=f"{code}\n")
        assert "3 files, 5.4 MB still to come, from a device that keeps all of it" in said
        assert (third.folder / "films").is_dir()
        desk.start()
        place = f"127.0.0.1:{desk.port()}"
        manager.ask("dial", place)  # which tells the desk of the third
        until(lambda: third.tries("dial", place).returncode == 0, "the desk knows the third")
        until(lambda: files(third) == FILES, "the rest came")
    finally:
        phone.start()
        for device in (manager, third):
            if device.runs():
                device.stop()
