"""What a disk refuses is said in our words: a full one is told from a broken one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.places import Places
from app.progress import silent
from app.restoring import Restoring
from storage.errors import StoreFull, StoreUnusable
from storage.index.sealed_db import set_aside
from storage.system import FULL, in_our_words
from tests.access import Dice
from tests.helpers.vaults import Clock


@pytest.mark.parametrize("number", sorted({*FULL, errno.EIO, errno.EACCES}))
def test_a_full_disk_is_told_from_one_that_cannot_be_used(number: int) -> None:
    """For the one a person makes room, the other has to be looked at."""
    kind = StoreFull if number in FULL else StoreUnusable
    with pytest.raises(kind, match="write a pack"), in_our_words("write a pack"):
        raise OSError(number, os.strerror(number))


def test_a_device_that_comes_back_to_a_full_disk_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told that the disk is unusable, and would have been looked at for nothing."""

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull):
        Restoring(Places(tmp_path), Clock(), Dice("new"), silent)._begin()  # noqa: SLF001


def test_a_damaged_list_that_cannot_be_set_aside_is_told_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk did that, so it is no fault of the program's that would end it."""

    def refused(_path: Path, _to: Path) -> None:
        raise OSError(errno.EROFS, "read-only")

    (tmp_path / "index.db").touch()
    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(StoreUnusable, match=r"index\.db"):
        set_aside(tmp_path / "index.db")
