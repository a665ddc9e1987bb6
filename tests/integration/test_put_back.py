"""A data folder that is put back from a copy, under a plain folder that went on: whole apps."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from app import twins
from app.node import Node
from app.values import Reach, Role
from tests.integration.test_node import node, share_and_join, until


async def _meet(ana: Node, mina: Node, space: str) -> None:
    await ana.share(space, Role.VIEW, None)  # it waits until Ana can be reached
    await mina.dial(f"127.0.0.1:{ana.port}")


def test_lines_that_the_store_forgot_and_the_folder_has_are_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They came back from the other device, and were new in the folder: each stood there twice."""
    monkeypatch.setattr(twins, "QUIET", 0.0)
    monkeypatch.setattr(twins, "SPREAD", 0.0)
    bread = [tmp_path / who / "bread.md" for who in ("ana", "mina")]

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
        shutil.copytree(tmp_path / "Ana-data", tmp_path / "kept")

        async def same() -> bool:
            here, there = (path.read_text() for path in bread)
            (shown,) = await ana.spaces()
            return here == there and "salt" in here and shown.delivery.reach is Reach.EVERYWHERE

        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            await _meet(ana, mina, space.id)
            bread[0].write_text("flour\nwater\nsalt\n")
            await ana.scan(space.id)
            await until(ana, same)
        (tmp_path / "Ana-data").rename(tmp_path / "lost")
        (tmp_path / "kept").rename(tmp_path / "Ana-data")
        async with node(tmp_path, "Ana") as ana:
            await ana.scan(space.id)
            async with node(tmp_path, "Mina") as mina:
                await _meet(ana, mina, space.id)

                async def settled() -> bool:
                    said = {it.words for it in await ana.history(space.id)}
                    return twins.WORDS in said and await same()

                await until(ana, settled)
        assert [path.read_text() for path in bread] == ["flour\nwater\nsalt\n"] * 2

    asyncio.run(story())
