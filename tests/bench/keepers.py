"""Programs that keep versions or copy folders, each at its best setting for what is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.bench.timing import Peer, timed
from tests.bench.usage import Meter


class Keeper(Protocol):
    """A program with a store of a folder's versions. Making one makes an empty store."""

    name: str
    store: Path

    def save(self) -> None:
        """Keep the folder as it is now."""
        ...

    def save_edits(self) -> None:
        """Keep it, when only files changed that are known."""
        ...

    def look(self) -> None:
        """Find out that nothing changed."""
        ...

    def tidy(self) -> None:
        """Make the store as small as it gets."""
        ...


class Restic:
    """Encrypted, compressed, a cold process each time."""

    name = "restic"

    def __init__(self, folder: Path, home: Path) -> None:
        self.store = home / "restic"
        self._folder = folder
        self._env = os.environ | {
            "RESTIC_PASSWORD": "bench",
            "RESTIC_REPOSITORY": str(self.store),
            "RESTIC_CACHE_DIR": str(home / "restic cache"),
        }
        self._do("init", "--repository-version", "2")

    def save(self) -> None:
        """Keep the folder as it is now."""
        self._do("backup", str(self._folder))

    save_edits = save
    look = save

    def tidy(self) -> None:
        """Make the store as small as it gets."""
        self._do("prune")

    def _do(self, *words: str) -> None:
        run(["restic", "-q", *words], self._env)


class Borg:
    """Encrypted with BLAKE2, which is its fastest here."""

    name = "borg"

    def __init__(self, folder: Path, home: Path) -> None:
        self.store = home / "borg" / "repository"
        self._folder = folder
        self._count = 0
        self._env = os.environ | {
            "BORG_BASE_DIR": str(home / "borg"),
            "BORG_PASSPHRASE": "bench",
            "BORG_REPO": str(self.store),
        }
        self.store.parent.mkdir()
        run(["borg", "init", "-e", "repokey-blake2"], self._env)

    def save(self) -> None:
        """Keep the folder as it is now."""
        self._count += 1
        run(["borg", "create", "-C", "lz4", f"::{self._count}", str(self._folder)], self._env)

    save_edits = save
    look = save

    def tidy(self) -> None:
        """Make the store as small as it gets."""
        run(["borg", "compact"], self._env)


class Git:
    """Not encrypted; its store lies beside the folder, so that this stays as it is."""

    name = "git"

    def __init__(self, folder: Path, home: Path) -> None:
        self.store = home / "git"
        self._env = os.environ | {
            "GIT_DIR": str(self.store),
            "GIT_WORK_TREE": str(folder),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self._do("init", "-q")
        quick = {"feature.manyFiles": "true", "gc.auto": "0", "maintenance.auto": "false"}
        for key, value in (quick | {"user.name": "b", "user.email": "b@b"}).items():
            self._do("config", key, value)

    def save(self) -> None:
        """Keep the folder as it is now."""
        self._do("add", "-A")
        self._do("commit", "-qm", "x")

    def save_edits(self) -> None:
        """Keep it, when only files changed that are known."""
        self._do("commit", "-qam", "x")

    def look(self) -> None:
        """Find out that nothing changed."""
        self._do("status", "--porcelain")

    def tidy(self) -> None:
        """Make the store as small as it gets."""
        self._do("gc", "-q", "--prune=now")

    def clone(self, into: Path) -> None:
        """Bring all to a new folder, as if it came over a network."""
        env = {k: v for k, v in self._env.items() if k not in {"GIT_DIR", "GIT_WORK_TREE"}}
        run(["git", "clone", "-q", f"file://{self.store}", str(into)], env)

    def pull(self, into: Path) -> None:
        """Bring a clone to what was saved."""
        env = {k: v for k, v in self._env.items() if k not in {"GIT_DIR", "GIT_WORK_TREE"}}
        run(["git", "-C", str(into), "pull", "-q", "--ff-only"], env)

    def sent(self) -> int:
        """Return how many bytes the last step takes on its way."""
        bundle = self.store.with_suffix(".bundle")
        self._do("bundle", "create", "-q", str(bundle), "HEAD~1..HEAD")
        return bundle.stat().st_size

    def _do(self, *words: str) -> None:
        run(["git", *words], self._env)


Kinds = tuple[type[Restic] | type[Borg] | type[Git], ...]
ENCRYPTED: Kinds = (Restic, Borg)
ALL: Kinds = (*ENCRYPTED, Git)


def keepers(folder: Path, home: Path, kinds: Kinds) -> list[Keeper]:
    """Return an empty store of each kind that is installed."""
    home.mkdir(parents=True, exist_ok=True)
    return [kind(folder, home) for kind in kinds if has(kind.name)]


def rsync(source: Path, into: Path) -> None:
    """Copy with rsync, and delete what is gone: no versions, no encryption."""
    run(["rsync", "-a", "--delete", f"{source}/", f"{into}/"], dict(os.environ))


def has(program: str) -> bool:
    """Say whether a program to compare with is installed."""
    return shutil.which(program) is not None


def peer(name: str, *runs: Callable[[], object]) -> Peer:
    """Have another program do its work, once for each run."""
    meter = Meter()
    figures = tuple(timed(work) for work in runs)
    return Peer(name, figures, meter.used / len(runs))


def run(command: list[str], env: dict[str, str]) -> None:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; what it said is the message.
    """
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])}: {done.stderr.strip()[-300:]}")
