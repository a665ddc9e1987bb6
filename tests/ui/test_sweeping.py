"""Python's long looks for what nobody needs come when nobody waits."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.conftest import Open
from tests.ui.fake_app import FakeApp, Mood
from tests.ui.sample import many_entries
from tests.ui.stage import Stage
from ui.sweeping import STILL_MS, WORTH, Sweeping


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """Return the generations that are looked through from now on; leave the collector as it was."""
    seen: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            seen.append(about["generation"])

    before = gc.get_threshold()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*before)


@pytest.mark.slow
def test_a_large_folder_comes_without_a_whole_look(open_stage: Open, looks: list[int]) -> None:
    """With 100,000 notes one look stops every thread, the window's too, for a tenth of a second."""
    stage = open_stage(Mood.FULL, app=FakeApp(mood=Mood.FULL))
    Sweeping(stage.window)
    stage.app.all = many_entries(100_000)
    looks.clear()
    stage.desk.go("space:recipes")
    stage.wait(lambda: stage.desk.contents.rows.rowCount() == 100_000)
    for words in ("9", ""):
        stage.desk.listing.filter.setText(words)
        stage.wait(lambda: len(looks) > 0)
        stage.settle()
    assert 2 not in looks
    assert 0 in looks


def test_the_look_comes_when_hands_are_still(stage: Stage, looks: list[int]) -> None:
    """Not never: what goes round in circles would fill the memory."""
    sweeping = Sweeping(stage.window)
    gc.collect()
    looks.clear()
    sweeping.sweep()
    assert looks == [], "nothing is new"
    for _ in range(WORTH):
        gc.collect(1)
    sweeping.sweep()
    assert looks[-1] == 2


def test_every_key_puts_it_off(stage: Stage) -> None:
    """Whichever widget has the keys."""
    sweeping = Sweeping(stage.window)
    still = sweeping._still  # noqa: SLF001
    still.setInterval(STILL_MS * 1000)
    still.start()
    still.setInterval(STILL_MS)
    before = still.id()
    QTest.keyClick(stage.window.windowHandle(), Qt.Key.Key_Shift)
    assert still.id() != before
