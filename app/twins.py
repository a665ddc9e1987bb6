"""Settling twins: one of two equal files under one name goes, once things have been quiet.

Each device that may edit does it by itself, and all choose the same one; so that they do not all
write it down at once, each waits for another while. It never looks into folders: the vault knows.
"""

from __future__ import annotations

import asyncio

from app.events import Event, SpaceChanged
from app.spaces import Kept, Spaces
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.ports import Entropy
from storage.twins import settle_twins
from storage.uniting import unite_new
from storage.vault import Vault

QUIET = 4.0
"""Seconds without a change, here or from others, before twins are looked for."""
SPREAD = 4.0
"""Up to so many more, by chance: whoever comes first spares the others the writing."""


class Twins:
    """Keeps the folders of all spaces free of twins."""

    def __init__(self, spaces: Spaces, entropy: Entropy) -> None:
        self._spaces = spaces
        self._entropy = entropy
        self._changed: set[str] = set()
        self._some = asyncio.Event()

    def hear(self, event: Event) -> None:
        """A space changed."""
        match event:
            case SpaceChanged(space):
                self.look(space)
            case _:
                pass

    def look(self, space: str) -> None:
        """Look for twins in a space before long."""
        self._changed.add(space)
        self._some.set()

    async def run(self) -> None:
        """Settle when things are quiet, until cancelled."""
        for kept in self._spaces.some(None):
            self.look(kept.opened.id)
        while True:
            await self._some.wait()
            await self._until_quiet()
            changed, self._changed = self._changed, set()
            for kept in self._spaces.some(None):
                if kept.opened.id in changed:
                    await self._settle(kept)

    async def _until_quiet(self) -> None:
        pause = QUIET + SPREAD * self._entropy.take(1)[0] / 256
        while self._some.is_set():
            self._some.clear()
            await asyncio.sleep(pause)

    async def _settle(self, kept: Kept) -> None:
        try:
            while entries := await kept.opened.run(_settled):
                await kept.in_step.committed_here(entries)
        except AtollError:
            pass  # twins harm nobody: with the next change they are looked for again


def _settled(vault: Vault) -> frozenset[EntryId]:
    if not vault.may_edit():
        return frozenset()
    return settle_twins(vault) or unite_new(vault)
