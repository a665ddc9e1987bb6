"""What packs alone say: a space is put together from nothing beside the one that is kept.

The index of it is a scratch one, in a folder that the caller gives and throws away; the packs
are read and never written. So whoever holds an index, or a backup, can be held against it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from storage.blocks.disk import Disk
from storage.blocks.packed import Damage
from storage.core import Core
from storage.crypto.link import Link
from storage.errors import StoreUnusable
from storage.facts.dots import Seen
from storage.forks import Forks
from storage.identity.device import DeviceKeys
from storage.intake import Intake
from storage.lasting import make_folder
from storage.ports import Clock, Entropy
from storage.recovery import recover
from storage.wants import Wants

SCRATCH = "scratch-"
"""How the folder of a scratch index begins. One that was left behind is thrown away."""
Read = Callable[[int], None]
"""Hears how many bytes were read. May raise to stop."""


class ReadingDisk:
    """A disk that is read only; what is read of it is told."""

    def __init__(self, disk: Disk, read: Read) -> None:
        self._disk = disk
        self._read = read

    def append(self, name: str, data: bytes) -> None:
        """Refuse."""
        del data
        raise StoreUnusable(f"{name} is open for reading only")

    def size(self, name: str) -> int:
        """Return how long a file is."""
        return self._disk.size(name)

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return bytes of a file."""
        data = self._disk.read(name, at, size)
        self._read(len(data))
        return data

    def sync(self, name: str) -> None:
        """Refuse: nothing was written."""
        raise StoreUnusable(f"{name} is open for reading only")

    def sync_folder(self) -> None:
        """Do nothing: nothing was written."""

    def remove(self, name: str) -> None:
        """Refuse."""
        raise StoreUnusable(f"{name} is open for reading only")

    def settle(self, name: str) -> None:
        """Let later reads come from the device."""
        self._disk.settle(name)

    def names(self) -> list[str]:
        """List the files."""
        return self._disk.names()

    def close(self) -> None:
        """Let go of all files."""
        self._disk.close()


class ScratchCore(Core):
    """The parts of a vault over packs that lie elsewhere, with an index to throw away."""

    def __init__(  # noqa: PLR0917 - as its base, and the disk
        self,
        folder: Path,
        space: bytes,
        device: DeviceKeys,
        clock: Clock,
        entropy: Entropy,
        disk: Disk,
    ) -> None:
        super().__init__(folder, space, device, clock, entropy)
        self._packs = disk

    def disk(self) -> Disk:
        """Return where the packs lie."""
        return self._packs


@dataclass(frozen=True, slots=True)
class Whose:
    """A space, and with what it is put together."""

    space: bytes
    device: DeviceKeys
    clock: Clock
    entropy: Entropy


@dataclass(frozen=True, slots=True)
class Proved:
    """What packs alone say of a space."""

    root: Link
    seen: Seen
    records: int
    waiting: int
    """Records that are there and cannot join, for something that they build on is not."""
    wanting: frozenset[bytes]
    """Addresses of content that the records name and the packs do not hold."""
    gaps: tuple[Damage, ...]
    """Where the packs hold no whole frame."""


def proved(core: Core) -> Proved:
    """Say what a space that was just put together is."""
    rows = core.connection.execute("SELECT DISTINCT digest FROM want").fetchall()
    return Proved(
        core.root,
        core.seen,
        core.ledger.count(),
        core.ledger.count_waiting(),
        frozenset(bytes(row[0]) for row in rows),
        core.blocks.damage,
    )


@contextmanager
def put_together(like: Core | Whose, disk: Disk, folder: Path, read: Read) -> Generator[Core]:
    """Put a space together from packs alone, with an index in a folder that goes again.

    Raises:
        StoreUnusable: there is no room for it, or the packs hold no key that this device opens.
    """
    with scratch_in(folder, like.entropy) as scratch:
        core = ScratchCore(
            scratch, like.space, like.device, like.clock, like.entropy, ReadingDisk(disk, read)
        )
        core.assemble()
        try:
            wants = Wants(core)
            intake = Intake(core, wants)
            recover(core, intake, wants, Forks(core, intake, wants))
            yield core
        finally:
            core.close()


@contextmanager
def scratch_in(folder: Path, entropy: Entropy) -> Generator[Path]:
    """Make a folder for a while; nobody else can look into it.

    Raises:
        StoreUnusable: it cannot be made.
    """
    made = folder / f"{SCRATCH}{entropy.take(8).hex()}"
    try:
        make_folder(made)
    except OSError as error:
        raise StoreUnusable(f"no place to work in: {error.strerror}") from error
    try:
        yield made
    finally:
        with suppress(OSError):
            shutil.rmtree(made, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Throw away what a kill left of scratch folders."""
    with suppress(OSError):
        for left in folder.iterdir():
            if left.name.startswith(SCRATCH):
                shutil.rmtree(left, ignore_errors=True)
