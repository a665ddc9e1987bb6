"""Finding devices on the local network by multicast DNS, under names that mean nothing.

The instance and the host name are random, never the computer's, and new every quarter of an
hour; the tags in the TXT record tell only those who know us that it is us. What is heard is a
hint where to dial, and is never believed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from zeroconf import (
    BadTypeInNameException,
    Error,
    IPVersion,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from storage.ports import Clock, Entropy
from sync.discovery.interfaces import usable
from sync.discovery.peers import MAX_TAGS, TAG_SIZE, TAGS, Sighting, epoch_of
from sync.discovery.port import Found, Lost, NetworkChanged, Tags, Trouble
from sync.errors import NoMulticast, NoNetwork
from sync.protocol.bounds import VERSION
from sync.transport.stream import Address

SERVICE: Final = "_atoll._tcp.local."
TTL: Final = 120
ROTATE_EVERY: Final = 900.0
POLL_EVERY: Final = 5.0
ASK_PATIENCE_MS: Final = 3000
MAX_ASKED: Final = 64
"""Services that are looked up at the same time."""
MAX_PLACES: Final = 8
_GROUP = "224.0.0.251"
_NAME_BYTES = 8
_MAX_EPOCH = 2**40


class MdnsDiscovery:
    """Shows that we are there, and hears of others, on all real networks of this machine."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        loopback: bool = False,
        interfaces: tuple[str, ...] | None = None,
    ) -> None:
        """Use the given addresses of this machine only, or (None) whatever networks there are."""
        self._clock = clock
        self._entropy = entropy
        self._loopback = loopback
        self._fixed = interfaces
        self._again = asyncio.Event()
        self._trouble = ""

    def refresh(self) -> None:
        """Show and look anew: whom we know changed, or the machine woke."""
        self._again.set()

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Show that we listen on port, and tell what is found, until cancelled."""
        before: tuple[str, ...] | None = None
        while True:
            self._again.clear()
            interfaces = await self._interfaces()
            if before is not None and interfaces != before:
                tell(NetworkChanged())
            before = interfaces
            if not interfaces:
                self._note(NoNetwork.code, tell)
                await self._changes(interfaces, POLL_EVERY)
                continue
            try:
                presence = await self._show(port, tags, interfaces, tell)
            except (OSError, Error, NoMulticast):
                self._note(NoMulticast.code, tell)
                await self._changes(interfaces, POLL_EVERY)
                continue
            self._note("", tell)
            try:
                await self._changes(interfaces, ROTATE_EVERY)
            finally:
                await presence.close()

    def _note(self, code: str, tell: Callable[[Found], None]) -> None:
        if code != self._trouble:
            self._trouble = code
            tell(Trouble(code))

    async def _interfaces(self) -> tuple[str, ...]:
        if self._fixed is not None:
            return self._fixed
        return await asyncio.to_thread(usable, loopback=self._loopback)

    async def _changes(self, interfaces: tuple[str, ...], longest: float) -> None:
        """Wait until the networks change, `refresh` is called, or it is time."""
        late = self._clock.monotonic() + longest
        while not self._again.is_set():
            left = late - self._clock.monotonic()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(left, POLL_EVERY)):
                    await self._again.wait()
            except TimeoutError:
                if await self._interfaces() != interfaces:
                    return

    async def _show(
        self, port: int, tags: Tags, interfaces: tuple[str, ...], tell: Callable[[Found], None]
    ) -> _Presence:
        # asked first, because a half-made AsyncZeroconf cannot be closed
        usable_ones = [address for address in interfaces if multicasts(address)]
        if not usable_ones:
            raise NoMulticast("no address of this machine lets multicast through")
        instance = self._entropy.take(_NAME_BYTES).hex()
        host = self._entropy.take(_NAME_BYTES).hex()
        epoch = epoch_of(self._clock.now())
        presence = _Presence(
            AsyncZeroconf(interfaces=usable_ones, ip_version=IPVersion.V4Only), instance, tell
        )
        service = AsyncServiceInfo(
            SERVICE,
            f"{instance}.{SERVICE}",
            addresses=[socket.inet_aton(address) for address in interfaces],
            port=port,
            properties=to_text(epoch, tags(epoch, instance)),
            server=f"{host}.local.",
            host_ttl=TTL,
            other_ttl=TTL,
        )
        try:
            await presence.begin(service)
        except BaseException:
            await presence.close()
            raise
        return presence


@dataclass
class _Presence:
    """What we show and hear under one name, until it is time for the next."""

    network: AsyncZeroconf
    instance: str
    tell: Callable[[Found], None]
    browser: AsyncServiceBrowser | None = None
    starting: asyncio.Future[None] | None = None
    asking: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    async def begin(self, service: AsyncServiceInfo) -> None:
        """Show a service, and look for others."""
        # Whoever is cancelled while the library starts cancels its starting for good, and then
        # its sockets are closed by nobody: so it starts on its own, and is waited for.
        self.starting = asyncio.ensure_future(self.network.zeroconf.async_wait_for_start())
        await asyncio.shield(self.starting)
        # the name is random: nobody can have it already, so nobody has to be asked
        await self.network.async_register_service(  # pyright: ignore[reportUnknownMemberType]
            service, cooperating_responders=True
        )
        self.browser = AsyncServiceBrowser(self.network.zeroconf, SERVICE, handlers=[self._hear])

    async def close(self) -> None:
        """Say goodbye, and hear nothing more."""
        if self.starting is not None:
            await asyncio.wait({self.starting})
        for task in tuple(self.asking.values()):
            task.cancel()
        if self.browser is not None:
            await self.browser.async_cancel()
        await self.network.async_unregister_all_services()
        await self.network.async_close()

    def _hear(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002  zeroconf gives it by this name
        service_type: str,  # noqa: ARG002
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        instance = name.removesuffix(f".{SERVICE}")
        if instance == self.instance:
            return
        if state_change is ServiceStateChange.Removed:
            self.tell(Lost(instance))
        elif instance not in self.asking and len(self.asking) < MAX_ASKED:
            task = asyncio.get_running_loop().create_task(self._ask(name, instance))
            self.asking[instance] = task
            task.add_done_callback(lambda _: self.asking.pop(instance, None))

    async def _ask(self, name: str, instance: str) -> None:
        try:
            service = AsyncServiceInfo(SERVICE, name)
            if not await service.async_request(self.network.zeroconf, ASK_PATIENCE_MS):
                return
        except (Error, BadTypeInNameException, OSError):
            return  # a name that is none: somebody plays
        sighting = from_text(instance, _places(service), service.properties)
        if sighting is not None:
            self.tell(sighting)


def multicasts(address: str) -> bool:
    """Say whether the system lets us hear multicast DNS on an address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        group = socket.inet_aton(_GROUP) + socket.inet_aton(address)
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError:
            return False
    return True


def _places(service: AsyncServiceInfo) -> tuple[Address, ...]:
    if not service.port:
        return ()
    hosts = service.parsed_addresses(IPVersion.V4Only)[:MAX_PLACES]
    return tuple((host, service.port) for host in hosts)


def to_text(epoch: int, tags: tuple[bytes, ...]) -> dict[str | bytes, str | bytes | None]:
    """Return the TXT record: version, epoch, and the tags in groups that fit."""
    groups = [b"".join(tags[at : at + TAGS]) for at in range(0, len(tags), TAGS)]
    named: dict[str | bytes, str | bytes | None] = {
        f"t{number}": group for number, group in enumerate(groups)
    }
    return {"v": str(VERSION), "e": str(epoch), **named}


def from_text(
    instance: str,
    places: tuple[Address, ...],
    properties: dict[bytes, bytes | None],
) -> Sighting | None:
    """Return what a TXT record says; None if it is not one of ours."""
    epoch = properties.get(b"e") or b""
    if not places or properties.get(b"v") is None or not epoch.isdigit() or len(epoch) > 12:  # noqa: PLR2004
        return None
    tags: set[bytes] = set()
    for number in range(MAX_TAGS // TAGS):
        group = properties.get(f"t{number}".encode()) or b""
        whole = len(group) - len(group) % TAG_SIZE
        tags |= {group[at : at + TAG_SIZE] for at in range(0, whole, TAG_SIZE)}
    return Sighting(instance, places, min(int(epoch), _MAX_EPOCH), frozenset(tags))
