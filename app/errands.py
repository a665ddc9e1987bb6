"""Work that need not be waited for: held until it is done, and waited for at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Errands:
    """What runs beside. The loop alone might forget it half done."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[None]] = set()

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Begin something that nobody waits for."""
        self.begin(work)

    def begin(self, work: Coroutine[object, object, None]) -> asyncio.Future[None]:
        """Begin something that goes on though whoever waits for it may not."""
        errand = asyncio.ensure_future(work)
        self._running.add(errand)
        errand.add_done_callback(self._running.discard)
        return errand

    async def end(self) -> None:
        """Wait for what runs now."""
        if self._running:
            await asyncio.wait(self._running)
