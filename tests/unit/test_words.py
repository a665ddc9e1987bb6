"""Plain words: what a terminal and a window both say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.complaints import CODES, say, trouble_words, words_of
from app.errors import (
    BadUsage,
    InNoFolder,
    NoSuchFolder,
    NoSuchVersion,
    NotDeleted,
    Unreadable,
)
from app.progress import Progress
from app.values import Delivery, DeviceInfo, Holding, Reach, Role
from app.whereabouts import delivery_sentence
from app.words import (
    DAY,
    ago,
    day_words,
    lasting,
    list_words,
    moment_words,
    of_words,
    progress_words,
    role_words,
    short_when,
    size_words,
    until_words,
)
from storage.errors import AccessExpired, AtollError, StoreFull

NOW = 1_790_000_000.0
HOUR = 3600
FORBIDDEN = re.compile(
    r"\b(peer|node|cid|revoke|conflict|newest|did|block|token|merge|epoch|record)s?\b",
    re.IGNORECASE,
)


def device(name: str, *, near: bool = True, is_this: bool = False) -> DeviceInfo:
    """Return a device last met three hours ago."""
    return DeviceInfo(name, name, is_this, near, NOW - 3 * HOUR, "")


HERE = Holding(device("Desk", is_this=True), complete=True)
MINA = Holding(device("Mina's laptop"), complete=True)
PHONE = Holding(device("Phone", near=False), complete=False)
TABLET = Holding(device("Tablet"), complete=False)


def test_every_sentence_is_one_that_a_person_can_read() -> None:
    """It ends like a sentence, and the words we avoid are not in it."""
    for code, words in CODES.items():
        assert words.sentence.endswith("."), code
        assert not words.hint or words.hint.endswith((".", ": atoll serve")), code
        assert not FORBIDDEN.search(str(words)), code


def test_a_code_to_come_speaks_for_its_family() -> None:
    """A newer part may raise what this table has not heard of."""
    assert words_of("storage.future.thing") == CODES["storage"]
    assert words_of("sync.x") == CODES["sync"]
    assert words_of("") == words_of("nonsense") == CODES["error"]


@given(st.text(max_size=30))
def test_any_code_has_words(code: str) -> None:
    """The strip at the top never stays empty."""
    assert words_of(code).sentence


def test_an_error_tells_what_it_knows() -> None:
    """The path, the day: what a person needs to find the place."""
    assert "/srv/notes" in say(Unreadable("denied", "/srv/notes")).sentence
    assert "2026" in say(AccessExpired("late", int(NOW))).sentence
    assert say(AccessExpired("late", 0)) == CODES["access.expired"]
    assert say(BadUsage("there is no such role")).sentence == "There is no such role."
    assert say(StoreFull()) == CODES["storage.full"]
    assert say(AtollError()) == CODES["error"]


def test_who_does_not_keep_all_is_no_copy_and_is_named() -> None:
    """A lid is closed on this sentence: a phone with names only must not count."""
    names, some = replace(PHONE, keeps="names"), replace(TABLET, keeps="opened")
    this = replace(HERE, complete=False, keeps="names")
    assert delivery_sentence(Delivery(Reach.EVERYWHERE, (HERE, MINA, names, some))) == (
        "Stored on all 2 devices that keep it · Tablet keeps what was opened · "
        "Phone keeps names only"
    )
    assert delivery_sentence(Delivery(Reach.EVERYWHERE, (this, MINA))) == (
        "Stored on Mina's laptop · this computer keeps names only"
    )
    assert delivery_sentence(Delivery(Reach.PARTLY, (HERE, names))) == (
        "Saved here · Phone keeps names only"
    )
    assert delivery_sentence(Delivery(Reach.PARTLY, (this, replace(MINA, complete=False)))) == (
        "Not all of it is kept here · waiting for Mina's laptop · this computer keeps names only"
    )


def test_the_delivery_sentence_has_the_forms_of_the_design() -> None:
    """One source of truth; these are the very words promised."""
    partly = Delivery(Reach.PARTLY, (HERE, MINA, PHONE))
    assert delivery_sentence(Delivery(Reach.ONLY_HERE, ())) == "On this computer only"
    assert (
        delivery_sentence(partly, NOW)
        == "Saved here · with Mina's laptop · waiting for Phone, last seen 3 h ago"
    )
    assert delivery_sentence(partly) == "Saved here · with Mina's laptop · waiting for Phone"
    assert delivery_sentence(Delivery(Reach.EVERYWHERE, (HERE, MINA))) == "Stored on all 2 devices"
    sending = Delivery(Reach.SENDING, (TABLET,), 4_100_000, 20_000_000, "", 3, 12)
    assert (
        delivery_sentence(sending, left=20)
        == "Sending 3 of 12 files, 4.1 of 20 MB to Tablet · about 20 s"
    )
    cannot = Delivery(Reach.CANNOT, (PHONE,), reason="sync.refused")
    assert delivery_sentence(cannot) == f"Not reaching Phone: {CODES['sync.refused'].sentence}"
    assert delivery_sentence(Delivery(Reach.CANNOT, ())) == "Not reaching anyone"


def away(name: str, *, complete: bool, behind: int | None, days: float = 60) -> Holding:
    """Return a device that was not here for long."""
    gone = DeviceInfo(name, name, is_this=False, near=False, last_seen=NOW - days * DAY, address="")
    return Holding(gone, complete, behind)


REFUSED = ("access.fork", "access.expired", "access.not-allowed", "storage.decode")


@pytest.mark.parametrize("code", REFUSED)
def test_what_a_device_sent_and_was_not_taken_is_told_with_its_name(code: str) -> None:
    """A person has several; which of them it was, and that nothing is lost, is what counts."""
    words = trouble_words(code, "Phone")
    assert "“Phone”" in words.sentence
    assert not FORBIDDEN.search(str(words))
    assert trouble_words(code, "") == words_of(code)


def test_a_device_that_was_set_back_is_named_while_that_lasts() -> None:
    """After the sentence that says where all is, whatever that is."""
    delivery = Delivery(Reach.EVERYWHERE, (HERE, MINA), forked=("Mina's laptop",))
    words = (
        "Stored on all 2 devices · Mina's laptop was copied or set back, which is being sorted out"
    )
    assert delivery_sentence(delivery) == words
    both = Delivery(Reach.ONLY_HERE, (), forked=("Phone", "Tablet"))
    assert "Phone and Tablet were copied or set back" in delivery_sentence(both)


@pytest.mark.parametrize(
    ("behind", "lacks"),
    [
        (None, "may have nothing of it"),
        (0, "may lack some files"),
        (1, "may lack the last change"),
        (1204, "may lack the last 1,204 changes"),
    ],
)
def test_since_when_a_device_was_not_here_is_said(behind: int | None, lacks: str) -> None:
    """It may be lost or wiped: 'waiting for it' would be a promise that nobody can keep."""
    lost = away("Mina's laptop", complete=False, behind=behind)
    since = day_words(NOW - 60 * DAY, datetime.fromtimestamp(NOW, tz=UTC).year)
    assert delivery_sentence(Delivery(Reach.PARTLY, (HERE, PHONE, lost)), NOW) == (
        "Saved here · waiting for Phone, last seen 3 h ago"
        f" · Mina's laptop has not been here since {since}, {lacks}"
    )


def test_what_an_absent_device_signed_long_ago_is_not_said_without_the_date() -> None:
    """It held all of it then; nobody knows what it holds today."""
    lost = away("Mina's laptop", complete=True, behind=0)
    words = delivery_sentence(Delivery(Reach.EVERYWHERE, (HERE, MINA, lost)), NOW)
    assert words.startswith("Stored on all 3 devices · Mina's laptop has not been here since ")
    assert "lack" not in words


@given(
    st.lists(st.tuples(st.booleans(), st.none() | st.integers(0, 9), st.floats(0, 400)), max_size=6)
)
def test_of_any_number_of_absent_devices_two_are_named(
    others: list[tuple[bool, int | None, float]],
) -> None:
    """A sentence in a footer has room for two; the others are counted, none is left out."""
    found = [
        away(f"D{n}", complete=done, behind=behind, days=days)
        for n, (done, behind, days) in enumerate(others)
    ]
    partly = any(not holding.complete for holding in found)
    reach = Reach.PARTLY if partly else Reach.EVERYWHERE
    words = delivery_sentence(Delivery(reach, (HERE, *found)), NOW)
    gone = [it for it in found if it.device.away_since(NOW) is not None]
    counted = [it for it in gone if it.complete != partly]
    assert words.count("not been here since") == min(2, len(counted))
    assert ("not been here for long" in words) == (len(counted) > 2)


def test_sending_names_only_whom_it_goes_to() -> None:
    """Nothing is on its way to a phone that is off."""
    some = Delivery(Reach.SENDING, (HERE, TABLET, PHONE), 0, 0, "", 0, 1)
    words = "Sending 1 file to Tablet · waiting for Phone, last seen 3 h ago"
    assert delivery_sentence(some, NOW) == words
    assert delivery_sentence(Delivery(Reach.SENDING, (HERE, TABLET))) == "Sending to Tablet"


def test_sizes_are_said_as_people_say_them() -> None:
    """Two digits are enough, and a thousand is a thousand."""
    said = {n: size_words(n) for n in (0, 1, 999, 1000, 1234, 999_999, 12_000_000, 1_200_000_000)}
    assert list(said.values()) == [
        "0 bytes",
        "1 byte",
        "999 bytes",
        "1 kB",
        "1.2 kB",
        "1 MB",
        "12 MB",
        "1.2 GB",
    ]
    assert of_words(900_000, 40_000_000) == "900 kB of 40 MB"


@given(st.integers(0, 2**62))
def test_no_size_is_said_with_four_digits(n: int) -> None:
    """'1000 kB' would be a rounding that nobody looked at; terabytes may grow."""
    words = size_words(n)
    assert words.endswith("TB") or len(words.split()[0]) <= 3


@given(st.floats(-1e12, 1e12))
def test_any_time_can_be_said(seconds: float) -> None:
    """Clocks of others may say anything."""
    assert ago(seconds)
    assert lasting(abs(seconds))
    assert moment_words(seconds, NOW)
    assert short_when(seconds, NOW)
    assert until_words(int(seconds), NOW)


def test_times_are_said_short() -> None:
    """As one would tell a friend."""
    ages = [0, 59, 60, 3600 * 5, 86400, 86400 * 3, 86400 * 20, 86400 * 90, 86400 * 800]
    assert [ago(s) for s in ages] == [
        "just now",
        "just now",
        "1 min ago",
        "5 h ago",
        "yesterday",
        "3 days ago",
        "2 weeks ago",
        "3 months ago",
        "2 years ago",
    ]
    assert until_words(None, NOW) == "without end"
    assert until_words(int(NOW) - 120, NOW) == "ended 2 min ago"
    assert until_words(int(NOW) + 60, NOW).startswith("until ")


def test_names_are_listed_and_then_counted() -> None:
    """A sentence with thirty names is no sentence."""
    assert list_words([]) == ""
    assert list_words(["Mina"]) == "Mina"
    assert list_words(["Mina", "Jo"]) == "Mina and Jo"
    assert list_words(["Mina", "Jo", "Ana"]) == "Mina, Jo and Ana"
    assert list_words(["Mina", "Jo", "Ana", "Li"]) == "Mina, Jo and 2 more"


def test_progress_tells_bytes_speed_and_what_remains() -> None:
    """A person decides by this whether to wait."""
    step = Progress("Fetching", "oven.mp4", 0, 0, 12_000_000, 40_000_000)
    words = progress_words(step, 2_800_000)
    assert words == "Fetching oven.mp4 · 12 of 40 MB · 2.8 MB/s · about 10 s"
    assert progress_words(Progress("Reading", done=3, total=12_000)) == "Reading · 3 of 12,000"
    assert progress_words(Progress("Checking", done=1_204)) == "Checking · 1,204"


def test_roles_follow_a_name() -> None:
    """They read on: Mina can edit."""
    assert [role_words(role) for role in Role] == ["can view", "can edit", "can manage"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoSuchFolder("Nope", ["Notes", "Recipes"]), "“Nope”; you have: Notes, Recipes."),
        (NoSuchFolder("Nope", []), "“Nope”; you have none yet."),
        (NoSuchVersion("zzz", "bread.md"), "no version zzz of “bread.md”."),
        (InNoFolder("/etc/passwd", ["/home/ana/Recipes"]), "“/etc/passwd” lies in no folder"),
        (NotDeleted("bread.md"), "“bread.md” was not deleted: it is as it was."),
    ],
)
def test_what_is_looked_for_in_vain_is_named(error: AtollError, sentence: str) -> None:
    """And what there is instead, so that the next try finds it."""
    assert sentence in say(error).sentence
    assert not FORBIDDEN.search(str(say(error)))
