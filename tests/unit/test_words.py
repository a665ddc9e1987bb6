"""Plain words: what a terminal and a window both say."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadUsage, Unreadable
from app.progress import Progress
from app.values import Delivery, DeviceInfo, Holding, Reach, Role
from app.words import (
    CODES,
    ago,
    delivery_sentence,
    lasting,
    list_words,
    moment_words,
    of_words,
    progress_words,
    reach_words,
    role_words,
    say,
    short_when,
    size_words,
    until_words,
    words_of,
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


def test_the_delivery_sentence_has_the_six_forms_of_the_design() -> None:
    """One source of truth; these are the very words promised."""
    partly = Delivery(Reach.PARTLY, (HERE, MINA, PHONE))
    assert delivery_sentence(Delivery(Reach.ONLY_HERE, ())) == "On this computer only"
    assert (
        delivery_sentence(partly, NOW)
        == "Saved here · with Mina's laptop · waiting for Phone, last seen 3 h ago"
    )
    assert delivery_sentence(partly) == "Saved here · with Mina's laptop · waiting for Phone"
    assert delivery_sentence(Delivery(Reach.EVERYWHERE, (HERE, MINA))) == "On all 2 devices"
    sending = Delivery(Reach.SENDING, (PHONE,), "oven.mp4", 12_000_000, 40_000_000)
    assert (
        delivery_sentence(sending, left=20)
        == "Sending oven.mp4 to Phone · 12 of 40 MB · about 20 s"
    )
    held = Delivery(Reach.HELD, (), "120 deletions from Laptop")
    assert delivery_sentence(held) == "Held: 120 deletions from Laptop. Look first"
    cannot = Delivery(Reach.CANNOT, (PHONE,), reason="sync.refused")
    assert delivery_sentence(cannot) == f"Not reaching Phone: {CODES['sync.refused'].sentence}"
    assert delivery_sentence(Delivery(Reach.CANNOT, ())) == "Not reaching anyone"


def test_a_row_says_it_short() -> None:
    """A list has no room for names."""
    assert reach_words(Delivery(Reach.PARTLY, (HERE, MINA, PHONE))) == "on 2 of 3 devices"
    assert reach_words(Delivery(Reach.EVERYWHERE, (MINA,))) == "everywhere"


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
