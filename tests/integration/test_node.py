"""The whole app on real parts, in one process: two devices on the loopback, and their folders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.accounts import set_up
from app.compose import build_node
from app.config import Config
from app.entropy import SystemEntropy
from app.errors import AlreadyHere, BadUsage, FolderInUse, FolderNotEmpty, NotText
from app.events import Event, TextArrived
from app.node import Node
from app.places import Places, prepare
from app.progress import Progress
from app.values import EntryInfo, Mirroring, Reach, Role, SpaceInfo
from storage.errors import AccessExpired, NameTaken, NotAllowed, NotFound

PATIENCE = 30.0


@asynccontextmanager
async def node(base: Path, name: str) -> AsyncIterator[Node]:
    """Run a device."""
    places = Places(base / f"{name}-data")
    if not places.is_set_up():
        prepare(places)
        await set_up(places, name, SystemEntropy())
    made = build_node(Config(places, discovery=False, listen="127.0.0.1", port=0))
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def until(app: Node, holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again after each event, until it holds."""
    moved = asyncio.Event()
    stop = app.events.listen(lambda _event: moved.set())
    try:
        async with asyncio.timeout(PATIENCE):
            while not await holds():
                await moved.wait()
                moved.clear()
    finally:
        stop()


async def share_and_join(
    ana: Node, mina: Node, base: Path, role: Role = Role.EDIT
) -> tuple[SpaceInfo, SpaceInfo]:
    """Let Ana share a folder and Mina join it."""
    folder = base / "ana"
    folder.mkdir()
    (folder / "bread.md").write_text("flour\nwater\n", encoding="utf-8")
    (folder / "pic.bin").write_bytes(b"\0" * 100)
    space = await ana.add(folder)
    invite = await ana.share(space.id, role, None)
    return space, await mina.join(invite.code, base / "mina")


async def named(app: Node, space: str, name: str) -> EntryInfo:
    """Return an entry by its name."""
    return next(entry for entry in await app.all_entries(space) if entry.name == name)


def test_two_type_in_one_note_and_both_keep_their_words(tmp_path: Path) -> None:
    """Live while both have it open; saved by each; own undo never touches the other's words."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            entry = await named(ana, space.id, "bread.md")
            here = await ana.open_note(space.id, entry.id)
            there = await mina.open_note(space.id, entry.id)
            heard: list[TextArrived] = []

            def hear(event: Event) -> None:
                if isinstance(event, TextArrived):
                    heard.append(event)

            mina.events.listen(hear)

            async def arrived() -> bool:
                return bool(heard)

            for _ in range(100):  # until both ends know that the other has the note open
                await here.splice(0, 0, "r")
                if heard:
                    break
                await asyncio.sleep(0)
            await until(mina, arrived)
            for event in heard:
                await there.receive(event.update)
            assert "r" in there.text
            await there.splice(0, 0, "Mina: ")
            await here.save()
            await there.save()

            async def same() -> bool:
                await here.refresh()
                await there.refresh()
                return here.text == there.text and "Mina: " in here.text

            await until(ana, same)
            typed = here.text
            await there.undo()
            assert "Mina: " not in there.text
            assert there.text.count("r") == typed.count("r")
            await here.close()
            await there.close()

    asyncio.run(story())


def test_who_opens_a_note_while_another_types_has_at_once_what_was_typed(tmp_path: Path) -> None:
    """What was typed before is not committed yet, and what follows makes no sense without it."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            entry = await named(ana, space.id, "bread.md")
            here = await ana.open_note(space.id, entry.id)
            await here.splice(0, 0, "rye ")
            heard: list[TextArrived] = []
            mina.events.listen(
                lambda event: heard.append(event) if isinstance(event, TextArrived) else None
            )
            there = await mina.open_note(space.id, entry.id)

            async def arrived() -> bool:
                return bool(heard)

            await until(mina, arrived)
            for event in heard:
                await there.receive(event.update)
            assert there.text == here.text == "rye flour\nwater\n"

    asyncio.run(story())


def test_a_note_is_everywhere_only_when_its_last_words_are(tmp_path: Path) -> None:
    """However many commits the other made before: what it does not have is not with it."""

    async def story() -> None:
        async with node(tmp_path, "Mina") as mina:
            async with node(tmp_path, "Ana") as ana:
                space, _ = await share_and_join(ana, mina, tmp_path)
                folder = await ana.new_folder(space.id, None, "soups")
                note = await ana.new_note(space.id, folder.id, "leek.md", "one\n")
                for number in range(5):
                    await ana.rename(space.id, note.id, f"leek {number}.md")
                await ana.rename(space.id, note.id, "leek.md")

                async def all_there() -> bool:
                    entries = await mina.all_entries(space.id)
                    return {(e.name, e.reach) for e in entries} == {
                        (name, Reach.EVERYWHERE) for name in ("leek.md", "bread.md", "pic.bin")
                    }

                await until(mina, all_there)
                assert (await named(mina, space.id, "leek.md")).by == "Ana"

            here = await mina.open_note(space.id, note.id)
            await here.splice(0, 0, "Mina: ")
            await here.close()
            soups = await mina.entry(space.id, folder.id)
            entries = {e.name: e for e in (soups, *await mina.all_entries(space.id))}
            reached = {"soups": False, "leek.md": False, "bread.md": True, "pic.bin": True}
            assert entries["leek.md"].by == "Mina"
            for name, everywhere in reached.items():
                entry = entries[name]
                told = await mina.delivery(space.id, entry.id)
                assert {entry.reach is Reach.EVERYWHERE, told.reach is Reach.EVERYWHERE} == {
                    everywhere
                }

    asyncio.run(story())


def test_a_note_that_was_saved_is_in_the_plain_folder(tmp_path: Path) -> None:
    """Any other program reads it; what other programs write comes back by refresh."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            folder.mkdir()
            space = await ana.add(folder)
            made = await ana.new_note(space.id, None, "plan.md", "one\n")
            again = await ana.new_note(space.id, None, "plan.md", "two\n")
            assert (made.name, again.name) == ("plan.md", "plan (2).md")
            note = await ana.open_note(space.id, made.id)
            await note.splice(4, 0, "more\n")
            await note.save()
            path = folder / "plan.md"

            async def written() -> bool:
                return path.read_text(encoding="utf-8") == "one\nmore\n"

            await until(ana, written)
            path.write_text("one\nmore\nby another program\n", encoding="utf-8")
            await ana.scan(space.id)
            await note.refresh()
            assert note.text == "one\nmore\nby another program\n"
            await note.close()
            with pytest.raises(NameTaken):
                await ana.rename(space.id, made.id, "plan (2).md")
            await ana.rename(space.id, made.id, "kept.md")
            assert (folder / "kept.md").exists() and not path.exists()
            await ana.remove(space.id, made.id)
            assert not (folder / "kept.md").exists()
            (item,) = await ana.bin(space.id)
            await ana.restore_from_bin(space.id, item.id)
            assert "another program" in (folder / "kept.md").read_text(encoding="utf-8")

    asyncio.run(story())


def test_old_versions_are_read_and_restored(tmp_path: Path) -> None:
    """Nothing is erased by going back."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            folder.mkdir()
            (folder / "a.md").write_text("first\n", encoding="utf-8")
            space = await ana.add(folder)
            (folder / "a.md").write_text("second\n", encoding="utf-8")
            await ana.scan(space.id)
            entry = await ana.find(folder / "a.md")
            now, then = await ana.history(space.id, entry.id)
            assert (now.order, then.order) == ("now", "before")
            assert await ana.read(space.id, entry.id, then.record) == b"first\n"
            await ana.restore(space.id, entry.id, then.record)
            assert (folder / "a.md").read_text(encoding="utf-8") == "first\n"
            assert len(await ana.history(space.id, entry.id)) == 3
            found = await ana.search("first")
            assert [hit.path for hit in found] == [("a.md",)]
            report = await ana.check()
            assert not report.findings and report.records >= 3

    asyncio.run(story())


def test_a_viewer_may_not_type_and_the_words_stay_as_a_draft(tmp_path: Path) -> None:
    """The text is kept here, sent to nobody, and can be dropped again."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, there = await share_and_join(ana, mina, tmp_path, Role.VIEW)
            assert there.role is Role.VIEW
            entry = await named(mina, space.id, "bread.md")
            note = await mina.open_note(space.id, entry.id)
            await note.splice(0, 0, "mine ")
            with pytest.raises(NotAllowed):
                await note.save()
            with pytest.raises(NotAllowed):
                await mina.share(space.id, Role.VIEW, None)

            async def drafted() -> bool:
                return bool(await mina.drafts(space.id))

            await until(mina, drafted)
            (draft,) = await mina.drafts(space.id)
            assert (tmp_path / "mina" / "bread.md").read_text(encoding="utf-8").startswith("mine ")
            await mina.drop_draft(space.id, draft.path)
            assert not await mina.drafts(space.id)
            text = (tmp_path / "mina" / "bread.md").read_text(encoding="utf-8")
            assert text == "flour\nwater\n"

    asyncio.run(story())


def test_folders_that_cannot_be_taken_are_refused_before_anything_happens(tmp_path: Path) -> None:
    """Nothing is mixed up without being asked for."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space, _ = await share_and_join(ana, mina, tmp_path)
            code = (await ana.share(space.id, Role.EDIT, None)).code
            full = tmp_path / "full"
            full.mkdir()
            (full / "own.md").write_text("own\n", encoding="utf-8")
            async with node(tmp_path, "Jo") as jo:
                with pytest.raises(FolderNotEmpty):
                    await jo.join(code, full)
                assert not await jo.spaces()
                steps: list[Progress] = []
                await jo.join(code, full, merge=True, report=steps.append)
                assert {entry.name for entry in await jo.all_entries(space.id)} == {
                    "own.md",
                    "bread.md",
                    "pic.bin",
                }
            (tmp_path / "ana" / "inside").mkdir()
            again = await ana.add(tmp_path / "ana")  # as after it was stopped: it goes on
            assert (again.id, len(await ana.spaces())) == (space.id, 1)
            for folder in (tmp_path / "ana" / "inside", tmp_path):
                with pytest.raises(FolderInUse):
                    await ana.add(folder)
            with pytest.raises(AlreadyHere):
                await mina.join(code, tmp_path / "mina2")
            assert not (tmp_path / "mina2").exists()
            entry = await named(ana, space.id, "pic.bin")
            with pytest.raises(NotText):
                await ana.open_note(space.id, entry.id)
            with pytest.raises(NotFound):
                await ana.entry(space.id, "00" * 16)
            with pytest.raises(NotFound):
                await ana.find(tmp_path / "elsewhere")

    asyncio.run(story())


def test_a_folder_that_went_away_deletes_nothing(tmp_path: Path) -> None:
    """A drive that was pulled out is not a wish to delete everything."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "drive"
            folder.mkdir()
            (folder / "a.md").write_text("a\n", encoding="utf-8")
            space = await ana.add(folder)
            folder.rename(tmp_path / "pulled")

            async def away() -> bool:
                (info,) = await ana.spaces()
                return info.mirroring is Mirroring.UNAVAILABLE

            await until(ana, away)
            assert [entry.name for entry in await ana.all_entries(space.id)] == ["a.md"]
            assert not await ana.bin(space.id)

    asyncio.run(story())


def test_who_joins_with_names_only_fetches_no_more_than_that(tmp_path: Path) -> None:
    """What is too much for a disk must not come first and go afterwards; a start keeps to it."""

    async def story() -> None:
        folder = tmp_path / "ana"
        folder.mkdir()
        (folder / "film.bin").write_bytes(b"\0" * 100 + bytes(range(256)) * 900)
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            space = await ana.add(folder)
            code = (await ana.share(space.id, Role.EDIT, None)).code
            with pytest.raises(BadUsage):
                await mina.join(code, tmp_path / "mina", keep="half")
            joined = await mina.join(code, tmp_path / "mina", keep="names")
            assert (joined.keeps, joined.entries, joined.missing_blocks) == ("names", 1, 0)
            assert not (tmp_path / "mina" / "film.bin").exists()
            assert len(_packed(tmp_path / "Mina-data")) < 100_000
            again = await mina.join(code, tmp_path / "mina", keep="whole")
            assert again.keeps == "whole"
            assert (tmp_path / "mina" / "film.bin").exists()
            await mina.keep(space.id, "names")
        async with node(tmp_path, "Mina") as mina:
            assert (await mina.spaces())[0].keeps == "names"

    asyncio.run(story())


def _packed(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data.glob("spaces/*/packs/*.pack"))


def test_leaving_keeps_the_plain_files(tmp_path: Path) -> None:
    """Only the keeping in step ends."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            folder.mkdir()
            (folder / "a.md").write_text("a\n", encoding="utf-8")
            space = await ana.add(folder)
            assert space.delivery.reach is Reach.ONLY_HERE
            await ana.leave(space.id)
            assert not await ana.spaces()
            assert (folder / "a.md").read_text(encoding="utf-8") == "a\n"
        async with node(tmp_path, "Ana") as again:
            assert not await again.spaces()

    asyncio.run(story())


def test_a_code_whose_time_is_over_is_refused_without_asking_anybody(tmp_path: Path) -> None:
    """The code itself says so."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana, node(tmp_path, "Mina") as mina:
            folder = tmp_path / "notes"
            folder.mkdir()
            space = await ana.add(folder)
            invite = await ana.share(space.id, Role.VIEW, 4_000_000_000)
            offered = await mina.read_invite(invite.code)
            assert (offered.by, offered.role, offered.until) == ("Ana", Role.VIEW, 4_000_000_000)
            mina._clock = Later()  # noqa: SLF001
            with pytest.raises(AccessExpired):
                await mina.read_invite(invite.code)

    asyncio.run(story())


class Later:
    """A clock in the next century."""

    def now(self) -> float:
        """Return a moment far away."""
        return 5_000_000_000.0

    def monotonic(self) -> float:
        """Return nothing useful."""
        return 0.0


def test_a_folder_that_was_deleted_in_several_steps_comes_back_whole(tmp_path: Path) -> None:
    """And where it lay last, not where its files were made."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "notes"
            (folder / "many" / "deep").mkdir(parents=True)
            for number in range(6):
                (folder / "many" / "deep" / f"{number}.md").write_text(f"{number}\n")
            (folder / "stays.md").write_text("stays\n")
            space = await ana.add(folder)
            (folder / "many").rename(folder / "renamed")
            await ana.scan(space.id)
            for name in ("0.md", "1.md", "2.md"):
                await ana.remove(space.id, (await named(ana, space.id, name)).id)
            (top,) = [entry for entry in await ana.entries(space.id) if entry.is_folder]
            await ana.remove(space.id, top.id)
            assert sorted(path.name for path in folder.glob("[!.]*")) == ["stays.md"]
            binned = {"/".join(item.path): item for item in await ana.bin(space.id)}
            await ana.restore_from_bin(space.id, binned["renamed/deep/4.md"].id)
            assert (folder / "renamed" / "deep" / "4.md").exists()
            assert not (folder / "many").exists()
            await ana.restore_from_bin(space.id, binned["renamed"].id)
            found = sorted(path.name for path in (folder / "renamed" / "deep").iterdir())
            assert found == [f"{number}.md" for number in range(6)]
            assert await ana.bin(space.id) == ()

    asyncio.run(story())


def test_a_look_that_somebody_waits_for_takes_what_was_deleted(tmp_path: Path) -> None:
    """What is missing is given a moment to come back; a look by hand waits for that too."""

    async def story() -> None:
        async with node(tmp_path, "Ana") as ana:
            folder = tmp_path / "recipes"
            folder.mkdir()
            (folder / "bread.md").write_text("flour\n", encoding="utf-8")
            space = await ana.add(folder)
            (folder / "bread.md").unlink()
            await ana.scan(space.id)
            assert not await ana.all_entries(space.id)
            assert [entry.path for entry in await ana.bin(space.id)] == [("bread.md",)]

    asyncio.run(story())
