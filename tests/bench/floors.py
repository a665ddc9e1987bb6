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


class Borg:
    """A repository of borg, at its best setting for what does not compress."""

    def __init__(self, folder: Path) -> None:
        self._env = os.environ | {
            "BORG_BASE_DIR": str(folder),
            "BORG_PASSPHRASE": "bench",
            "BORG_REPO": str(folder / "repository"),
        }
        self._count = 0
        self.used = 0.0
        """CPU seconds of the last backup."""
        folder.mkdir(parents=True)
        _run(["borg", "init", "-e", "repokey-blake2"], self._env)

    def backup(self, source: Path) -> None:
        """Keep a folder as it is now."""
        self._count += 1
        before = os.times()
        _run(["borg", "create", "-C", "lz4", f"::{self._count}", str(source)], self._env)
        after = os.times()
        self.used = sum(after[2:4]) - sum(before[2:4])


class Git:
    """A repository of git in a folder: no encryption."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._do("init", "-q")
        self.save()

    def save(self) -> None:
        """Keep the folder as it is now."""
        self._do("add", "-A")
        self._do("-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "x")

    def _do(self, *words: str) -> None:
        _run(["git", "-C", str(self._folder), *words], dict(os.environ))


def has(program: str) -> bool:
    """Say whether a program to compare with is installed."""
    return shutil.which(program) is not None


def _run(command: list[str], env: dict[str, str]) -> None:
    subprocess.run(command, check=True, capture_output=True, env=env)
