"""What was: versions of files and folders, the bin, and links that open a folder as it was."""

from __future__ import annotations

import shutil

import pytest

from storage.crypto.link import Link
from storage.errors import AtollError, BlockNotFound, NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node, Tree
from storage.vault import Vault
from tests.helpers.vaults import META, Place, everyone, exchange, remove, save, shown, write


def seen_in(tree: Tree) -> list[tuple[tuple[str, ...], Node]]:
    """Return all that a tree shows."""
    return list(tree.walk())


def bring_back(vault: Vault, entry: EntryId) -> None:
    """Take something out of the bin, with what the same step deleted below it."""
    binned = {item.entry: item for item in vault.bin()}
    root = binned[entry]
    change = vault.change()
    for item in sorted(binned.values(), key=lambda item: len(item.path)):
        if item.step.pos == root.step.pos and item.path[: len(root.path)] == root.path:
            change.bring_back(item.entry, vault.facts_before(item.entry, item.step))
    vault.commit(change, "brought back")


def test_every_record_shows_the_folder_as_it_was(vault: Vault) -> None:
    """Any moment can be looked at again, by its record."""
    moments: list[tuple[bytes, list[tuple[tuple[str, ...], Node]]]] = []

    def remember() -> None:
        moments.append((vault.history(limit=1)[0].cid, seen_in(vault.tree())))

    note = write(vault, "note.md", b"one\n", TOP)
    remember()
    for number in range(5):
        save(vault, note, f"one\n{number}\n".encode())
        remember()
    change = vault.change()
    folder = change.add_folder(TOP, "Folder")
    change.move(note, folder, "moved.md")
    vault.commit(change, "moved")
    remember()
    remove(vault, folder)
    remember()
    for cid, before in moments:
        assert seen_in(vault.at(cid)) == before
        step = vault.step(cid[4:12])
        assert step.cid == cid
    assert b"".join(vault.read_at(note, moments[0][0])) == b"one\n"
    assert b"".join(vault.read_at(note, moments[3][0])) == b"one\n2\n"
    with pytest.raises(NotFound):
        vault.read_at(note, moments[-1][0])
    with pytest.raises(NotFound):
        vault.at(bytes(36))


def test_a_checkpoint_opens_the_folder_as_it_was_here_and_elsewhere(
    place: Place, vault: Vault
) -> None:
    """A link is the right to see one version: it stays that version for ever."""
    change = vault.change()
    folder = change.add_folder(TOP, "Folder")
    vault.commit(change, "folder")
    note = write(vault, "note.md", b"one\n", folder)
    for number in range(300):
        change = vault.change()
        change.add_folder(folder, f"{number}")
        vault.commit(change, "more")
    before = seen_in(vault.tree())
    link = vault.checkpoint()
    assert link == vault.root
    save(vault, note, b"two\n")
    remove(vault, folder)
    assert seen_in(vault.open_link(link)) == before
    again = vault.checkpoint()
    assert seen_in(vault.open_link(again)) == []
    vault_seen = vault.seen
    vault.close()
    (place.folder / "owner" / "index.db").unlink()
    opened = place.open()
    assert opened.seen == vault_seen
    assert seen_in(opened.open_link(link)) == before
    opened.close()


def test_a_link_that_nobody_kept_is_not_opened(vault: Vault) -> None:
    """A root is known at every moment, its nodes only where they were stored."""
    write(vault, "note.md", b"one\n", TOP)
    with pytest.raises(BlockNotFound):
        vault.open_link(vault.root)
    link = vault.checkpoint()
    with pytest.raises(AtollError):
        vault.open_link(Link(link.digest, bytes(32)))


def test_a_folder_comes_back_from_the_bin_with_all_that_was_in_it(vault: Vault) -> None:
    """Deleting is no loss."""
    change = vault.change()
    folder = change.add_folder(TOP, "Folder")
    inner = change.add_folder(folder, "Inner")
    vault.commit(change, "folders")
    note = write(vault, "note.md", b"one\n", inner)
    save(vault, note, b"one\ntwo\n")
    write(vault, "photo", b"\0jpg", folder)
    before, paths = shown(vault), {("Folder",), ("Folder", "Inner"), ("Folder", "Inner", "note.md")}
    remove(vault, folder)
    assert shown(vault) == {}
    assert paths <= {item.path for item in vault.bin()}
    bring_back(vault, folder)
    assert shown(vault) == before
    assert vault.bin() == []


def test_a_file_comes_back_though_its_folder_is_gone(vault: Vault) -> None:
    """The folder comes back by its name, as far as it is needed."""
    change = vault.change()
    folder = change.add_folder(TOP, "Folder")
    vault.commit(change, "folder")
    note = write(vault, "note.md", b"one\n", folder)
    write(vault, "other.md", b"other\n", folder)
    remove(vault, folder)
    change = vault.change()
    item = next(item for item in vault.bin() if item.entry == note)
    change.bring_back(note, vault.facts_before(note, item.step))
    vault.commit(change, "brought back")
    assert shown(vault) == {("Folder",): None, ("Folder", "note.md"): b"one\n"}


def test_what_was_renamed_here_and_deleted_there_is_in_the_bin(place: Place, vault: Vault) -> None:
    """A new name does not bring it back, and must not hide it from the bin."""
    note = write(vault, "note.md", b"one\n", TOP)
    other = place.join(vault, "other")
    change = other.change()
    change.move(note, TOP, "renamed.md")
    other.commit(change, "renamed")
    remove(vault, note)
    exchange(vault, other)
    exchange(vault, other)
    for each in (vault, other):
        assert shown(each) == {}
        assert note in {item.entry for item in each.bin()}
    bring_back(vault, note)
    exchange(vault, other)
    assert shown(other) == shown(vault) == {("note.md",): b"one\n"}
    other.close()


def test_the_history_of_a_file_lists_its_records_and_their_words(vault: Vault) -> None:
    """Who, when and what was said."""
    note = write(vault, "note.md", b"one\n", TOP)
    write(vault, "other.md", b"x", TOP)
    change = vault.change()
    change.write(note, b"two\n", META)
    vault.commit(change, "said \ud800 " + "x" * 1000)
    words = [step.words for step in vault.history(note)]
    assert [said[:10] for said in words] == ["said ? " + "xxx", "added note"]
    assert len(words[0]) <= 200
    assert vault.touched(vault.history(limit=1)[0]) == (note,)
    assert vault.commit(vault.change(), "nothing") is None


def test_a_vault_from_a_backup_uses_no_number_twice(place: Place, vault: Vault) -> None:
    """What it wrote after the backup is with others already, and must not shut out what follows."""
    mine = place.join(vault, "mine")
    writer = mine.writer
    mine.close()
    shutil.copytree(place.folder / "mine", place.folder / "backup")
    mine = place.open("mine")
    assert mine.writer == writer, "a vault that only was closed goes on with its line"
    write(mine, "after the backup", b"lost here\n", TOP)
    exchange(vault, mine)
    mine.close()
    shutil.rmtree(place.folder / "mine")
    (place.folder / "backup").rename(place.folder / "mine")
    mine = place.open("mine", "restored")
    write(mine, "after coming back", b"new\n", TOP)
    everyone((vault, mine))
    assert shown(mine) == shown(vault)
    assert shown(vault).keys() == {("after the backup",), ("after coming back",)}
    mine.close()
