"""Jumping to one of very many names: what each letter that is typed takes.

`python -m tests.bench.jump COUNT` is the process that types; it prints the seconds of each key.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.values import EntryInfo, Reach
from tests.bench.devices import PYTHON
from tests.bench.ground import Ground
from tests.bench.timing import Row
from ui.pages.switcher import Switcher, entry_items
from ui.theme.theme import Look, Theme

WORDS = ("apple bread", "note 4711", "z", "daily 77", "letter to", "no such thing")
_NAMES = ("Apple bread", "Note", "Daily", "Letter to Zoe", "Übersicht", "Plan for summer")
_FOLDERS = 200


def jump(ground: Ground, runs: int) -> Row:
    """Type some words into the box over all names, each letter until its list is painted."""
    figures: list[float] = []
    for _ in range(runs):
        done = subprocess.run(
            [PYTHON, "-m", "tests.bench.jump", str(ground.scale.names)],
            capture_output=True, text=True, check=True, timeout=600,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        figures += seconds_of(done.stdout)
    work = f"jump-to over {ground.scale.names:,} names, headless: one key, until it is painted"
    return Row(work, tuple(figures), None, tail=0.016)


def seconds_of(text: str) -> list[float]:
    """Return what the process that types printed."""
    return [float(line.split()[1]) for line in text.splitlines() if line.startswith("key ")]


def entries(count: int) -> list[EntryInfo]:
    """Return so many notes, as the app lists them."""
    return [
        EntryInfo(
            space="s",
            id=f"{number:032x}",
            path=(f"topic {number % _FOLDERS:03d}", f"{_NAMES[number % len(_NAMES)]} {number}.md"),
            is_folder=False,
            is_text=True,
            size=100,
            mtime=float(number),
            by="A",
            reach=Reach.EVERYWHERE,
            here=True,
        )
        for number in range(count)
    ]


def _type(count: int) -> None:
    application = QApplication([])
    over = QWidget()
    theme = Theme(application, Look.LIGHT)
    switcher = Switcher(entry_items(entries(count), {"s": "Notes"}), "Jump", theme, over)
    switcher.show()
    application.processEvents()
    for words in WORDS:
        switcher.box.clear()
        application.processEvents()
        for letter in words:
            begun = time.perf_counter()
            QTest.keyClicks(switcher.box, letter)
            application.processEvents()
            sys.stdout.write(f"key {time.perf_counter() - begun:.6f}\n")
    switcher.close()


if __name__ == "__main__":
    _type(int(sys.argv[1]))
