"""Two real windows on two devices: what one types, the other reads, and neither ever freezes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.changes import notes
from tests.e2e.devices import Device, difference, environment, meet, until

pytestmark = [pytest.mark.e2e, pytest.mark.serial]
NOTES = 300
LONGEST = 0.050
"""Seconds that a window may compute at a time. A person begins to notice at twice as much."""
FROZEN = 0.5
"""Seconds after which it is no longer the machine that is busy with other things."""
GOODBYE = 20.0


class Screen:
    """A window in a process of its own."""

    def __init__(self, device: Device, *launcher: str) -> None:
        self.device = device
        self._program = subprocess.Popen(
            [*launcher, sys.executable, "-P", "-m", "tests.e2e.window", "--data", str(device.data)],
            env=environment() | {"QT_QPA_PLATFORM": "offscreen"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def does(self, *order: str) -> object:
        """Give an order, and return the answer."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{json.dumps(order)}\n")
        self._program.stdin.flush()
        answer = self._program.stdout.readline()
        assert answer, f"{self.device.name}'s window ended with {self._program.wait(GOODBYE)}"
        return json.loads(answer)

    def shows(self, words: str) -> bool:
        """Say whether the note that is open holds some words."""
        return words in str(self.does("text"))

    def busy(self) -> tuple[float, float]:
        """Return the longest time without listening, and what the thread itself computed."""
        match self.does("busy"):
            case [float() as wall, float() as own]:
                return wall, own
            case other:
                raise AssertionError(other)

    def told_to_end(self, number: signal.Signals) -> int:
        """Send a signal to what was started, and return its exit code."""
        with self._program:
            self._program.send_signal(number)
            return self._program.wait(GOODBYE)

    def close(self) -> int:
        """Close it, and return its exit code."""
        with self._program:
            if self._program.poll() is None:
                self.does("close")
            return self._program.wait(GOODBYE)


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[tuple[Screen, Screen]]:
    """Return two windows on one folder that both devices have."""
    one, other = Device("One", tmp_path / "one"), Device("Other", tmp_path / "other")
    notes(one.folder, NOTES)
    (one.folder / "together.md").write_text("# Together\n", "utf-8")
    for device in (one, other):
        device.ask("init", "--name", device.name)
        device.start()
    one.ask("add", str(one.folder))
    code = str(one.value("share", "Notes", "--can", "edit")["code"])
    other.ask("join", code, "--into", str(other.folder))
    meet(one, other)
    for device in (one, other):
        device.stop()
    first, second = Screen(one), Screen(other)
    yield first, second
    assert [first.close(), second.close()] == [0, 0]


def test_what_one_window_types_the_other_shows_and_neither_freezes(
    screens: tuple[Screen, Screen], record_property: Callable[[str, object], None]
) -> None:
    """Live in the editor, saved in the plain folder, merged when both type at once."""
    one, other = screens
    for screen in screens:
        until(lambda: screen.does("folders") == ["Notes"], "the folder in the window")  # noqa: B023
        until(lambda: bool(screen.does("open", "together")), "the note in the list")  # noqa: B023
        until(lambda: screen.shows("# Together"), "the note in the editor")  # noqa: B023
    until(lambda: one.device.where() == other.device.where() == "everywhere", "they met")
    for screen in screens:
        screen.does("reset")
    first, second = "Ana types a line in her window. ", "Mina types hers at once. "
    assert one.does("type", first)
    assert other.does("type", second)
    for screen in screens:
        until(lambda: bool(screen.does("typed")), "all is typed")  # noqa: B023
    until(lambda: letters(one) == letters(other), "both editors show the same")
    assert sorted(letters(one)) == sorted("# Together\n" + first + second)
    for screen in screens:
        path = screen.device.folder / "together.md"
        until(lambda: path.read_text("utf-8") == letters(screen), "it is in the folder")  # noqa: B023
    outside = other.device.folder / "together.md"
    outside.write_text(outside.read_text("utf-8") + "\nFrom another program.\n", "utf-8")
    for screen in screens:
        until(lambda: screen.shows("From another program."), "an outside edit is shown")  # noqa: B023
    many = [one.device.folder / f"new-{number}.md" for number in range(200)]
    for path in many:
        path.write_text("# New\n", "utf-8")
    until(lambda: not difference(one.device.folder, other.device.folder), "equal folders")
    for screen in screens:
        wall, own = screen.busy()
        record_property(screen.device.name, f"{wall * 1000:.0f} ms, {own * 1000:.0f} of its own")
        assert own < LONGEST
        assert wall < FROZEN, "it waited for something else than this busy machine"


def letters(screen: Screen) -> str:
    """Return what the editor shows."""
    return str(screen.does("text"))
