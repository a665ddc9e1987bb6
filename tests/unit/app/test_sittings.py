"""Sittings at a note, one after the other: who writes in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from app.entropy import SystemEntropy
from app.notes import Notes, TypedNote
from storage.facts.change import TOP, EntryId
from storage.facts.text_version import version_from_bytes
from storage.vault import Vault
from tests.helpers.vaults import Clock, Place, write

Answer = TypeVar("Answer")


@dataclass
class Opened:
    """A space that is open, as far as typing asks for it."""

    vault: Vault
    id: str = "space"
    key: bytes = b"space"
    guard: Any = field(default_factory=lambda: SimpleNamespace(pauses=False))

    async def run(self, work: Callable[[Vault], Answer]) -> Answer:
        """Do work on the vault."""
        return work(self.vault)


class Heard:
    """What was told live."""

    def __init__(self) -> None:
        self.updates: list[bytes] = []

    def live(self, space: bytes, entry: EntryId, update: bytes) -> None:
        """Hear what was typed."""
        del space, entry
        self.updates.append(update)

    def open_note(self, space: bytes, entry: EntryId) -> None:
        """Nobody else has it open."""

    def close_note(self, space: bytes, entry: EntryId) -> None:
        """Nobody else had it open."""


class InStep:
    """A folder that is nowhere."""

    async def committed_here(self, entries: frozenset[EntryId]) -> None:
        """Write nothing."""


def notes_of(vault: Vault) -> Notes:
    """Return what opens a vault's notes."""
    kept = SimpleNamespace(opened=Opened(vault), in_step=InStep())

    def get(space: str) -> SimpleNamespace:
        del space
        return kept

    spaces = SimpleNamespace(get=get)
    return Notes(cast("Any", spaces), Heard(), Clock(), SystemEntropy())


def peers(vault: Vault, entry: EntryId) -> set[int]:
    """Return who wrote in a note."""
    return set(version_from_bytes(vault.text(entry).base))


async def sitting(notes: Notes, entry: EntryId, word: str) -> TypedNote:
    """Sit down, type a word and save it."""
    note = await notes.open("space", entry.hex())
    await note.splice(0, 0, word)
    await note.save()
    return note


def test_a_note_that_is_opened_each_hour_is_written_by_one_peer(tmp_path: Path) -> None:
    """Else every look at a shopping list makes each later one dearer."""
    vault = Place(tmp_path).create()
    entry = write(vault, "note.md", b"", TOP)
    notes = notes_of(vault)

    async def story() -> None:
        for _ in range(5):
            await (await sitting(notes, entry, "word ")).close()
        await notes.close()

    asyncio.run(story())
    assert vault.text(entry).text == "word " * 5
    assert len(peers(vault, entry)) == 2
    vault.close()


def test_what_is_typed_after_a_note_was_left_is_another_peers(tmp_path: Path) -> None:
    """Whoever sits down next has the peer that was there: left twice, it must not be lent twice."""
    vault = Place(tmp_path).create()
    entry = write(vault, "note.md", b"", TOP)
    notes = notes_of(vault)

    async def story() -> None:
        old = await sitting(notes, entry, "one ")
        await old.close()
        new = await notes.open("space", entry.hex())
        await old.close()
        third = await notes.open("space", entry.hex())
        for note, word in ((old, "old "), (new, "new "), (third, "third ")):
            await note.splice(0, 0, word)
            await note.close()
        await notes.close()

    asyncio.run(story())
    assert sorted(vault.text(entry).text.split()) == ["new", "old", "one", "third"]
    vault.close()


def test_what_was_told_and_not_saved_is_never_written_over(tmp_path: Path) -> None:
    """Others may have it; the next sitting here is somebody else."""
    vault = Place(tmp_path).create()
    entry = write(vault, "note.md", b"", TOP)
    notes = notes_of(vault)

    async def story() -> None:
        await (await sitting(notes, entry, "one ")).close()
        known = peers(vault, entry)
        unsaved = await notes.open("space", entry.hex())
        await unsaved.splice(0, 0, "told ")
        await (await sitting(notes, entry, "two ")).close()
        assert len(peers(vault, entry) - known) == 1
        await unsaved.close()
        await notes.close()

    asyncio.run(story())
    assert sorted(vault.text(entry).text.split()) == ["one", "told", "two"]
    vault.close()
