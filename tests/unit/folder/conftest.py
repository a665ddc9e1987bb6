"""A mirror for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.mirrored import Mirrored


@pytest.fixture
def one(tmp_path: Path) -> Mirrored:
    """Return a mirror of an empty folder."""
    return Mirrored(tmp_path / "folder")
