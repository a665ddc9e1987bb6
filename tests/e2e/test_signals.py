"""A window that is told to end from outside: by the system, by Ctrl-C, through the launcher."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from app.cli.island import ROOT
from tests.e2e.devices import Device, until
from tests.e2e.test_windows import Screen

pytestmark = [pytest.mark.e2e, pytest.mark.serial]
WORDS = "Typed a moment before the end."
CALL = "import sys; sys.path.insert(0, {!r}); import dev; sys.exit(dev.call(sys.argv[1:]))"
LAUNCHER = (sys.executable, "-c", CALL.format(str(ROOT / "packaging")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("launcher", "asked"),
    [((), ""), ((), "a dialog"), (LAUNCHER, "")],
    ids=["alone", "with a dialog open", "through packaging/dev.py"],
)
def test_a_window_that_is_told_to_end_saves_what_was_typed(
    tmp_path: Path, number: signal.Signals, launcher: tuple[str, ...], asked: str
) -> None:
    """A log-out or Ctrl-C in the terminal must cost nothing, and leave no window behind."""
    device = Device("One", tmp_path)
    device.folder.mkdir()
    (device.folder / "Note.md").write_text("", "utf-8")
    device.ask("init", "--name", "One")
    device.ask("add", str(device.folder))
    screen = Screen(device, *launcher)
    until(lambda: screen.does("folders") == ["Notes"], "the folder in the window")
    until(lambda: bool(screen.does("open", "Note")), "the note in the list")
    until(lambda: bool(screen.does("type", WORDS)), "the note in the editor")
    until(lambda: bool(screen.does("typed")), "all is typed")
    if asked:
        screen.does("ask")
    assert screen.told_to_end(number) == 0
    assert (device.folder / "Note.md").read_text("utf-8") == WORDS
