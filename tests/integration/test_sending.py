"""How far the sending is: said as the one who lacks it says it, and never otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from app.syncing import SpaceReplica
from app.values import Delivery, Reach
from app.whereabouts import delivery_sentence
from storage.facts.change import EntryId
from tests.integration.test_node import node, share_and_join, until

BIG = 5_000_000


class Gate:
    """Lets so many of a device's steps of fetching through, and holds the next."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._room = asyncio.Semaphore(0)
        self._put = SpaceReplica.put_blocks

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in the way."""
        gate = self

        async def put(self: SpaceReplica, blocks: Sequence[bytes]) -> frozenset[EntryId]:
            if self.opened.folder.name == gate.device:
                await gate._room.acquire()
            return await gate._put(self, blocks)

        patch.setattr(SpaceReplica, "put_blocks", put)

    def let(self, steps: int) -> None:
        """Let some more through."""
        for _ in range(steps):
            self._room.release()


def test_the_sender_says_of_how_much_how_much_has_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum is what the other lacked; what is done grows only when it is safe over there."""

    async def story() -> None:
        gate = Gate("mina")
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            gate.install(monkeypatch)
            dice = Random(1)  # noqa: S311  (a test, not a secret)
            for name in ("one.bin", "two.bin"):
                (tmp_path / "ana" / name).write_bytes(dice.randbytes(BIG))
            await ana.scan(space.id)
            told: list[Delivery] = []

            async def moved(files: int, size: int) -> bool:
                told.append((await ana.spaces())[0].delivery)
                return told[-1].done_files >= files and told[-1].done_bytes > size

            async def known() -> bool:
                told.append((await ana.spaces())[0].delivery)
                return told[-1].total_files > 0

            await until(ana, known)
            first = told[-1]
            assert (first.reach, first.done_files, first.total_files) == (Reach.SENDING, 0, 2)
            assert (first.done_bytes, first.total_bytes) == (0, 2 * BIG)
            assert delivery_sentence(first) == "Sending 0 of 2 files, 0 bytes of 10 MB to Mina"
            gate.let(2)  # the names of the parts, and some of these
            await until(ana, lambda: moved(0, 0))
            assert told[-1].total_bytes == 2 * BIG
            assert 0 < told[-1].done_bytes < 2 * BIG
            gate.let(1000)

            async def everywhere() -> bool:
                told.append((await ana.spaces())[0].delivery)
                return told[-1].reach is Reach.EVERYWHERE

            await until(ana, everywhere)
            assert delivery_sentence(told[-1]) == "Stored on all 2 devices"
            counted = [it.done_bytes for it in told if it.reach is Reach.SENDING and it.total_bytes]
            assert counted == sorted(counted)

    asyncio.run(story())
