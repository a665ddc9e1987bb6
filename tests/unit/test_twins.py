"""Twins: one of two equal files under one name goes, and nothing else ever does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.access.roles import Role
from storage.errors import NotAllowed
from storage.facts.change import TOP, EntryId
from storage.facts.values import Content, Meta
from storage.twins import settle_twins
from storage.uniting import unite_new
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    everyone,
    exchange,
    remove,
    save,
    shown,
    write,
)


@pytest.fixture
def two(place: Place) -> Iterator[tuple[Vault, Vault]]:
    """Return two devices that met."""
    one = place.create("one")
    other = place.join(one, "two")
    everyone([one, other])
    yield one, other
    one.close()
    other.close()


def put(vault: Vault, name: str, content: Content, meta: Meta = META) -> EntryId:
    """Make a file of a content."""
    change = vault.change()
    entry = change.add_file(TOP, name, content, meta)
    vault.commit(change, "new")
    return entry


def folder(vault: Vault, name: str, *files: tuple[str, bytes]) -> EntryId:
    """Make a folder of files."""
    change = vault.change()
    made = change.add_folder(TOP, name)
    vault.commit(change, "folder")
    for each, data in files:
        write(vault, each, data, made)
    return made


def apart(two: tuple[Vault, Vault], data: bytes = b"\0same") -> tuple[EntryId, EntryId]:
    """Let both make one path of the same bytes while apart, and meet; the older comes first."""
    made = [write(vault, "x.bin", data, TOP) for vault in two]
    everyone(two)
    first = two[0]
    assert set(shown(first)) == {("x.bin",), ("x (2).bin",)}
    older = first.tree().find(("x.bin",))
    assert older is not None
    return older.id, next(entry for entry in made if entry != older.id)


def test_what_two_made_alike_is_there_once_and_both_histories_stay(
    two: tuple[Vault, Vault],
) -> None:
    """The older keeps the name; the other is in the bin, as anything that was deleted."""
    older, younger = apart(two)
    assert settle_twins(two[1]) == {older, younger}
    everyone(two)
    for vault in two:
        assert shown(vault) == {("x.bin",): b"\0same"}
        assert [item.entry for item in vault.bin()] == [younger]
        assert len(vault.history(older)) >= 1
        assert len(vault.history(younger)) >= 1
    assert two[0].root == two[1].root
    seen = two[0].seen
    assert settle_twins(two[0]) == frozenset()
    assert two[0].seen == seen


def test_both_may_settle_at_once(two: tuple[Vault, Vault]) -> None:
    """They choose the same one, and there is no third of what they said of it."""
    apart(two)
    for vault in two:
        settle_twins(vault)
    everyone(two)
    for vault in two:
        assert shown(vault) == {("x.bin",): b"\0same"}
        assert settle_twins(vault) == frozenset()
    older, younger = apart_again(two)
    assert settle_twins(two[0]) == {older, younger}


def apart_again(two: tuple[Vault, Vault]) -> tuple[EntryId, EntryId]:
    """Make one more twin of what both said anew."""
    younger = write(two[1], "x.bin", b"\0same", TOP)
    everyone(two)
    older = two[0].tree().find(("x.bin",))
    assert older is not None
    return older.id, younger


def test_who_deletes_the_one_that_stays_does_not_lose_both(two: tuple[Vault, Vault]) -> None:
    """Somebody tidies by hand while another device does: one of the two must be left."""
    older, _ = apart(two)
    remove(two[0], older)
    settle_twins(two[1])
    everyone(two)
    for vault in two:
        assert list(shown(vault).values()) == [b"\0same"]


def test_what_is_edited_meanwhile_stays(two: tuple[Vault, Vault]) -> None:
    """An edit outlives a deletion, whoever deletes."""
    _, younger = apart(two)
    save(two[0], younger, b"\0other")
    settle_twins(two[1])
    everyone(two)
    for vault in two:
        assert sorted(filter(None, shown(vault).values())) == [b"\0other", b"\0same"]
        assert settle_twins(vault) == frozenset()


def test_other_names_other_bytes_and_other_rights_are_no_twins(two: tuple[Vault, Vault]) -> None:
    """A copy that a person made, or what only looks alike, is nobody's to delete."""
    one, other = two
    write(one, "a.bin", b"\0same", TOP)
    write(one, "a (2).bin", b"\0same", TOP)
    write(other, "A.bin", b"\0same", TOP)
    write(one, "b", b"\0one", TOP)
    write(other, "b", b"\0two", TOP)
    content = core_of(one).contents.store_bytes(b"\0run")
    put(one, "run", content)
    put(other, "run", core_of(other).contents.store_bytes(b"\0run"), Meta(0, executable=True))
    everyone(two)
    before = shown(one)
    assert settle_twins(one) == settle_twins(other) == frozenset()
    assert shown(one) == before


def test_versions_side_by_side_and_edits_are_left_alone(two: tuple[Vault, Vault]) -> None:
    """They carry more than their bytes."""
    one, other = two
    older, younger = apart(two, b"text\n")
    save(one, younger, b"text\nmore\n")
    save(one, younger, b"text\n")
    everyone(two)
    assert settle_twins(other) == frozenset()
    remove(one, younger)
    save(one, older, b"\0one")
    save(other, older, b"\0two")
    everyone(two)
    assert settle_twins(one) == frozenset()


def test_equal_folders_become_one_from_within(two: tuple[Vault, Vault]) -> None:
    """Both unpacked one archive; whatever only one of the two has keeps that one here."""
    for vault in two:
        folder(vault, "Docs", ("a.bin", b"\0a"), ("b.bin", b"\0b"))
        folder(vault, "Empty")
    everyone(two)
    assert ("Docs (2)", "a.bin") in shown(two[0])
    settle_twins(two[0])
    everyone(two)
    wanted = {
        ("Docs",): None,
        ("Docs", "a.bin"): b"\0a",
        ("Docs", "b.bin"): b"\0b",
        ("Empty",): None,
    }
    for vault in two:
        assert shown(vault) == wanted
        assert settle_twins(vault) == frozenset()


def test_a_folder_with_more_in_it_is_the_one_that_stays(two: tuple[Vault, Vault]) -> None:
    """And two that each have something of their own both do."""
    folder(two[0], "Docs", ("a.bin", b"\0a"))
    folder(two[1], "Docs", ("a.bin", b"\0a"), ("b.bin", b"\0b"))
    folder(two[0], "Ours", ("a.bin", b"\0a"), ("c.bin", b"\0c"))
    folder(two[1], "Ours", ("a.bin", b"\0a"), ("d.bin", b"\0d"))
    everyone(two)
    settle_twins(two[1])
    everyone(two)
    names = {path[0] for path in shown(two[0])}
    assert len({name for name in names if name.startswith("Docs")}) == 1
    assert {name for name in names if name.startswith("Ours")} == {"Ours", "Ours (2)"}
    assert sum(data == b"\0b" for data in shown(two[0]).values()) == 1


def test_what_comes_into_a_folder_that_goes_is_not_lost(two: tuple[Vault, Vault]) -> None:
    """Its folder comes back for it."""
    for vault in two:
        folder(vault, "Docs", ("a.bin", b"\0a"))
    everyone(two)
    goes = two[1].tree().find(("Docs (2)",))
    assert goes is not None
    write(two[1], "late.bin", b"\0late", goes.id)
    settle_twins(two[0])
    everyone(two)
    for vault in two:
        assert sorted(filter(None, shown(vault).values())) == [b"\0a", b"\0late"]


def test_nobodys_word_is_taken_for_bytes_that_differ(two: tuple[Vault, Vault]) -> None:
    """A content that says it is equal and is sealed otherwise is read before it counts."""
    one, _ = two
    contents = core_of(one).contents
    honest, other = contents.store_bytes(b"\0honest"), contents.store_bytes(b"\0lie   ")
    put(one, "x", replace(honest, link=other.link))
    put(one, "x", honest)
    assert settle_twins(one) == frozenset()
    assert len(list(one.tree().walk())) == 2


def test_who_may_only_view_settles_nothing(place: Place, two: tuple[Vault, Vault]) -> None:
    """It could not say so to anybody."""
    apart(two)
    viewer = place.join(two[0], "viewer", Role.VIEW)
    with pytest.raises(NotAllowed):
        settle_twins(viewer)
    exchange(two[0], viewer)
    settle_twins(two[0])
    exchange(two[0], viewer)
    assert shown(viewer) == {("x.bin",): b"\0same"}
    viewer.close()


def test_files_that_cannot_be_one_say_whose_they_are(two: tuple[Vault, Vault]) -> None:
    """Only notes are put together; "x (2)" says nothing to anybody."""
    for vault, name in zip(two, ("Ada's", "Ben's"), strict=True):
        vault.introduce(name)
        write(vault, "x.bin", b"\0" + name.encode(), TOP)
        write(vault, "x.json", b'{"by": "%s"}' % name.encode(), TOP)
    everyone(two)
    for vault in two:
        while unite_new(vault):
            pass
    everyone(two)
    found = shown(two[0])
    assert shown(two[1]) == found
    younger = next(name for name in ("Ada's", "Ben's") if (f"x ({name}).bin",) in found)
    older = "Ben's" if younger == "Ada's" else "Ada's"
    assert found["x.bin",] == b"\0" + older.encode()
    assert found[f"x ({younger}).bin",] == b"\0" + younger.encode()
    assert {path[0] for path in found} >= {"x.json", f"x ({younger}).json"}
    assert len(found) == 4
    assert all(not unite_new(vault) for vault in two)


def test_a_note_that_was_given_a_name_is_not_taken_for_one_begun_with_it(
    two: tuple[Vault, Vault],
) -> None:
    """Who renames a note knows what it is; so does who makes another one beside it."""
    one, other = two
    kept = write(one, "plan.md", b"old plan\n", TOP)
    everyone(two)
    change = one.change()
    change.move(kept, TOP, "day.md")
    one.commit(change, "renamed")
    write(other, "day.md", b"the day\n", TOP)
    everyone(two)
    write(one, "twice.md", b"one\n", TOP)
    write(one, "twice.md", b"two\n", TOP)
    everyone(two)
    while unite_new(one):
        pass
    texts = sorted(filter(None, shown(one).values()))
    assert texts == [b"old plan\n", b"one\n", b"the day\n", b"two\n"]
