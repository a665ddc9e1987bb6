"""Two folders in which a program saves one file every second, and which meet now and then."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from storage.blocks.store import MemoryBlocks
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored

SECONDS = 80
ROUNDS = 3


def look_and_bring(both: list[Mirrored]) -> None:
    """Let each mirror tell what changed, hear the other, and write it."""
    for one in both:
        one.look()
    both[0].space.meet(both[1].space)
    for one in both:
        one.bring()


@pytest.mark.parametrize("seed", range(3))
def test_a_file_saved_on_both_sides_has_one_copy_beside_it_at_any_time(
    tmp_path: Path, seed: int
) -> None:
    """And three rounds after the last save both folders are the same and stay so."""
    random, blocks = Random(seed), MemoryBlocks()  # noqa: S311
    both = [
        Mirrored(tmp_path / name, MemorySpace(name.encode(), blocks), device=name * 4)
        for name in ("A", "B")
    ]
    last: list[bytes] = [b"", b""]
    both[0].write("a.bin", b"\0begun")
    for _ in range(2):
        look_and_bring(both)
    for second in range(SECONDS):
        for who, one in enumerate(both):
            last[who] = b"\0%d %d" % (who, second)
            one.write("a.bin", last[who])
            one.look()
        if random.random() < 0.5:
            look_and_bring(both)
        for one in both:
            assert len(one.disk()) <= 2, sorted(one.disk())
    for _ in range(ROUNDS):
        look_and_bring(both)
    found = both[0].disk()
    assert both[1].disk() == found
    assert sorted(found.values()) == sorted(last)
    look_and_bring(both)
    assert [one.disk() for one in both] == [found, found]
    for one in both:
        one.connection.close()
