"""The pure parts of the app: who holds what, names and versions, moments, steps side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.names import path_and_version
from app.cli.printing import safe, table
from app.cli.request import until_of
from app.compose import networks_of
from app.delivering import Held, Standing, delivery_of, is_safe_elsewhere, reach_of, unsure
from app.errors import AlreadyRunning, BadUsage
from app.history import side_by_side
from app.notes import as_splices
from app.owner import Owner, Ownership, holder
from app.places import Places, prepare
from app.refusals import Refusals
from app.sending import Sending, Way, together
from app.sharing.grants import address_of, hint_of
from app.values import AWAY, DeviceInfo, Reach
from app.whereabouts import delivery_sentence
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.text import apply_splices
from storage.keeping import Keep
from sync.events import HeadsMoved, ThingsAccepted
from sync.ports import Heads

A, B = Writer(b"aaaaaaaa"), Writer(b"bbbbbbbb")
NOW = Seen({A: 3, B: 2})


def device(did: str, *, near: bool = False) -> DeviceInfo:
    """Return a device."""
    return DeviceInfo(did, did, is_this=did == "me", near=near, last_seen=None, address="")


def standing(**receipts: Held) -> Standing:
    """Return how a space of three members stands."""
    return Standing(NOW, True, "me", ("me", "you", "her"), receipts)


def test_everywhere_is_said_only_when_everyone_signed_for_it() -> None:
    """The sentence that people close the lid on."""
    full = Held(NOW, complete=True)
    near: frozenset[str] = frozenset()
    assert reach_of(standing(you=full, her=full), None, here=True, near=near) is Reach.EVERYWHERE
    assert reach_of(standing(you=full), None, here=True, near=near) is Reach.PARTLY
    names_only = Held(NOW, complete=False)
    found = reach_of(standing(you=full, her=names_only), None, here=True, near=near)
    assert found is Reach.PARTLY


def test_only_who_keeps_all_counts_as_a_copy() -> None:
    """The others may let go of it at any moment, and what they hold nobody signed for."""
    full, names = Held(NOW, complete=True), Held(NOW, complete=False, keeps=Keep.NAMES)
    near: frozenset[str] = frozenset()
    assert reach_of(standing(you=full, her=names), None, here=True, near=near) is Reach.EVERYWHERE
    assert reach_of(standing(her=names), None, here=True, near=near) is Reach.PARTLY
    assert reach_of(standing(you=names, her=names), None, here=True, near=near) is Reach.PARTLY
    this = replace(standing(you=full, her=names), complete=False, keeps=Keep.OPENED)
    assert reach_of(this, None, here=False, near=near) is Reach.EVERYWHERE
    alone = replace(standing(you=names, her=names), keeps=Keep.OPENED)
    assert reach_of(alone, None, here=False, near=near) is Reach.PARTLY
    known = {did: replace(device(did), last_seen=1.0) for did in ("me", "you", "her")}
    told = delivery_of(standing(you=names, her=names), None, known, {}, here=True)
    assert not is_safe_elsewhere(told, 2.0)
    told = delivery_of(standing(you=full, her=names), None, known, {}, here=True)
    assert is_safe_elsewhere(told, 2.0)


def test_whose_access_ended_is_not_told_that_all_is_stored_everywhere() -> None:
    """It hears of nothing any more: what others signed for before says little of now."""
    full = Held(NOW, complete=True)
    ended = replace(standing(you=full, her=full), ended=True)
    assert reach_of(ended, None, here=True, near=frozenset()) is Reach.CANNOT
    told = delivery_of(ended, None, {}, {}, here=True)
    words = "This access has ended · what is changed here stays here"
    assert delivery_sentence(told) == words
    assert not is_safe_elsewhere(told, 0.0)


def test_an_old_receipt_speaks_for_what_it_had_seen() -> None:
    """A note of last week is safe even when today's is not."""
    old = Held(Seen({A: 2, B: 2}), complete=True)
    here = standing(you=old, her=old)
    near: frozenset[str] = frozenset()
    assert reach_of(here, Dot(A, 2), here=True, near=near) is Reach.EVERYWHERE
    assert reach_of(here, Dot(A, 3), here=True, near=near) is Reach.PARTLY
    assert reach_of(here, Dot(A, 3), here=True, near=frozenset({"you"})) is Reach.SENDING


def test_an_entry_is_with_whom_nothing_of_it_is_lacking() -> None:
    """And with nobody of whom that is not known."""
    one, other = EntryId(b"1" * 16), EntryId(b"2" * 16)
    old = Held(Seen({A: 2}), complete=True, lacks={one})
    here = standing(you=old, her=old)
    near: frozenset[str] = frozenset()
    assert reach_of(here, other, here=True, near=near) is Reach.EVERYWHERE
    assert reach_of(here, one, here=True, near=near) is Reach.PARTLY
    unasked = standing(you=Held(NOW, complete=True), her=Held(NOW, complete=True))
    assert reach_of(unasked, other, here=True, near=near) is Reach.PARTLY


def test_alone_is_said_as_it_is() -> None:
    """Nobody else is a member: then it is only here, whatever was signed."""
    alone = Standing(NOW, True, "me", ("me",), {"you": Held(NOW, complete=True)})
    assert reach_of(alone, None, here=True, near=frozenset()) is Reach.ONLY_HERE


def test_delivery_names_each_member_once() -> None:
    """The list behind the sentence."""
    known = {did: device(did) for did in ("me", "you", "her")}
    told = delivery_of(standing(you=Held(NOW, complete=True)), None, known, {}, here=False)
    assert [(its.device.did, its.complete) for its in told.holdings] == [
        ("me", False),
        ("you", True),
        ("her", False),
    ]


def test_while_something_new_is_read_nobody_is_said_to_hold_all() -> None:
    """What was true before a file came is not true of the file."""
    full = Held(NOW, complete=True)
    known = {did: device(did) for did in ("me", "you", "her")}
    told = unsure(delivery_of(standing(you=full, her=full), None, known, {}, here=True))
    assert told.reach is Reach.PARTLY
    assert not any(holding.complete for holding in told.holdings)


def test_sending_is_counted_only_by_what_those_say_who_lack_it() -> None:
    """A number that nobody said is a guess, and who is done or far is no part of the sum."""
    known = {"me": device("me"), "you": device("you", near=True), "her": device("her")}
    names_only = Held(NOW, complete=False)
    here, way = standing(you=names_only, her=names_only), Way(3, 12, 4, 20)
    told = delivery_of(here, None, known, {"you": way, "her": way}, here=True)
    assert (told.done_files, told.total_files, told.done_bytes, told.total_bytes) == (3, 12, 4, 20)
    assert told.reach is Reach.SENDING
    silent = delivery_of(here, None, known, {}, here=True)
    assert (silent.reach, silent.total_files, silent.total_bytes) == (Reach.SENDING, 0, 0)
    full = Held(NOW, complete=True)
    done = delivery_of(standing(you=full, her=full), None, known, {"you": way}, here=True)
    assert (done.reach, done.total_files) == (Reach.EVERYWHERE, 0)


def test_a_device_is_behind_by_the_changes_that_it_has_not_signed_for() -> None:
    """A person who waits for a lost device should know what it lacks."""
    known = {did: device(did) for did in ("me", "you", "her")}
    old = Held(Seen({A: 1}), complete=True)
    told = delivery_of(standing(you=old), None, known, {}, here=True)
    assert [holding.behind for holding in told.holdings] == [0, 4, None]


def test_the_word_of_a_device_not_seen_for_long_is_not_enough_to_let_go() -> None:
    """It may have been wiped since, and the store here would be the last."""
    full, now = Held(NOW, complete=True), 10.0 * AWAY
    here = standing(you=full, her=full)
    for seen, is_safe in ((now - AWAY - 1, False), (None, False), (now - 60, True)):
        known = {
            "me": device("me", near=True),
            "you": replace(device("you"), last_seen=seen),
            "her": replace(device("her"), last_seen=1.0),
        }
        told = delivery_of(here, None, known, {}, here=True)
        assert told.reach is Reach.EVERYWHERE
        assert is_safe_elsewhere(told, now) is is_safe


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500)), max_size=30))
def test_what_is_done_and_what_is_to_come_are_the_whole(said: list[tuple[int, int]]) -> None:
    """Whatever a device says it lacks, done stays done until nothing lacks any more."""
    way = Way()
    for files, size in said:
        before, way = way, way.after(files, size)
        if not files:
            assert way == Way()
            continue
        assert way.files - way.done_files == files
        assert way.bytes - way.done_bytes == size
        assert way.done_files >= before.done_files
        assert way.done_bytes >= before.done_bytes


def test_who_has_not_heard_of_all_is_not_counted() -> None:
    """What it lacks of the rest is not known, so a number would be too small."""
    sending, space = Sending(), b"s" * 32
    sending.heard(space, "you", NOW, 12, 2000)
    sending.heard(space, "her", Seen({A: 1}), 1, 10)
    assert dict(sending.ways(space, NOW)) == {"you": Way(0, 12, 0, 2000)}
    sending.heard(space, "you", NOW, 9, 1600)
    assert together(sending.ways(space, NOW).values()) == Way(3, 12, 400, 2000)
    sending.heard(space, "you", NOW, 0, 0)
    assert not sending.ways(space, NOW)
    sending.gone("her")
    assert not sending.ways(space, Seen())


@pytest.mark.parametrize(
    ("listen", "networks"),
    [
        ("", None),
        ("0.0.0.0", None),  # noqa: S104  it is read, not bound
        ("127.0.0.1", ("127.0.0.1",)),
        ("::1", None),
        ("localhost", None),
    ],
)
def test_who_listens_at_one_address_shows_no_other(
    listen: str, networks: tuple[str, ...] | None
) -> None:
    """Others would dial where nobody answers."""
    assert networks_of(listen) == networks


@pytest.mark.parametrize(
    ("typed", "base", "version"),
    [
        ("a.md", "/x/a.md", None),
        ("a.md@3fa9", "/x/a.md", "3fa9"),
        ("a.md@now", "/x/a.md", None),
        ("me@home.md", "/x/me@home.md", None),
        ("me@home.md@beef", "/x/me@home.md", "beef"),
        ("a.md@abc", "/x/a.md@abc", None),
    ],
)
def test_an_at_sign_belongs_to_the_name_unless_a_version_follows(
    typed: str, base: str, version: str | None
) -> None:
    """People have mail addresses in file names."""
    found = path_and_version(f"/x/{typed}", typed)
    assert (found.path, found.version) == (base, version)


def test_until_takes_spans_and_days() -> None:
    """What people would type."""
    assert until_of("never", 1000.0) is None
    assert until_of("2h", 1000.0) == 1000 + 7200
    assert until_of("7d", 1000.0) == 1000 + 7 * 86400
    assert (until_of("2100-01-01", 1000.0) or 0) > 4_000_000_000
    for nonsense in ("soon", "0x7d", "-1h", "", "99999999d"):
        with pytest.raises(BadUsage):
            until_of(nonsense, 1000.0)


@given(st.text(max_size=40))
def test_nothing_that_steers_a_terminal_gets_through(text: str) -> None:
    """Names come from other people."""
    shown = safe(text)
    assert not set(shown) & set("\x07\x08\x1b\r\n\x9b\u202e\u2066\u200b")


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=5))
def test_a_table_has_a_line_for_each_row(rows: list[tuple[str, str]]) -> None:
    """A line break in a name must not forge a row."""
    assert table(rows).count("\n") == len(rows)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_text_becomes_another_by_its_splices(before: str, after: str) -> None:
    """Editors count in UTF-16, so must we."""
    assert apply_splices(before, as_splices(before, after)) == after


@dataclass(frozen=True, slots=True)
class Step:
    """What the order of steps is told from."""

    dot: Dot
    seen: Seen


def test_steps_made_apart_are_side_by_side_and_others_are_not() -> None:
    """History says before, or side by side; never newer."""
    first = Step(Dot(A, 1), Seen())
    ana = Step(Dot(A, 2), Seen({A: 1}))
    mina = Step(Dot(B, 1), Seen({A: 1}))
    after = Step(Dot(A, 3), Seen({A: 2, B: 1}))
    assert side_by_side([after, mina, ana, first]) == {1, 2}
    assert side_by_side([ana, first]) == frozenset()
    assert side_by_side([mina, ana]) == {0, 1}


def test_one_owner_per_data_folder(tmp_path: Path) -> None:
    """Two apps on one store would be the end of it."""
    prepare(Places(tmp_path / "data"))
    lock = Places(tmp_path / "data").lock
    owner = Owner(lock, Ownership.COMMAND)
    with pytest.raises(AlreadyRunning):
        Owner(lock, Ownership.APP)
    assert holder(lock) is Ownership.COMMAND
    owner.close()
    Owner(lock, Ownership.APP).close()


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    """Whatever the umask of the one who made it was."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    prepare(Places(data))
    assert data.stat().st_mode & 0o077 == 0


def test_addresses_are_taken_or_refused() -> None:
    """A typing mistake is told before anything is tried."""
    assert address_of("192.168.1.2:80") == ("192.168.1.2", 80)
    assert address_of("[fe80::1]:80") == ("fe80::1", 80)
    assert hint_of("10.0.0.1:1") == ("10.0.0.1", 1)
    for nonsense in ("", "host", "host:", ":80", "host:0", "host:99999", "host:x"):
        with pytest.raises(BadUsage):
            address_of(nonsense)
    with pytest.raises(BadUsage):
        hint_of("example.org:80")


SPACE = bytes(32)


def heads(n: int) -> Heads:
    """Return how a space stands with so many commits."""
    return Heads(Seen({A: n}), bytes(32), bytes(32), complete=True)


def refused(code: str, *forked: str, did: str = "you") -> ThingsAccepted:
    """Return what sync tells when something was not taken."""
    return ThingsAccepted(SPACE, did, 0, frozenset(), ((b"", code),), 0, frozenset(forked))


def test_what_is_refused_is_told_once_and_until_both_are_equal() -> None:
    """Not silent, and not once for each of a thousand; and it is over when it is over."""
    refusals = Refusals()
    assert list(refusals.accepted(refused("access.expired"))) == [("access.expired", "you")]
    assert list(refusals.accepted(refused("access.expired"))) == []
    assert list(refusals.accepted(refused("access.fork", "her"))) == [("access.fork", "her")]
    assert refusals.forked(SPACE) == ("her",)
    refusals.heard(HeadsMoved(SPACE, "you", heads(1)))
    assert not refusals.settle(SPACE, heads(2))
    refusals.gone("you")
    assert refusals.forked(SPACE) == ("her",), "that it left settles nothing"
    refusals.heard(HeadsMoved(SPACE, "you", heads(2)))
    assert refusals.settle(SPACE, heads(2))
    assert not refusals.is_open(SPACE)
    assert refusals.forked(SPACE) == ()
    assert list(refusals.accepted(refused("access.fork", "her"))) == [("access.fork", "her")]


def test_who_says_the_same_again_takes_no_more() -> None:
    """Nothing is on its way to it, so nothing is said to be."""
    refusals = Refusals()
    refusals.heard(HeadsMoved(SPACE, "you", heads(1)))
    assert refusals.declined(SPACE).by(NOW) == frozenset()
    refusals.heard(HeadsMoved(SPACE, "you", heads(1)))
    assert refusals.declined(SPACE).by(NOW) == {"you"}
    known = {"me": device("me"), "you": device("you", near=True)}
    two = Standing(NOW, True, "me", ("me", "you"), {})
    sending = delivery_of(two, None, known, {}, here=True)
    assert sending.reach is Reach.SENDING
    declined = delivery_of(
        two, None, known, {}, here=True, declining=refusals.declined(SPACE).by(NOW)
    )
    assert (declined.reach, declined.reason) == (Reach.CANNOT, "sync.declined")
    other = Heads(Seen({A: 1, B: 2}), bytes(32), bytes(32), complete=True)
    refusals.heard(HeadsMoved(SPACE, "you", other))
    assert refusals.declined(SPACE).by(NOW) == {"you"}, "what it wrote itself changes nothing"
    refusals.heard(HeadsMoved(SPACE, "you", heads(2)))
    assert refusals.declined(SPACE).by(Seen({A: 3})) == frozenset()
    refusals.forget(SPACE)
    assert refusals.declined(SPACE).by(NOW) == frozenset()
