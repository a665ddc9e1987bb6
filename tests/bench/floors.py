"""Floors: the least that CPython could do for the same end, on this machine, in this run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from storage.crypto.sealed import seal


def read_and_seal(source: Path, into: Path) -> None:
    """Read every file, seal it, append it to one file, and make that durable."""
    secret = bytes(32)
    with into.open("wb") as pack:
        for folder, _, names in os.walk(source):
            for name in names:
                _link, sealed = seal(secret, b"floor", Path(folder, name).read_bytes())
                pack.write(sealed)
        pack.flush()
        os.fsync(pack.fileno())


def copy_tree(source: Path, into: Path) -> None:
    """Copy every file, without any guarantee."""
    shutil.copytree(source, into)


def difference(one: Path, other: Path) -> str:
    """Say in what two folders differ, but for what keeps them in step."""
    done = subprocess.run(
        ["diff", "-rq", "-x", ".atoll*", "-x", ".st*", str(one), str(other)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout[:200]


def walk(folder: Path) -> None:
    """Look at every file."""
    for top, _, names in os.walk(folder):
        for name in names:
            os.stat(f"{top}/{name}")  # noqa: PTH116 - the floor makes no objects
