"""Finding names and words. The index follows in the background; what it lacks is made up first."""

from __future__ import annotations

import asyncio

from app.events import Event, SpaceChanged
from app.spaces import Kept, Spaces
from app.values import Hit
from storage.errors import AtollError
from storage.vault import Vault

AT_ONCE = 100
"""Entries indexed in one go, so that other work gets its turn on the vault's thread."""
QUIET = 1.0
"""Seconds after a change in which the index stays behind, so that it is never in the way."""
MOST_PAUSES = 60
"""How often a change may put that off."""
PATIENCE = 2.0
"""Seconds that a search waits for the index to follow; then it finds what is indexed."""


class Search:
    """Finds."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._behind: set[str] = set()
        self._some = asyncio.Event()

    def hear(self, event: Event) -> None:
        """A space changed: its index is behind."""
        match event:
            case SpaceChanged(space):
                self._behind.add(space)
                self._some.set()
            case _:
                pass

    async def run(self) -> None:
        """Let indexes follow when things are quiet, until cancelled."""
        while True:
            await self._some.wait()
            await self._until_quiet()
            behind, self._behind = self._behind, set()
            for kept in self._spaces.some(None):
                if kept.opened.id in behind:
                    await self._follow_quietly(kept)

    async def _until_quiet(self) -> None:
        """Wait until nothing has changed for a while, but not for ever."""
        for _ in range(MOST_PAUSES):
            self._some.clear()
            await asyncio.sleep(QUIET)
            if not self._some.is_set():
                return
        self._some.clear()

    async def _follow_quietly(self, kept: Kept) -> None:
        try:
            await follow(kept)
        except AtollError:
            self._behind.add(kept.opened.id)  # with the next change, or the next search

    async def find(self, words: str, space: str | None, limit: int) -> tuple[Hit, ...]:
        """Return what holds all words."""
        found: list[Hit] = []
        for kept in self._spaces.some(space):
            await self._follow(kept)
            found += await kept.opened.run(lambda vault: _find(vault, words, limit))
        return tuple(found[:limit])

    async def _follow(self, kept: Kept) -> None:
        """Let the index follow, but not longer than a person waits."""
        following = asyncio.ensure_future(follow(kept))
        done, _ = await asyncio.wait({following}, timeout=PATIENCE)
        if done:
            following.result()
        else:
            following.cancel()


async def follow(kept: Kept) -> None:
    """Index all that is not indexed yet, in small pieces."""
    while await kept.opened.run(lambda vault: vault.index_some(AT_ONCE)):
        pass


def _find(vault: Vault, words: str, limit: int) -> list[Hit]:
    tree, space = vault.tree(), vault.space.hex()
    return [
        Hit(space, found.entry.hex(), tree.path(found.entry), found.snippet)
        for found in vault.search(words, limit)
        if tree.get(found.entry) is not None
    ]
