"""A disk that is full at any moment of saving: said, nothing lost, and it goes on with room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest

from storage import core
from storage.blocks.disk import RealDisk
from storage.errors import StoreFull, StoreUnusable
from storage.vault import Vault
from tests.crash.stories import add, fingerprint
from tests.helpers.vaults import Place, shown

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.serial,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's"),
]
RUNS = {"fast": 60, "full": 120, "night": 3_000}
SIZE = 8 << 20
MOST = 900 << 10
BALLAST = "ballast"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """Return a small disk of its own, None where none may be mounted."""
    at = tmp_path / "disk"
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "atoll-test", str(at)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    yield at
    subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextmanager
def room_on(disk: Path, room: int) -> Generator[None]:
    """Leave only so much room on a disk."""
    found = os.statvfs(disk)
    with (disk / BALLAST).open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, max(found.f_bavail * found.f_frsize - room, 1))
    yield
    (disk / BALLAST).unlink()


@contextmanager
def room_in_files(room: int) -> Generator[None]:
    """Let no file grow beyond a size: what a full disk does to writing, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_at_any_moment_loses_nothing_that_was_acknowledged(
    small_disk: Path | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ran: Callable[[str], None],
) -> None:
    """Without the room that is left to the index: it fills up in packs and in SQLite alike."""
    monkeypatch.setattr(core, "RealDisk", partial(RealDisk, headroom=0))
    runs, dice = RUNS[os.environ.get("ATOLL_TESTS", "fast")], Random(8)  # noqa: S311
    where, full = small_disk or tmp_path, [0, 0]
    for number in range(runs):
        place = Place(where / str(number))
        vault, room = place.create(), dice.randrange(MOST)
        limited = room_on(small_disk, room) if small_disk else room_in_files(600_000 + room)
        with limited:
            saved, last, error = fill(vault, dice)
        full[".db" not in str(error)] += 1
        assert shown(vault) in (saved, saved | last), "something is lost, or half there"
        add(vault, "after.md", b"there is room again\n")
        state = fingerprint(vault)
        vault.close()
        again = place.open()
        assert fingerprint(again) == state
        assert again.check().found == ()
        again.close()
        shutil.rmtree(place.folder)
    kind = "a small disk" if small_disk else "limited files"
    ran(f"disk full: {runs} runs on {kind}, {full[1]} times in packs, {full[0]} in SQLite, 0 lost")
    assert all(full), "it filled up only in one place"


Files = dict[tuple[str, ...], bytes | None]


def fill(vault: Vault, dice: Random) -> tuple[Files, Files, StoreFull | StoreUnusable]:
    """Commit until there is no room; return what was acknowledged, what was not, and why.

    What was not may have reached the packs, and then it counts all the same.
    """
    saved = shown(vault)
    for number in count():
        data = b"\0" + dice.randbytes(dice.choice((10, 3_000, 100_000)))
        last: Files = {(f"{number}.bin",): data}
        try:
            add(vault, f"{number}.bin", data)
        except (StoreFull, StoreUnusable) as error:
            return saved, last, error
        saved |= last
    raise AssertionError
