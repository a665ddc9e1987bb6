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
