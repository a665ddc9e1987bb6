"""Two programs that run: what one folder holds the other holds, however it came to be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.devices import Device, difference, join, meet, running, shared, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that run and share a folder."""
    one, other = Device("One", tmp_path / "one"), Device("Two", tmp_path / "two")
    with running(one, other):
        one.folder.mkdir(parents=True)
        join(other, shared(one))
        yield one, other


def test_two_names_that_collide_are_shown_alike_in_both_folders(
    pair: tuple[Device, Device],
) -> None:
    """On the device that took the name second too; and when one of them goes."""
    one, other = pair
    (one.folder / "g").mkdir()
    (one.folder / "g" / "Foo").write_text("1\n")
    until((other.folder / "g" / "Foo").exists, "the first arrives")
    (other.folder / "g" / "foo").write_text("2\n")
    until(lambda: len(list((one.folder / "g").iterdir())) == 2, "the second arrives")
    meet(one, other)
    names = {path.name: path.read_text() for path in (one.folder / "g").iterdir()}
    assert sorted(names.values()) == ["1\n", "2\n"]
    assert sum(name.endswith(" (2)") for name in names) == 1
    plain = next(name for name in names if not name.endswith(" (2)"))
    (other.folder / "g" / plain).unlink()
    until(
        lambda: [path.name.endswith(")") for path in (one.folder / "g").iterdir()] == [False],
        "the name is given back",
    )
    meet(one, other)


def test_a_file_that_is_kept_open_and_a_program_are_shared(pair: tuple[Device, Device]) -> None:
    """A log, a database: it is never closed. And nothing but a mode may change."""
    one, other = pair
    (one.folder / "run.sh").write_text("#!/bin/sh\n")
    there = other.folder / "open.log"
    with (one.folder / "open.log").open("w") as file:
        for line in ("first\n", "second\n"):
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            until(lambda: there.exists() and there.read_text().endswith(line), line)  # noqa: B023
        (one.folder / "run.sh").chmod(0o755)
        until(lambda: os.access(other.folder / "run.sh", os.X_OK), "a program there too")
    meet(one, other)
    assert not difference(one.folder, other.folder)


def test_what_both_made_alike_while_apart_stands_there_once(pair: tuple[Device, Device]) -> None:
    """The same download on both: nobody wants "x" and "x (2)" for ever; what differs stays.

    Notes of the same day become one note; a file that is none says in its name whose it is.
    """
    one, other = pair
    for device in pair:
        device.stop()
    for device in pair:
        (device.folder / "trip").mkdir()
        (device.folder / "trip" / "map.bin").write_bytes(b"\0map")
        (device.folder / "same.txt").write_text("same\n")
        (device.folder / "other.bin").write_text(f"\0by {device.name}\n")
        (device.folder / "day.md").write_text(f"# Sunday\n\n- by {device.name}\n\nGood night.\n")
    for device in pair:
        device.start()
    plain = {"trip", "same.txt", "other.bin", "day.md"}
    named = [plain | {f"other ({device.name}).bin"} for device in pair]
    for device in pair:
        until(
            lambda: {it.name for it in device.folder.iterdir() if it.name[0] != "."} in named,  # noqa: B023
            "one of each two that are equal, or can be one",
        )
    meet(one, other)
    assert not difference(one.folder, other.folder)
    said = {it.read_text() for it in one.folder.glob("other*.bin")}
    assert said == {f"\0by {device.name}\n" for device in pair}
    day = (other.folder / "day.md").read_text()
    lines = [line for line in day.splitlines() if line]
    assert sorted(lines[1:3]) == sorted(f"- by {device.name}" for device in pair)
    assert [lines[0], lines[3:]] == ["# Sunday", ["Good night."]]
    assert (one.folder / "trip" / "map.bin").read_bytes() == b"\0map"
    log = one.ask("log", str(one.folder))
    assert "the same file twice" in log
