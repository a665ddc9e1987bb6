"""Telling a giver that we joined by its hand-over file while it was away.

Until then it does not know us, and would not talk to us. So its code is redeemed once more,
whenever it can be found; what it answers is known here already, but now it knows us too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from app.events import EventHub, Trouble
from app.state import Address, DeviceState
from storage.access.invite import InviteCode, code_from_text
from storage.blocks.store import Thing
from storage.errors import AccessError, AtollError
from storage.identity.did import did_of

PAUSE = 5.0
"""Seconds between two attempts."""
TYPED_PATIENCE = 0.0
"""At a typed address the giver is there, or it is not."""


class Giver(Protocol):
    """The part of sync that this needs."""

    @property
    def meets(self) -> bool:
        """Others are met at all."""
        ...

    async def redeem(self, code: InviteCode, patience: float = ...) -> Sequence[Thing]:
        """Meet the giver of a code."""
        ...

    def offer(self) -> None:
        """Show those near what we share with them now."""
        ...


class Announcing:
    """Keeps at it. Lives on the app's loop."""

    def __init__(self, state: DeviceState, network: Giver, events: EventHub) -> None:
        self._state = state
        self._network = network
        self._events = events
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Go on with what is left from before, where joining came to its end."""
        for space, code in self._state.pending.items():
            if space in self._state.spaces:
                self.begin(code_from_text(code))

    async def stop(self) -> None:
        """Stop; it goes on at the next start."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def remember(self, code: InviteCode) -> None:
        """We are about to join a space whose giver does not know of it."""
        await self._state.put_pending(code.space.hex(), code.text())

    def begin(self, code: InviteCode) -> None:
        """We joined: tell the giver, as soon as it is there."""
        space = code.space.hex()
        if self._network.meets:
            self._tasks[space] = asyncio.create_task(self._try(space, code))

    async def at(self, place: Address) -> str | None:
        """Look for givers at one address; return the DID of the one that is there."""
        for space, text in tuple(self._state.pending.items()):
            code = code_from_text(text)
            try:
                await self._network.redeem(replace(code, hints=(place,)), TYPED_PATIENCE)
            except AtollError:
                continue
            await self._done(space)
            return did_of(code.giver)
        return None

    async def _try(self, space: str, code: InviteCode) -> None:
        while space in self._state.pending:
            try:
                await self._network.redeem(code)
            except AccessError as error:
                await self._state.drop_pending(space)
                self._events.tell(Trouble(error.code, code.by, space))
                return
            except AtollError:
                await asyncio.sleep(PAUSE)  # it is away, or busy; nothing is lost by waiting
            else:
                await self._done(space)

    async def _done(self, space: str) -> None:
        await self._state.drop_pending(space)
        self._network.offer()
