"""A folder that the system does not watch: said once, looked at now and then, and only then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from app.errors import NotWatched
from app.events import Event, Trouble
from app.instep import InStep
from app.opened import OpenSpace


@dataclass
class Opened:
    """As much of an open space as is asked here."""

    folder: Path = Path("/home/ana/Recipes")
    id: str = "ab12"
    watched: bool = True


def test_it_is_said_once_and_looked_at_until_it_is_watched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One clock for each folder, however often watching it was tried in vain."""
    monkeypatch.setattr("app.instep.UNWATCHED", 0.0)

    async def story() -> None:
        opened, told = Opened(), list[Event]()
        looks, some = list[bool](), asyncio.Event()
        in_step = InStep(cast("OpenSpace", opened), told.append, lambda _opened: None)

        def missed() -> None:
            looks.append(True)
            some.set()

        monkeypatch.setattr(in_step, "missed", missed)
        in_step.look_now_and_then()
        in_step.look_now_and_then()
        troubles = [event for event in told if isinstance(event, Trouble)]
        assert troubles == [Trouble(NotWatched.code, "Recipes", "ab12")]
        assert not opened.watched
        for _ in range(2):
            await asyncio.wait_for(some.wait(), 20)
            some.clear()
        in_step.is_watched()
        seen = len(looks)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(looks) == seen
        assert opened.watched

    asyncio.run(story())
