"""A file is read while a program writes to it: no version mixes two writes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.folder.reading import StillChanging, read_file
from app.folder.real import RealFolder
from storage.blocks.store import MemoryBlocks
from storage.contents import Contents
from tests.house.source import ROOT

pytestmark = pytest.mark.slow
READS = {"fast": 500, "full": 10_000, "night": 100_000}[os.environ.get("ATOLL_TESTS", "fast")]
SIZE = 64 << 10


def test_no_version_mixes_two_writes(tmp_path: Path) -> None:
    """Another program fills it with letter after letter, in place and without a pause.

    Most disks give the same time to all writes of some milliseconds.
    """
    path, place = tmp_path / "a.bin", RealFolder(tmp_path)
    path.write_bytes(b"A" * SIZE)
    contents = Contents(MemoryBlocks(), lambda: b"s" * 32)
    found, clock = Counter[str](), SystemClock()
    command = [sys.executable, "-m", "tests.helpers.scribbling", str(path), str(SIZE)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)  # it has begun
        try:
            for _ in range(READS):
                try:
                    with place.enter(()) as root:
                        read = read_file(root, ("a.bin",), SIZE, contents.store, clock)
                except StillChanging:
                    found["still changing"] += 1
                    continue
                assert len(set(read.data)) == 1, "two writes in one"
                found["whole"] += 1
            assert process.poll() is None
        finally:
            process.kill()
    assert found.total() == READS
    assert found["still changing"], "it was not read while it was written"
    path.write_bytes(b"A" * SIZE)
    with place.enter(()) as root:
        assert read_file(root, ("a.bin",), SIZE, contents.store, clock).data == b"A" * SIZE
