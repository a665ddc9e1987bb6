"""Clocks that are a week off: nothing is lost or ordered by them, and ends are judged sanely."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import app.compose
import app.spaces
from app.clock import SystemClock
from app.node import Node
from app.values import Reach, Role
from storage.access.invite import code_from_text
from storage.errors import AccessExpired
from tests.integration.test_node import named, node, share_and_join, until

HOUR = 3600
WEEK = 7 * 24 * HOUR


def clock_off_by(seconds: float) -> Callable[[], SystemClock]:
    """Return a maker of clocks that are so far off."""

    class Off(SystemClock):
        def now(self) -> float:
            return super().now() + seconds

    return Off


@pytest.mark.parametrize("off", [WEEK, -WEEK], ids=["ahead", "behind"])
def test_a_clock_a_week_off_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: float
) -> None:
    """Both write after one another and both are heard: order is what was seen, not what time."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(off))
            async with node(tmp_path, "Mina") as mina:
                space, _ = await share_and_join(ana, mina, tmp_path)
                for turn, (writer, reader) in enumerate([(ana, mina), (mina, ana)] * 2):
                    await writes(writer, reader, tmp_path, space.id, turn)
                for each in (ana, mina):
                    report = await each.check()
                    assert not report.findings
                    assert not await each.bin(space.id)
                    steps = await each.history(space.id)
                    assert {step.device for step in steps} >= {"Ana", "Mina"}

    asyncio.run(story())


async def writes(writer: Node, reader: Node, base: Path, space: str, turn: int) -> None:
    """Let one write a line below all others, and wait until the other has the same note."""
    name = await writer.device_name()
    path = base / name.lower() / "bread.md"
    path.write_text(path.read_text("utf-8") + f"{turn} by {name}\n", "utf-8")
    await writer.scan(space)
    wanted = path.read_bytes()

    async def has() -> bool:
        entry = await named(reader, space, "bread.md")
        return await reader.read(space, entry.id) == wanted

    await until(reader, has)

    async def everywhere() -> bool:
        return (await writer.delivery(space)).reach is Reach.EVERYWHERE

    await until(writer, everywhere)


def test_a_code_is_judged_by_whoever_reads_it_and_whoever_gave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock ahead says 'ended' and asks nobody; a clock behind does not make it good again."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "ana"
            folder.mkdir()
            (folder / "bread.md").write_text("flour\n", "utf-8")
            space = await ana.add(folder)
            soon = int(time.time()) + HOUR
            code = (await ana.share(space.id, Role.EDIT, soon)).code
            monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(WEEK))
            async with node(tmp_path, "Ahead") as ahead:
                with pytest.raises(AccessExpired) as raised:
                    await ahead.join(code, tmp_path / "ahead")
                assert raised.value.until == soon
                assert not await ahead.spaces()
            monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(-WEEK))
            async with node(tmp_path, "Behind") as behind:
                joined = await behind.join(code, tmp_path / "behind")
                assert joined.until == soon
                assert (tmp_path / "behind/bread.md").read_text("utf-8") == "flour\n"

    asyncio.run(story())


def test_a_code_that_ended_is_refused_by_its_giver_whatever_the_joiners_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turning back one's own clock opens nothing."""

    async def story() -> None:
        monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(-WEEK))
        async with node(tmp_path, "Ana") as early:
            folder = tmp_path / "ana"
            folder.mkdir()
            space = await early.add(folder)
            ended = int(time.time()) - WEEK + HOUR
            made = await early.share(space.id, Role.EDIT, ended)
        monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(0))
        async with node(tmp_path, "Ana") as ana:
            code = made.code
            port = await ana.meeting.listening()
            monkeypatch.setattr(app.compose, "SystemClock", clock_off_by(-WEEK))
            async with node(tmp_path, "Behind") as behind:
                with pytest.raises(AccessExpired):
                    await behind.join(at_port(code, port), tmp_path / "behind")
                assert not await behind.spaces()

    asyncio.run(story())


def test_an_end_is_kept_by_the_giver_and_said_to_the_loser_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversation that began before the end goes no further: nothing is sent or taken."""
    monkeypatch.setattr(app.spaces, "ENDS_EVERY", 0.05)
    passed = [0.0]

    class Passing(SystemClock):
        def now(self) -> float:
            return super().now() + passed[0]

    monkeypatch.setattr(app.compose, "SystemClock", Passing)

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            folder = tmp_path / "ana"
            folder.mkdir()
            (folder / "bread.md").write_text("flour\n", "utf-8")
            space = await ana.add(folder)
            soon = int(time.time()) + HOUR
            invite = await ana.share(space.id, Role.EDIT, soon)
            await mina.join(invite.code, tmp_path / "mina")
            await writes(mina, ana, tmp_path, space.id, 0)
            lasting = await shared_for_good(ana, mina, tmp_path)
            passed[0] = HOUR + 2.0
            for name in ("ana", "mina"):
                (tmp_path / name / f"{name}s.md").write_text("later\n", "utf-8")
            await mina.scan(space.id)
            await ana.scan(space.id)
            (tmp_path / "lasting/after.md").write_text("after\n", "utf-8")
            await ana.scan(lasting)

            await know_of_the_end(ana, mina, space.id, tmp_path / "minas/after.md")
            assert not (tmp_path / "ana/minas.md").exists()
            assert {each.name for each in await mina.all_entries(space.id)} == {"bread.md"}
            [draft] = await mina.drafts(space.id)
            assert draft.path == ("minas.md",)

    asyncio.run(story())


async def know_of_the_end(ana: Node, mina: Node, space: str, later: Path) -> None:
    """Wait until what was written later is there, and both say how it is."""

    async def came() -> bool:
        return later.exists()  # noqa: ASYNC240

    async def told() -> bool:
        return (await mina.delivery(space)).reason == AccessExpired.code

    async def alone() -> bool:
        spaces = {each.id: each for each in await ana.spaces()}
        return len(spaces[space].members) == 1

    await until(mina, came)
    await until(mina, told)
    await until(ana, alone)


async def shared_for_good(ana: Node, mina: Node, base: Path) -> str:
    """Let them share another folder: what comes by it came after all that was sent before."""
    folder = base / "lasting"
    folder.mkdir()
    space = await ana.add(folder)
    await mina.join((await ana.share(space.id, Role.EDIT, None)).code, base / "minas")
    return space.id


def at_port(code: str, port: int) -> str:
    """Return a code that says where its giver is now."""
    return replace(code_from_text(code), hints=(("127.0.0.1", port),)).text()
