"""Signed words about who holds what: ours said when it changed, others' carried on once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from storage.blocks.store import Thing
from storage.errors import AtollError
from sync.ports import Heads, Replica

PAUSE = 0.25
"""What changes in quick succession is signed once."""
REMEMBERED = 4096

Send = Callable[[bytes, Sequence[Thing]], None]
"""Sends receipts of a space to all who share it."""


class Receipts:
    """Keeps our latest word on each space, and says it to others."""

    def __init__(self, replica: Callable[[bytes], Replica | None], send: Send) -> None:
        self._replica = replica
        self._send = send
        self._due: dict[bytes, None] = {}
        self._some = asyncio.Event()
        self._last: dict[bytes, tuple[Heads, Thing]] = {}
        self._carried: OrderedDict[bytes, None] = OrderedDict()

    def moved(self, space: bytes) -> None:
        """How a space stands here changed, or someone new shares it: say it before long."""
        self._due[space] = None
        self._some.set()

    def last(self, space: bytes) -> Thing | None:
        """Return our latest word on a space."""
        found = self._last.get(space)
        return None if found is None else found[1]

    def forget(self, space: bytes) -> None:
        """A space was left."""
        self._last.pop(space, None)

    def fresh(self, things: Sequence[Thing]) -> tuple[Thing, ...]:
        """Return those that were not carried on before, and remember them."""
        new = tuple(thing for thing in things if thing.digest not in self._carried)
        for thing in new:
            self._carried[thing.digest] = None
        while len(self._carried) > REMEMBERED:
            self._carried.popitem(last=False)
        return new

    async def run(self) -> None:
        """Sign and send what is due, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(PAUSE)
            self._some.clear()
            due, self._due = self._due, {}
            for space in due:
                await self._sign(space)

    async def _sign(self, space: bytes) -> None:
        replica = self._replica(space)
        if replica is None:
            return
        try:
            heads = await replica.heads()
            last = self._last.get(space)
            # how much is still to come is no part of it, and changes with every block
            heads = replace(heads, files=0, size=0)
            if last is not None and (last[0], last[0].said) == (heads, heads.said):
                return
            thing = await replica.receipt()
        except AtollError:
            return  # the conversations meet the same trouble, and tell it
        self._last[space] = (heads, thing)
        self.fresh([thing])
        self._send(space, [thing])
