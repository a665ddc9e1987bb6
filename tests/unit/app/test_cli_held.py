"""What a terminal says, and understands, of mass changes that are held."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from app.cli.commands import Commands
from app.cli.output import words_for
from app.errors import BadUsage
from app.facade import RunningApp
from app.guard_values import GuardSettings, Harm, HeldBatch, HeldChange, HeldCount, PutBack
from app.guard_words import held_sentence
from app.progress import silent
from app.values import Delivery, Holding, Reach
from app.whereabouts import delivery_sentence
from tests.access import NOW
from tests.helpers.vaults import Clock
from tests.unit.app.fake_app import HERE, THERE, FakeApp, space

CHANGES = tuple(HeldChange(("notes", f"{n:03}.md"), Harm.DELETED) for n in range(60))


class HeldApp(FakeApp):
    """The app that is none, of which something is held."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = GuardSettings()
        self.done: list[str] = []
        self.batches: tuple[HeldBatch, ...] = (
            HeldBatch("ab", THERE.did, "Pho\x1bne", is_this=False, since=NOW, changes=CHANGES),
        )

    async def held(self, _space: str | None = None) -> tuple[HeldBatch, ...]:
        """Return it."""
        return self.batches

    async def let_through(self, _space: str) -> int:
        """Let it through."""
        self.done.append("through")
        return 60

    async def undo_held(self, _space: str) -> PutBack:
        """Undo it."""
        self.done.append("undo")
        return PutBack(58, 3, 2, 1)

    async def guard(self, _space: str) -> GuardSettings:
        """Return the settings."""
        return self.settings

    async def set_guard(self, _space: str, settings: GuardSettings) -> None:
        """Take others."""
        self.settings = settings


def ask(app: HeldApp, command: str, **params: object) -> str:
    """Do a command; return what a person reads."""
    done = Commands(cast("RunningApp", app), Clock())(command, params, silent)
    return words_for(command, asyncio.run(done).value, NOW)


def test_what_is_held_is_listed_with_both_ways_on() -> None:
    """Some of the files, how many more, and what to type; a name rings no bell."""
    said = ask(HeldApp(), "held").splitlines()
    assert said[0].startswith("Recipes: Held: 60 deletions from Pho\\x1bne, not in your folder")
    assert said[1] == "  deleted  notes/000.md"
    assert "  and 40 more: atoll held Recipes --all" in said
    assert "atoll held Recipes --undo" in said[-1]
    assert len(ask(HeldApp(), "held", all=True).splitlines()) == 62


def test_nothing_held_is_said_too() -> None:
    """An empty answer would look like a failure."""
    app = HeldApp()
    app.batches = ()
    assert ask(app, "held") == "Nothing is held.\n"


def test_both_ways_end_it_and_say_what_they_did() -> None:
    """One at a time, and of a folder that is named."""
    app = HeldApp()
    assert ask(app, "held", space="Recipes", let_through=True) == "Let through: 60 files.\n"
    said = ask(app, "held", space="Recipes", undo=True)
    assert said.startswith("Put back: 58 files, as they were before.\n")
    for words in ("3 added files in the bin", "1 item changed by others", "2 files not on this"):
        assert words in said
    with pytest.raises(BadUsage):
        ask(app, "held", undo=True)
    with pytest.raises(BadUsage):
        ask(app, "held", space="Recipes", undo=True, let_through=True)
    assert app.done == ["through", "undo"]


def test_the_guard_says_how_it_is_and_takes_numbers() -> None:
    """What is not said stays as it was."""
    app = HeldApp()
    assert "more than 50 files or 25 %" in ask(app, "guard", space="Recipes")
    ask(app, "guard", space="Recipes", files=500)
    assert app.settings == GuardSettings(files=500)
    assert "nothing is held" in ask(app, "guard", space="Recipes", off=True)
    assert app.settings == GuardSettings(on=False, files=500)
    ask(app, "guard", space="Recipes", percent=90)
    assert not app.settings.on
    ask(app, "guard", space="Recipes", on=True)
    assert app.settings == GuardSettings(files=500, percent=90)
    for bad in ({"on": True, "off": True}, {"files": 0}, {"percent": -1}):
        with pytest.raises(BadUsage):
            ask(app, "guard", space="Recipes", **bad)


def test_the_delivery_sentence_says_what_rests() -> None:
    """Neither 'sending' nor 'stored on all' while a mass change waits here."""
    mine = HeldCount(HERE.did, True, 120, 0, 1, "Laptop")
    theirs = replace(mine, is_this=False, device="")
    assert held_sentence(mine).startswith("Held: 120 deletions and 1 renamed file from this com")
    assert "from another device" in held_sentence(theirs)
    holdings = (Holding(HERE, complete=True), Holding(THERE, complete=False))
    said = delivery_sentence(Delivery(Reach.HELD, holdings, held=(mine,)))
    assert said.endswith("not sent until you look · Saved here")
    everywhere = Delivery(Reach.EVERYWHERE, (Holding(HERE, complete=True),), held=(theirs,))
    assert delivery_sentence(everywhere).startswith("Held: ")


def test_status_points_to_what_is_held() -> None:
    """Whoever reads it there finds the way on."""
    held = (HeldCount(THERE.did, False, 60, 0, 0, "Phone"),)
    recipes = space()
    shown = replace(recipes, delivery=replace(recipes.delivery, held=held))

    class Status(HeldApp):
        async def spaces(self) -> tuple[object, ...]:  # type: ignore[override]
            """Return one."""
            return (shown,)

    said = ask(Status(), "status")
    assert "Held: 60 deletions from Phone" in said
    assert "  See: atoll held Recipes\n" in said
