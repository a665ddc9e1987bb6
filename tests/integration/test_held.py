"""Mass changes that are held, with whole apps: what is said, what rests, what a person can do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.errors import BadUsage, NothingHeld
from app.guard_values import GuardSettings, Harm
from app.node import Node
from app.values import Reach, Role
from storage.bygone import Run
from storage.collecting import Orders
from storage.retention import QUARANTINE
from storage.vault import Vault
from tests.integration.test_node import named, node, share_and_join, until

COUNT = 80


async def reach(app: Node, space: str) -> Reach:
    """Return where a device says that a space is."""
    return (await app.delivery(space)).reach


async def many(app: Node, space: str) -> str:
    """Return the folder with many notes."""
    return next(entry.id for entry in await app.entries(space) if entry.name == "many")


async def filled(ana: Node, mina: Node, base: Path) -> str:
    """Let both have a folder with many notes; return the space."""
    space, _ = await share_and_join(ana, mina, base)
    (base / "ana" / "many").mkdir()
    for number in range(COUNT):
        text = " ".join(f"word{number}.{n}" for n in range(20))
        (base / "ana" / "many" / f"{number:03}.md").write_text(text, encoding="utf-8")
    await ana.scan(space.id)

    async def there() -> bool:
        return tree_of(base / "mina") == tree_of(base / "ana")

    await until(mina, there)
    return space.id


def test_a_folder_deleted_in_the_app_rests_until_it_is_undone(tmp_path: Path) -> None:
    """It is said where it is, nothing of it is in a hand-over, nothing old is given up."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space = await filled(ana, mina, tmp_path)
            before = tree_of(tmp_path / "ana")
            with pytest.raises(NothingHeld):
                await ana.undo_held(space)
            await ana.remove(space, await many(ana, space))
            assert await reach(ana, space) is Reach.HELD
            (batch,) = await ana.held(space)
            assert batch.is_this
            assert batch.count(Harm.DELETED) == COUNT
            assert batch.changes[0].path == ("many", "000.md")
            assert not (tmp_path / "ana" / "many").exists(), "here it is done"
            (given,) = await ana.past.collect(space)
            assert given.quarantined_bytes == given.removed_bytes == 0
            assert tree_of(tmp_path / "mina") == before
            told = await ana.undo_held(space)
            assert (told.files, told.lacking) == (COUNT, 0)
            assert tree_of(tmp_path / "ana") == before
            assert await ana.held(None) == ()

            async def everywhere() -> bool:
                return await reach(ana, space) is Reach.EVERYWHERE

            await until(ana, everywhere)
            assert tree_of(tmp_path / "mina") == before
            assert await mina.held(None) == ()

    asyncio.run(story())


def test_while_something_is_held_only_what_was_told_to_go_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who forgets one version at once means no other: undoing may need what was in quarantine."""
    orders: list[Orders] = []
    real = Vault.collection

    def collection(vault: Vault, order: Orders) -> Run:
        orders.append(order)
        return real(vault, order)

    monkeypatch.setattr(Vault, "collection", collection)

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space = await filled(ana, mina, tmp_path)
            for data in (b"\0first", b"\0second"):
                (tmp_path / "ana" / "pic.bin").write_bytes(data)
                await ana.scan(space)
            picture = await named(ana, space, "pic.bin")
            first = (await ana.history(space, picture.id))[1].record
            await ana.past.collect(space)
            await ana.remove(space, await many(ana, space))
            assert await ana.held(space)
            told = await ana.past.forget(space, picture.id, first, at_once=True)
            assert told.removed_bytes > 0

    asyncio.run(story())
    before, held = orders
    assert before.quarantine == QUARANTINE
    assert held.quarantine > 1000 * QUARANTINE


def test_what_is_held_is_in_no_hand_over(tmp_path: Path) -> None:
    """Whoever joins by a file gets the folder as it was before."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space = await filled(ana, mina, tmp_path)
            before = tree_of(tmp_path / "ana")
            await ana.remove(space, await many(ana, space))
            invite = await ana.share(space, Role.EDIT, None)
            handed = await ana.invite_file(invite.code)
        async with node(tmp_path, "Zoe") as zoe:
            joined = await zoe.join(handed, tmp_path / "zoe")
            names = {"/".join(entry.path) for entry in await zoe.all_entries(joined.id)}
            assert names == before.keys()

    asyncio.run(story())


def test_a_note_is_typed_while_the_sending_rests(tmp_path: Path) -> None:
    """What is typed is saved here, shown to nobody who could not place it, and goes out later."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space = await filled(ana, mina, tmp_path)
            await ana.remove(space, await many(ana, space))
            assert await reach(ana, space) is Reach.HELD
            note = await ana.open_note(space, (await named(ana, space, "bread.md")).id)
            await note.splice(0, 0, "rye ")
            await note.close()

            async def written() -> bool:
                return (tmp_path / "ana" / "bread.md").read_bytes().startswith(b"rye ")

            await until(ana, written)
            (tmp_path / "mina" / "pie.md").write_text("apples", encoding="utf-8")
            await mina.scan((await mina.spaces())[0].id)

            async def came() -> bool:
                return (tmp_path / "ana" / "pie.md").exists()

            await until(ana, came)
            assert await ana.let_through(space) == COUNT

            async def mina_asks() -> bool:
                return bool(await mina.held(None))

            await until(mina, mina_asks)
            assert len(tree_of(tmp_path / "mina")) == COUNT + 3
            await mina.let_through(space)

            async def same() -> bool:
                return tree_of(tmp_path / "mina") == tree_of(tmp_path / "ana")

            await until(mina, same)

    asyncio.run(story())


def test_settings_are_checked_and_kept(tmp_path: Path) -> None:
    """Numbers that make no sense are refused, and a new start knows the others."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            (tmp_path / "ana").mkdir()
            space = (await ana.add(tmp_path / "ana")).id
            assert await ana.guard(space) == GuardSettings()
            for bad in (GuardSettings(files=0), GuardSettings(percent=101)):
                with pytest.raises(BadUsage):
                    await ana.set_guard(space, bad)
            await ana.set_guard(space, GuardSettings(on=False, files=7, percent=3))
        async with node(tmp_path, "Ana") as ana:
            assert await ana.guard(space) == GuardSettings(on=False, files=7, percent=3)

    asyncio.run(story())
