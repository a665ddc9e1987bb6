"""The demo that people run first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.island import ROOT

pytestmark = pytest.mark.e2e


def test_the_demo_keeps_every_promise_in_under_a_minute(tmp_path: Path) -> None:
    """It looks at each promise itself, and leaves nothing behind."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", "--notes", "100"],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All as promised" in done.stdout
    assert not list(tmp_path.glob("atoll-demo-*"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_what_a_shell_can_read(shell: str) -> None:
    """At least the one that is here says so; the others name every command."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "completion", shell],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("share", "join", "restore", "drafts"):
        assert command in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)
