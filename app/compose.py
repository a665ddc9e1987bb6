"""The composition root: the one module that knows every real part and puts them together."""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import cast

from app.accounts import Account
from app.accounts import set_up as make_account
from app.allocator import give_back
from app.care_values import Restored
from app.clock import SystemClock
from app.config import Config
from app.entropy import SystemEntropy
from app.folder.agreed import Agreed
from app.folder.agreed import Connection as Remembering
from app.folder.ahead import ProcessAhead
from app.folder.locks import FolderLocks
from app.folder.mirror import Mirror
from app.folder.real import RealFolder
from app.folder.settle import Due
from app.folder.watcher import Watch
from app.guard import Guard
from app.guard_memory import GuardMemory
from app.instep import InStep
from app.meeting import PORT
from app.node import Node
from app.opened import Mirrored, OpenSpace
from app.places import Places, runtime_folder
from app.progress import Report
from app.remembering import Remembered
from app.remembering import remember_anew as make_remembered
from app.restoring import Restoring, Wished
from storage.errors import AtollError
from storage.identity.device import DeviceKeys
from storage.index.sealed_db import (
    GuardedConnection,
    IndexDamaged,
    is_whole,
    open_guarded,
    set_aside,
)
from storage.sealed_file import SealedFile
from storage.tree.chunker import Source
from storage.vault import Vault
from sync.discovery.interfaces import LOOPBACK, usable
from sync.discovery.port import Discovery, Found, Tags
from sync.events import SyncEvent
from sync.ports import Known, Replica
from sync.service import SyncService
from sync.transport.tcp import TcpTransport

MIRROR_DB = "mirror.db"
GUARD_FILE = "guard"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux says here which start of the machine this is; elsewhere each unclean end is doubted."""


def set_up(places: Places, name: str) -> str:
    """Make a device of a data folder, and return its DID."""
    return asyncio.run(make_account(places, name, SystemEntropy()))


def build_node(config: Config) -> Node:
    """Put an app together from real parts. It does nothing until it is started."""
    account = Account.open(config.places)
    clock, entropy = SystemClock(), SystemEntropy()
    mirrors = RealMirrors(account, clock, entropy)
    network = RealNetwork(config, account, clock, entropy) if config.network else None
    return Node(
        config,
        account,
        mirrors=mirrors,
        claims=FolderLocks(runtime_folder() / "folders"),
        clock=clock,
        entropy=entropy,
        network=network,
        own_addresses=partial(own_addresses, config.listen),
    )


def remember_anew(places: Places) -> Remembered | None:
    """Make what the device remembers anew, if it cannot be opened."""
    clock, entropy = SystemClock(), SystemEntropy()
    return asyncio.run(make_remembered(places, clock, entropy, Path.home()))


def restore(
    places: Places, source: Path, passphrase: str, wished: Wished, report: Report
) -> Restored:
    """Bring a device back from a backup."""
    restoring = Restoring(places, SystemClock(), SystemEntropy(), report)
    return asyncio.run(restoring.restore(source, passphrase, wished))


@contextmanager
def open_plain(folder: Path, path: tuple[str, ...]) -> Generator[Source]:
    """Open a file below a folder, by names, following no link."""
    with RealFolder(folder).enter(path[:-1]) as place, place.open(path[-1]) as file:
        yield file


def this_boot() -> bytes:
    """Return what names the time since this machine was started, empty where nothing does."""
    try:
        return BOOT_ID.read_bytes().strip()
    except OSError:
        return b""


class RealMirrors:
    """Mirrors of folders on a real disk."""

    def __init__(self, account: Account, clock: SystemClock, entropy: SystemEntropy) -> None:
        self._account = account
        self._clock = clock
        self._entropy = entropy

    def make(self, vault: Vault, data: Path, folder: Path) -> Mirrored:
        """Return the mirror of a folder, not yet attached to it. On the vault's thread."""
        keys: DeviceKeys = self._account.keys
        path, key = data / MIRROR_DB, keys.derive(f"mirror/{vault.space.hex()}")
        try:
            connection, agreed = _memory_at(path, key)
        except IndexDamaged:  # nothing is kept there alone
            set_aside(path)
            connection, agreed = _memory_at(path, key)
        mirror = Mirror(
            vault,
            RealFolder(folder),
            agreed,
            space_id=vault.space,
            device=self._account.name,
            clock=self._clock,
            entropy=self._entropy,
            ahead=ProcessAhead(folder),
            boot=this_boot(),
        )

        def close() -> None:
            connection.close()
            if connection.damaged:
                set_aside(path)

        def rest() -> None:
            connection.rest()
            give_back()

        def look() -> bool:
            connection.damaged = connection.damaged or not is_whole(connection)
            return not connection.damaged

        def plain(path: tuple[str, ...]) -> AbstractContextManager[Source]:
            return open_plain(folder, path)

        return Mirrored(mirror, agreed, close, lambda: connection.damaged, look, rest, plain)

    def guard(self, vault: Vault, data: Path) -> Guard:
        """Return the guard of a space, with what it remembers. On the vault's thread."""
        keys: DeviceKeys = self._account.keys
        key = keys.derive(f"guard/{vault.space.hex()}")
        file = SealedFile(data / GUARD_FILE, key, self._entropy)
        return Guard(vault, self._account.did, GuardMemory(file), self._clock)

    def watch(self, opened: OpenSpace, in_step: InStep) -> Callable[[], None]:
        """Let changes in a folder wake its keeper."""

        def look(due: Due) -> None:
            if due.everything:
                in_step.missed()
            if due.paths:
                in_step.changed(due.paths)

        watch = Watch(opened.folder, self._clock, look, in_step.look_now_and_then)
        if watch.start():
            in_step.is_watched()
        else:
            in_step.look_now_and_then()
        return watch.stop


def _memory_at(path: Path, key: bytes) -> tuple[GuardedConnection, Agreed]:
    """Open what a mirror remembers: durably, for a row that a power cut takes brings back files.

    Others may have removed them since they were written here; then they would look new.
    """
    connection = open_guarded(path, key)
    try:
        return connection, Agreed(cast("Remembering", connection))
    except AtollError:
        connection.close()
        raise


class RealNetwork:
    """Sync over TCP, with devices found by multicast DNS."""

    def __init__(
        self, config: Config, account: Account, clock: SystemClock, entropy: SystemEntropy
    ) -> None:
        self._config = config
        self._account = account
        self._clock = clock
        self._entropy = entropy

    def __call__(
        self,
        known: Known,
        replicas: Sequence[Replica],
        listener: Callable[[SyncEvent], None],
    ) -> SyncService:
        """Make the service."""
        port = self._config.port
        if port is None:
            port = int(self._account.state.settings.get(PORT, "0"))
        return SyncService(
            replicas,
            known,
            TcpTransport(self._entropy, self._config.listen),
            self._discovery() if self._config.discovery else NoDiscovery(),
            clock=self._clock,
            entropy=self._entropy,
            listener=listener,
            port=port,
        )

    def _discovery(self) -> LateDiscovery:
        return LateDiscovery(self._clock, self._entropy, networks_of(self._config.listen))


class NoDiscovery:
    """Finds nobody: devices are met at the addresses that are known or typed."""

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Wait until cancelled."""
        del port, tags, tell
        await asyncio.Event().wait()

    def refresh(self) -> None:
        """There is nothing to show or look for."""


class LateDiscovery:
    """Discovery whose library is loaded beside the loop, after the app answers already."""

    def __init__(
        self, clock: SystemClock, entropy: SystemEntropy, networks: tuple[str, ...] | None
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._networks = networks
        self._real: Discovery | None = None

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Load it, and let it run."""
        module = await asyncio.to_thread(importlib.import_module, "sync.discovery.mdns")
        real: Discovery = module.MdnsDiscovery(
            self._clock, self._entropy, loopback=True, interfaces=self._networks
        )
        self._real = real
        await real.run(port, tags, tell)

    def refresh(self) -> None:
        """Show and look anew, once it runs."""
        if self._real is not None:
            self._real.refresh()


def networks_of(listen: str) -> tuple[str, ...] | None:
    """Return on which addresses to show ourselves: where we listen; None for all networks."""
    try:
        chosen = ipaddress.IPv4Address(listen)
    except ValueError:
        return None
    return None if chosen.is_unspecified else (listen,)


def own_addresses(listen: str) -> Sequence[str]:
    """Return the IPv4 addresses at which others on this network reach us, the likeliest first."""
    if listen:
        return (listen,)
    return usable(loopback=True) or (LOOPBACK,)
