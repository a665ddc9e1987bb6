"""Signed words while nothing changes: they are said anew, but not often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from storage.blocks.store import Thing
from storage.facts.dots import Writer
from storage.retention import DAY
from sync import receipts
from sync.receipts import Receipts
from tests.helpers.vaults import Clock
from tests.integration.devices import PATIENCE, SPACE
from tests.sim.spaces import FakeReplica, FakeSpace


@dataclass
class Signer:
    """A device that runs on and on, and what it says."""

    clock: Clock = field(default_factory=Clock)
    said: list[Thing] = field(default_factory=list[Thing])

    def __post_init__(self) -> None:
        replica = FakeReplica(FakeSpace(Writer(bytes(8))))
        self.receipts = Receipts(lambda _space: replica, self._send, self.clock)
        self._news = asyncio.Event()

    def _send(self, _space: bytes, things: Sequence[Thing]) -> None:
        self.said += things
        self._news.set()

    async def until_said(self, count: int) -> None:
        """Wait until it signed so often."""
        async with asyncio.timeout(PATIENCE):
            while len(self.said) < count:
                self._news.clear()
                await self._news.wait()

    async def meets(self) -> None:
        """Meet somebody, and wait until that was looked at."""
        self.receipts.moved(SPACE)
        for _ in range(20):
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def signing(signer: Signer) -> AsyncGenerator[None]:
    """Let it sign what is due."""
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(signer.receipts.run())
        try:
            yield
        finally:
            run.cancel()


async def test_who_runs_on_says_its_word_anew_each_day_to_whom_it_meets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others wait for a word of these days to give up an old version; it came once, and no more."""
    monkeypatch.setattr(receipts, "PAUSE", 0.0)
    signer = Signer()
    async with signing(signer):
        for day in range(5):
            await signer.meets()
            await signer.until_said(day + 1)
            signer.clock.at += DAY / 2
            await signer.meets()
            assert len(signer.said) == day + 1, "nothing changed since this morning"
            assert signer.receipts.last(SPACE) is signer.said[-1]
            signer.clock.at += DAY / 2
            assert signer.receipts.last(SPACE) is None, "what is said next is enough"


async def test_a_conversation_that_lasts_for_days_hears_a_word_each_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two desktops that are never switched off meet once."""
    monkeypatch.setattr(receipts, "PAUSE", 0.0)
    monkeypatch.setattr(receipts, "LOOK_EVERY", 0.0)
    signer = Signer()
    async with signing(signer):
        await signer.meets()
        await signer.until_said(1)
        signer.clock.at += DAY
        await signer.until_said(2)
        signer.clock.at -= 2 * DAY
        await signer.until_said(3)
