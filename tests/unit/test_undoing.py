"""Taking back what one device did, when another one went on with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.facts.change import TOP, EntryId
from storage.facts.dots import Seen
from storage.facts.values import Content
from storage.restoring import Act, Deed, Plan, carry_out, part, plan, whole
from storage.undoing import Stays, Undoing, Why
from storage.vault import Vault
from tests.helpers.vaults import Place, core_of, exchange, remove, save, shown, text, write


@pytest.fixture
def two(place: Place) -> Iterator[tuple[Vault, Vault]]:
    """Return Mina's vault and Jo's, of one space."""
    mina = place.create("mina")
    jo = place.join(mina, "jo")
    mina.introduce("Mina")
    jo.introduce("Jo")
    exchange(mina, jo)
    exchange(mina, jo)
    yield mina, jo
    mina.close()
    jo.close()


def undo(vault: Vault, whose: Vault, after: Seen, until: Seen | None = None) -> Undoing:
    """Take back on one vault what another's device did since."""
    did = frozenset({core_of(whose).device.did})
    undoing = vault.undoing(did, after, until or vault.seen)
    change = vault.change()
    carry_out(undoing.plan, change, vault.present(), undoing.then)
    vault.commit(change, "took back")
    return undoing


def rename(vault: Vault, entry: EntryId, name: str, parent: EntryId = TOP) -> None:
    """Give another name, and commit it."""
    change = vault.change()
    change.move(entry, parent, name)
    vault.commit(change, "renamed")


def whys(undoing: Undoing) -> list[tuple[EntryId, Why]]:
    """Return what stays, and why."""
    return [(stays.entry, stays.why) for stays in undoing.stays]


def test_a_text_gets_its_lines_back_where_nobody_touched_them_since(
    two: tuple[Vault, Vault],
) -> None:
    """What Jo wrote after Mina's batch is Jo's, and stays."""
    mina, jo = two
    note = write(mina, "note.md", b"one\ntwo\nthree\n", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, note, b"ONE\ntwo\nthree\n")
    exchange(mina, jo)
    save(jo, note, b"ONE\ntwo\nthree, says Jo\n")
    exchange(mina, jo)
    undoing = undo(jo, mina, before)
    assert text(jo, note) == "one\ntwo\nthree, says Jo\n"
    assert not undoing.stays
    exchange(mina, jo)
    assert text(mina, note) == text(jo, note)


def test_lines_that_somebody_changed_since_stay_and_are_named(two: tuple[Vault, Vault]) -> None:
    """Nobody guesses which of two lines is meant."""
    mina, jo = two
    note = write(mina, "note.md", b"one\ntwo\n", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, note, b"ONE\ntwo\n")
    exchange(mina, jo)
    save(jo, note, b"ONE, says Jo\ntwo\n")
    undoing = undo(jo, mina, before)
    assert text(jo, note) == "ONE, says Jo\ntwo\n"
    assert undoing.stays == (Stays(note, Why.OVERLAP, jo.history(note, 1)[0].dot),)


def test_what_was_typed_beside_the_batch_stays_by_character(two: tuple[Vault, Vault]) -> None:
    """Jo had not seen any of it: the text is as if only Jo had typed."""
    mina, jo = two
    note = write(mina, "note.md", b"one two\n", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, note, b"ONE two\n")
    save(jo, note, b"one two three\n")
    exchange(mina, jo)
    undo(mina, mina, before)
    assert text(mina, note) == "one two three\n"
    exchange(mina, jo)
    assert shown(jo) == shown(mina) == {("note.md",): b"one two three\n"}


def test_a_file_that_somebody_replaced_since_stays(two: tuple[Vault, Vault]) -> None:
    """The later bytes are theirs; the name that only the batch changed goes back."""
    mina, jo = two
    photo = write(mina, "photo", b"\0one", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, photo, b"\0encrypted")
    rename(mina, photo, "photo.locked")
    exchange(mina, jo)
    save(jo, photo, b"\0jo's own")
    undoing = undo(jo, mina, before)
    assert shown(jo) == {("photo",): b"\0jo's own"}
    assert whys(undoing) == [(photo, Why.CHANGED)]


def test_a_name_that_somebody_gave_since_stays(two: tuple[Vault, Vault]) -> None:
    """The content goes back all the same."""
    mina, jo = two
    photo = write(mina, "photo", b"\0one", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, photo, b"\0encrypted")
    rename(mina, photo, "photo.locked")
    exchange(mina, jo)
    rename(jo, photo, "holiday")
    undoing = undo(jo, mina, before)
    assert shown(jo) == {("holiday",): b"\0one"}
    assert whys(undoing) == [(photo, Why.CHANGED)]


def test_what_the_batch_added_stays_once_somebody_wrote_in_it(two: tuple[Vault, Vault]) -> None:
    """And its folder, for what it holds."""
    mina, jo = two
    before = mina.seen
    change = mina.change()
    folder = change.add_folder(TOP, "Folder")
    mina.commit(change, "folder")
    note = write(mina, "note.md", b"mina's\n", folder)
    write(mina, "other.md", b"only mina's\n", folder)
    exchange(mina, jo)
    save(jo, note, b"mina's\nand jo's\n")
    undoing = undo(jo, mina, before)
    assert shown(jo) == {("Folder",): None, ("Folder", "note.md"): b"mina's\nand jo's\n"}
    assert sorted(whys(undoing)) == sorted([(note, Why.CHANGED), (folder, Why.HOLDS)])
    assert [act.path for act in undoing.plan.acts] == [("Folder", "other.md")]


def test_what_somebody_deleted_since_stays_in_the_bin(two: tuple[Vault, Vault]) -> None:
    """Undoing Mina's edit must not undo Jo's decision."""
    mina, jo = two
    note = write(mina, "note.md", b"one\n", TOP)
    exchange(mina, jo)
    before = mina.seen
    save(mina, note, b"two\n")
    exchange(mina, jo)
    remove(jo, note)
    undoing = undo(jo, mina, before)
    assert shown(jo) == {}
    assert whys(undoing) == [(note, Why.DELETED)]


def test_a_deleted_folder_comes_back_with_what_others_saved_in_it_meanwhile(
    two: tuple[Vault, Vault],
) -> None:
    """One folder, not two of one name."""
    mina, jo = two
    change = mina.change()
    folder = change.add_folder(TOP, "Folder")
    mina.commit(change, "folder")
    note = write(mina, "note.md", b"one\n", folder)
    write(mina, "photo", b"\0jpg", folder)
    exchange(mina, jo)
    before = mina.seen
    remove(mina, folder)
    save(jo, note, b"one\njo's\n")
    exchange(mina, jo)
    assert shown(jo) == {("Folder",): None, ("Folder", "note.md"): b"one\njo's\n"}
    undo(jo, mina, before)
    exchange(mina, jo)
    assert shown(mina) == shown(jo)
    assert shown(jo) == {
        ("Folder",): None,
        ("Folder", "note.md"): b"one\njo's\n",
        ("Folder", "photo"): b"\0jpg",
    }


def test_a_batch_ends_where_it_was_said_to_end(two: tuple[Vault, Vault]) -> None:
    """What the same device did before and after is no part of it."""
    mina, _ = two
    one = write(mina, "one", b"\0one", TOP)
    before = mina.seen
    save(mina, one, b"\0two")
    remove(mina, write(mina, "brief", b"\0", TOP))
    other = write(mina, "other", b"\0other", TOP)
    until = mina.seen
    save(mina, other, b"\0later")
    undoing = undo(mina, mina, before, until)
    assert shown(mina) == {("one",): b"\0one", ("other",): b"\0later"}
    assert undoing.steps == 4
    assert whys(undoing) == [(other, Why.CHANGED)]


def test_versions_that_are_not_here_stay_as_they_are(place: Place) -> None:
    """Bytes that nobody can show must not replace bytes that are there."""
    vault = place.create("mina")
    photo = write(vault, "photo", b"\0one", TOP)
    before, facts = vault.seen, vault.facts(photo)
    save(vault, photo, b"\0two")
    core = core_of(vault)
    (content,) = facts["content"].values()
    assert isinstance(content, Content)
    assert content.link is not None
    with core.transaction():
        core.blocks.remove([content.link.digest])
    undoing = undo(vault, vault, before)
    assert undoing.plan.absent == (("photo",),)
    assert not undoing.plan.acts
    assert shown(vault) == {("photo",): b"\0two"}
    vault.close()


def test_a_whole_restore_says_beforehand_what_goes_to_the_bin(two: tuple[Vault, Vault]) -> None:
    """A part never does: what came since stays, be it under another name."""
    mina, _ = two
    note = write(mina, "note.md", b"one\n", TOP)
    seen = mina.seen
    remove(mina, note)
    later = write(mina, "note.md", b"\0later", TOP)
    then = mina.moment(seen)
    whole = [(act.deed, act.path) for act in restoring(mina, seen)]
    assert whole == [(Deed.BINNED, ("note.md",)), (Deed.BACK, ("note.md",))]
    change = mina.change()
    part = plan_of(mina, seen, note)
    assert [(act.deed, act.path) for act in part.acts] == [
        (Deed.BACK, ("note.md",)),
        (Deed.ASIDE, ("note (2).md",)),
    ]
    carry_out(part, change, mina.present(), then)
    mina.commit(change, "restored")
    assert shown(mina) == {("note.md",): b"one\n", ("note (2).md",): b"\0later"}
    assert mina.tree().path(later) == ("note (2).md",)


def test_folders_that_were_moved_into_each_other_come_apart(two: tuple[Vault, Vault]) -> None:
    """Each must be out of the other before it can take it in."""
    mina, _ = two
    change = mina.change()
    outer = change.add_folder(TOP, "Outer")
    inner = change.add_folder(outer, "Inner")
    mina.commit(change, "folders")
    write(mina, "note.md", b"one\n", inner)
    seen, before = mina.seen, shown(mina)
    rename(mina, inner, "Inner")
    rename(mina, outer, "Outer", inner)
    then = mina.moment(seen)
    part = plan_of(mina, seen, inner)
    change = mina.change()
    carry_out(part, change, mina.present(), then)
    mina.commit(change, "restored a part")
    assert mina.tree().find(("Inner", "Outer")) is not None, "a part cannot lie in itself"
    change = mina.change()
    carry_out(whole_of(mina, seen), change, mina.present(), then)
    mina.commit(change, "restored")
    assert shown(mina) == before


def test_a_wall_time_holds_all_that_its_steps_build_on(place: Place) -> None:
    """Mina's clock is a week ahead: what Jo built on hers is in Jo's yesterday all the same."""
    now = place.clock.at
    mina = place.create("mina")
    jo = place.join(mina, "jo")
    place.clock.at = now + 7 * 86400
    note = write(mina, "note.md", b"one\n", TOP)
    unseen = write(mina, "later.md", b"not seen by anybody\n", TOP)
    place.clock.at = now + 60
    seen_by_jo = mina.history(note, 1)[0]
    assert seen_by_jo.at == now + 7 * 86400
    exchange(mina, jo)
    place.clock.at = now + 120
    save(jo, note, b"one\njo's\n")
    exchange(mina, jo)
    for vault in (mina, jo):
        assert note not in {n.id for _, n in vault.moment(vault.made_by(int(now) + 60)).tree.walk()}
        then = vault.moment(vault.made_by(int(now) + 120))
        assert {node.id for _, node in then.tree.walk()} == {note, unseen}
        assert vault.count_made_by(int(now) + 120) == sum(then.seen.values()) - 2
    mina.close()
    jo.close()


def restoring(vault: Vault, seen: Seen) -> list[Act]:
    """Return what restoring all would do."""
    return list(whole_of(vault, seen).acts)


def whole_of(vault: Vault, seen: Seen) -> Plan:
    """Return the plan for all."""
    return whole(vault.present(), vault.moment(seen))


def plan_of(vault: Vault, seen: Seen, entry: EntryId) -> Plan:
    """Return the plan for one thing, with what lies in it."""
    then = vault.moment(seen)
    top = then.tree.get(entry)
    assert top is not None
    return plan(vault.present(), then, frozenset(part(then, top)))


@pytest.mark.parametrize("how", ["restored", "undone"])
def test_what_was_put_into_a_new_folder_goes_back_with_all_that_is_in_it(
    two: tuple[Vault, Vault], how: str
) -> None:
    """The new folder goes; what lies deep in the old one was never named, and does not go along."""
    mina, jo = two
    change = mina.change()
    old = change.add_folder(TOP, "old")
    mina.commit(change, "made")
    write(mina, "plan.bin", b"\0plan", old)
    exchange(mina, jo)
    before, seen = shown(mina), mina.seen
    change = mina.change()
    change.move(old, change.add_folder(TOP, "new"), "old")
    mina.commit(change, "tidied")
    exchange(mina, jo)
    if how == "undone":
        undo(jo, mina, seen)
    else:
        then, change = jo.moment(seen), jo.change()
        carry_out(whole(jo.present(), then), change, jo.present(), then)
        jo.commit(change, "restored")
    exchange(mina, jo)
    assert shown(jo) == shown(mina) == before
