"""Giving back the disk that older versions take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.blocks.frames import head_of
from storage.blocks.store import Kind, Thing
from storage.collecting import Collected, Collection, NotAllHere, NotRepaired, Orders
from storage.errors import BlockNotFound, NotKept
from storage.facts.change import TOP, EntryId
from storage.index.schema import UNREAD, set_meta
from storage.letgo import tops_of
from storage.records.record import parse_record
from storage.recovery import causes_first
from storage.retention import DAY, Rule
from storage.surveying import SpaceUse
from storage.vault import Vault
from tests.helpers.vaults import META, Place, core_of, dice, exchange, save, shown, tell, write
from tests.reader.second_reader import Reader
from tests.reader.view import shown as read_view

LATEST = {TOP: Rule(latest_over=1000, any_kind=True)}
NOTHING_OLD = {TOP: Rule(all_days=0, daily_days=0, monthly=False)}
WEEK = 7 * DAY


def collect(vault: Vault, orders: Orders) -> Collected:
    """Collect from beginning to end."""
    run = vault.collection(orders)
    while run.step():
        pass
    return run.collected


def picture(n: int, size: int = 3 << 20) -> bytes:
    """Return bytes of a picture that nothing else is like."""
    return b"\0" + dice(n).randbytes(size)


def packs_of(vault: Vault) -> int:
    """Return how many bytes the packs take."""
    return sum(path.stat().st_size for path in (core_of(vault).folder / "packs").iterdir())


def read_at(vault: Vault, entry: EntryId, number: int) -> bytes:
    """Read an older version: the last made is number 0."""
    return b"".join(vault.read_at(entry, vault.history(entry)[number].cid))


def test_an_older_version_goes_after_a_week_in_quarantine(vault: Vault, place: Place) -> None:
    """Until then it is read as before; afterwards the disk is given back, and nothing else went."""
    old, new = picture(1), picture(2)
    entry = write(vault, "lake.mov", old, TOP)
    save(vault, entry, new)
    root, before = vault.root, packs_of(vault)
    orders = Orders(LATEST)
    first = collect(vault, orders)
    assert first.removed == 0
    assert first.quarantined > 1
    assert read_at(vault, entry, 1) == old
    place.clock.at += WEEK - 1
    assert collect(vault, orders).removed == 0
    place.clock.at += 1
    last = collect(vault, orders)
    assert last.removed == first.quarantined
    with pytest.raises(NotKept):
        read_at(vault, entry, 1)
    assert read_at(vault, entry, 0) == new
    assert vault.root == root
    assert not vault.check().found
    assert packs_of(vault) < before - last.removed_bytes + 4096
    vault.close()
    again = place.open()
    assert again.root == root
    assert not again.check().found
    assert shown(again) == {("lake.mov",): new}
    again.close()


def test_without_the_index_all_that_was_kept_is_there(vault: Vault, place: Place) -> None:
    """Packs that were written anew are as good a truth as those that were not."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    note = write(vault, "note.md", b"one\n", TOP)
    save(vault, entry, picture(2))
    save(vault, note, b"two\n")
    orders = Orders(LATEST, quarantine=0)
    collect(vault, orders)
    done = collect(vault, orders)
    assert done.packs
    root, seen, was = vault.root, vault.seen, shown(vault)
    history = [step.cid for step in vault.history()]
    folder = core_of(vault).folder
    vault.close()
    for path in folder.glob("index.db*"):
        path.unlink()
    again = place.open()
    assert (again.root, again.seen, shown(again)) == (root, seen, was)
    assert [step.cid for step in again.history()] == history
    assert read_at(again, note, 1) == b"one\n"
    again.close()


def test_what_is_stored_and_not_committed_yet_is_never_taken(vault: Vault) -> None:
    """An import takes long, and its blocks may have been in quarantine before it began."""
    old, new = picture(1), picture(2)
    entry = write(vault, "lake.mov", old, TOP)
    save(vault, entry, new)
    orders = Orders(LATEST, quarantine=0)
    collect(vault, orders)
    content = core_of(vault).contents.store_bytes(old)
    run = vault.collection(orders)
    while run.step():
        pass
    change = vault.change()
    change.add_file(TOP, "again.mov", content, META)
    vault.commit(change, "added")
    assert shown(vault) == {("lake.mov",): new, ("again.mov",): old}
    collect(vault, orders)
    collect(vault, orders)
    assert shown(vault) == {("lake.mov",): new, ("again.mov",): old}


def test_nothing_goes_when_something_that_is_needed_is_missing(vault: Vault) -> None:
    """Who cannot see everything cannot know what is not needed."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    save(vault, entry, picture(2))
    other = write(vault, "sea.mov", picture(3), TOP)
    core = core_of(vault)
    with core.transaction():
        core.blocks.forget(tops_of(vault.facts(other))[0])
    held = core.blocks.locator.last()
    with pytest.raises(NotAllHere):
        collect(vault, Orders(LATEST, quarantine=0))
    assert core_of(vault).connection.execute("SELECT count(*) FROM quarantine").fetchone()[0] == 0
    assert core_of(vault).blocks.locator.last() == held


def test_a_version_that_went_is_not_put_back_without_its_bytes(vault: Vault) -> None:
    """Others would get a file that nobody has."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    was = vault.facts(entry)
    save(vault, entry, picture(2))
    orders = Orders(LATEST, quarantine=0)
    collect(vault, orders)
    collect(vault, orders)
    change = vault.change()
    change.bring_back(entry, was)
    with pytest.raises(NotKept):
        vault.commit(change, "restored")
    save(vault, entry, picture(1))
    assert shown(vault) == {("lake.mov",): picture(1)}
    assert not vault.check().found


def test_a_device_that_collected_is_a_good_peer(vault: Vault, place: Place) -> None:
    """Both ways; and a newcomer gets all of what is shown from it."""
    other = place.join(vault, "other")
    entry = write(vault, "lake.mov", picture(1), TOP)
    save(vault, entry, picture(2))
    exchange(vault, other)
    orders = Orders(LATEST, quarantine=0)
    collect(vault, orders)
    collect(vault, orders)
    write(other, "sea.mov", picture(3), TOP)
    exchange(vault, other)
    assert shown(vault) == shown(other)
    assert vault.root == other.root
    assert vault.missing(9) == ()
    newcomer = place.join(vault, "newcomer")
    tell(vault, newcomer)
    assert shown(newcomer) == shown(vault)
    assert newcomer.is_complete()
    with pytest.raises(BlockNotFound):
        read_at(newcomer, entry, 1)
    tell(other, newcomer)
    assert read_at(newcomer, entry, 1) == picture(1)
    for each in (other, newcomer):
        each.close()


def test_what_is_to_be_forgotten_goes_at_once_if_that_is_asked_for(vault: Vault) -> None:
    """And from the packs: who forgets for a reason does not want to wait a week."""
    entry = write(vault, "letter.txt", picture(1), TOP)
    tops = tops_of(vault.facts(entry))
    save(vault, entry, picture(2))
    before = packs_of(vault)
    orders = Orders(forgotten=frozenset((entry, top) for top in tops))
    assert collect(vault, orders).removed == 0
    assert read_at(vault, entry, 1) == picture(1)
    done = collect(vault, replace(orders, at_once=True))
    assert done.removed > 1
    assert packs_of(vault) <= before - done.removed_bytes + 4096
    assert read_at(vault, entry, 0) == picture(2)
    assert not vault.check().found


def test_what_another_file_held_is_not_forgotten_with_it(vault: Vault) -> None:
    """To forget one file is not to forget what is alike."""
    entry = write(vault, "letter.txt", picture(1), TOP)
    copy = write(vault, "copy.txt", picture(1), TOP)
    tops = tops_of(vault.facts(entry))
    for each in (entry, copy):
        save(vault, each, picture(2))
    forgotten = frozenset((entry, top) for top in tops)
    collect(vault, Orders(forgotten=forgotten, at_once=True, quarantine=0))
    assert read_at(vault, copy, 1) == picture(1)


def test_what_is_pinned_stays(vault: Vault) -> None:
    """A version that was fetched back is not to go again by itself."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    pins = frozenset(tops_of(vault.facts(entry)))
    save(vault, entry, picture(2))
    orders = Orders(NOTHING_OLD, pins=pins, quarantine=0)
    for _ in range(2):
        collect(vault, orders)
    assert read_at(vault, entry, 1) == picture(1)


def test_a_run_can_be_given_up_anywhere(vault: Vault) -> None:
    """Ctrl-C, or the lid of a laptop: what was done is done, and the rest is found again."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    save(vault, entry, picture(2))
    orders = Orders(LATEST, quarantine=0)
    for steps in range(40):
        run = vault.collection(orders)
        for _ in range(steps):
            if run.step() is None:
                break
        assert shown(vault) == {("lake.mov",): picture(2)}
    assert not vault.check().found
    with pytest.raises(NotKept):
        read_at(vault, entry, 1)


def test_the_disk_is_accounted_for(vault: Vault, place: Place) -> None:
    """Whoever looks for room has to find all of it, and when the rest comes back."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    save(vault, entry, picture(2))
    gone = write(vault, "gone.md", b"so long\n" * 999, TOP)
    change = vault.change()
    change.remove(gone)
    vault.commit(change, "removed")

    def look(orders: Orders) -> SpaceUse:
        run, use = vault.survey(orders)
        while run.step():
            pass
        in_packs = use.total - use.index
        assert in_packs == packs_of(vault)
        assert use.index > 0
        return use

    first = look(Orders())
    assert first.files > 0
    assert first.older > 0
    assert first.bin > 0
    assert (first.freed_later, first.quarantine) == (0, 0)
    second = look(Orders(LATEST))
    assert second.freed_later == first.older
    assert second.older == 0
    collect(vault, Orders(LATEST))
    third = look(Orders(LATEST))
    assert third.quarantine == first.older
    assert [it.at - int(place.clock.at) - WEEK for it in third.leaving] <= [DAY]
    place.clock.at += WEEK
    collect(vault, Orders(LATEST))
    fourth = look(Orders(LATEST))
    assert fourth.total - fourth.index < first.total - first.index
    assert fourth.files == first.files
    assert fourth.unused * 8 <= packs_of(vault)


def test_a_run_ends_though_somebody_writes_all_the_time(vault: Vault) -> None:
    """Who types while it collects must not keep it going for ever."""
    entry = write(vault, "lake.mov", picture(1), TOP)
    save(vault, entry, picture(2))
    run, slices = vault.collection(Orders(LATEST)), 0
    while run.step():
        write(vault, f"{slices}.md", b"a line", TOP)
        slices += 1
        assert slices < 50


def test_files_that_change_while_their_past_is_looked_at_keep_all_of_it(vault: Vault) -> None:
    """Whoever saves in that moment made the newest version of all."""
    entries = [write(vault, f"{number}.bin", picture(number, 2_000), TOP) for number in range(60)]
    for number, entry in enumerate(entries):
        save(vault, entry, picture(100 + number, 2_000))
    for at in range(2, 9):
        run, slices = vault.collection(Orders(quarantine=0)), 0
        while run.step():
            slices += 1
            if slices == at:
                for number, entry in enumerate(entries[::7]):
                    save(vault, entry, picture(1_000 * at + number, 2_000))
    assert not vault.check().found
    for entry in entries:
        for number in range(len(vault.history(entry))):
            assert read_at(vault, entry, number)


def test_a_reader_of_the_paper_reads_packs_that_were_written_anew(
    vault: Vault, place: Place
) -> None:
    """Records may lie behind what builds on them then; FORMAT.md says so."""
    note = write(vault, "note.md", b"one\n", TOP)
    entry = write(vault, "lake.mov", picture(1), TOP)
    other = place.join(vault, "other")
    save(vault, entry, picture(2))
    save(vault, note, b"two\n")
    exchange(vault, other)
    save(other, note, b"two\nthree\n")
    exchange(vault, other)
    orders = Orders(LATEST, quarantine=0)
    collect(vault, orders)
    assert collect(vault, orders).packs
    device = place.device("owner")
    keys = device.signing.seed + device.agreement.seed + device.storage_secret
    space = Reader(place.folder / "owner", keys).read()
    assert space.problems == []
    assert read_view(space) == shown(vault)
    assert space.root == vault.root.to_bytes()
    other.close()


def test_records_are_put_in_order_however_packs_were_written_anew(
    vault: Vault, place: Place
) -> None:
    """Thousands that each wait for the next would be looked at again and again."""
    other = place.join(vault, "other")
    for number in range(8):
        write(vault if number % 2 else other, f"{number}.md", b"line\n", TOP)
        if number % 3 == 0:
            exchange(vault, other)
    exchange(vault, other)
    records = list(core_of(vault).blocks.scan(Kind.RECORD))
    for seed in range(20):
        dice(seed).shuffle(records)
        seen: set[bytes] = set()
        for thing in causes_first(records):
            record = parse_record(thing.data)
            assert seen.issuperset(record.parents)
            seen.add(record.cid)
        assert len(seen) == len(records)
    other.close()


def test_nothing_goes_while_a_damaged_stretch_may_name_what_is_needed(
    vault: Vault, place: Place
) -> None:
    """A record that one turned bit hides is mended by a repair: what it names must be there yet."""
    film = write(vault, "lake.mov", picture(1), TOP)
    save(vault, film, picture(2))
    note = write(vault, "note.md", b"a note\n", TOP)
    core, was = core_of(vault), shown(vault)
    spot = core.blocks.locator.find(vault.history(note)[0].digest)
    assert spot is not None
    pack, index = core.folder / "packs" / f"{spot.pack:06}.pack", core.index_path
    vault.close()
    raw = bytearray(pack.read_bytes())
    raw[spot.offset] ^= 1
    pack.write_bytes(raw)
    for path in index.parent.glob("index.db*"):
        path.unlink()
    place.open().close()
    again = place.open(again="and again")
    orders = Orders(LATEST, quarantine=0)
    with pytest.raises(NotAllHere):
        collect(again, orders)
    assert again.repair().mended == 1
    assert shown(again) == was
    collect(again, orders)
    assert collect(again, orders).removed
    assert shown(again) == was
    again.close()


def test_a_damaged_stretch_may_be_settled_alone_once_no_device_can_bring_more(
    vault: Vault, place: Place
) -> None:
    """Who waited for a person would collect nothing for years; who did not might lose a record."""
    other = place.join(vault, "editor")
    note = write(vault, "note.md", b"a note\n", TOP)
    exchange(vault, other)
    core = core_of(vault)
    pack, index = core.folder / "packs" / "000001.pack", core.index_path
    spot = core.blocks.locator.find(vault.history(note)[0].digest)
    assert spot is not None
    assert not vault.may_repair_alone()
    vault.accept([other.receipt()])
    vault.close()
    with pack.open("r+b") as file:
        file.seek(spot.offset)
        file.write(b"torn" * 9)
    for path in index.parent.glob("index.db*"):
        path.unlink()
    place.clock.at += 60
    place.open().close()
    again = place.open(again="and again")
    assert not again.may_repair_alone()
    again.hear(place.device("editor").did, other.seen)
    assert not again.may_repair_alone()  # it has seen what is not here
    tell(other, again)
    assert again.may_repair_alone()
    with pytest.raises(NotRepaired):
        collect(again, Orders(LATEST, quarantine=0))
    again.repair()
    assert not again.may_repair_alone()
    collect(again, Orders(LATEST, quarantine=0))
    assert shown(again) == shown(other)
    again.close()
    other.close()


def test_while_a_stretch_is_damaged_nothing_is_looked_at(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All was marked each half hour, for as long as one device was not heard, and for nothing."""
    core = core_of(vault)
    with core.transaction():
        set_meta(core.connection, UNREAD, b"1")

    def refuse(_self: Collection) -> None:
        raise AssertionError("it looked")

    monkeypatch.setattr(Collection, "mark", refuse)
    with pytest.raises(NotRepaired):
        collect(vault, Orders(LATEST))


def test_a_word_that_was_carried_on_settles_nothing(vault: Vault, place: Place) -> None:
    """Its signer's clock is a day ahead, and it signed before it saw what was lost here."""
    other = place.join(vault, "editor")
    did, seen = place.device("editor").did, other.seen
    place.clock.at += DAY
    word = other.receipt()
    place.clock.at -= DAY
    core = core_of(vault)
    vault.hear(did, seen)
    with core.transaction():
        set_meta(core.connection, UNREAD, b"1")
    vault.accept([word])
    assert not vault.may_repair_alone()
    vault.hear(did, seen)
    assert vault.may_repair_alone()
    write(other, "more.md", b"more\n", TOP)
    vault.hear(did, other.seen)
    assert not vault.may_repair_alone()
    tell(other, vault)
    assert vault.may_repair_alone()
    vault.repair()
    assert not vault.may_repair_alone()
    other.close()


def test_a_frame_that_was_never_ended_keeps_nobody_from_collecting(
    vault: Vault, place: Place
) -> None:
    """A kill in the middle of a write leaves one, and nobody was promised anything of it."""
    film = write(vault, "lake.mov", picture(1), TOP)
    save(vault, film, picture(2))
    core = core_of(vault)
    pack = max((core.folder / "packs").iterdir())
    vault.close()
    frame = head_of(Thing(Kind.BLOCK, b"never ended")) + b"never"
    with pack.open("ab") as file:
        file.write(frame)
    again = place.open()
    assert core_of(again).blocks.damage
    collect(again, Orders(LATEST, quarantine=0))
    again.close()
