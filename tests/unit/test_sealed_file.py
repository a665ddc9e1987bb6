"""A small sealed file is what it was, or what it became: never half, never readable by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import StoreUnusable
from storage.sealed_file import SealedFile
from tests.access import Dice

KEY, OTHER = bytes(32), bytes([1]) * 32


def test_what_was_saved_last_is_there(tmp_path: Path) -> None:
    """And nothing before anything was saved; no byte of it lies there as it is."""
    file = SealedFile(tmp_path / "guard", KEY, Dice("a"))
    assert file.load() is None
    for plain in (b"", b"one plain marker", b"another"):
        file.save(plain)
        assert SealedFile(tmp_path / "guard", KEY, Dice("b")).load() == plain
    file.save(b"one plain marker")
    assert b"marker" not in (tmp_path / "guard").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["guard"]


def test_damage_is_noticed(tmp_path: Path) -> None:
    """A bit that turned, a part that is missing, another device's key: nothing is made of it."""
    file = SealedFile(tmp_path / "guard", KEY, Dice("a"))
    file.save(b"something")
    good = (tmp_path / "guard").read_bytes()
    for bad in (good[:-1], bytes([good[0] ^ 1]) + good[1:], b"", b"short"):
        (tmp_path / "guard").write_bytes(bad)
        assert file.load() is None
    (tmp_path / "guard").write_bytes(good)
    assert SealedFile(tmp_path / "guard", OTHER, Dice("a")).load() is None


def test_a_disk_that_refuses_is_told_of(tmp_path: Path) -> None:
    """Whoever saves hears that it may be forgotten."""
    file = SealedFile(tmp_path / "gone" / "guard", KEY, Dice("a"))
    with pytest.raises(StoreUnusable):
        file.save(b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnusable):
        SealedFile(tmp_path / "folder", KEY, Dice("a")).load()
