"""One plain folder has one keeper: whoever comes second is told so, and touches nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.errors import FolderInUse, KeptElsewhere
from app.events import Event, Trouble
from app.values import Mirroring, Role
from tests.integration.test_node import node, share_and_join, until


def test_a_second_device_cannot_join_into_the_folder_that_the_first_keeps(tmp_path: Path) -> None:
    """Each would share what the other wrote, and files would multiply without end."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            folder = tmp_path / "ana"
            folder.mkdir()
            (folder / "a.md").write_text("a\n", encoding="utf-8")
            space = await ana.add(folder)
            code = (await ana.share(space.id, Role.EDIT, None)).code
            link = tmp_path / "link"
            link.symlink_to(folder)
            (folder / "inside").mkdir()
            before = sorted(folder.rglob("*"))
            for into in (folder, link, folder / "inside", tmp_path):
                with pytest.raises(FolderInUse):
                    await mina.join(code, into, merge=True)
            with pytest.raises(KeptElsewhere):
                await mina.add(folder / "inside")
            with pytest.raises(KeptElsewhere):
                await mina.add(folder)
            assert not await mina.spaces()
            assert sorted(folder.rglob("*")) == before

    asyncio.run(story())


def test_joining_into_a_folder_in_or_around_ones_own_is_refused(tmp_path: Path) -> None:
    """As adding it is: one file would be in two spaces."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            await share_and_join(ana, mina, tmp_path)
            own = tmp_path / "own" / "deep"
            own.mkdir(parents=True)
            second = await mina.add(own)
            code = (await mina.share(second.id, Role.EDIT, None)).code
            for into in (tmp_path / "ana" / "new", tmp_path / "ana"):
                with pytest.raises(FolderInUse):
                    await ana.join(code, into, merge=True)
            assert not (tmp_path / "ana" / "new").exists(), "nothing was made in it either"

    asyncio.run(story())


def test_who_starts_second_leaves_the_folder_alone_and_goes_on_when_the_first_ends(
    tmp_path: Path,
) -> None:
    """Both were set up on one folder while only one ran."""

    async def story() -> None:
        folder = tmp_path / "ana"
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path, Role.MANAGE)
        async with node(tmp_path, "Mina") as mina, node(tmp_path, "Jo") as jo:
            code = (await mina.share(space.id, Role.EDIT, None)).code
            await jo.join(code, folder, merge=True)  # Ana sleeps, so it is nobody's now
            async with node(tmp_path, "Ana") as ana:
                heard: list[Event] = []
                ana.events.listen(heard.append)

                async def refused() -> bool:
                    (info,) = await ana.spaces()
                    return info.why == KeptElsewhere.code

                await until(ana, refused)
                (info,) = await ana.spaces()
                assert info.mirroring is Mirroring.UNAVAILABLE
                troubles = [one for one in heard if isinstance(one, Trouble)]
                assert all(one.code == KeptElsewhere.code for one in troubles)
                names = sorted(entry.name for entry in await ana.all_entries(space.id))
                assert names == ["bread.md", "pic.bin"], "nothing multiplied"
                await jo.leave(space.id)
                await ana.scan(space.id)
                (info,) = await ana.spaces()
                assert (info.mirroring, info.why) == (Mirroring.SETTLED, "")

    asyncio.run(story())
