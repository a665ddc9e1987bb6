"""Two real programs share a note to which both sides append by the shell, many times a second."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.island import tree_of
from tests.e2e.devices import Device, difference, join, meet, running, shared, until

pytestmark = pytest.mark.e2e
LINES = 100
PACE = 0.04
"""Seconds between two lines: 25 of them a second, less what the shell needs itself."""
APPEND = 'for n in $(seq "$1"); do echo "$2 $n" >> "$3"; sleep "$4"; done'


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that share a folder with one note, and run."""
    one, other = Device("One", tmp_path / "one"), Device("Other", tmp_path / "other")
    with running(one, other):
        one.folder.mkdir(parents=True)
        one.write("log.md", b"begin\n")
        join(other, shared(one))
        meet(one, other)
        yield one, other


def appending(device: Device, name: str) -> subprocess.Popen[bytes]:
    """Let a shell append lines to a note, each with an opening of its own."""
    words = [str(LINES), device.name, str(device.folder / name), str(PACE)]
    return subprocess.Popen(["/bin/sh", "-c", APPEND, "append", *words])


def test_both_append_to_one_note_and_each_line_is_in_it_once(pair: tuple[Device, Device]) -> None:
    """The shell opens, writes and closes just while the note is replaced with what came.

    Lines were lost so, and the note multiplied into files beside it, with lines only in them.
    """
    shells = [appending(device, "log.md") for device in pair]
    for shell in shells:
        assert shell.wait(60) == 0
    wanted = Counter(["begin", *(f"{d.name} {n + 1}" for d in pair for n in range(LINES))])

    def all_there() -> bool:
        return all(
            Counter(device.read("log.md").decode().splitlines()) == wanted for device in pair
        )

    until(all_there, "each line of both in both notes, once")
    meet(*pair)
    assert tree_of(pair[0].folder).keys() == {"log.md"}
    assert not difference(pair[0].folder, pair[1].folder)
    assert pair[0].damaged() == pair[1].damaged() == 0
