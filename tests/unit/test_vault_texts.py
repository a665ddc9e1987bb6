"""What becomes of a file when several devices change it: one text, or both versions, never less."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId
from storage.facts.values import Content
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    dice,
    everyone,
    exchange,
    save,
    shown,
    text,
    write,
)


def agree(vaults: list[Vault]) -> dict[tuple[str, ...], bytes | None]:
    """Let all hear all, and return what all of them show."""
    everyone(vaults)
    first = shown(vaults[0])
    for vault in vaults:
        assert shown(vault) == first
        assert vault.root == vaults[0].root
    return first


Turn = tuple[int, int, int]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 9)), max_size=25))
def test_three_devices_edit_one_note_and_it_stays_one_text(
    tmp_path_factory: pytest.TempPathFactory, turns: list[Turn]
) -> None:
    """With long edits that make documents, in any order of hearing: every letter is there once."""
    place = Place(tmp_path_factory.mktemp("three"))
    one = place.create("one")
    vaults = [one, place.join(one, "two"), place.join(one, "three")]
    note = write(one, "note.md", b"begun\n", TOP)
    everyone(vaults)
    letters: list[str] = []
    for number, (who, what, at) in enumerate(turns):
        vault = vaults[who]
        if what < 3:
            letters.append(chr(0x4E00 + number))
            long = letters[-1] + "filler " * 900 if what == 2 else letters[-1]
            before = vault.text(note)
            spot = at % (len(before.text) + 1)
            after = before.text[:spot] + long + before.text[spot:]
            save(vault, note, after.encode(), before.base)
        else:
            exchange(vault, vaults[(who + 1 + at % 2) % 3])
    found = agree(vaults)
    assert list(found) == [("note.md",)]
    data = found["note.md",]
    assert data is not None
    assert sorted(c for c in data.decode() if c >= "\u4e00") == letters
    for vault in vaults:
        vault.close()


def test_of_two_notes_that_say_the_same_each_is_edited_alone(tmp_path: Path) -> None:
    """A text that nobody edited is read once for both; what is written in one is in no other."""
    vault = Place(tmp_path).create("one")
    ours, theirs = (write(vault, name, b"the same\n", TOP) for name in ("a.md", "b.md"))
    open_note = vault.text(ours).document
    open_note.sit(5)
    open_note.splice(0, 0, "not saved: ")
    assert {text(vault, ours), text(vault, theirs), vault.text(theirs).text} == {"the same\n"}
    save(vault, ours, b"the same, and more\n")
    save(vault, theirs, b"hardly the same\n")
    assert (text(vault, ours), text(vault, theirs)) == ("the same, and more\n", "hardly the same\n")
    vault.close()


def test_two_documents_of_one_text_and_a_later_edit_lose_nothing(three: list[Vault]) -> None:
    """A text that two devices made a document of at once has two; the next edit must know both."""
    one, two, cy = three
    note = write(one, "note.md", b"begun\n", TOP)
    everyone(three)
    save(one, note, b"begun\n" + b"one " * 1500)
    save(two, note, b"two " * 1500 + b"begun\n")
    everyone(three)
    assert len(one.facts(note)["content"]) == 2
    save(cy, note, text(cy, note).encode() + b"\nlast")
    found = agree(three)["note.md",]
    assert found == b"two " * 1500 + b"begun\n" + b"one " * 1500 + b"\nlast"


def test_a_change_by_another_program_keeps_what_came_since_it_read(three: list[Vault]) -> None:
    """An editor that had the file open for a day must not undo that day."""
    one, two, _ = three
    note = write(one, "note.md", b"a\nb\nc\n", TOP)
    everyone(three)
    base = one.text(note).base
    node = one.tree().get(note)
    assert node is not None
    seed = one.base(node)
    save(two, note, b"a\nb\nc\nfrom two\n")
    everyone(three)
    save(one, note, b"outside\na\nb\nc\n", base)
    save(one, note, b"a\nB\nc\n", seed)
    assert agree(three)["note.md",] == b"outside\na\nB\nc\nfrom two\n"


def test_an_edit_outlives_a_deletion_with_the_whole_text(three: list[Vault]) -> None:
    """Whoever deletes has not seen the edit; the file comes back where it was, all of it."""
    one, two, _ = three
    change = one.change()
    folder = change.add_folder(TOP, "Notes")
    one.commit(change, "folder")
    note = write(one, "note.md", b"begun\n", folder)
    save(one, note, b"begun\nearlier\n")
    everyone(three)
    change = one.change()
    change.remove(folder)
    one.commit(change, "deleted")
    save(two, note, b"begun\nearlier\nlater\n")
    assert agree(three) == {
        ("Notes",): None,
        ("Notes", "note.md"): b"begun\nearlier\nlater\n",
    }
    assert note not in {item.entry for item in one.bin()}


def test_a_renamed_file_keeps_what_was_edited_elsewhere(three: list[Vault]) -> None:
    """A name and a text have nothing to do with each other."""
    one, two, _ = three
    note = write(one, "note.md", b"begun\n", TOP)
    everyone(three)
    change = one.change()
    change.move(note, TOP, "renamed.md")
    one.commit(change, "renamed")
    save(two, note, b"begun\nedited\n")
    assert agree(three) == {("renamed.md",): b"begun\nedited\n"}


# ---------------------------------------------------------------- versions side by side


def beside(three: list[Vault], *, text: bool = False) -> EntryId:
    """Let all three write a version of one file at the same time."""
    mark = b"" if text else b"\0"
    entry = write(three[0], "a.bin", mark + b"begun", TOP)
    everyone(three)
    for vault, data in zip(three, (b"one", b"two", b"three"), strict=True):
        change = vault.change()
        change.replace(entry, core_of(vault).contents.store_bytes(mark + data), META)
        vault.commit(change, "replaced")
    everyone(three)
    return entry


def sides_of(vault: Vault) -> list[EntryId]:
    """Return the versions beside files."""
    return [node.id for _, node in vault.tree().walk() if node.side_of is not None]


@pytest.mark.parametrize("is_text", [False, True])
def test_versions_written_at_once_are_all_shown(three: list[Vault], *, is_text: bool) -> None:
    """One keeps the name, the others say whose they are."""
    beside(three, text=is_text)
    found = agree(three)
    mark = b"" if is_text else b"\0"
    assert set(found.values()) == {mark + b"one", mark + b"two", mark + b"three"}
    assert len(found) == 3
    assert ("a.bin",) in found
    assert sum(any(name in path[0] for name in ("Ada's", "Ben's", "Cy's")) for path in found) == 2


@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize("how", ["replace", "write", "restore"])
def test_changing_the_main_file_lets_the_others_become_files(
    three: list[Vault], how: str, *, is_text: bool
) -> None:
    """Saving one version must never make the other disappear."""
    entry = beside(three, text=is_text)
    vault = three[1]
    mark = b"" if is_text else b"\0"
    old, beside_it = shown(vault)["a.bin",], sides_of(vault)
    change = vault.change()
    match how:
        case "replace":
            change.replace(entry, core_of(vault).contents.store_bytes(mark + b"new"), META)
        case "write":
            change.write(entry, mark + b"new", META)
        case _:
            step = vault.history(entry)[-1]
            change.bring_back(entry, vault.facts_at(entry, step))
    vault.commit(change, "changed")
    found = agree(three)
    new = mark + (b"begun" if how == "restore" else b"new")
    others = {mark + b"one", mark + b"two", mark + b"three"} - {old}
    assert set(found.values()) == others | {new}
    assert found["a.bin",] == new
    assert sides_of(three[0]) == []
    assert all(three[2].tree().get(side) is not None for side in beside_it)
    assert all(three[2].facts(side) for side in beside_it)


@pytest.mark.parametrize("is_text", [False, True])
def test_changing_a_side_version_settles_and_keeps_all(
    three: list[Vault], *, is_text: bool
) -> None:
    """It becomes a file under the id it had, and so does the third version."""
    beside(three, text=is_text)
    vault = three[0]
    mark = b"" if is_text else b"\0"
    side, other = sides_of(vault)
    main, kept = shown(vault)["a.bin",], text(vault, other).encode()
    change = vault.change()
    change.write(side, mark + b"edited", META)
    vault.commit(change, "edited")
    found = agree(three)
    assert set(found.values()) == {main, kept, mark + b"edited"}
    assert found["a.bin",] == main
    assert sides_of(vault) == []
    node = three[1].tree().get(side)
    assert node is not None
    assert b"".join(three[1].read(node)) == mark + b"edited"


def test_an_edit_in_an_open_side_version_keeps_its_document(three: list[Vault]) -> None:
    """Typing goes on in the document that was opened, after the first save as before."""
    beside(three, text=True)
    vault = three[0]
    side = sides_of(vault)[0]
    document = vault.text(side).document
    document.sit(77)
    for letter in "abc":
        before = document.version()
        document.splice(0, 0, letter)
        change = vault.change()
        change.edit(side, document.since(before), META)
        vault.commit(change, "typed")
    assert text(vault, side).startswith("cba")
    assert document.text in {data.decode() for data in agree(three).values() if data is not None}


def test_removing_a_side_version_leaves_the_others(three: list[Vault]) -> None:
    """Only what was thrown away goes."""
    beside(three)
    vault = three[0]
    side, other = sides_of(vault)
    gone, kept, main = text(vault, side), text(vault, other), shown(vault)["a.bin",]
    change = vault.change()
    change.remove(side)
    vault.commit(change, "removed")
    found = agree(three)
    assert set(found.values()) == {main, kept.encode()}
    assert gone.encode() not in found.values()


def test_removing_the_main_file_leaves_the_others_and_a_folder_takes_all(
    three: list[Vault],
) -> None:
    """Deleting one of three files on a disk must not delete three."""
    entry = beside(three)
    vault = three[0]
    main = shown(vault)["a.bin",]
    change = vault.change()
    change.remove(entry)
    vault.commit(change, "removed")
    found = agree(three)
    assert set(found.values()) == {b"\0one", b"\0two", b"\0three"} - {main}


@pytest.mark.parametrize("first", ["main", "side"])
def test_removing_all_versions_in_one_change_leaves_none(three: list[Vault], first: str) -> None:
    """As when somebody deletes them all in the folder at once."""
    entry = beside(three)
    vault = three[0]
    order = [entry, *sides_of(vault)] if first == "main" else [*sides_of(vault), entry]
    change = vault.change()
    for found in order:
        change.remove(found)
    vault.commit(change, "removed")
    assert agree(three) == {}


def test_two_devices_that_settle_at_once_make_no_copies(three: list[Vault]) -> None:
    """Each device has one version at most: what it replaced itself is in the history."""
    entry = beside(three)
    for vault, data in ((three[0], b"\0new one"), (three[1], b"\0new two")):
        change = vault.change()
        change.write(entry, data, META)
        vault.commit(change, "changed")
    found = agree(three)
    assert sorted(v for v in found.values() if v) == [b"\0new one", b"\0new two", b"\0three"]
    steps = three[2].history(entry)
    kept = {b"".join(three[2].read_at(entry, step.cid)) for step in steps}
    assert {b"\0one", b"\0two", b"\0three"} <= kept


# ---------------------------------------------------------------- folders brought back


def revived(three: list[Vault]) -> tuple[EntryId, EntryId]:
    """Delete a folder here and add to it there; return the file and the folder as shown."""
    one, two, _ = three
    change = one.change()
    folder = change.add_folder(TOP, "Gone")
    inner = change.add_folder(folder, "Inner")
    one.commit(change, "folders")
    everyone(three)
    change = one.change()
    change.remove(folder)
    one.commit(change, "removed")
    late = write(two, "late.md", b"late\n", inner)
    everyone(three)
    shown_folder = one.tree().find(("Gone",))
    assert shown_folder is not None
    assert one.facts(shown_folder.id) == {}
    return late, shown_folder.id


def test_a_folder_brought_back_can_be_renamed_with_all_that_is_in_it(
    three: list[Vault],
) -> None:
    """It looks like any other folder, so it must act like one."""
    _, folder = revived(three)
    change = three[0].change()
    change.move(folder, TOP, "Here")
    three[0].commit(change, "renamed")
    assert agree(three) == {
        ("Here",): None,
        ("Here", "Inner"): None,
        ("Here", "Inner", "late.md"): b"late\n",
    }


def test_a_folder_brought_back_can_be_filled_touched_and_deleted(three: list[Vault]) -> None:
    """Every change that a folder takes."""
    _, folder = revived(three)
    change = three[0].change()
    change.set_meta(folder, META)
    three[0].commit(change, "touched")
    write(three[1], "more.md", b"more\n", folder)
    found = agree(three)
    assert found["Gone", "more.md"] == b"more\n"
    assert found["Gone", "Inner", "late.md"] == b"late\n"
    gone = three[0].tree().find(("Gone",))
    assert gone is not None
    change = three[0].change()
    change.remove(gone.id)
    three[0].commit(change, "removed")
    assert agree(three) == {}


def test_a_very_deep_tree_and_a_very_long_path_can_be_changed(three: list[Vault]) -> None:
    """Nobody needs it, somebody will have it; it must not end the program."""
    one = three[0]
    change = one.change()
    parent, top = TOP, TOP
    for depth in range(1500):
        parent = change.add_folder(parent, f"{depth}")
        top = parent if depth == 0 else top
    one.commit(change, "deep")
    note = write(one, "n.md", b"deep\n", parent)
    save(one, note, b"deeper\n")
    assert len(one.tree().path(note)) == 1501
    change = one.change()
    change.move(top, TOP, "other name")
    one.commit(change, "renamed")
    everyone(three[:2])
    assert text(three[1], note) == "deeper\n"
    assert core_of(three[1]).root == one.root
    change = one.change()
    change.remove(top)
    one.commit(change, "removed")
    assert shown(one) == {}


def test_what_a_content_remembers_is_not_more_than_its_edits_say(three: list[Vault]) -> None:
    """Many small edits stay small: they are one edit, until they make a document."""
    one = three[0]
    note = write(one, "note.md", b"begun\n", TOP)
    random = dice(1)
    for _ in range(120):
        before = one.text(note)
        at = random.randrange(len(before.text) + 1)
        save(one, note, (before.text[:at] + "x" + before.text[at:]).encode(), before.base)
    facts = one.facts(note)
    assert len(facts.get("edits", {})) <= 1
    content = next(iter(facts["content"].values()))
    assert isinstance(content, Content)
    assert len(text(one, note)) == 126


def test_two_equal_texts_that_one_commit_edits_stay_two_texts(three: list[Vault]) -> None:
    """A copy of a note, and both saved within one look: neither may come to say the other's words.

    The simulated world found it (seed 23): the documents kept at hand were taken for one another.
    """
    one, two, _ = three
    first, second = (write(one, name, b"same\n", TOP) for name in ("a.md", "b.md"))
    change = one.change()
    change.write(first, b"same\none\n", META, one.text(first).base)
    change.write(second, b"same\ntwo\n", META, one.text(second).base)
    one.commit(change, "edited both")
    exchange(one, two)
    for vault in (one, two):
        assert (text(vault, first), text(vault, second)) == ("same\none\n", "same\ntwo\n")
