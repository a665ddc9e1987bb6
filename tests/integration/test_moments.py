"""Any moment of a folder, on the real parts: typed, looked at, and brought back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.errors import BadUsage, NoSuchVersion
from app.moments_values import Consent
from app.node import Node
from app.values import SpaceInfo
from storage.errors import NotFound, Overtaken
from storage.facts.dots import Seen
from storage.records.history import after
from storage.vault import Vault
from tests.integration.test_node import node

ALL = Consent()
LOOK = Consent(only_plan=True)


async def begun(ana: Node, base: Path) -> tuple[SpaceInfo, Path, str]:
    """Return a space, its folder, and the version before all was changed."""
    folder = base / "notes"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.md", "sub/b.md", "sub/c.bin"):
        (folder / name).write_text(f"{name}\n", encoding="utf-8")
    space = await ana.add(folder)
    version = (await ana.history(space.id))[0].record
    (folder / "a.md").write_text("changed\n", encoding="utf-8")
    (folder / "sub").rename(folder / "other")
    (folder / "other" / "b.md").unlink()
    (folder / "new.md").write_text("new\n", encoding="utf-8")
    await ana.scan(space.id)
    return space, folder, version


def files(folder: Path) -> dict[str, str]:
    """Return what the plain folder holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and ".atoll" not in path.parts
    }


async def seen_at(ana: Node, space: SpaceInfo, version: str) -> tuple[Seen, Seen]:
    """Return what had been seen right after a version, and what is seen now."""

    def work(vault: Vault) -> tuple[Seen, Seen]:
        return after(vault.step(bytes.fromhex(version))), vault.seen

    return await ana._spaces.get(space.id).opened.run(work)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


BEFORE = {"a.md": "a.md\n", "sub/b.md": "sub/b.md\n", "sub/c.bin": "sub/c.bin\n"}
AFTER = {"a.md": "changed\n", "other/c.bin": "sub/c.bin\n", "new.md": "new\n"}


def test_a_moment_is_looked_at_and_compared_without_touching_anything(tmp_path: Path) -> None:
    """To look is no change."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space, folder, version = await begun(ana, tmp_path)
            moments = ana.moments
            listed = await moments.listing(space.id, version, (), deep=True)
            assert {"/".join(it.path) for it in listed.entries if not it.is_folder} == set(BEFORE)
            assert listed.moment.record == version
            then = await moments.read(space.id, version, ("sub", "b.md"))
            assert then.data == b"sub/b.md\n"
            now_named = await moments.read(space.id, version, ("other", "c.bin"))
            assert now_named.entry.path == ("sub", "c.bin"), "found by its path of now"
            compared = await moments.compare(space.id, version, "now", ())
            assert {(it.kind, it.path, it.was) for it in compared.differences} == {
                ("changed", ("a.md",), ()),
                ("added", ("new.md",), ()),
                ("renamed", ("other",), ("sub",)),
                ("removed", ("sub", "b.md"), ()),
            }
            _, count = await moments.export(space.id, version, tmp_path / "out")
            assert count == 3
            assert files(tmp_path / "out") == BEFORE
            assert files(folder) == AFTER
            for path in (("new.md",), ("never.md",), ("sub",)):
                with pytest.raises(NotFound):
                    await moments.read(space.id, version, path)
            with pytest.raises(NoSuchVersion):
                await moments.listing(space.id, "abcdef0123", ())

    asyncio.run(story())


def test_what_was_agreed_to_is_done_or_nothing(tmp_path: Path) -> None:
    """Between the question and the answer somebody may go on working."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space, folder, version = await begun(ana, tmp_path)
            plan = await ana.moments.restore(space.id, version, (), consent=LOOK)
            assert plan.record == ""
            assert {deed.kind for deed in plan.deeds} == {"binned", "moved", "back", "content"}
            (folder / "late.md").write_text("late\n", encoding="utf-8")
            with pytest.raises(Overtaken):
                await ana.moments.restore(space.id, version, (), consent=Consent(token=plan.token))
            assert files(folder) == {**AFTER, "late.md": "late\n"}
            done = await ana.moments.restore(space.id, version, (), consent=ALL)
            assert files(folder) == BEFORE
            await ana.moments.restore(space.id, f"before {done.record[:12]}", (), consent=ALL)
            assert files(folder) == {**AFTER, "late.md": "late\n"}

    asyncio.run(story())


def test_a_part_and_a_selection_leave_the_rest(tmp_path: Path) -> None:
    """What came since stays."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space, folder, version = await begun(ana, tmp_path)
            await ana.moments.restore(space.id, version, [("sub", "b.md")], consent=ALL)
            assert files(folder) == {**AFTER, "other/b.md": "sub/b.md\n"}, (
                "its folder has a new name"
            )
            await ana.moments.restore(space.id, version, [("sub",), ("a.md",)], consent=ALL)
            assert files(folder) == {**BEFORE, "new.md": "new\n"}
            again = await ana.moments.restore(space.id, version, [("sub",)], consent=ALL)
            assert (again.deeds, again.record) == ((), ""), "it is so already"

    asyncio.run(story())


def test_a_batch_is_undone_by_name_and_by_what_had_been_seen(tmp_path: Path) -> None:
    """A person names a device and two moments; other parts of the app know what had been seen."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space, folder, version = await begun(ana, tmp_path)
            made = (await ana.history(space.id))[-3].record
            for who in ("nobody", "Mina"):
                with pytest.raises(BadUsage):
                    await ana.moments.undo(space.id, [who], version, "now", consent=LOOK)
            undone = await ana.moments.undo(
                space.id, ["ana"], f"before {made[:12]}", "now", consent=LOOK
            )
            assert undone.devices == ("Ana",)
            assert files(folder) == AFTER
            seen, until = await seen_at(ana, space, version)
            (own,) = [device.did for device in await ana.devices() if device.is_this]
            done = await ana.undoing.undo(space.id, own, seen, until)
            assert files(folder) == BEFORE
            await ana.moments.undo(space.id, ["me"], done.record, done.record, consent=ALL)
            assert files(folder) == AFTER

    asyncio.run(story())
