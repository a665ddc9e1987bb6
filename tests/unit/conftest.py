"""What many tests of vaults begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.vault import Vault
from tests.helpers.vaults import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place for vaults."""
    return Place(tmp_path)


@pytest.fixture
def vault(place: Place) -> Iterator[Vault]:
    """Return an empty vault."""
    made = place.create()
    yield made
    made.close()
