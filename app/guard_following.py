"""What follows when a guard begins to hold something, or lets go of it: who hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.events import DeliveryChanged, Event, SpacesChanged
from app.instep import InStep
from app.opened import OpenSpace


def follow_guard(
    opened: OpenSpace,
    in_step: InStep,
    tell: Callable[[Event], None],
    announce: Callable[[OpenSpace], None],
) -> None:
    """Hear, on this loop, what a space's guard holds from now on."""
    loop = asyncio.get_running_loop()

    def heard(less: bool) -> None:  # noqa: FBT001
        tell(SpacesChanged())
        tell(DeliveryChanged(opened.id))
        if less:
            in_step.came_anywhere()
            announce(opened)

    opened.guard.changed = lambda less: _hand_over(loop, heard, less=less)


def _hand_over(
    loop: asyncio.AbstractEventLoop, heard: Callable[[bool], None], *, less: bool
) -> None:
    loop.call_soon_threadsafe(heard, less)
