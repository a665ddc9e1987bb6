"""A disk that can die at any step, fail at any call, and forgets what was not synced."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from storage.errors import StorageError, StoreUnusable


class PowerCut(BaseException):
    """The machine stopped. Not an Exception: no code of ours may catch it."""


@dataclass
class _File:
    seen: bytearray = field(default_factory=bytearray)
    safe: int = 0
    named: bool = False


@dataclass
class CrashingDisk:
    """Files in memory: what is seen now, and how much of it would be left after a crash."""

    seed: int = 0
    steps_left: int | None = None
    """After so many steps the power is cut, or the error below comes, again and again."""
    error: StorageError | None = None
    files: dict[str, _File] = field(default_factory=dict[str, _File])
    removed: dict[str, _File] = field(default_factory=dict[str, _File])
    """What a crash may bring back."""

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311  # repeatable, not secret

    def append(self, name: str, data: bytes) -> None:
        """Write; when it stops here, some beginning was written."""
        file = self.files.setdefault(name, _File())
        try:
            self._step()
        except BaseException:
            file.seen += data[: self.random.randint(0, len(data))]
            raise
        file.seen += data

    def size(self, name: str) -> int:
        """Return how long a file is."""
        return len(self._file(name).seen)

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return bytes of a file."""
        return bytes(self._file(name).seen[at : at + size])

    def sync(self, name: str) -> None:
        """Make what was appended last."""
        self._step()
        file = self._file(name)
        file.safe = len(file.seen)

    def sync_folder(self) -> None:
        """Make the names last."""
        self._step()
        self.removed.clear()
        for file in self.files.values():
            file.named = True

    def remove(self, name: str) -> None:
        """Remove a file; until the folder is synced a crash may bring it back."""
        self._step()
        file = self.files.pop(name, None)
        if file is not None and file.named:
            self.removed[name] = file

    def settle(self, name: str) -> None:
        """Make what is there last."""
        self.sync(name)

    def names(self) -> list[str]:
        """List the files, and one that is none of ours."""
        return [*sorted(self.files), "lost+found"]

    def close(self) -> None:
        """Do nothing."""

    def flip(self, name: str, bit: int) -> None:
        """Let one bit rot."""
        self.files[name].seen[bit // 8] ^= 1 << (bit % 8)

    def restart(self, *, power_lost: bool) -> None:
        """Come back after the program stopped, or the machine."""
        self.steps_left = self.error = None
        if not power_lost:
            return
        for name, file in self.removed.items():
            if self.random.random() < 0.5:
                self.files[name] = file
        self.removed.clear()
        for name, file in list(self.files.items()):
            if not file.named and self.random.random() < 0.5:
                del self.files[name]
                continue
            kept = self.random.randint(file.safe, len(file.seen))
            # A file may have grown on disk before its bytes arrived there.
            zeros = self.random.choice((0, 0, self.random.randint(0, len(file.seen) - kept)))
            file.seen = file.seen[:kept] + bytes(zeros)
            file.safe, file.named = len(file.seen), True

    def _file(self, name: str) -> _File:
        try:
            return self.files[name]
        except KeyError:
            raise StoreUnusable(f"no {name}") from None

    def _step(self) -> None:
        if self.steps_left is None:
            return
        if self.steps_left == 0:
            raise self.error or PowerCut
        self.steps_left -= 1
