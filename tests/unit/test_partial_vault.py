"""Devices that do not keep all: what they miss, ask for, let go of, and sign."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from storage.access.roles import Role
from storage.collecting import Collected, Orders
from storage.crypto.primitives import verify
from storage.errors import BlockNotFound
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.keeping import FRESH, MOMENT, NOTE_MAX, WHOLE, Keep, Keeping
from storage.letgo import tops_of
from storage.records import receipt
from storage.retention import Rule, held_in, tops_of_held
from storage.vault import Vault
from tests.helpers.vaults import Place, core_of, exchange, save, shown, tell, text, write

MARK, OTHER = b"partial1", b"partial2"
DOT = Dot(Writer(bytes(8)), 1)
NAMES = Keeping(Keep.NAMES, mark=MARK)
PHOTO = Random(1).randbytes(300_000)  # noqa: S311
FILM = Random(2).randbytes(3_000_000)  # noqa: S311


@pytest.fixture
def pair(place: Place) -> Iterator[tuple[Vault, Vault]]:
    """Return a desk that keeps all, and a phone."""
    desk = place.create("desk")
    phone = place.join(desk, "phone")
    exchange(desk, phone)
    yield desk, phone
    desk.close()
    phone.close()


def opened(budget: int) -> Keeping:
    """Return the setting that keeps what was opened."""
    return Keeping(Keep.OPENED, budget, MARK)


def sign(one: Vault, other: Vault) -> None:
    """Let each hear the other's word, twice: a word may answer a word."""
    for _ in range(2):
        other.accept([one.receipt()])
        one.accept([other.receipt()])


def did(vault: Vault) -> str:
    """Return the device of a vault."""
    return core_of(vault).device.did


def forgetting(vault: Vault, entry: EntryId) -> Orders:
    """Return the order to remove the version before the last at once."""
    held = held_in(vault.facts_at(entry, vault.history(entry)[1]))
    tops = frozenset((entry, top) for it in held for top in tops_of_held(it))
    return Orders(forgotten=tops, at_once=True)


def collected(vault: Vault, orders: Orders) -> Collected:
    """Collect, and return what was done."""
    run = vault.collection(orders)
    while run.step() is not None:
        pass
    return run.collected


def tidy(vault: Vault, *others: Vault) -> int:
    """Push out and sweep; return how many blocks went."""
    trusted = {did(other) for other in others}
    vault.push_out(trusted)
    return vault.sweep(trusted, frozenset())


def is_here(vault: Vault, entry: EntryId) -> bool:
    """Say whether a file is here."""
    node = vault.tree().get(entry)
    assert node is not None
    return vault.is_here(node)


def holds_blocks(vault: Vault, entry: EntryId) -> bool:
    """Say whether a file can be read without asking anybody."""
    node = vault.tree().get(entry)
    assert node is not None
    try:
        list(vault.read(node))
    except BlockNotFound:
        return False
    return True


def test_names_only_never_asks_for_content(pair: tuple[Vault, Vault]) -> None:
    """A phone that keeps names must not fill up with what its owner never opened."""
    desk, phone = pair
    phone.set_keeping(NAMES)
    film, note = write(desk, "a.mov", FILM, TOP), write(desk, "a.md", b"short", TOP)
    tell(desk, phone)
    assert phone.missing(9) == ()
    assert phone.to_come() == (0, 0)
    assert {"a.mov", "a.md"} <= {path[-1] for path in (p for p, _ in phone.tree().walk())}
    assert not is_here(phone, film)
    assert not is_here(phone, note)
    assert not phone.is_complete()
    assert phone.unkept() == {film, note}
    assert phone.root == desk.root


def test_when_opened_keeps_notes_and_names(pair: tuple[Vault, Vault]) -> None:
    """Search and reading of notes work on the train; only large things wait."""
    desk, phone = pair
    phone.set_keeping(opened(1_000_000))
    note = write(desk, "a.md", b"short", TOP)
    long = write(desk, "long.md", b"x" * (NOTE_MAX + 1), TOP)
    photo = write(desk, "a.jpg", PHOTO, TOP)
    tell(desk, phone)
    assert is_here(phone, note)
    assert not is_here(phone, long)
    assert not is_here(phone, photo)
    assert phone.amount() == (1, 5)


def test_what_is_asked_for_comes_and_stays(pair: tuple[Vault, Vault], place: Place) -> None:
    """Also while it changes elsewhere, and over an end of the program."""
    desk, phone = pair
    phone.set_keeping(opened(10_000_000))
    film = write(desk, "a.mov", FILM, TOP)
    tell(desk, phone)
    assert phone.ask([film])
    tell(desk, phone)
    assert is_here(phone, film)
    save(desk, film, FILM[::-1])
    tell(desk, phone)
    assert shown(phone) == shown(desk)
    phone.close()
    phone = place.open("phone")
    assert phone.keeping == opened(10_000_000)
    assert is_here(phone, film)
    phone.close()


def test_nothing_goes_that_nobody_else_signed_for(pair: tuple[Vault, Vault]) -> None:
    """What was made here is only here until another device says that it holds it."""
    desk, phone = pair
    phone.set_keeping(NAMES)
    photo = write(phone, "mine.jpg", PHOTO, TOP)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    assert tidy(phone, desk) == 0
    desk.accept(phone.things_after(desk.seen, desk.auth, 1).things)
    sign(desk, phone)  # it heard of it, and has not fetched it yet
    assert tidy(phone, desk) == 0
    tell(phone, desk)
    assert tidy(phone, desk) == 0  # it did, and did not say so
    sign(desk, phone)
    assert tidy(phone, desk) == 1
    assert not holds_blocks(phone, photo)
    assert holds_blocks(desk, photo)


def test_of_two_that_let_go_at_once_neither_counts_for_the_other(
    pair: tuple[Vault, Vault],
) -> None:
    """Each has the other's word of before: it must not be enough, or both copies are gone."""
    desk, phone = pair
    photo = write(desk, "a.jpg", PHOTO, TOP)
    exchange(desk, phone)
    sign(desk, phone)
    phone.set_keeping(NAMES)
    desk.set_keeping(Keeping(Keep.NAMES, mark=OTHER))
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    for _ in range(3):
        assert tidy(phone, desk) == tidy(desk, phone) == 0
        sign(desk, phone)
    assert holds_blocks(desk, photo)
    assert holds_blocks(phone, photo)
    desk.set_keeping(WHOLE)
    sign(desk, phone)
    assert tidy(phone, desk) == 1
    assert holds_blocks(desk, photo)


def test_whose_word_is_not_trusted_does_not_count(pair: tuple[Vault, Vault]) -> None:
    """A device that was not here for weeks may be lost."""
    desk, phone = pair
    write(desk, "a.jpg", PHOTO, TOP)
    exchange(desk, phone)
    phone.set_keeping(NAMES)
    sign(desk, phone)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    assert tidy(phone) == 0
    assert tidy(phone, desk) == 1


def test_the_budget_pushes_out_what_was_used_longest_ago(pair: tuple[Vault, Vault]) -> None:
    """And no more than it has to."""
    desk, phone = pair
    phone.set_keeping(opened(700_000))
    photos = [write(desk, f"{n}.jpg", bytes([n]) + PHOTO, TOP) for n in range(3)]
    tell(desk, phone)
    clock = core_of(phone).clock
    for photo in photos:
        clock.at += 5  # type: ignore[attr-defined]
        phone.ask([photo])
        tell(desk, phone)
        sign(desk, phone)
    clock.at += 5  # type: ignore[attr-defined]
    phone.ask([photos[0]])
    assert phone.push_out({did(desk)}) == {photos[1]}
    assert phone.sweep({did(desk)}, frozenset({photos[1]})) == 0  # it still lies in the folder
    assert phone.sweep({did(desk)}, frozenset()) == 1
    assert [is_here(phone, photo) for photo in photos] == [True, False, True]
    assert phone.amount()[1] <= 700_000


def test_older_versions_go_with_the_file_once_they_are_safe(pair: tuple[Vault, Vault]) -> None:
    """Where names only are kept, the past of a film would fill the disk as well."""
    desk, phone = pair
    film = write(phone, "a.mov", FILM, TOP)
    save(phone, film, FILM[::-1])
    before = len(list(core_of(phone).blocks.scan()))
    phone.set_keeping(NAMES)
    exchange(desk, phone)
    sign(desk, phone)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    assert tidy(phone, desk) > 8
    assert len(list(core_of(phone).blocks.scan())) < before - 8
    assert core_of(phone).kept.leaving() == frozenset()
    assert not phone.check().found


def test_who_let_go_of_older_versions_answers_for_none(pair: tuple[Vault, Vault]) -> None:
    """Rules of the past are each device's own: one that keeps more must not go by one of less."""
    desk, phone = pair
    film = write(phone, "a.mov", FILM, TOP)
    save(phone, film, FILM[::-1])
    exchange(desk, phone)
    orders = Orders({TOP: Rule(latest_over=1000, any_kind=True)}, quarantine=0)
    runs = desk.collection(orders), desk.collection(orders)
    for run in runs:
        while run.step() is not None:
            pass
    assert runs[1].collected.removed > 3
    phone.set_keeping(NAMES)
    sign(desk, phone)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    assert tidy(phone, desk) > 3  # what is shown now
    assert not holds_blocks(phone, film)
    assert b"".join(phone.read_at(film, phone.history(film)[1].cid)) == FILM


@pytest.mark.parametrize("is_beside", [False, True])
def test_what_is_kept_here_by_other_names_keeps_its_blocks(
    pair: tuple[Vault, Vault], *, is_beside: bool
) -> None:
    """A copy that is being taken in, or a draft that was dropped, may share all with what goes."""
    desk, phone = pair
    film = write(phone, "a.mov", FILM, TOP)
    exchange(desk, phone)
    phone.set_keeping(NAMES)
    sign(desk, phone)
    core = core_of(phone)
    core.clock.at += MOMENT + 1  # type: ignore[attr-defined]
    copy = core.contents.store_bytes(FILM)
    if is_beside:  # the program ended since
        core.contents.landed(tops_of({"content": {DOT: copy}}))
        core.contents.take_fresh()
    trusted = {did(desk)}
    assert phone.push_out(trusted) == {film}
    phone.sweep(trusted, frozenset(), beside=(copy,) if is_beside else ())
    assert b"".join(core.contents.plain(copy)) == FILM


def test_who_lets_older_versions_wait_to_go_answers_for_none_of_them(
    pair: tuple[Vault, Vault],
) -> None:
    """A word is taken back a week before it is wrong, and counts for three days."""
    desk, phone = pair
    film = write(phone, "a.mov", FILM, TOP)
    save(phone, film, FILM[::-1])
    exchange(desk, phone)
    phone.set_keeping(NAMES)
    sign(desk, phone)
    assert desk.word().older
    run = desk.collection(Orders({TOP: Rule(latest_over=1000, any_kind=True)}))
    while run.step() is not None:
        pass
    assert run.collected.quarantined > 3
    assert not desk.word().older
    core_of(phone).clock.at += FRESH + 1  # type: ignore[attr-defined]
    assert tidy(phone, desk) > 3  # what is shown now
    assert b"".join(phone.read_at(film, phone.history(film)[1].cid)) == FILM


def test_a_word_is_verified_once_and_not_whenever_somebody_asks_how_things_stand(
    pair: tuple[Vault, Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peers ask many times a second; it took an eighth of all the work. A new word is verified."""
    desk, phone = pair
    verified: list[bytes] = []

    def counting(key: bytes, signature: bytes, message: bytes) -> bool:
        verified.append(key)
        return verify(key, signature, message)

    monkeypatch.setattr(receipt, "verify", counting)
    sign(desk, phone)
    assert desk.receipts()[did(phone)].seen == phone.seen
    verified.clear()
    for _ in range(9):
        assert desk.word() == desk.word()
        assert desk.said() == b""
    assert verified == []
    write(phone, "b.md", b"more\n", TOP)
    desk.accept([phone.receipt()])
    assert desk.receipts()[did(phone)].seen == phone.seen
    assert verified


def test_no_older_version_goes_at_once_while_somebody_may_count_on_it(
    pair: tuple[Vault, Vault], place: Place
) -> None:
    """A phone that heard the word of this morning gave up the last copy for it."""
    desk, phone = pair
    film = write(phone, "a.mov", FILM, TOP)
    save(phone, film, FILM[::-1])
    exchange(desk, phone)
    phone.set_keeping(NAMES)
    sign(desk, phone)
    assert desk.word().older
    orders, first = forgetting(desk, film), desk.history(film)[1].cid
    place.clock.at += 3600
    done = collected(desk, orders)
    assert done.is_counted_on and done.quarantined > 3 and not done.removed
    assert not desk.word().older
    place.clock.at += 3600
    assert tidy(phone, desk) > 3
    assert b"".join(desk.read_at(film, first)) == FILM
    sign(desk, phone)
    place.clock.at += FRESH
    done = collected(desk, orders)
    assert not done.is_counted_on and done.removed > 3
    assert not desk.word().older


@pytest.mark.parametrize("later", [FRESH + 1, -2 * FRESH])
def test_what_was_signed_before_the_lists_were_lost_counts_on(
    pair: tuple[Vault, Vault], place: Place, later: int
) -> None:
    """Whom this device gave its word stands in the index; others have it in their own.

    Nobody relies on a word from days ahead of now, so nothing waits for it either.
    """
    desk, phone = pair
    film = write(desk, "a.mov", FILM, TOP)
    save(desk, film, FILM[::-1])
    tell(desk, phone)
    orders = forgetting(desk, film)
    folder = core_of(desk).index_path.parent
    desk.close()
    for path in folder.glob("index.db*"):
        path.unlink()
    again = place.open("desk")
    assert collected(again, orders).is_counted_on
    place.clock.at += later
    assert collected(again, orders).removed > 3
    again.close()


def test_the_disk_is_given_back(pair: tuple[Vault, Vault], place: Place) -> None:
    """What went is still in the packs, until those are written anew; nothing that counts is."""
    desk, phone = pair
    write(desk, "a.mov", FILM, TOP)
    note = write(desk, "a.md", b"short", TOP)
    exchange(desk, phone)
    phone.set_keeping(opened(0))
    sign(desk, phone)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    assert tidy(phone, desk) > 3
    packs = place.folder / "phone" / "packs"
    before = sum(path.stat().st_size for path in packs.iterdir())
    run = phone.collection(Orders())
    while run.step() is not None:
        pass
    assert run.collected.given_back > len(FILM) // 2
    assert before - sum(path.stat().st_size for path in packs.iterdir()) > len(FILM) // 2
    assert text(phone, note) == "short"
    assert not phone.check().found
    phone.set_keeping(WHOLE)
    tell(desk, phone)
    assert shown(phone) == shown(desk)


def test_back_to_whole_brings_all_back(pair: tuple[Vault, Vault]) -> None:
    """Older versions too: that is what a device that keeps all answers for."""
    desk, phone = pair
    film = write(desk, "a.mov", FILM, TOP)
    save(desk, film, FILM[::-1])
    note = write(desk, "a.md", b"one\ntwo\n", TOP)
    exchange(desk, phone)
    phone.set_keeping(NAMES)
    sign(desk, phone)
    core_of(phone).clock.at += MOMENT + 1  # type: ignore[attr-defined]
    tidy(phone, desk)
    save(desk, note, b"one\ntwo\nthree\n", desk.text(note).base)
    tell(desk, phone)
    assert not holds_blocks(phone, film)
    phone.set_keeping(WHOLE)
    assert not phone.is_complete()
    tell(desk, phone)
    assert phone.is_complete()
    assert phone.word().older
    assert shown(phone) == shown(desk)
    first = phone.history(film)[-1]
    assert b"".join(phone.read_at(film, first.cid)) == FILM
    assert phone.root == desk.root


def test_a_shared_block_stays_for_whom_it_is_kept(pair: tuple[Vault, Vault]) -> None:
    """Two copies of one photo are one block: letting go of one copy must not spoil the other."""
    desk, phone = pair
    one, other = write(desk, "1.jpg", PHOTO, TOP), write(desk, "2.jpg", PHOTO, TOP)
    tell(desk, phone)
    phone.set_keeping(opened(400_000))
    clock = core_of(phone).clock
    clock.at += 5  # type: ignore[attr-defined]
    phone.ask([one])
    sign(desk, phone)
    assert tidy(phone, desk) == 0
    assert is_here(phone, one)
    assert not is_here(phone, other)
    assert holds_blocks(phone, one)
    assert not phone.check().found


def test_edits_made_where_little_is_kept_reach_everyone(pair: tuple[Vault, Vault]) -> None:
    """Renames, deletions and edits need no content that is not here."""
    desk, phone = pair
    film = write(desk, "a.mov", FILM, TOP)
    gone = write(desk, "gone.mov", FILM[:-1], TOP)
    note = write(desk, "a.md", b"one\n", TOP)
    phone.set_keeping(NAMES)
    tell(desk, phone)
    change = phone.change()
    change.move(film, TOP, "b.mov")
    change.remove(gone)
    phone.commit(change, "moved")
    phone.ask([note])
    tell(desk, phone)
    save(phone, note, b"one\ntwo\n", phone.text(note).base)
    tell(phone, desk)
    assert text(desk, note) == "one\ntwo\n"
    assert shown(desk) == {("b.mov",): FILM, ("a.md",): b"one\ntwo\n"}


def test_a_lost_index_forgets_no_setting(pair: tuple[Vault, Vault], place: Place) -> None:
    """The index is only a cache; whoever remembers the setting tells it anew."""
    desk, phone = pair
    film, photo = write(desk, "a.mov", FILM, TOP), write(desk, "a.jpg", PHOTO, TOP)
    phone.set_keeping(opened(1_000_000))
    tell(desk, phone)
    phone.ask([photo])
    tell(desk, phone)
    phone.close()
    for path in (place.folder / "phone").glob("index.db*"):
        path.unlink()
    phone = place.open("phone", "anew")
    assert phone.missing(99)
    phone.set_keeping(opened(1_000_000))
    assert phone.missing(99) == ()
    assert is_here(phone, photo)
    assert not is_here(phone, film)
    phone.close()


def test_a_third_device_gets_from_a_partial_one_what_it_has(place: Place) -> None:
    """And hears of the rest that it is not there; then another one gives it."""
    desk = place.create("desk")
    phone = place.join(desk, "phone", Role.MANAGE)
    phone.set_keeping(opened(1_000_000))
    write(desk, "a.mov", FILM, TOP)
    note = write(desk, "a.md", b"short", TOP)
    exchange(desk, phone)
    third = place.join(phone, "third")
    tell(phone, third)
    assert text(third, note) == "short"
    assert third.to_come()[0] == 1
    tell(desk, third)
    assert third.is_complete()
    for vault in (desk, phone, third):
        vault.close()
