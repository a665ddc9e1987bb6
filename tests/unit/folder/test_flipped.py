"""A folder that is swapped for a link to elsewhere, all the while: nobody is led outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.folder.real import RealFolder
from storage.errors import AtollError
from tests.helpers.mirrored import Mirrored
from tests.house.source import ROOT

pytestmark = pytest.mark.slow
OPENS = {"fast": 20_000, "full": 200_000, "night": 1_000_000}[os.environ.get("ATOLL_TESTS", "fast")]
LOOKS = OPENS // 5_000
LINK = ".link.swp"
"""A name that nobody shares, so that we leave it alone."""


@contextmanager
def flipped(root: Path, name: str, target: Path) -> Iterator[None]:
    """Let a folder and a link to a target change places while others work."""
    (root / LINK).symlink_to(target)
    command = [sys.executable, "-m", "tests.helpers.flipping", str(root), name, LINK]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            yield
            assert process.poll() is None, "it did its part to the end"
        finally:
            process.kill()


def test_who_opens_by_names_in_a_swapped_folder_never_leaves_it(tmp_path: Path) -> None:
    """Who looks at a path first and uses it then was led outside 43 times in 463."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for place, text in ((root / "d", b"inside"), (outside, b"outside")):
        place.mkdir(parents=True)
        (place / "f").write_bytes(text)
    folder, found = RealFolder(root), Counter[bytes]()
    with flipped(root, "d", outside):
        for _ in range(OPENS):
            try:
                with folder.enter(("d",)) as opened, opened.open("f") as file:
                    found[file.read(10)] += 1
            except OSError:
                found[b"refused"] += 1
    assert not found[b"outside"]
    assert found[b"inside"] > OPENS // 100 and found[b"refused"] > OPENS // 100


def test_what_is_written_to_a_swapped_folder_never_lands_outside(tmp_path: Path) -> None:
    """Looking shares nothing from outside, bringing writes and removes nothing there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"outside")
    one = Mirrored(tmp_path / "folder")
    one.write("d/f", "inside")
    one.round()
    with flipped(one.root, "d", outside):
        for number in range(LOOKS):
            for path in [path for path in one.space.files() if path.endswith("f")]:
                one.space.put(path, b"inside, %d" % number)
            one.space.put("d/new.md", b"%d" % number)
            with suppress(AtollError):
                one.bring()
                one.look()
            assert b"outside" not in one.space.files().values()
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"f": b"outside"}
