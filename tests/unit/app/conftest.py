"""A terminal, and the app that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from app.places import Places
from tests.unit.app.fake_app import FakeApp
from tests.unit.app.serving import Run, serving


@pytest.fixture
def fake() -> FakeApp:
    """Return the app that answers."""
    return FakeApp()


@pytest.fixture
def atoll(tmp_path: Path, fake: FakeApp) -> Iterator[Run]:
    """Return a function that runs a command against the app."""
    with serving(Places(tmp_path), fake):
        yield lambda *words: main(["--data", str(tmp_path), *words])
