"""Noticing that the machine slept: what happened in a folder meanwhile, nobody hinted at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from storage.ports import Clock

LOOK_EVERY = 15.0
"""Seconds between looks at the clocks."""
SLEPT = 30.0
"""So much further did the wall clock run than the other."""


async def mind_sleep(clock: Clock, woke: Callable[[], None]) -> None:
    """Call back each time that the machine slept, until cancelled."""
    ahead = clock.now() - clock.monotonic()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        before, ahead = ahead, clock.now() - clock.monotonic()
        if ahead - before > SLEPT:
            woke()
