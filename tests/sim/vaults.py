"""Real vaults behind the sessions of the simulated network, and disks that are set back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from storage.blocks.store import Thing
from storage.exchange import Accepted, Parcel
from storage.facts.dots import Seen, Writer
from storage.vault import Vault
from sync.ports import Heads
from tests.helpers.set_back import set_back
from tests.helpers.vaults import Place
from tests.sim.spaces import FakeSpace


class VaultSpace(FakeSpace):
    """A space that a real vault keeps."""

    def __init__(self, vault: Vault, place: Place, name: str) -> None:
        super().__init__(Writer(bytes(8)))
        self.vault = vault
        self.place = place
        self.name = name
        self._opened = 0

    # -- what a session asks -----------------------------------------------------------

    def heads(self) -> Heads:
        """Return how it stands."""
        vault = self.vault
        return Heads(vault.seen, vault.root.digest, vault.auth, complete=vault.is_complete())

    def things_after(self, seen: Seen, auth: bytes, budget: int) -> Parcel:  # type: ignore[override]
        """Return what somebody lacks."""
        return self.vault.things_after(seen, auth, budget)

    def accept(self, things: Sequence[Thing]) -> Accepted:  # type: ignore[override]
        """Take things in."""
        return self.vault.accept(things)

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return what is wanted."""
        return self.vault.missing(limit)

    def wants(self, digest: bytes) -> bool:
        """Say yes: the vault looks itself."""
        del digest
        return True

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return blocks."""
        return self.vault.get_blocks(digests)

    def put_blocks(self, blocks: Sequence[bytes]) -> None:
        """Keep blocks."""
        self.vault.put_blocks(blocks)

    # -- what happens to its disk ------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.place.folder / self.name

    def open(self) -> None:
        """Open it, or open it anew."""
        self._opened += 1
        self.vault = self.place.open(self.name, f"again {self._opened}")

    def copy(self, to: Path) -> None:
        """Put a copy of its disk aside."""
        self.vault.close()
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to)
        self.open()

    def set_back(self, copy: Path) -> None:
        """Let its disk be as it was: the same files, for all that the system can tell."""
        self.vault.close()
        set_back(self.folder, copy)
        self.open()
