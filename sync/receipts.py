"""Signed words about who holds what: ours said when it changed, others' carried on once.

A word of long ago says little of today (storage/keeping.py), so ours is said anew each day that
somebody hears it, changed or not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from storage.blocks.store import Thing
from storage.errors import AtollError
from storage.ports import Clock
from sync.ports import Heads, Replica

PAUSE = 0.25
"""What changes in quick succession is signed once."""
REMEMBERED = 4096
ANEW = 86_400.0
"""Seconds after which a word is signed anew though nothing changed."""
LOOK_EVERY = 3600.0
"""Seconds between two looks whether it is time for that, while conversations go on and on."""

Send = Callable[[bytes, Sequence[Thing]], None]
"""Sends receipts of a space to all who share it."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A word of ours."""

    heads: Heads
    thing: Thing
    at: float


class Receipts:
    """Keeps our latest word on each space, and says it to others."""

    def __init__(
        self, replica: Callable[[bytes], Replica | None], send: Send, clock: Clock
    ) -> None:
        self._replica = replica
        self._send = send
        self._clock = clock
        self._due: dict[bytes, None] = {}
        self._some = asyncio.Event()
        self._last: dict[bytes, _Said] = {}
        self._carried: OrderedDict[bytes, None] = OrderedDict()

    def moved(self, space: bytes) -> None:
        """How a space stands here changed, or someone new shares it: say it before long."""
        self._due[space] = None
        self._some.set()

    def last(self, space: bytes) -> Thing | None:
        """Return our latest word on a space, unless it is so old that a new one comes."""
        found = self._last.get(space)
        return None if found is None or self._is_old(found) else found.thing

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
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._some.wait()
            await asyncio.sleep(PAUSE)
            self._some.clear()
            self._due |= {space: None for space, said in self._last.items() if self._is_old(said)}
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
            if last is not None and not self._is_old(last) and _says(last.heads) == _says(heads):
                return
            at = self._clock.now()
            thing = await replica.receipt()
        except AtollError:
            return  # the conversations meet the same trouble, and tell it
        self._last[space] = _Said(heads, thing, at)
        self.fresh([thing])
        self._send(space, [thing])

    def _is_old(self, said: _Said) -> bool:
        """Say whether a word is of another day; so is one to come, for clocks are set."""
        return not 0 <= self._clock.now() - said.at < ANEW


def _says(heads: Heads) -> tuple[Heads, bytes]:
    """Return all that tells two words apart."""
    return heads, heads.said
