"""Files from anywhere are copied into a folder, and none over another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.errors import Unreadable
from app.progress import Progress
from app.values import Role
from storage.errors import NotAllowed
from tests.integration.test_node import node, share_and_join


def write(path: Path, text: str) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def lies_in(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, by path, without what is the app's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".atoll")
    }


def test_files_and_folders_are_copied_beside_what_is_there(tmp_path: Path) -> None:
    """A name that is taken gets a number; the files stay where they came from."""
    mine = write(tmp_path / "notes" / "a.md", "mine\n")
    other = write(tmp_path / "other" / "a.md", "other\n")
    trip = write(tmp_path / "trip" / "deep" / "map.txt", "map").parent.parent
    (trip / "empty").mkdir()
    (trip / "way out").symlink_to(other)

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(mine.parent)
            told: list[Progress] = []
            assert await ana.bring_in(space.id, None, [other, trip, trip], told.append) == 3
            assert told[0].task == "Copying"
            assert told[0].total_bytes == len("other\n") + 2 * len("map")
            found = {entry.path for entry in await ana.all_entries(space.id)}
            assert ("a (2).md",) in found
            inside = next(e for e in await ana.entries(space.id) if e.path == ("trip (2)",))
            assert {e.path[-1] for e in await ana.entries(space.id, inside.id)} == {"deep", "empty"}

    asyncio.run(story())
    assert lies_in(mine.parent) == {
        "a.md": "mine\n",
        "a (2).md": "other\n",
        "trip/deep/map.txt": "map",
        "trip (2)/deep/map.txt": "map",
    }
    assert lies_in(other.parent) == {"a.md": "other\n"}


def test_what_cannot_be_read_does_not_keep_out_the_others(tmp_path: Path) -> None:
    """It is said in the end, by its path."""
    good = write(tmp_path / "good.md", "good")
    folder = write(tmp_path / "notes" / "a.md", "a").parent

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(folder)
            with pytest.raises(Unreadable) as caught:
                await ana.bring_in(space.id, None, [tmp_path / "gone.md", good])
            assert caught.value.path.endswith("gone.md")

    asyncio.run(story())
    assert lies_in(folder) == {"a.md": "a", "good.md": "good"}


def test_what_was_copied_before_a_stop_is_whole(tmp_path: Path) -> None:
    """And shown in the folder: a stop is no fault."""
    files = [write(tmp_path / f"{n}.md", str(n)) for n in range(200)]
    folder = write(tmp_path / "notes" / "a.md", "a").parent

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(folder)

            def stop(_: Progress) -> None:
                copying.cancel()

            copying = asyncio.create_task(ana.bring_in(space.id, None, files, stop))
            with pytest.raises(asyncio.CancelledError):
                await copying
            entries = await ana.all_entries(space.id)
            assert lies_in(folder).keys() == {entry.path[0] for entry in entries}

    asyncio.run(story())
    there = lies_in(folder)
    assert there.pop("a.md") == "a"
    assert there == {f"{n}.md": str(n) for n in range(len(there))}
    assert len(there) < len(files)


def test_a_viewer_copies_nothing(tmp_path: Path) -> None:
    """They are told before anything is read."""
    file = write(tmp_path / "x.md", "x")

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path, Role.VIEW)
            with pytest.raises(NotAllowed):
                await mina.bring_in(space.id, None, [file])
            assert not [e for e in await mina.entries(space.id) if e.path == ("x.md",)]

    asyncio.run(story())
