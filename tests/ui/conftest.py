"""What UI tests share: one theme for all, and a stage that closes itself."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.fake_app import FakeApp, Mood
from tests.ui.stage import Stage, now, set_stage
from ui.below import Below
from ui.bridge import Bridge, aside
from ui.codes import QrCodes
from ui.theme.theme import Look, Theme

Open = Callable[..., Stage]


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """Return the light theme."""
    return Theme(qapp, Look.LIGHT)


@pytest.fixture
def open_stage(theme: Theme, tmp_path: Path) -> Iterator[Open]:
    """Open windows before fake apps, and close them in the end."""
    theme.choose(Look.LIGHT)
    stages: list[Stage] = []

    def open_(
        mood: Mood = Mood.CALM, size: tuple[int, int] = (1240, 780), app: FakeApp | None = None
    ) -> Stage:
        stages.append(set_stage(tmp_path, app or FakeApp(mood=mood), size=size, theme=theme))
        return stages[-1]

    yield open_
    for stage in stages:
        stage.close()


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    """Return a window with sample notes."""
    return open_stage()


@pytest.fixture
def bridge(qapp: QApplication) -> Iterator[Bridge]:
    """Return a running bridge."""
    made = Bridge(qapp)
    made.start()
    yield made
    made.stop()
    made.deleteLater()


@pytest.fixture(scope="session", autouse=True)
def small_heap() -> None:
    """Leave what the session began with out of every collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def collected(small_heap: None) -> Iterator[None]:
    """Collect here what a test leaves: a later one has threads on which it must not be done."""
    del small_heap
    yield
    gc.collect()


@pytest.fixture
def below(bridge: Bridge) -> Below:
    """Return what a view-model stands on, with a fake app."""
    return Below(FakeApp(), bridge, now, aside, QrCodes())
