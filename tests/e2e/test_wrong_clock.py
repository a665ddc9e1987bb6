"""Two programs, one of which thinks that it is another week: nothing is lost, ends are ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.exits import Exit
from app.loose import list_in, mapping_in, text_in
from tests.e2e.devices import Device, difference, meet, until

pytestmark = [pytest.mark.e2e, pytest.mark.serial]
WEEK = 7 * 24 * 3600.0
SOON = 12
"""Seconds until an end: enough to join and to meet."""


class Skewed(Device):
    """A device whose program has a wrong clock; its terminals have the right one."""

    off = 0.0

    def command(self, *words: str) -> list[str]:
        """Return the command line of a command."""
        start = [sys.executable, "-P", "-m", "tests.e2e.skewed", str(self.off)]
        return [*start, "--data", str(self.data), *words]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Skewed]]:
    """Return a device that shares a folder, and one that is not started yet."""
    right, wrong = Device("Right", tmp_path / "right"), Skewed("Wrong", tmp_path / "wrong")
    for device in (right, wrong):
        device.ask("init", "--name", device.name)
    right.start()
    right.folder.mkdir(parents=True)
    (right.folder / "note.md").write_text("one\ntwo\nthree\n", "utf-8")
    right.ask("add", str(right.folder))
    yield right, wrong
    for device in (right, wrong):
        if device.runs():
            device.stop()


def code_until(device: Device, end: int | None) -> str:
    """Return a code whose access ends then."""
    made = device.says("share", space=device.folder.name, can="edit", until=end)
    return text_in(mapping_in(made)["code"])


@pytest.mark.parametrize("off", [WEEK, -WEEK], ids=["ahead", "behind"])
def test_a_clock_a_week_off_loses_nothing_and_orders_nothing(
    pair: tuple[Device, Skewed], off: float
) -> None:
    """Both edit apart and together; whoever seems to be later does not win by that."""
    right, wrong = pair
    wrong.off = off
    wrong.start()
    wrong.ask("join", "-", "--into", str(wrong.folder), given=f"{code_until(right, None)}\n")
    meet(right, wrong)
    for device in pair:
        device.stop()
    right.change_line("note.md", 1, "one, says Right")
    wrong.change_line("note.md", 3, "three, says Wrong")
    for device in pair:
        (device.folder / f"{device.name}.md").write_text(f"by {device.name}\n", "utf-8")
        device.start()
    united = "one, says Right\ntwo\nthree, says Wrong\n"
    for device in pair:
        until(
            lambda: (device.folder / "note.md").read_text("utf-8") == united,  # noqa: B023
            "both edits",
        )
    wrong.change_line("note.md", 2, "two, says Wrong")
    until(lambda: b"two, says Wrong" in right.read("note.md"), "the next edit")
    meet(right, wrong)
    assert not difference(right.folder, wrong.folder)
    for device in pair:
        assert device.damaged() == 0
        assert {path.name for path in device.folder.glob("*.md")} == {
            "note.md",
            "Right.md",
            "Wrong.md",
        }


def test_a_clock_ahead_finds_that_a_code_has_ended(pair: tuple[Device, Skewed]) -> None:
    """It says so, and asks nobody."""
    right, wrong = pair
    wrong.off = WEEK
    wrong.start()
    code = code_until(right, int(time.time()) + 3600)
    asked = wrong.tries("join", "-", "--into", str(wrong.folder), given=f"{code}\n")
    assert asked.returncode == Exit.NOT_ALLOWED
    assert "ended on" in asked.stderr


def test_a_clock_behind_does_not_make_access_last(pair: tuple[Device, Skewed]) -> None:
    """The giver's clock ends the giving, in both directions; what it lost stays with the loser."""
    right, wrong = pair
    wrong.off = -WEEK
    wrong.start()
    end = int(time.time()) + SOON
    code = code_until(right, end)
    wrong.ask("join", "-", "--into", str(wrong.folder), given=f"{code}\n")
    meet(right, wrong)
    until(lambda: time.time() > end and alone(right), "the end")
    (right.folder / "later.md").write_text("later\n", "utf-8")
    (wrong.folder / "late.md").write_text("late\n", "utf-8")
    right.ask("scan")
    wrong.ask("scan")
    until(lambda: right.where() == "only-here", "nobody else is counted")
    wrong.stop()
    wrong.start()
    until(lambda: bool(wrong.space().get("entries")), "it goes on by itself")
    assert wrong.where() != "everywhere"
    assert not (wrong.folder / "later.md").exists()
    assert not (right.folder / "late.md").exists()
    assert (wrong.folder / "late.md").read_text("utf-8") == "late\n"


def alone(device: Device) -> bool:
    """Say whether a device says that nobody else has access."""
    return len(list_in(device.space().get("members"))) == 1
