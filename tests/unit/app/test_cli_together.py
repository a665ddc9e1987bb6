"""`together` in a terminal: what it shows, whom it takes, and what it refuses."""

from __future__ import annotations

import json

import pytest

from app.cli.exits import Exit
from tests.unit.app.fake_app import FakeApp
from tests.unit.app.serving import NOTE, Run


def test_what_stands_side_by_side_is_told_with_who_and_when(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """And how to settle it; where nothing does, that is said."""
    for words in ((), ("Recipes",), (NOTE,)):
        assert atoll("together", *words) == Exit.OK
        told = capsys.readouterr().out
        assert "Recipes/bread.md: changed on several devices at once" in told
        assert "bread (Phone).md  Phone" in told
        assert "--take" in told
    assert atoll("together", "--json") == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert [side["device"] for side in found[0]["sides"]] == ["Laptop", "Phone"]
    fake.together.there.clear()
    assert atoll("together") == Exit.OK
    assert "All clear" in capsys.readouterr().out


@pytest.mark.parametrize(("who", "number"), [("1", 0), ("2", 1), ("phone", 1), ("aa11", 0)])
def test_a_side_is_named_by_its_number_its_device_or_its_version(
    atoll: Run, fake: FakeApp, who: str, number: int
) -> None:
    """Whatever the list shows can be typed."""
    assert atoll("together", NOTE, "--take", who) == Exit.OK
    assert fake.asked[-1] == ("take", ("bread.md",), number)


def test_both_are_kept_and_texts_are_shown_before_they_are_merged(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """A preview changes nothing."""
    assert atoll("together", NOTE, "--both") == Exit.OK
    assert fake.asked[-1] == ("both", ("bread.md",))
    capsys.readouterr()
    asked = len(fake.asked)
    assert atoll("together", NOTE, "--merge", "--preview") == Exit.OK
    assert len(fake.asked) == asked
    assert "one\nother\n" in capsys.readouterr().out
    assert atoll("together", NOTE, "--merge") == Exit.OK
    assert fake.asked[-1] == ("merge", ("bread.md",))


@pytest.mark.parametrize(
    "words",
    [
        (NOTE, "--take", "3"),
        (NOTE, "--take", "nobody"),
        (NOTE, "--take", "1", "--both"),
        (NOTE, "--preview"),
        ("--both",),
        ("/nowhere/at/all", "--both"),
    ],
)
def test_what_makes_no_sense_is_refused_and_settles_nothing(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """In one sentence."""
    assert atoll("together", *words) == Exit.USAGE
    assert not any(asked[0] in {"take", "both", "merge"} for asked in fake.asked)
    assert capsys.readouterr().err.startswith("atoll: ")
