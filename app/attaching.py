"""Showing a space in another folder: its own was deleted, or moved, or is kept by someone else.

Nothing is ever deleted by it. The memory of the mirror is dropped before the new folder is
marked, unless it is the very folder that we knew; from then on every moment is one from which
the next start goes on: what is not there is written, and what is there was shared or is equal.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from app.errors import FolderInUse, FolderStillThere, FolderUnavailable, Unreadable
from app.events import EventHub, SpacesChanged
from app.opened import OpenSpace
from app.progress import Report
from app.spaces import Kept, Spaces
from app.state import DeviceState
from app.usable import made_ready
from app.values import SpaceInfo
from storage.errors import AtollError


class Attaching:
    """Gives spaces another folder."""

    def __init__(self, state: DeviceState, spaces: Spaces, events: EventHub) -> None:
        self._state = state
        self._spaces = spaces
        self._events = events

    async def attach(self, space: str, folder: Path, *, merge: bool, report: Report) -> SpaceInfo:
        """Keep a space in step with another folder from now on, and bring both together.

        Raises:
            NotFound: the space is not on this device.
            FolderStillThere: the folder that it has is in its place.
            FolderNotEmpty, FolderInUse, KeptElsewhere, Unreadable: the other cannot be taken.
        """
        kept = self._spaces.get(space)
        opened = kept.opened
        folder = await asyncio.to_thread(folder.resolve)
        in_place = await opened.run(lambda _vault: _is_in_place(opened))
        if not in_place or folder != opened.folder:
            if in_place:
                raise FolderStillThere(f"{opened.folder} is in its place")
            await self._spaces.refuse_taken(folder, besides=kept)
            await asyncio.to_thread(made_ready, folder, merge=True)  # the mirror looks closer
            # whoever is in a hurry stops the filling, not this
            await asyncio.shield(self._spaces.errand(self._switch(kept, folder, merge=merge)))
        await self._fill(kept, report)
        return await self._spaces.info(kept, patient=True)

    async def _switch(self, kept: Kept, folder: Path, *, merge: bool) -> None:
        """Take the folder on, and remember that."""
        opened, row = kept.opened, self._state.spaces[kept.opened.id]
        before = opened.folder
        await opened.run(lambda _vault: opened.take_on(folder, merge=merge))
        try:
            await self._state.put_space(replace(row, folder=folder))
        except AtollError:
            self._state.spaces[row.id] = row
            await opened.run(lambda _vault: opened.show_in(before))
            raise
        if kept.in_step.came_back is not None:
            kept.in_step.came_back()

    async def _fill(self, kept: Kept, report: Report) -> None:
        """Take in what the folder holds, then write what it lacks."""
        try:
            await kept.in_step.look(None, report, then_bring=False)
            await kept.in_step.bring(None, report)
        finally:
            kept.in_step.missed()  # and go on by itself, should somebody have stopped us
            kept.in_step.came_anywhere()
            self._events.tell(SpacesChanged())


def _is_in_place(opened: OpenSpace) -> bool:
    """Say whether the folder can be kept in step where it is. On the vault's thread."""
    try:
        return opened.mirror().is_in_place()
    except (FolderUnavailable, FolderInUse, Unreadable):
        return False
