"""A bad program encrypts and renames a folder's files: it is stopped before it reaches others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from app.cli.island import Island, tree_of
from app.guard_values import FILES
from app.loose import list_in, mapping_in
from tests.e2e import devices
from tests.e2e.devices import fill, running

pytestmark = pytest.mark.e2e
until = partial(devices.until, patience=90.0)
BAD_PROGRAM = """
import pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.*")):
    if path.is_file() and ".atoll" not in path.parts:
        data = path.read_bytes()
        path.write_bytes(bytes(byte ^ 0xA5 for byte in data) + b"\\0")
        path.rename(f"{path}.locked")
"""
"""What ransomware does: another content in the same file, then another ending."""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Island, Island]]:
    """Return two devices that run, and share nothing yet."""
    ana = Island("Ana", tmp_path / "ana-data", tmp_path / "ana" / "Work")
    mina = Island("Mina", tmp_path / "mina-data", tmp_path / "mina" / "Work")
    with running(ana, mina):
        yield ana, mina


def share(ana: Island, mina: Island, name: str) -> None:
    """Let both have a folder of that name."""
    folder = ana.folder.parent / name
    ana.ask("add", str(folder))
    code = ana.value("share", name, "--can", "edit")["code"]
    mina.ask("join", "-", "--into", str(mina.folder.parent / name), given=f"{code}\n")


def attack(folder: Path) -> None:
    """Let the bad program run to its end."""
    subprocess.run([sys.executable, "-c", BAD_PROGRAM, str(folder)], check=True)


def reach_of(island: Island, name: str) -> str:
    """Return where a device says that a folder is."""
    for space in map(mapping_in, list_in(island.value("status")["spaces"])):
        if space["name"] == name:
            return str(mapping_in(space["where"])["reach"])
    return ""


@pytest.mark.parametrize("count", [500, pytest.param(5000, marks=pytest.mark.slow)])
def test_it_is_stopped_before_it_reaches_others_and_undone(
    pair: tuple[Island, Island], count: int, record_property: Callable[[str, object], None]
) -> None:
    """At most the limit leaves; another folder goes on; one command puts all back as it was."""
    ana, mina = pair
    fill(ana.folder, count)
    (ana.folder.parent / "Other").mkdir()
    (ana.folder.parent / "Other" / "note.md").write_text("before", encoding="utf-8")
    share(ana, mina, "Work")
    share(ana, mina, "Other")
    before = tree_of(ana.folder)
    assert tree_of(mina.folder) == before
    attack(ana.folder)
    ana.ask("scan", "Work")
    until(lambda: reach_of(ana, "Work") == "held", "Ana's device holds it")
    there = tree_of(mina.folder)
    harmed = [path for path, data in before.items() if there.get(path) != data]
    assert len(harmed) <= FILES
    (ana.folder.parent / "Other" / "note.md").write_text("after", encoding="utf-8")
    other = mina.folder.parent / "Other" / "note.md"
    until(lambda: other.read_text(encoding="utf-8") == "after", "another folder goes on")
    assert "not sent until you look" in ana.ask("status", "Work")
    (held,) = list_in(ana.value("held", "Work")["held"])
    assert len(list_in(mapping_in(held)["changes"])) == count
    began = time.monotonic()
    told = ana.value("held", "Work", "--undo")
    took = time.monotonic() - began
    record_property("seconds", round(took, 2))
    print(f"{count:,} files put back in {took:.1f} s")  # noqa: T201  the number is asked for
    assert told["put_back"] == count
    assert tree_of(ana.folder) == before
    assert took <= 60
    until(lambda: tree_of(mina.folder) == before, "Mina's folder is as it was")
    until(lambda: reach_of(ana, "Work") == "everywhere", "all of it is everywhere")
    assert list_in(ana.value("held")["held"]) == list_in(mina.value("held")["held"]) == []


def test_it_is_held_over_a_restart_and_let_through(pair: tuple[Island, Island]) -> None:
    """Deleting on purpose: each side asks once, and then both folders are the same."""
    ana, mina = pair
    fill(ana.folder, 120)
    share(ana, mina, "Work")
    for path in ana.folder.rglob("*.md"):
        path.unlink()
    ana.ask("scan")
    until(lambda: ana.reach() == "held", "Ana's device holds it")
    ana.signal(9)
    ana.start()
    assert ana.reach() == "held"
    left = len(tree_of(mina.folder))
    assert left >= 120 - 30, "a quarter is the limit"
    assert ana.value("held", "Work", "--let-through")["let_through"] == 60
    until(lambda: bool(list_in(mina.value("held")["held"])), "Mina's device asks too")
    assert len(tree_of(mina.folder)) == left
    assert "not in your folder until you look" in mina.ask("status")
    mina.ask("held", "Work", "--let-through")
    until(lambda: tree_of(mina.folder) == tree_of(ana.folder), "both let it through")


def test_the_guard_of_a_folder_can_be_off(pair: tuple[Island, Island]) -> None:
    """A folder of programs' output needs none."""
    ana, mina = pair
    fill(ana.folder, 100)
    share(ana, mina, "Work")
    for island in (ana, mina):
        assert island.value("guard", "Work")["on"] is True
        assert island.value("guard", "Work", "--off")["on"] is False
    for path in ana.folder.rglob("*.md"):
        path.unlink()
    until(lambda: len(tree_of(mina.folder)) == 50, "all of it goes through")
