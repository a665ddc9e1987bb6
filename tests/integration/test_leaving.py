"""Stores that were left: thrown away only when others hold all, and then wholly."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shelf import ASIDE, BEGUN, GONE, put_aside, throw_away, tidy
from app.values import Reach
from tests.integration.test_node import node, share_and_join, until

STORE = "ab" * 16


def store_in(shelf: Path, name: str = STORE) -> Path:
    """Make something that looks like a store."""
    store = shelf / name
    (store / "packs").mkdir(parents=True)
    (store / "packs" / "1.pack").write_bytes(b"sealed")
    return store


def marks() -> Iterator[str]:
    """Count."""
    number = 0
    while True:
        yield f"{number:08x}"
        number += 1


def test_an_interrupted_removal_is_ended_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else half a store would lie there for ever, or be opened as a whole one."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)

            async def everywhere() -> bool:
                return (await ana.spaces())[0].delivery.reach is Reach.EVERYWHERE

            await until(ana, everywhere)
            with monkeypatch.context() as patch:  # killed before the first file is gone
                patch.setattr(shutil, "rmtree", lambda *_args, **_more: None)
                await ana.leave(space.id)
        shelf = tmp_path / "Ana-data" / "spaces"
        (left,) = shelf.iterdir()
        assert left.name.startswith(GONE)
        async with node(tmp_path, "Ana") as again:
            assert not await again.spaces()
            assert not list(shelf.iterdir())
        assert (tmp_path / "ana" / "bread.md").exists()

    asyncio.run(story())


def test_what_only_this_device_holds_is_put_aside_for_good(tmp_path: Path) -> None:
    """Its history is nowhere else, whatever the person meant by leaving."""
    store = store_in(tmp_path)
    put_aside(store, "00000000")
    for _ in range(2):
        tidy(tmp_path, (), lambda: "11111111")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(ASIDE)
    assert (left / "packs" / "1.pack").read_bytes() == b"sealed"


def test_one_that_is_thrown_away_is_gone(tmp_path: Path) -> None:
    """Others hold it."""
    throw_away(store_in(tmp_path), "00000000")
    assert not list(tmp_path.iterdir())


names = st.sampled_from([STORE, "cd" * 16, "ef" * 32, f"{BEGUN}x", f"{GONE}x-1", f"{ASIDE}x-1"])


@given(found=st.sets(names), known=st.sets(names))
def test_nothing_but_the_begun_and_the_gone_is_ever_deleted(
    tmp_path_factory: pytest.TempPathFactory, found: set[str], known: set[str]
) -> None:
    """Whatever lies on the shelf: what is remembered stays where it is, the rest is kept aside."""
    shelf = tmp_path_factory.mktemp("shelf")
    for name in found:
        store_in(shelf, name)
    tidy(shelf, known, marks().__next__)
    there = {path.name for path in shelf.iterdir()}
    kept = {name for name in found if not name.startswith((BEGUN, GONE))}
    assert len(there) == len(kept)
    assert kept & known <= there
    assert all(name in known or name.startswith(ASIDE) for name in there)
