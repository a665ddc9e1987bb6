"""A bad program encrypted and renamed everything, and it is everywhere: one command takes it back.

Without the guard: whoever had it off, or let the batch through, must not have lost anything.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from app.cli.island import Island, tree_of
from app.loose import list_in, mapping_in
from tests.e2e import devices
from tests.e2e.devices import fill, join, running, shared

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
until = partial(devices.until, patience=90.0)
FILES = 400
BAD_PROGRAM = """
import os, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.*")):
    if path.is_file() and ".atoll" not in path.parts:
        sealed = bytes(byte ^ 0xA5 for byte in path.read_bytes()) + b"\\0"
        if path.suffix == ".bin":
            path.with_name(path.name + ".locked").write_bytes(sealed)
            path.unlink()
        else:
            path.write_bytes(sealed)
            path.rename(f"{path}.locked")
"""
"""Both ways that such programs go: in the same file, and in a new one beside it."""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Island, Island]]:
    """Return two devices that share a folder, without its guard."""
    ana = Island("Ana", tmp_path / "ana-data", tmp_path / "ana" / "Work")
    mina = Island("Mina", tmp_path / "mina-data", tmp_path / "mina" / "Work")
    fill(ana.folder, FILES)
    with running(ana, mina):
        join(mina, shared(ana))
        for island in (ana, mina):
            island.ask("guard", "Work", "--off")
        yield ana, mina


def test_one_command_brings_everything_back_byte_for_byte(
    pair: tuple[Island, Island], record_property: Callable[[str, object], None]
) -> None:
    """On both devices, with what somebody else did meanwhile left as it is."""
    ana, mina = pair
    before = tree_of(ana.folder)
    until(lambda: tree_of(mina.folder) == before, "Mina has all")
    subprocess.run([sys.executable, "-c", BAD_PROGRAM, str(mina.folder)], check=True)
    locked = tree_of(mina.folder)
    assert all(name.endswith(".locked") for name in locked)
    mina.ask("scan", "Work")
    until(lambda: tree_of(ana.folder) == locked, "it has reached Ana")
    (ana.folder / "letter.md").write_text("Ana wrote this since\n", encoding="utf-8")
    ana.ask("scan", "Work")
    words = ("undo", "Work", "--by", "Mina", "--from", "1 h ago")
    planned = ana.value(*words, "--dry-run")
    assert len({mapping_in(deed)["path"] for deed in list_in(planned["do"])}) >= FILES
    assert list_in(planned["stays"]) == []
    assert tree_of(ana.folder).keys() == locked.keys() | {"letter.md"}, "nothing is done yet"
    began = time.monotonic()
    done = ana.value(*words, "--yes")
    took = time.monotonic() - began
    record_property("seconds", round(took, 2))
    print(f"{FILES:,} files put back in {took:.1f} s")  # noqa: T201  the number is asked for
    after = {**before, "letter.md": b"Ana wrote this since\n"}
    assert tree_of(ana.folder) == after
    until(lambda: tree_of(mina.folder) == after, "Mina's folder is as it was")
    version = str(done["version"])[:12]
    (step,) = json.loads(ana.ask("log", "Work", "--limit", "1", "--json"))
    assert mapping_in(step)["version"] == done["version"]
    ana.ask("restore", "Work", "--at", f"before {version}", "--yes")
    assert tree_of(ana.folder) == {**locked, "letter.md": after["letter.md"]}, "taken back again"
    ana.ask("restore", "Work", "--at", version, "--yes")
    until(lambda: tree_of(ana.folder) == tree_of(mina.folder) == after, "and brought back again")
