"""The program itself: the window first, then the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.compose import set_up
from app.places import Places, prepare
from tests.house.source import ROOT
from ui.main import since_start

# Each costs more than the window may take to open.
HEAVY = {"asyncio", "segno", "zxingcpp", "zeroconf", "loro", "cryptography", "sqlite3", "numpy"}
LOOK = "import sys, ui.main; print(*sorted(set(sys.modules) & set(sys.argv[1:])))"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of ours without a screen."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "ATOLL_STARTUP_REPORT": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    """Imports are what makes a Python window slow to open."""
    done = run("-c", LOOK, *HEAVY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_a_process_knows_how_long_it_lives() -> None:
    """The start-up report counts from the very start."""
    assert 0 < since_start() < 24 * 3600


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True], ids=["first run", "every other run"])
def test_the_window_opens_fills_and_closes(tmp_path: Path, known: bool) -> None:  # noqa: FBT001
    """With the real app behind it, and with none yet."""
    if known:
        prepare(Places(tmp_path / "data"))
        set_up(Places(tmp_path / "data"), "Desk")
    done = run("-m", "ui.main", "--data", str(tmp_path / "data"), "--quit-when-usable")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["usable", "filled"]
