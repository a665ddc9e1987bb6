"""The composition root: the one module that knows every real part and puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

from app.accounts import Account
from app.accounts import set_up as make_account
from app.clock import SystemClock
from app.config import Config
from app.entropy import SystemEntropy
from app.folder.agreed import Agreed
from app.folder.agreed import Connection as Remembering
from app.folder.mirror import Mirror
from app.folder.real import RealFolder
from app.folder.settle import Due
from app.folder.watcher import Watch
from app.instep import InStep
from app.node import Node
from app.opened import Mirrored, OpenSpace
from app.places import Places
from app.vaultspace import VaultSpace
from storage.identity.device import DeviceKeys
from storage.index.sealed_db import open_sealed
from storage.vault import Vault

MIRROR_DB = "mirror.db"


def set_up(places: Places, name: str) -> str:
    """Make a device of a data folder, and return its DID."""
    return asyncio.run(make_account(places, name, SystemEntropy()))


def build_node(config: Config) -> Node:
    """Put an app together from real parts. It does nothing until it is started."""
    account = Account.open(config.places)
    clock, entropy = SystemClock(), SystemEntropy()
    mirrors = RealMirrors(account, clock, entropy)
    return Node(
        config,
        account,
        mirrors=mirrors,
        clock=clock,
        entropy=entropy,
        network=None,
        own_addresses=tuple,
    )


class RealMirrors:
    """Mirrors of folders on a real disk."""

    def __init__(self, account: Account, clock: SystemClock, entropy: SystemEntropy) -> None:
        self._account = account
        self._clock = clock
        self._entropy = entropy

    def make(self, vault: Vault, data: Path, folder: Path) -> Mirrored:
        """Return the mirror of a folder, not yet attached to it. On the vault's thread."""
        keys: DeviceKeys = self._account.keys
        connection = open_sealed(data / MIRROR_DB, keys.derive(f"mirror/{vault.space.hex()}"))
        # In WAL a power cut may take the last rows but damages nothing; a row that is missing
        # costs a file being compared with the space once more, no content.
        connection.execute("PRAGMA synchronous = NORMAL")
        agreed = Agreed(cast("Remembering", connection))
        mirror = Mirror(
            VaultSpace(vault),
            RealFolder(folder),
            agreed,
            space_id=vault.space,
            device=self._account.name,
            clock=self._clock,
            entropy=self._entropy,
        )
        return Mirrored(mirror, agreed, connection.close)

    def watch(self, opened: OpenSpace, in_step: InStep) -> Callable[[], None]:
        """Let changes in a folder wake its keeper."""

        def look(due: Due) -> None:
            if due.everything:
                in_step.missed()
            if due.paths:
                in_step.changed(due.paths)

        watch = Watch(opened.folder, self._clock, look)
        if not watch.start():
            in_step.look_now_and_then()
        return watch.stop
