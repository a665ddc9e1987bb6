"""A space whose folder is gone gets another one, and nothing is ever deleted by it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.errors import FolderInUse, FolderNotEmpty, FolderStillThere, Unreadable
from app.node import Node
from app.progress import Progress, Stopped
from app.values import Mirroring, Role
from storage.errors import AtollError
from tests.integration.test_node import node, share_and_join, until

SHARED = {"bread.md": b"flour\nwater\n", "pic.bin": b"\0" * 100}


async def gone(app: Node) -> None:
    """Wait until the app knows that its folder is not there."""

    async def away() -> bool:
        (info,) = await app.spaces()
        return info.mirroring is Mirroring.UNAVAILABLE

    await until(app, away)


async def nothing_deleted(*apps: Node) -> None:
    """Look that no bin holds anything, and all files are there."""
    for app in apps:
        (space,) = await app.spaces()
        assert not await app.bin(space.id)
        names = {entry.name for entry in await app.all_entries(space.id)}
        assert names >= SHARED.keys()


@pytest.mark.parametrize("name", ["ana", "elsewhere/new"])
def test_all_files_come_back_into_a_new_folder_and_nobody_sees_a_deletion(
    tmp_path: Path, name: str
) -> None:
    """`rm -rf` of the folder says nothing of what a person wants to be gone for everybody."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            shutil.rmtree(tmp_path / "ana")
            await gone(ana)
            there = tmp_path / name
            info = await ana.attach(space.id, there)
            assert (info.folder, info.mirroring) == (there, Mirroring.SETTLED)
            assert tree_of(there) == SHARED
            (tmp_path / "mina" / "pie.md").write_text("apples\n", encoding="utf-8")

            async def came() -> bool:
                return (there / "pie.md").exists()

            await until(ana, came)
            await nothing_deleted(ana, mina)
            assert tree_of(tmp_path / "mina") == tree_of(there)
        async with node(tmp_path, "Ana") as ana:
            (info,) = await ana.spaces()
            assert info.folder == there
            await ana.scan(space.id)
            await nothing_deleted(ana)
            assert tree_of(there) == SHARED | {"pie.md": b"apples\n"}

    asyncio.run(story())


def test_a_moved_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    """What was changed in it meanwhile is taken in, also what a person deleted there."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            moved = (tmp_path / "ana").rename(tmp_path / "moved")
            await gone(ana)
            (moved / "bread.md").write_text("flour\nwater\nsalt\n", encoding="utf-8")
            (moved / "new.md").write_text("new\n", encoding="utf-8")
            (moved / "pic.bin").unlink()
            await ana.attach(space.id, moved)
            after = {"bread.md": b"flour\nwater\nsalt\n", "new.md": b"new\n"}

            async def same() -> bool:
                return tree_of(moved) == tree_of(tmp_path / "mina") == after

            await until(mina, same)

    asyncio.run(story())


def test_a_copy_of_the_folder_deletes_nothing(tmp_path: Path) -> None:
    """It bears our mark, but what it lacks may never have been copied."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            copy = Path(shutil.copytree(tmp_path / "ana", tmp_path / "copy"))
            shutil.rmtree(tmp_path / "ana")
            await gone(ana)
            (copy / "pic.bin").unlink()
            (copy / "bread.md").write_text("flour\nwater\nsalt\n", encoding="utf-8")
            await ana.attach(space.id, copy)
            held = tree_of(copy)
            assert held.items() >= SHARED.items(), "what it lacked was written anew"
            assert b"flour\nwater\nsalt\n" in held.values(), "what was changed in it is kept"

            async def same() -> bool:
                return tree_of(tmp_path / "mina") == held

            await until(mina, same)
            await nothing_deleted(ana, mina)

    asyncio.run(story())


def test_a_folder_that_holds_something_is_united_only_when_asked(tmp_path: Path) -> None:
    """As joining does: nothing is mixed up by a slip of the hand."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            shutil.rmtree(tmp_path / "ana")
            full = tmp_path / "full"
            full.mkdir()
            (full / "own.md").write_text("own\n", encoding="utf-8")
            (full / "bread.md").write_text("rye\n", encoding="utf-8")
            with pytest.raises(FolderNotEmpty):
                await ana.attach(space.id, full)
            assert tree_of(full) == {"own.md": b"own\n", "bread.md": b"rye\n"}
            await ana.attach(space.id, full, merge=True)
            held = tree_of(full)
            assert held.items() >= (SHARED | {"own.md": b"own\n"}).items()
            assert b"rye\n" in held.values(), "both are kept"

            async def same() -> bool:
                return tree_of(tmp_path / "mina") == held

            await until(mina, same)
            await nothing_deleted(ana, mina)

    asyncio.run(story())


def test_what_belongs_to_another_is_refused_and_all_stays_as_it_was(tmp_path: Path) -> None:
    """Another space's folder, one in it, one that another Atoll keeps, one that is no folder."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            with pytest.raises(FolderStillThere):
                await ana.attach(space.id, tmp_path / "new")
            assert not (tmp_path / "new").exists()
            other, left = tmp_path / "other", tmp_path / "left"
            for folder in (other, left):
                folder.mkdir()
                (folder / "x.md").write_text("x\n", encoding="utf-8")
            await ana.add(other)
            await ana.leave((await ana.add(left)).id)
            moved = (tmp_path / "ana").rename(tmp_path / "moved")
            (tmp_path / "file").write_text("", encoding="utf-8")
            for folder in (other, other / "in", left, tmp_path / "mina", tmp_path):
                with pytest.raises(FolderInUse):
                    await ana.attach(space.id, folder, merge=True)
            with pytest.raises(Unreadable):
                await ana.attach(space.id, tmp_path / "file")
            assert tree_of(other) == tree_of(left) == {"x.md": b"x\n"}
            assert (await ana.attach(space.id, moved)).folder == moved
            await nothing_deleted(mina)

    asyncio.run(story())


def test_stopped_in_the_middle_it_goes_on_by_itself(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C gets the folder later, not half of it."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "ana"
            folder.mkdir()
            files = {f"{number}.md": f"{number}\n".encode() for number in range(40)}
            for name, text in files.items():
                (folder / name).write_bytes(text)
            space = await ana.add(folder)
            shutil.rmtree(folder)
            there = tmp_path / "there"

            def stop(progress: Progress) -> None:
                if progress.task == "Writing":
                    attaching.cancel()

            attaching = asyncio.ensure_future(ana.attach(space.id, there, report=stop))
            with pytest.raises((asyncio.CancelledError, Stopped)):
                await attaching

            async def whole() -> bool:
                return tree_of(there) == files

            await until(ana, whole)
            assert not await ana.bin(space.id)

    asyncio.run(story())


def test_a_disk_that_does_not_take_the_mark_leaves_the_space_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an attachment would be a folder that the next start does not know."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            moved = (tmp_path / "ana").rename(tmp_path / "moved")

            def fails(*_: object) -> None:
                raise Unreadable("no room", "")

            with monkeypatch.context() as patched:
                patched.setattr("app.folder.mirror.write_marker", fails)
                with pytest.raises(AtollError):
                    await ana.attach(space.id, tmp_path / "new")
            (info,) = await ana.spaces()
            assert info.folder == tmp_path / "ana"
            moved.rename(tmp_path / "ana")
            await ana.scan(space.id)
            await nothing_deleted(ana, mina)

    asyncio.run(story())


def test_a_viewers_new_folder_holds_what_is_shared(tmp_path: Path) -> None:
    """Their drafts went with the folder; no file may stay away for being called one."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path, Role.VIEW)
            (tmp_path / "mina" / "bread.md").write_text("mine\n", encoding="utf-8")
            await mina.scan(space.id)
            assert await mina.drafts(space.id)
            shutil.rmtree(tmp_path / "mina")
            await gone(mina)
            await mina.attach(space.id, tmp_path / "again")
            assert tree_of(tmp_path / "again") == SHARED
            assert not await mina.drafts(space.id)

    asyncio.run(story())
