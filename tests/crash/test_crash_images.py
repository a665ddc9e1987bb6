"""Power cuts at every kind of moment, in every way in which Atoll writes to a disk.

The real program is recorded once per story; then the disk that a power cut may have left is
made again and again, opened by the same real code, and judged. See docs/decisions/0018.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.crash.all_stories import STORIES
from tests.crash.disk import Disk, Inode, Kind
from tests.crash.images import cut_power
from tests.crash.mutants import HARMLESS, MUTANTS
from tests.crash.trace import record

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace is of Linux")
LEVEL = os.environ.get("ATOLL_TESTS", "fast")
FAST = 300
"""Draws; some two hundred are not equal to another one."""
FULL = {
    "commit": 4_000,
    "long commits": 2_000,
    "intake": 3_000,
    "join": 4_000,
    "rebuild": 2_500,
    "keys": 1_500,
    "state": 5_000,
    "import": 2_000,
    "checkout": 1_800,
    "attach": 2_500,
    "add": 6_000,
    "collection": 2_000,
}
"""Draws for each story: what eight minutes of one core allow, measured."""
NIGHT = 20
"""Times as many."""
BITES = 1_500
"""Draws within which each fault of the program is found."""


def test_a_power_cut_while_saving_loses_nothing_that_was_said_to_be_saved(
    tmp_path: Path, ran: Callable[[str], None]
) -> None:
    """A few hundred disks before each commit of ours; the thousands come with the full run."""
    recording = record("tests.crash.tell", ["commit"], tmp_path)
    outcome = cut_power(STORIES["commit"], recording, FAST)
    ran(f"commit: {outcome}")
    assert not outcome.faults, "\n".join(outcome.faults)
    assert outcome.images > FAST // 3


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_power_cut_at_any_moment_loses_nothing_and_publishes_nothing(
    tmp_path: Path, name: str, ran: Callable[[str], None]
) -> None:
    """What was acknowledged is there and verifies, and opening twice is the same as once."""
    night = LEVEL == "night"
    recording = record("tests.crash.tell", [name], tmp_path)
    seed = int.from_bytes(os.urandom(4)) if night else 0
    count = FULL[name] * (NIGHT if night else 1)
    outcome = cut_power(STORIES[name], recording, count, seed)
    ran(f"{name}: {outcome}")
    assert not outcome.faults, "\n".join(outcome.faults)
    assert outcome.images


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_program_that_leaves_out_one_step_is_found_out(
    tmp_path: Path, name: str, ran: Callable[[str], None]
) -> None:
    """A recorder that finds nothing in a faulty program proves nothing of a good one."""
    story, _ = MUTANTS[name]
    recording = record("tests.crash.tell", [story, name], tmp_path)
    outcome = cut_power(STORIES[story], recording, BITES, most_faults=1)
    ran(f"found: {name}, after {outcome.images} images of {story}")
    assert outcome.faults


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_an_index_that_loses_its_commits_is_caught_up_from_the_packs(
    tmp_path: Path, name: str, ran: Callable[[str], None]
) -> None:
    """What is saved rests on the packs alone; all that SQLite forgot is found again there."""
    story, _ = HARMLESS[name]
    recording = record("tests.crash.tell", [story, name], tmp_path)
    outcome = cut_power(STORIES[story], recording, BITES // 4)
    ran(f"harmless: {name}: {outcome}")
    assert not outcome.faults, "\n".join(outcome.faults)


def test_the_disk_keeps_what_was_synced_and_may_lose_the_rest() -> None:
    """The model itself: bytes need a sync of the file, names a sync of their folder."""
    disk = Disk()
    file, other = Inode(Kind.FILE, 0o600), Inode(Kind.FILE, 0o600)
    disk.name({"kept": file})
    disk.put(file, 0, b"a" * 2000)
    disk.sync(file)
    disk.sync(disk.root)
    disk.put(file, 2000, b"b" * 2000)
    disk.name({"new": other})
    disk.name({"renamed": file, "kept": None})
    seen = set[tuple[bool, bool, int]]()
    for seed in range(300):
        items = disk.left(Random(seed)).items  # noqa: S311  to be repeated
        assert ("kept" in items) != ("renamed" in items), "a rename is whole or was not"
        data = items.get("kept", items.get("renamed"))
        assert data is not None
        assert data.data.startswith(b"a" * 2000)
        assert set(data.data[2000:]) <= set(b"b\0")
        seen.add(("kept" in items, "new" in items, data.data.count(b"b")))
    assert {(kept, new) for kept, new, _ in seen} == {(a, b) for a in (0, 1) for b in (0, 1)}
    assert {0, 2000} < {count for _, _, count in seen}, "whole, torn, and none of it"
    disk.sync_all()
    left = disk.left(Random(0)).items  # noqa: S311  to be repeated
    assert left.keys() == {"new", "renamed"}
    assert left["renamed"].data == b"a" * 2000 + b"b" * 2000
