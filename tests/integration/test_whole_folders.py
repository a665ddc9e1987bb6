"""A folder as a whole: what happened in it, and when it is not where it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.compose import build_node
from app.config import Config
from app.errors import FolderUnavailable, InNoFolder
from app.events import Event, Trouble
from app.places import Places
from app.values import Mirroring
from tests.integration.test_node import PATIENCE, node, until


def test_the_history_of_a_folder_is_that_of_what_is_and_was_in_it(tmp_path: Path) -> None:
    """Who asks a folder what happened in it means its files: renamed, deleted, moved out."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            (folder / "sub" / "deep").mkdir(parents=True)
            for name in ("sub/a.md", "sub/b.md", "sub/deep/c.md", "sub/out.md", "else.md"):
                (folder / name).write_text(f"{name}\n", encoding="utf-8")
            space = await ana.add(folder)
            at = {name: await ana.find(folder / name) for name in ("sub", "else.md")}
            made = len(await ana.history(space.id, at["sub"].id))

            async def steps(name: str) -> int:
                return len(await ana.history(space.id, at[name].id))

            async def scanned() -> int:
                await ana.scan(space.id)
                return await steps("sub") - made

            (folder / "sub" / "a.md").rename(folder / "sub" / "bread.md")
            assert await scanned() == 1
            (folder / "sub" / "deep" / "c.md").write_text("changed\n", encoding="utf-8")
            assert await scanned() == 2
            (folder / "sub" / "b.md").unlink()
            assert await scanned() == 3
            (folder / "sub" / "out.md").rename(folder / "out.md")
            assert await scanned() == 4
            (folder / "out.md").write_text("of no concern to the folder\n", encoding="utf-8")
            (folder / "else.md").write_text("nor this\n", encoding="utf-8")
            assert await scanned() == 4
            assert await steps("else.md") == 2
            (latest, *_) = await ana.history(space.id, at["sub"].id, 1)
            assert latest.paths == (("out.md",),)
            (folder / "sub" / "deep").rename(folder / "deep")
            assert await scanned() == 5
            (folder / "deep" / "c.md").write_text("out with its folder\n", encoding="utf-8")
            assert await scanned() == 5

    asyncio.run(story())


def test_a_folder_that_is_moved_away_is_noticed_without_being_asked_for(tmp_path: Path) -> None:
    """Nothing in it hints at that; and whoever works in it thinks that it is in step."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder, away = tmp_path / "notes", tmp_path / "elsewhere"
            folder.mkdir()
            (folder / "a.md").write_text("a\n", encoding="utf-8")
            space = await ana.add(folder)
            heard, told = asyncio.Event(), list[Event]()

            def hear(event: Event) -> None:
                told.append(event)
                if isinstance(event, Trouble):
                    heard.set()

            ana.events.listen(hear)
            folder.rename(away)
            await asyncio.wait_for(heard.wait(), PATIENCE)
            assert Trouble(FolderUnavailable.code, "notes", space.id) in told
            away.rename(folder)

            async def back() -> bool:
                (found,) = await ana.spaces()
                return found.mirroring is Mirroring.SETTLED

            await until(ana, back)

    asyncio.run(story())


def test_whoever_asks_hears_at_once_that_a_folder_is_not_there(tmp_path: Path) -> None:
    """A command alone keeps nothing in step, so nobody else would find it."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            folder.mkdir()
            await ana.add(folder)
        alone = build_node(Config(Places(tmp_path / "Ana-data"), network=False, watch=False))
        await alone.start()
        try:
            folder.rename(tmp_path / "elsewhere")
            (found,) = await alone.spaces()
            assert (found.mirroring, found.why) == (
                Mirroring.UNAVAILABLE,
                FolderUnavailable.code,
            )
        finally:
            await alone.stop()

    asyncio.run(story())


def test_a_path_outside_every_folder_is_said_to_be_outside(tmp_path: Path) -> None:
    """And which folders there are: it is not a thing that was deleted."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            folder.mkdir()
            await ana.add(folder)
            with pytest.raises(InNoFolder) as refused:
                await ana.find(tmp_path / "other.md")
            assert refused.value.folders == (str(folder),)

    asyncio.run(story())
