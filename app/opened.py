"""A space that is open on this device: its vault and its mirror, on the one thread they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from app.folder.agreed import Agreed
from app.folder.ignore import OWN_FOLDER
from app.folder.marker import MARKER
from app.folder.mirror import Mirror
from app.progress import Report
from app.values import Mirroring, SpaceInfo
from app.work import Worker
from storage.vault import Vault

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror, what it remembers, and how to let go of that."""

    mirror: Mirror
    agreed: Agreed
    close: Callable[[], None]
    is_damaged: Callable[[], bool]
    """What it remembers cannot be read any more."""


@dataclass(slots=True)
class OpenSpace:
    """One space. `run` is the only way to its vault."""

    key: bytes
    folder: Path
    worker: Worker
    vault: Vault = field(repr=False)
    mirrored: Mirrored = field(repr=False)
    make_mirror: Callable[[], Mirrored] = field(repr=False)
    """Makes another one, with whatever memory is left."""
    mirroring: Mirroring = Mirroring.SETTLED
    skipped: tuple[str, ...] = ()
    """Paths in the folder that are not shared."""
    last: SpaceInfo | None = None
    """As it was told last; told again while long work keeps the thread."""
    attached: bool = False

    @property
    def id(self) -> str:
        """Its name in the app's values."""
        return self.key.hex()

    async def run(self, work: Callable[[Vault], Answer]) -> Answer:
        """Do work on the vault's thread."""
        return await self.worker.run(lambda: work(self.vault))

    async def run_reporting(
        self, work: Callable[[Vault, Report], Answer], report: Report
    ) -> Answer:
        """Do long work on the vault's thread; it may be stopped at its reports."""
        return await self.worker.run_reporting(lambda told: work(self.vault, told), report)

    def mirror(self) -> Mirror:
        """Return the mirror, on the vault's thread, after proof that its folder is the one we know.

        Raises:
            FolderUnavailable, FolderInUse: it is not.
        """
        if self.mirrored.is_damaged():  # without its memory all is compared anew, nothing is lost
            self.mirrored.close()
            self.mirrored, self.attached = self.make_mirror(), False
        if not self.attached:
            self.mirrored.mirror.attach()
            self.attached = True
        return self.mirrored.mirror

    def seems_there(self) -> bool:
        """Say whether a marked folder lies at its path. Cheap; the mirror knows for sure.

        Where a drive was unplugged, an empty folder may be left, so being there is not enough.
        """
        try:
            return (self.folder / OWN_FOLDER / MARKER).is_file()
        except OSError:
            return False

    def close(self) -> None:
        """Let go of everything, on the vault's thread."""
        if self.attached:
            self.mirrored.mirror.close()
        self.mirrored.close()
        self.vault.close()
