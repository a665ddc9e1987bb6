"""What stands side by side on three devices: found alike, and settled once for all of them."""

from __future__ import annotations

import pytest

from storage.facts.change import TOP, EntryId
from storage.together import Overlap, What, keep_both, merge, merged, overlaps, take
from storage.uniting import unite_new
from storage.vault import Vault
from tests.helpers.vaults import META, core_of, everyone, save, shown, write


def replaced(three: list[Vault], *, text: bool = False) -> EntryId:
    """Let the first two replace a file at once."""
    mark = b"" if text else b"\0"
    entry = write(three[0], "a.md", mark + b"begun\n", TOP)
    everyone(three)
    for vault, data in zip(three, (b"one\nend\n", b"two\nend\n"), strict=False):
        change = vault.change()
        change.replace(entry, core_of(vault).contents.store_bytes(mark + data), META)
        vault.commit(change, "replaced")
    everyone(three)
    return entry


def only(vault: Vault) -> Overlap:
    """Return the one thing that stands side by side."""
    (found,) = overlaps(vault)
    return found


def agree(three: list[Vault]) -> dict[tuple[str, ...], bytes | None]:
    """Let all hear all; nothing stands side by side any more, and all show the same."""
    everyone(three)
    for vault in three:
        assert shown(vault) == shown(three[0])
        assert vault.root == three[0].root
        assert overlaps(vault) == []
    return shown(three[0])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("text", [False, True])
def test_a_version_that_is_taken_is_taken_everywhere(
    three: list[Vault], number: int, *, text: bool
) -> None:
    """On a device that wrote neither; the other one is in the history."""
    entry = replaced(three, text=text)
    found = only(three[2])
    assert found.what is What.VERSIONS
    assert [side.step.words for side in found.sides if side.step] == ["replaced"] * 2
    before = [data for _, data in sorted(shown(three[2]).items())]
    node = found.sides[number].node
    assert node is not None
    chosen = b"".join(three[2].read(node))
    take(three[2], found, number)
    assert agree(three) == {("a.md",): chosen}
    steps = three[0].history(entry)
    held = {b"".join(three[0].read_at(entry, step.cid)) for step in steps}
    assert set(before) <= held


def test_two_versions_are_kept_as_two_files_for_good(three: list[Vault]) -> None:
    """Who goes on with the one changes nothing about the other."""
    entry = replaced(three)
    keep_both(three[2], only(three[2]))
    before = agree(three)
    assert len(before) == 2
    for vault in three[:2]:
        change = vault.change()
        change.replace(entry, core_of(vault).contents.store_bytes(b"\0" + vault.writer), META)
        vault.commit(change, "replaced")
    everyone(three)
    kept = next(data for path, data in before.items() if path != ("a.md",))
    assert kept in shown(three[0]).values()


def test_two_texts_are_merged_as_it_was_shown(three: list[Vault]) -> None:
    """All lines of both, and what they end with once."""
    replaced(three, text=True)
    found = only(three[2])
    text = merged(three[2], found)
    assert sorted(text.splitlines()) == ["end", "one", "two"]
    merge(three[2], found)
    assert agree(three) == {("a.md",): text.encode()}


def test_two_who_settle_otherwise_at_once_lose_nothing(three: list[Vault]) -> None:
    """Then both choices stand side by side, and one more choice settles it."""
    replaced(three)
    take(three[1], only(three[1]), 1)
    take(three[2], only(three[2]), 0)
    everyone(three)
    assert set(shown(three[0]).values()) == {b"\0one\nend\n", b"\0two\nend\n"}
    take(three[0], only(three[0]), 0)
    assert len(agree(three)) == 1


def test_two_who_settle_alike_at_once_have_settled(three: list[Vault]) -> None:
    """There is no third of it."""
    replaced(three)
    for vault in three:
        take(vault, only(vault), 1)
    assert len(agree(three)) == 1


@pytest.mark.parametrize("how", ["first", "second", "both"])
@pytest.mark.parametrize("named", [False, True])
def test_files_of_one_name_are_settled(three: list[Vault], how: str, *, named: bool) -> None:
    """Before and after they were named apart."""
    for vault, data in zip(three, (b"\0one", b"\0two"), strict=False):
        write(vault, "x.bin", data, TOP)
    everyone(three)
    while named and unite_new(three[0]):
        pass
    everyone(three)
    found = only(three[2])
    assert found.what is What.NAMES
    before = shown(three[2])
    assert {side.path for side in found.sides} == set(before)
    if how == "both":
        keep_both(three[2], found)
        assert agree(three) == before
        assert not unite_new(three[0])
    else:
        number = int(how == "second")
        take(three[2], found, number)
        assert agree(three) == {("x.bin",): before[found.sides[number].path]}


def test_the_other_place_of_what_was_moved_twice_is_offered(three: list[Vault]) -> None:
    """Nobody has to look for what somebody else put elsewhere."""
    entry = write(three[0], "a.bin", b"\0a", TOP)
    change = three[0].change()
    folder = change.add_folder(TOP, "Folder")
    three[0].commit(change, "folder")
    everyone(three)
    for vault, place in zip(three, ((folder, "a.bin"), (TOP, "b.bin")), strict=False):
        change = vault.change()
        change.move(entry, *place)
        vault.commit(change, "moved")
    everyone(three)
    found = only(three[2])
    assert found.what is What.PLACES
    assert {side.path for side in found.sides} == {("Folder", "a.bin"), ("b.bin",)}
    assert found.sides[0].path == found.path
    take(three[2], found, 1)
    assert found.sides[1].path in agree(three)


@pytest.mark.parametrize("number", [0, 1])
def test_what_was_deleted_there_and_edited_here_is_said_and_settled(
    three: list[Vault], number: int
) -> None:
    """It stays unless somebody decides otherwise."""
    entry = write(three[0], "a.md", b"begun\n", TOP)
    everyone(three)
    change = three[0].change()
    change.remove(entry)
    three[0].commit(change, "deleted")
    save(three[1], entry, b"begun\nmore\n")
    everyone(three)
    found = only(three[2])
    assert found.what is What.DELETED
    assert [side.step.words for side in found.sides if side.step] == ["edited", "deleted"]
    take(three[2], found, number)
    assert agree(three) == ({} if number else {("a.md",): b"begun\nmore\n"})


def test_a_note_that_says_to_have_taken_in_itself_is_left_alone(three: list[Vault]) -> None:
    """A crafted fact puts no note in the bin, and keeps no others from being brought together."""
    entry = write(three[0], "a.md", b"begun\n", TOP)
    everyone(three)
    change = three[0].change()
    change.remove(entry)
    three[0].commit(change, "removed")
    save(three[1], entry, b"begun\nmore\n")
    everyone(three)
    change = three[2].change()
    change.put_fact(entry, f"united:{entry.hex()}", b"")
    change.put_fact(entry, "apart", entry)
    three[2].commit(change, "crafted")
    everyone(three)
    assert unite_new(three[0]) == frozenset()
    assert [found.what for found in overlaps(three[0])] == [What.DELETED]
    assert shown(three[0]) == {("a.md",): b"begun\nmore\n"}


def test_two_who_merge_at_once_have_all_lines_once(three: list[Vault]) -> None:
    """Both make the same change of the same text: it is one."""
    replaced(three, text=True)
    for vault in three[:2]:
        merge(vault, only(vault))
    ((_, text),) = agree(three).items()
    assert text is not None and sorted(text.splitlines()) == [b"end", b"one", b"two"]
