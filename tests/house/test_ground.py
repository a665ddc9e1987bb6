"""The ground we build on is the one we think it is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pyfastcdc
import pytest

from tests.house.source import FLOORS, ROOT

EMIT = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, Signal

class Bell(QObject):
    rung = Signal(object)

app = QCoreApplication([])
bell = Bell()
heard = []
bell.rung.connect(heard.append)
before = [sys.getrefcount(value) for value in (None, True, False)]
for turn in range(200_000):
    bell.rung.emit(True)
    bell.setObjectName("bell")
    heard.clear()
after = [sys.getrefcount(value) for value in (None, True, False)]
lost = max(b - a for a, b in zip(after, before))
print(lost)
sys.exit(lost > 100)
"""


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_is_ours(floor: str) -> None:
    """Plain top-level names could be taken by another package in the environment."""
    spec = importlib.util.find_spec(floor)
    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / floor / "__init__.py"


def test_the_packaging_library_is_not_ours() -> None:
    """Our folder of that name must not hide it."""
    spec = importlib.util.find_spec("packaging.version")
    assert spec is not None and spec.origin is not None
    assert not Path(spec.origin).is_relative_to(ROOT / "packaging")


def test_cutting_is_compiled() -> None:
    """Its silent fallback gives the same answer 340 times slower."""
    assert ".cy." in f"{pyfastcdc.FastCDC.__module__}."


@pytest.mark.slow
def test_emitting_loses_no_references() -> None:
    """PySide6 6.12.0 on CPython 3.11 drops one of True or None on each emit, and aborts."""
    done = subprocess.run(
        [sys.executable, "-c", EMIT], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"lost {done.stdout} references; {done.stderr[-500:]}"
