"""Attaching killed at each of its steps: the next start goes on, and nobody loses a file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.island import tree_of
from tests.e2e.changes import notes
from tests.e2e.devices import PATIENCE, Device, environment, meet

pytestmark = [pytest.mark.e2e, pytest.mark.serial, pytest.mark.crash]
DIED = 9
FILES = 2
DIES = f"""
import os, sys
from app.cli.main import main
from app.folder import agreed, checkout, mirror
from app import state

left = int(sys.argv.pop(1))

def count():
    global left
    left -= 1
    if not left:
        os._exit({DIED})

def killed_around(owner, name):
    done = getattr(owner, name)
    def step(*given, **named):
        count()
        answer = done(*given, **named)
        count()
        return answer
    setattr(owner, name, step)

killed_around(agreed.Agreed, "forget_all")
killed_around(mirror, "write_marker")
killed_around(mirror.Mirror, "attach")
killed_around(state.DeviceState, "_write")
killed_around(checkout.Checkout, "_put_in_place")
killed_around(checkout.Checkout, "_agree")
sys.exit(main())
"""


def dies_attaching(device: Device, step: int, folder: Path) -> bool:
    """Attach in a program that dies at a step; say whether it came to that."""
    command = [sys.executable, "-P", "-c", DIES, str(step), "--data", str(device.data)]
    done = subprocess.run(
        [*command, "attach", "Notes", str(folder)],
        env=environment(),
        check=False,
        timeout=PATIENCE,
        capture_output=True,
    )
    return done.returncode == DIED


def test_attaching_killed_at_every_step_ends_whole(tmp_path: Path) -> None:
    """What was agreed of the lost folder must never say that its files were deleted."""
    one, other = Device("One", tmp_path / "one"), Device("Other", tmp_path / "other")
    notes(one.folder, FILES)
    for device in (one, other):
        device.ask("init", "--name", device.name)
        device.start()
    one.ask("add", str(one.folder))
    code = str(one.value("share", "Notes", "--can", "edit")["code"])
    other.ask("join", code, "--into", str(other.folder))
    held = tree_of(other.folder)
    one.stop()
    step, came_to_it = 0, True
    while came_to_it:
        step += 1
        shutil.rmtree(one.folder)
        one.folder = tmp_path / f"one-{step}" / "Notes"
        came_to_it = dies_attaching(one, step, one.folder)
        one.ask("attach", "Notes", str(one.folder))
        assert tree_of(one.folder) == held, f"after step {step}"
        assert not one.values("bin"), f"after step {step}"
    assert step > 2 * FILES, "it was killed at every step"
    one.start()
    meet(one, other)
    assert tree_of(other.folder) == held
    assert not other.values("bin")
    for device in (one, other):
        device.stop()
