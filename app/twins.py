"""Settling twins: one of two equal files under one name goes, once things have been quiet.

So do lines that a device wrote once more, for it had forgotten that it had (storage/repeated.py).

Each device that may edit does it by itself, and all choose the same one; so that they do not all
write it down at once, each waits for another while. It never looks into folders: the vault knows.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from app.events import Event, SpaceChanged
from app.files import entry_id
from app.spaces import Kept, Spaces
from storage.batches import batches
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.facts.view import latest_meta
from storage.ports import Entropy
from storage.twins import settle_twins
from storage.uniting import unite_new
from storage.vault import Vault

QUIET = 4.0
"""Seconds without a change, here or from others, before twins are looked for."""
SPREAD = 4.0
"""Up to so many more, by chance: whoever comes first spares the others the writing."""
WORDS = "the same lines twice"
_LATEST = 200
"""Records whose texts are looked at after a start."""
_MANY = 50
"""Of what one record touched so many: more at once is no text that somebody wrote in."""


class Twins:
    """Keeps the folders of all spaces free of twins."""

    def __init__(self, spaces: Spaces, entropy: Entropy) -> None:
        self._spaces = spaces
        self._entropy = entropy
        self._changed: set[str] = set()
        self._came: defaultdict[str, set[EntryId]] = defaultdict(set)
        """Of what others touched, by space, no text was looked at yet."""
        self._some = asyncio.Event()

    def hear(self, event: Event) -> None:
        """A space changed."""
        match event:
            case SpaceChanged(space, entries):
                self._came[space].update(map(entry_id, entries))
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
            with suppress(AtollError):  # twins harm nobody
                self._came[kept.opened.id] |= await kept.opened.run(_touched_lately)
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
        came = sorted(self._came.pop(kept.opened.id, ()))
        try:
            for some in batches(came):
                while changed := await kept.opened.run(partial(_say_once, entries=some)):
                    await kept.in_step.committed_here(changed)
            while entries := await kept.opened.run(_settled):
                await kept.in_step.committed_here(entries)
        except AtollError:
            pass  # twins harm nobody: with the next change they are looked for again


def _touched_lately(vault: Vault) -> set[EntryId]:
    """Return what the last records touched: we may have been stopped before we looked at it."""
    return {entry for step in vault.latest_records(_LATEST) for entry in vault.touched(step, _MANY)}


def _say_once(vault: Vault, entries: Sequence[EntryId]) -> frozenset[EntryId]:
    """Take out of a text what stands there twice; return which, or none."""
    found = vault.said_once(entries) if vault.may_edit() else None
    if found is None:
        return frozenset()
    entry, text = found
    change = vault.change()
    change.write(entry, text.encode(), latest_meta(vault.facts(entry)), alike=True)
    vault.commit(change, WORDS)
    return frozenset({entry})


def _settled(vault: Vault) -> frozenset[EntryId]:
    if not vault.may_edit():
        return frozenset()
    return settle_twins(vault) or unite_new(vault)
