"""What a terminal says, and understands, of the past on this device and its disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from app.cli.commands import Commands
from app.cli.output import words_for
from app.errors import BadUsage, NotDeleted
from app.facade import RunningApp
from app.past_values import Forgotten, Given, PastRule, Use
from app.progress import Report, silent
from app.values import BinItem, EntryInfo
from storage.retention import Rule
from tests.access import NOW
from tests.helpers.vaults import Clock
from tests.unit.app.fake_app import ID, FakeApp

HERE = "/home/ana/Recipes"
TOLD = Forgotten(2, 3_000_000, at_once=False, removed_bytes=0, others=1, has_edits=True)


class FakePast:
    """Answers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.told = TOLD

    async def rules(self, space: str, entry: str | None = None) -> tuple[PastRule, ...]:
        """Return what holds without a setting."""
        del space, entry
        return (PastRule((), 30, 365, True, None, False, False),)

    async def set_rule(self, space: str, entry: str | None, rule: Rule | None) -> None:
        """Remember it."""
        self.asked.append((space, entry, rule))

    async def use(self, space: str | None, report: Report = silent) -> tuple[Use, ...]:
        """Return a disk with something of everything."""
        del report
        leaving = ((int(NOW) + 86_400, 5_000),)
        return (Use(space or ID, "Recipes", 1_000, 2_000, 3_000, 4_000, 6_000, leaving, 7, 8),)

    async def collect(self, space: str | None, report: Report = silent) -> tuple[Given, ...]:
        """Return that some of it went."""
        del report
        return (Given(space or ID, "Recipes", 1_000, 2_000, 3_000),)

    async def forget(
        self, space: str, entry: str, record: str, *, at_once: bool, report: Report = silent
    ) -> Forgotten:
        """Remember it."""
        del report
        self.asked.append((space, entry, record, at_once))
        return self.told

    async def take_back(self, space: str, entry: str, record: str) -> None:
        """Remember it."""
        self.asked.append((space, entry, record))

    async def empty_bin(
        self,
        space: str | None,
        entries: Sequence[str] | None = None,
        *,
        at_once: bool,
        report: Report = silent,
    ) -> tuple[Forgotten, ...]:
        """Remember it."""
        del report
        self.asked.append((space, None if entries is None else tuple(entries), at_once))
        return (self.told,)


class PastApp(FakeApp):
    """The app that is none, with a past."""

    def __init__(self) -> None:
        super().__init__()
        self.past = FakePast()

    async def find(self, path: Path) -> EntryInfo:
        """Know the whole folder too."""
        note = await super().find(Path(HERE, "bread.md"))
        return note if path != Path(HERE) else replace(note, path=(), is_folder=True)

    async def bin(self, space: str | None = None) -> tuple[BinItem, ...]:
        """Return one deleted folder with a file in it, and another file."""
        del space
        paths = (("trip",), ("trip", "lake.jpg"), ("tripod.md",))
        return tuple(BinItem(ID, "/".join(p), p, 9, 1.0, "Phone", "77") for p in paths)


def ask(app: PastApp, command: str, **params: object) -> str:
    """Do a command; return what a person reads."""
    done = Commands(cast("RunningApp", app), Clock())(command, params, silent)
    return words_for(command, asyncio.run(done).value, NOW)


def test_where_the_disk_went_is_said_part_by_part() -> None:
    """And when the rest comes back: a number nobody can act on is no help."""
    said = ask(PastApp(), "space")
    assert said.startswith("Recipes: 21 kB in the store\n")
    for words in ("older versions", "the bin", "in quarantine", "5 kB go from", "6 kB go a week"):
        assert words in said


def test_what_collecting_did_is_said() -> None:
    """Also that some of it goes later: else people would run it again and again."""
    said = ask(PastApp(), "collect")
    assert said == "Recipes: 1 kB removed, 3 kB given back to the disk, 2 kB go in a week.\n"


def test_a_rule_is_set_from_what_was_typed_and_keeps_the_rest() -> None:
    """One setting is changed at a time; the others are as they were."""
    app = PastApp()
    said = ask(app, "versions", path=HERE, latest_over="10MB")
    assert app.past.asked == [(ID, None, Rule(latest_over=10_000_000))]
    assert said == (
        "Recipes: every version for 30 days, then one a day until 365 days, then one a month"
        " for ever (not set here).\n"
    )


@pytest.mark.parametrize("days", ["-1", "1e3", "40000", "many", ""])
def test_days_that_are_none_are_refused(days: str) -> None:
    """A slip must not thin out what somebody wanted to keep."""
    with pytest.raises(BadUsage):
        ask(PastApp(), "versions", path=HERE, all_days=days)


def test_forgetting_says_what_it_cannot_do() -> None:
    """Who forgets for a reason has to know where it still is."""
    app = PastApp()
    said = ask(app, "forget", path=f"{HERE}/bread.md@81bb04")
    assert "go from this device in a week" in said
    for words in ("stays in the log", "short edits", "1 other device", "Backups"):
        assert words in said
    with pytest.raises(BadUsage):
        ask(app, "forget", path=f"{HERE}/bread.md")


def test_what_waits_though_it_was_to_go_at_once_is_said() -> None:
    """Who believes that it is gone would hand the device on."""
    app = PastApp()
    app.past.told = replace(TOLD, is_counted_on=True)
    said = ask(app, "forget", path=f"{HERE}/bread.md@81bb04", now=True)
    assert "go from this device in a week" in said
    assert "Not at once: a device that keeps less than all may count on it here." in said
    assert "removed from this device" not in said


def test_the_bin_is_emptied_of_what_lay_at_a_path_and_below() -> None:
    """And of nothing that only begins alike."""
    app = PastApp()
    said = ask(app, "bin", empty=True, now=True, path=[f"{HERE}/trip"])
    assert app.past.asked == [(ID, ("trip", "trip/lake.jpg"), True)]
    assert said.startswith("2 deleted files: ")
    ask(app, "bin", empty=True)
    assert app.past.asked[-1] == (ID, None, False)
    with pytest.raises(NotDeleted):
        ask(app, "bin", empty=True, path=[f"{HERE}/nowhere"])
    with pytest.raises(BadUsage):
        ask(app, "bin", now=True)
