"""Disk given back now and then, with almost no quarantine, while everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from random import Random
from typing import TypeVar

from app.files import free_place
from app.folder.agreed import Agreed
from app.keeping_history import kept_beside
from storage.collecting import Orders
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.facts.values import Meta
from storage.vault import Vault
from tests.helpers.crashing_disk import PowerCut
from tests.sim.world.device import Device, Down
from tests.sim.world.person import Person
from tests.sim.world.story import Story

_Answer = TypeVar("_Answer")
QUARANTINE = (0, 0, 2)
"""Seconds: a week would never be over."""


async def collects(device: Device, random: Random) -> None:
    """Collect once or more, a slice now and a slice then. Rules keep all, for it is all new."""
    try:
        for _ in range(random.randint(1, 4)):
            await _collect(device, random)
            await asyncio.sleep(random.choice((0.0, 0.2, 2.5)))
    except (PowerCut, Down):
        pass
    except AtollError as error:
        device.told.trace(f"{device.name} does not collect: {error.code}")


async def everybody_collects(story: Story) -> None:
    """Once all is well, collecting works on every device, and what goes is needed by nobody."""
    for device in story.devices:
        for _ in range(2):
            await _collect(device, story.random)


async def waits(device: Device, random: Random) -> None:
    """Let time pass."""
    del device
    await asyncio.sleep(random.choice((0.1, 1.0, 6.0)))


async def brings_in(
    person: Person, meanwhile: Callable[[Device, Random], Awaitable[None]] = waits
) -> None:
    """Drop a file on the window: it is stored first, and committed a while later."""
    device, random = person.device, person.random
    data = f"\0{person.promises.token()} ".encode() * random.choice((1, 400))
    try:
        if not device.runs or not device.vault.may_edit():
            return
        person.promises.replaced(None, data)
        opened = device.opened  # what was stored goes with the program that stored it
        content = await opened.run(lambda vault: vault.store(BytesIO(data)))
        await meanwhile(device, random)

        def work(vault: Vault) -> EntryId:
            parent, free = free_place(vault.tree(), None, "in.bin")
            change = vault.change()
            made = change.add_file(parent, free, content, Meta(0, executable=False))
            vault.commit(change, "brought in")
            return made

        made = await opened.run(work)
        await device.in_step.committed_here(frozenset({made}))
    except (PowerCut, Down):
        pass
    except AtollError as error:
        device.told.trace(f"{device.name} could not bring in: {error.code}")


async def _collect(device: Device, random: Random) -> None:
    orders = await _on(device, lambda _vault: _orders(device, random))
    run = await _on(device, lambda vault: vault.collection(orders))
    while await _on(device, lambda _vault: run.step()) is not None:
        if random.random() < 0.3:
            await asyncio.sleep(random.choice((0.01, 0.3)))
    done = run.collected
    device.told.trace(f"{device.name} collected {done.removed} of {done.quarantined}")


def _orders(device: Device, random: Random) -> Orders:
    rows = device.opened.ask_agreed(Agreed.kept)
    return Orders(besides=tuple(kept_beside(rows)), quarantine=random.choice(QUARANTINE))


async def _on(device: Device, work: Callable[[Vault], _Answer]) -> _Answer:
    if not device.runs:
        raise Down(f"{device.name} does not run")
    return await device.opened.run(work)
