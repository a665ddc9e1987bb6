"""What many tests of vaults begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.vault import Vault
from tests.helpers.vaults import Place, everyone


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


@pytest.fixture
def three(place: Place) -> Iterator[list[Vault]]:
    """Return three vaults in step."""
    one = place.create("one")
    vaults = [one, place.join(one, "two"), place.join(one, "three")]
    for vault, name in zip(vaults, ("Ada's", "Ben's", "Cy's"), strict=True):
        vault.introduce(name)
    everyone(vaults)
    yield vaults
    for vault in vaults:
        vault.close()
