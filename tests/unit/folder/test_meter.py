"""Progress of long work on files: it moves inside large ones, and can be stopped there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.folder.meter import Meter
from app.progress import Progress, Stopped, silent
from tests.helpers.mirrored import Mirrored

LARGE = 6 << 20
steps = st.lists(st.tuples(st.integers(0, 50), st.lists(st.integers(0, 30))))


class Ear:
    """Hears reports, and stops the work once so many bytes were moved."""

    def __init__(self, until: int | None = None) -> None:
        self.heard: list[Progress] = []
        self.until = until

    def __call__(self, progress: Progress) -> None:
        """Hear a report."""
        self.heard.append(progress)
        if self.until is not None and progress.done_bytes >= self.until:
            raise Stopped("enough")


@given(steps)
def test_progress_never_goes_back_and_never_beyond_its_end(
    story: list[tuple[int, list[int]]],
) -> None:
    """Also when a file grows while it is read."""
    ear, total = Ear(), sum(size for size, _ in story)
    meter = Meter("Reading", ear, len(story), total)
    for size, pieces in story:
        meter.step("a", size)
        for piece in pieces:
            meter.moved(piece)
    bytes_told = [progress.done_bytes for progress in ear.heard]
    assert bytes_told == sorted(bytes_told)
    assert all(told <= total for told in bytes_told)
    assert all(progress.done < len(story) for progress in ear.heard)


def test_a_large_file_can_be_stopped_while_it_is_read(tmp_path: Path) -> None:
    """Nothing of it is named by a later commit, and the next look reads it whole."""
    one = Mirrored(tmp_path)
    one.write("film.bin", bytes(range(256)) * (LARGE // 256))
    ear = Ear(until=LARGE // 2)
    with pytest.raises(Stopped):
        one.mirror.look(ear)
    assert 0 < ear.heard[-1].done_bytes < LARGE
    assert not one.space.contents.fresh
    assert one.look().added == 1
    assert one.space.files() == one.disk()


def test_a_large_file_can_be_stopped_while_it_is_written(tmp_path: Path) -> None:
    """Nothing of it stays in the folder, and the next time it is written whole."""
    data = bytes(range(256)) * (LARGE // 256)
    one = Mirrored(tmp_path)
    one.write("film.bin", data)
    one.round()
    one.space.put("copy.bin", data)
    ear = Ear(until=LARGE // 2)
    with pytest.raises(Stopped):
        one.mirror.bring(ear)
    assert 0 < ear.heard[-1].done_bytes < LARGE
    assert set(one.disk()) == {"film.bin"}
    assert one.mirror.bring(silent).written == 1
    assert one.disk()["copy.bin"] == data
