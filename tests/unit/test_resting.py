"""What is held for work is given back when there is none, and nothing is different after it."""

from __future__ import annotations

import ctypes
import sys

import pytest

from app.allocator import give_back
from storage.errors import StoreFull
from storage.facts.change import TOP
from storage.finding import Finding
from storage.vault import Vault
from tests.helpers.vaults import core_of, save, shown, write


def test_a_vault_that_rested_finds_and_saves_as_before(vault: Vault) -> None:
    """It rests between any two steps of a person."""
    note = write(vault, "note.md", b"some words\n", TOP)
    while vault.index_some():
        pass
    before = shown(vault)
    vault.rest()
    assert shown(vault) == before
    assert [found.entry for found in vault.search("words")] == [note]
    vault.rest()
    vault.rest()
    save(vault, note, b"other words\n")
    while vault.index_some():
        pass
    assert [found.entry for found in vault.search("other")] == [note]


def test_what_could_not_be_noted_before_a_rest_is_found_after_it(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is lost and the disk is full: an empty one must not pass for a whole one."""
    note = write(vault, "note.md", b"some words\n", TOP)
    while vault.index_some():
        pass
    vault.rest()
    for path in core_of(vault).folder.glob("search.db*"):
        path.unlink()
    with monkeypatch.context() as full:
        full.setattr(Finding, "_mark_unread", _no_room)
        with pytest.raises(StoreFull):
            vault.index_some()
    vault.rest()
    while vault.index_some():
        pass
    assert [found.entry for found in vault.search("words")] == [note]


def test_a_vault_whose_index_is_damaged_may_rest(vault: Vault) -> None:
    """It is mended by who asks next; resting asks nothing."""
    write(vault, "note.md", b"words\n", TOP)
    core_of(vault).connection.damaged = True
    vault.rest()
    assert [path for path, _ in vault.tree().walk()] == [("note.md",)]


def test_giving_back_is_harmless_where_nothing_can_be_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other systems, and other libraries of C, have no such call."""
    give_back()
    monkeypatch.setattr(sys, "platform", "win32")
    give_back()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", _other_library)
    give_back()


def _no_room(_finding: Finding) -> None:
    raise StoreFull("no room")


def _other_library(_name: str | None) -> object:
    return object()
