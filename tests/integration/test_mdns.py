"""Multicast DNS on the loopback: the only network that a test may use."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from pathlib import Path

import pytest

from sync import events as told
from sync.discovery import mdns
from sync.discovery.mdns import MdnsDiscovery, from_text
from sync.discovery.peers import Sighting, recognised, tags_for
from sync.discovery.port import Found, Lost, NetworkChanged, Trouble
from sync.errors import NoMulticast, NoNetwork
from sync.transport.tcp import TcpTransport
from tests.integration.devices import Dice, RealClock, node, running
from tests.integration.test_sync_service import equal
from tests.sim.people import friends

HERE = ("127.0.0.1",)
KEY = b"k" * 32
PATIENCE = 15.0

pytestmark = pytest.mark.serial


class Ear:
    """One discovery at work, and what it told."""

    def __init__(self, seed: int, port: int, interfaces: tuple[str, ...] | None = HERE) -> None:
        self.dice = Dice(seed)
        self.port = port
        self.found: list[Found] = []
        self.news = asyncio.Event()
        self.discovery = MdnsDiscovery(RealClock(), self.dice, interfaces=interfaces)

    async def run(self) -> None:
        """Show and hear."""
        await self.discovery.run(self.port, self.tags, self.tell)

    def tags(self, epoch: int, instance: str) -> tuple[bytes, ...]:
        """Show that we know KEY."""
        return tags_for([KEY], epoch, instance, self.dice)

    def tell(self, found: Found) -> None:
        """Remember."""
        self.found.append(found)
        self.news.set()

    async def until(self, kind: type[Found]) -> Found:
        """Wait until something of that kind is told."""
        async with asyncio.timeout(PATIENCE):
            while not (known := [found for found in self.found if isinstance(found, kind)]):
                self.news.clear()
                await self.news.wait()
        return known[-1]


async def test_two_find_each_other_and_notice_when_one_goes() -> None:
    """Under names that mean nothing, and with tags that mean something to them alone."""
    one, other = Ear(1, 1111), Ear(2, 2222)
    first, second = asyncio.create_task(one.run()), asyncio.create_task(other.run())
    seen = await one.until(Sighting)
    assert isinstance(seen, Sighting)
    assert seen.places == (("127.0.0.1", 2222),)
    assert recognised(seen, {"friend": KEY, "stranger": bytes(32)}) == ("friend",)
    assert len(seen.tags) == 24 and len(seen.instance) == 16
    await other.until(Sighting)
    first.cancel()
    assert isinstance(await other.until(Lost), Lost)
    second.cancel()
    await asyncio.wait([first, second])


async def test_a_refresh_shows_another_name() -> None:
    """So that nobody can follow a device from one hour to the next."""
    one, other = Ear(3, 1111), Ear(4, 2222)
    tasks = [asyncio.create_task(ear.run()) for ear in (one, other)]
    before = await other.until(Sighting)
    one.discovery.refresh()
    await other.until(Lost)
    other.found.clear()
    after = await other.until(Sighting)
    assert isinstance(before, Sighting) and isinstance(after, Sighting)
    assert before.instance != after.instance and not before.tags & after.tags
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_trouble_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, or one that lets no multicast through; and it is told when it ends."""
    monkeypatch.setattr(mdns, "POLL_EVERY", 0.01)
    networks: list[tuple[str, ...]] = [(), ("203.0.113.1",), HERE]
    monkeypatch.setattr(mdns, "usable", lambda **_: networks[0])
    ear = Ear(5, 1111, None)
    task = asyncio.create_task(ear.run())
    assert await ear.until(Trouble) == Trouble(NoNetwork.code)
    for code in (NoMulticast.code, ""):
        ear.found.clear()
        networks.pop(0)
        assert await ear.until(Trouble) == Trouble(code)
        assert NetworkChanged() in ear.found
    task.cancel()
    await asyncio.wait([task])


async def test_devices_find_each_other_on_one_machine_without_a_network() -> None:
    """All of it together: multicast, TLS, greeting, records."""
    people = friends(Dice(6), "a", "b")
    nodes = [
        node(
            known,
            TcpTransport(Dice(place), "127.0.0.1"),
            MdnsDiscovery(RealClock(), Dice(place + 50), interfaces=HERE),
        )
        for place, known in enumerate(people)
    ]
    nodes[0].held.commit([b"found"])
    async with running(*nodes):
        for one in nodes:
            await one.until(partial(equal, one))
        assert not nodes[0].heard(told.DiscoveryTrouble)


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {b"v": b"1"},
        {b"v": b"1", b"e": b"x"},
        {b"v": b"1", b"e": b"-5"},
        {b"v": b"1", b"e": b"9" * 30},
        {b"v": None, b"e": b"5"},
    ],
)
def test_a_record_that_is_none_of_ours_is_passed_over(
    properties: dict[bytes, bytes | None],
) -> None:
    """Anybody may say anything on the network."""
    assert from_text("x", (("127.0.0.1", 1),), properties) is None


def test_odd_tags_are_cut_and_no_place_is_no_sighting() -> None:
    """What does not fit is dropped, not believed."""
    properties: dict[bytes, bytes | None] = {b"v": b"1", b"e": b"5", b"t0": b"12345678" + b"123"}
    seen = from_text("x", (("127.0.0.1", 1),), properties)
    assert seen is not None and seen.tags == {b"12345678"}
    assert from_text("x", (), properties) is None


def open_files() -> set[str]:
    """Return what this process has open, by number."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("turns", range(12))
async def test_who_ends_while_the_search_begins_leaves_no_socket_open(turns: int) -> None:
    """A command that is done at once ends in the middle of it, whatever turn the loop is at."""
    before = open_files()
    ear = Ear(1, 1111)
    running = asyncio.create_task(ear.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gc.collect()  # what nobody closed complains now, and a complaint is an error
    assert open_files() <= before
