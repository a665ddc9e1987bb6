"""The past on this device, with whole apps: rules, forgetting, asking others, the bin emptied."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.errors import RepairedAlone
from app.events import Event, Trouble
from app.keeping_history import KeepingHistory
from app.node import Node
from app.values import Role
from storage.collecting import NotRepaired
from storage.errors import NotKept
from storage.retention import Rule
from sync.receipts import Receipts
from tests.integration.test_node import named, node, share_and_join, until

FIRST = b"\0first" * 20_000
SECOND = b"\0second" * 20_000


def test_a_version_that_was_forgotten_here_is_asked_of_the_others(tmp_path: Path) -> None:
    """Forgetting is of this device only: whoever changes their mind can have it from another."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            picture = await named(ana, space.id, "pic.bin")
            for data in (FIRST, SECOND):
                (tmp_path / "ana" / "pic.bin").write_bytes(data)
                await ana.scan(space.id)
            steps = await ana.history(space.id, picture.id)
            first = steps[1].record

            async def mina_has_it() -> bool:
                (there,) = [it for it in await mina.spaces() if it.id == space.id]
                return there.missing_blocks == 0 and await reads(mina) == FIRST

            async def reads(app: object) -> bytes:
                asked = mina if app is mina else ana
                try:
                    return await asked.read(space.id, picture.id, first)
                except Exception:  # noqa: BLE001  it is still to come
                    return b""

            await until(mina, mina_has_it)
            told = await ana.past.forget(space.id, picture.id, first, at_once=True)
            assert told.count == 1
            assert told.removed_bytes > 0
            assert told.others == 1
            assert [it.kept for it in await ana.history(space.id, picture.id)] == [
                True,
                False,
                True,
            ]
            with pytest.raises(NotKept):
                await ana.read(space.id, picture.id, first)
            with pytest.raises(NotKept):
                await ana.restore(space.id, picture.id, first)
            assert not (await ana.check()).findings
            await ana.past.take_back(space.id, picture.id, first)

            async def ana_has_it() -> bool:
                return await reads(ana) == FIRST

            await until(ana, ana_has_it)
            (given,) = await ana.past.collect(space.id)
            assert given.quarantined_bytes == 0

    asyncio.run(story())


def test_the_bin_is_emptied_for_good_and_remembers_it(tmp_path: Path) -> None:
    """What was cleared out is listed no more, and does not come back with its folder."""

    async def story() -> None:
        folder = tmp_path / "ana"
        (folder / "trip").mkdir(parents=True)
        (folder / "trip" / "lake.bin").write_bytes(FIRST)
        (folder / "trip" / "sea.bin").write_bytes(SECOND)
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(folder)
            for name in ("lake.bin", "sea.bin"):
                (folder / "trip" / name).unlink()
            (folder / "trip").rmdir()
            await ana.scan(space.id)
            lake = next(it for it in await ana.bin(space.id) if it.path[-1] == "lake.bin")
            (told,) = await ana.past.empty_bin(space.id, [lake.id], at_once=True)
            assert told.removed_bytes > 0
            left = {it.path for it in await ana.bin(space.id)}
            assert left == {("trip",), ("trip", "sea.bin")}
        async with node(tmp_path, "Ana") as ana:
            assert {it.path for it in await ana.bin(space.id)} == left
            trip = next(it for it in await ana.bin(space.id) if it.is_folder)
            await ana.restore_from_bin(space.id, trip.id)
            assert [it.name for it in await ana.all_entries(space.id)] == ["sea.bin"]
            assert (folder / "trip" / "sea.bin").read_bytes() == SECOND
            assert not (folder / "trip" / "lake.bin").exists()

    asyncio.run(story())


def test_rules_are_of_a_folder_and_what_it_holds(tmp_path: Path) -> None:
    """Pictures of one folder may be kept otherwise than notes of another; and it is remembered."""

    async def story() -> None:
        folder = tmp_path / "ana"
        for name in ("films", "letters"):
            (folder / name).mkdir(parents=True)
            (folder / name / "a.mov").write_bytes(FIRST + name.encode())
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(folder)
            for name in ("films", "letters"):
                (folder / name / "a.mov").write_bytes(SECOND)
            await ana.scan(space.id)
            films = await ana.find(folder / "films")
            await ana.past.set_rule(space.id, films.id, Rule(latest_over=1_000))
        async with node(tmp_path, "Ana") as ana:
            (use,) = await ana.past.use(space.id)
            assert 0 < use.freed_later < 2 * use.older
            assert use.older > 0
            of_all, of_films = await ana.past.rules(space.id)
            assert of_all.latest_over is None
            assert (of_films.path, of_films.latest_over) == (("films",), 1_000)
            (given,) = await ana.past.collect(space.id)
            assert given.quarantined_bytes == use.freed_later
            (use,) = await ana.past.use(space.id)
            assert use.quarantine == given.quarantined_bytes
            await ana.past.set_rule(space.id, films.id, None)
            assert len(await ana.past.rules(space.id)) == 1
            (given,) = await ana.past.collect(space.id)
            (use,) = await ana.past.use(space.id)
            assert use.quarantine == 0
            await ana.leave(space.id)

    asyncio.run(story())


def torn(data: Path) -> None:
    """Lose the index of the one space, and a stretch in the middle of its pack."""
    (store,) = [it for it in (data / "spaces").iterdir() if (it / "packs").is_dir()]
    for path in store.glob("index.db*"):
        path.unlink()
    (pack,) = (store / "packs").iterdir()
    with pack.open("r+b") as file:
        file.seek(pack.stat().st_size - 200)
        file.write(b"torn" * 9)


async def collects(app: Node, space: str) -> bool:
    """Collect; say whether that was possible."""
    try:
        await app.past.collect(space)
    except NotRepaired:
        return False
    return True


def test_a_store_that_a_power_cut_tore_is_settled_by_itself_and_collected_again(
    tmp_path: Path,
) -> None:
    """It said nothing, and took more of the disk from day to day, until somebody typed repair."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            await share_and_join(ana, mina, tmp_path)
        torn(tmp_path / "Ana-data")
        troubles: list[Event] = []
        async with node(tmp_path, "Ana") as ana:
            ana.events.listen(lambda it: troubles.append(it) if isinstance(it, Trouble) else None)
            (space,) = await ana.spaces()
            with pytest.raises(NotRepaired):
                await ana.past.collect(space.id)
            await ana.share(space.id, Role.VIEW, None)  # it waits until Ana can be reached
            async with node(tmp_path, "Mina") as mina:
                await mina.dial(f"127.0.0.1:{ana.port}")
                await until(ana, lambda: collects(ana, space.id))
            name = (await ana.spaces())[0].name
            assert troubles == [Trouble(RepairedAlone.code, name, space.id)]
            assert not [it for it in (await ana.check()).findings if it.severity != "note"]

    asyncio.run(story())


def test_who_keeps_the_past_hears_of_each_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ended in vain is tried again at once, not a day later."""
    told: list[str] = []

    def hear(_past: KeepingHistory, space: str) -> None:
        told.append(space)

    monkeypatch.setattr(KeepingHistory, "repaired", hear)

    async def story() -> None:
        (tmp_path / "ana").mkdir()
        async with node(tmp_path, "Ana") as ana:
            space = await ana.add(tmp_path / "ana")
            await ana.repair(space.id)
            assert told == [space.id]

    asyncio.run(story())


def says_nothing(_receipts: Receipts, _space: bytes) -> None:
    """Stand in for signing and for what was signed."""


def test_a_torn_store_needs_no_signed_word_of_those_who_ran_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desktop that is never switched off may have signed last before it was torn."""

    async def story() -> None:
        async with node(tmp_path, "Mina") as mina:
            async with node(tmp_path, "Ana") as ana:
                await share_and_join(ana, mina, tmp_path)
            torn(tmp_path / "Ana-data")
            monkeypatch.setattr(Receipts, "moved", says_nothing)
            monkeypatch.setattr(Receipts, "last", says_nothing)
            async with node(tmp_path, "Ana") as ana:
                (space,) = await ana.spaces()
                await ana.dial(f"127.0.0.1:{mina.port}")
                await until(ana, lambda: collects(ana, space.id))
                assert not [it for it in (await ana.check()).findings if it.severity != "note"]

    asyncio.run(story())
