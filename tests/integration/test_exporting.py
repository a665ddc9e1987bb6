"""Writing a space out: all of it or nothing, and words that fit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.complaints import say
from app.errors import PlaceNotEmpty
from app.exporting import export
from app.progress import Progress, Stopped
from tests.integration.test_node import node

BIG = 3 << 20


def made(base: Path) -> Path:
    """Make a folder to add."""
    folder = base / "ana"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "big.bin").write_bytes(b"\1" * BIG)
    (folder / "a.md").write_text("flour\n", "utf-8")
    return folder


def test_a_place_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    """And nobody is told to unite what cannot be united there."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(made(tmp_path))
            into = tmp_path / "out"
            into.mkdir()
            (into / "mine.txt").write_text("mine", "utf-8")
            with pytest.raises(PlaceNotEmpty) as refused:
                await ana.export(space.id, into)
            assert "bring both together" not in str(say(refused.value))
            assert [found.name for found in into.iterdir()] == ["mine.txt"]

    asyncio.run(story())


@pytest.mark.parametrize("there", [False, True])
def test_an_export_that_is_stopped_leaves_nothing_and_the_next_is_whole(
    tmp_path: Path, *, there: bool
) -> None:
    """Half a folder looks like a whole one to whoever finds it later."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(made(tmp_path))
            into = tmp_path / "new" / "out"
            if there:
                into.mkdir(parents=True)
            steps: list[Progress] = []
            begun = asyncio.Event()

            def report(step: Progress) -> None:
                steps.append(step)
                begun.set()

            work = asyncio.ensure_future(ana.export(space.id, into, report))
            await begun.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            if not (into / "sub" / "big.bin").exists():  # else it was done before it heard
                assert into.exists() is there
                assert not there or not any(into.iterdir())
                assert await ana.export(space.id, into) == 2
            assert (into / "sub" / "big.bin").read_bytes() == b"\1" * BIG

    asyncio.run(story())


def test_one_large_file_is_told_of_while_it_is_written(tmp_path: Path) -> None:
    """A bar that stands still for an hour says nothing."""

    async def story() -> list[Progress]:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(made(tmp_path))
            kept = ana._spaces.get(space.id)  # noqa: SLF001
            steps: list[Progress] = []
            await kept.opened.run(
                lambda vault: export(vault.tree(), vault, tmp_path / "out", steps.append)
            )
            return steps

    steps = asyncio.run(story())
    done = [step.done_bytes for step in steps]
    assert done == sorted(done)
    assert sum(0 < size < BIG for size in done) > 1
    assert {step.total_bytes for step in steps} == {BIG + len("flour\n")}


@pytest.mark.parametrize("at", range(7))
def test_wherever_it_is_stopped_nothing_is_left(tmp_path: Path, at: int) -> None:
    """At each of its steps."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(made(tmp_path))
            kept = ana._spaces.get(space.id)  # noqa: SLF001
            left = at

            def report(_step: Progress) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Stopped("the person asked to stop")

            into = tmp_path / "out"
            with pytest.raises(Stopped):
                await kept.opened.run(lambda vault: export(vault.tree(), vault, into, report))
            assert not into.exists()

    asyncio.run(story())
