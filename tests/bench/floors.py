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


def restic_backup(source: Path, scratch: Path) -> None:
    """Back up with restic into a new local repository (a cold process, encrypted)."""
    env = os.environ | {
        "RESTIC_PASSWORD": "bench",
        "RESTIC_REPOSITORY": str(scratch / "restic"),
        "RESTIC_CACHE_DIR": str(scratch / "cache"),
    }
    if not (scratch / "restic").exists():
        _run(["restic", "init", "-q"], env)
    _run(["restic", "backup", "-q", str(source)], env)


def rsync_copy(source: Path, into: Path) -> None:
    """Copy with rsync: no versions, no encryption."""
    _run(["rsync", "-a", f"{source}/", f"{into}/"], dict(os.environ))


def has(program: str) -> bool:
    """Say whether a program to compare with is installed."""
    return shutil.which(program) is not None


def _run(command: list[str], env: dict[str, str]) -> None:
    subprocess.run(command, check=True, capture_output=True, env=env)
