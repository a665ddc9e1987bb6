"""The commands about moments against a fake app: what they ask, print and exit with."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from app.cli.exits import Exit
from app.moments_values import Consent
from tests.helpers.fake_moments import PLAN
from tests.unit.app.fake_app import ID, FakeApp
from tests.unit.app.serving import Run, Terminal

FOLDER = "/home/ana/Recipes"


def asked(fake: FakeApp, what: str) -> list[tuple[object, ...]]:
    """Return what was asked of that kind."""
    return [each for each in fake.asked if each[0] == what]


def test_at_says_which_moment_was_understood_and_what_was_there(
    atoll: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A time that was misread must not pass unseen; names are not trusted."""
    assert atoll("at", "Recipes", "friday 14:00") == Exit.OK
    shown = capsys.readouterr().out
    assert shown.startswith("Recipes as it was up to Friday 20 November 2026 14:00:59, by each")
    assert "412 steps; 35 later left out; 2 with a clock that was ahead" in shown
    assert "Sub/" in shown
    assert "Phone\\x1b[2J" in shown


def test_at_lists_a_folder_inside_deep_and_as_json(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """For programs, and for one folder of many."""
    assert atoll("at", "Recipes", "now", "Sub/deep/", "--deep", "--json") == Exit.OK
    assert asked(fake, "listing") == [("listing", ID, "now", ("Sub", "deep"), True)]
    answer = json.loads(capsys.readouterr().out)
    assert answer["entries"] == []
    assert answer["moment"]["steps"] == 412
    assert atoll("at", "Recipes", "now", "../x") == Exit.USAGE


def test_show_at_prints_the_bytes_alone_and_the_moment_beside_them(
    atoll: Run, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Its output goes into files."""
    assert atoll("show", f"{FOLDER}/bread.md", "--at", "2 h ago") == Exit.OK
    out, err = capsysbinary.readouterr()
    assert out == b"flour and water\nbake\n"
    assert b"bread.md as it was up to Friday" in err
    assert atoll("show", "Recipes/bread.md", "--at", "2 h ago", "--quiet") == Exit.OK
    assert capsysbinary.readouterr().err == b""


def test_export_at_says_which_moment_it_wrote(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """Years later nobody knows any more."""
    assert atoll("export", "Recipes", "/media/out", "--at", "yesterday") == Exit.OK
    assert "Wrote 3 files to /media/out as it was up to Friday" in capsys.readouterr().out
    assert asked(fake, "export") == [("export", ID, "yesterday", Path("/media/out"))]


def test_a_file_is_compared_by_lines_and_by_words(
    atoll: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Line first, then word."""
    assert atoll("diff", f"{FOLDER}/bread.md", "--from", "yesterday") == Exit.OK
    shown = capsys.readouterr().out
    assert "-flour and water\n+flour, water and salt\n bake\n" in shown
    assert atoll("diff", "Recipes/bread.md", "--from", "yesterday", "--words") == Exit.OK
    assert "~1: flour{+, water+} and [-water-]{+salt+}\n" in capsys.readouterr().out


@pytest.mark.parametrize("named", [FOLDER, "Recipes"])
def test_a_folder_is_compared_by_its_paths(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    """Added, removed, renamed, changed."""
    assert atoll("diff", named, "--from", "yesterday", "--to", "9:05") == Exit.OK
    shown = capsys.readouterr().out
    assert "added" in shown
    assert "a.md → b.md" in shown
    assert asked(fake, "compare") == [("compare", ID, "yesterday", "9:05", ())]


def test_nothing_is_put_back_when_nobody_can_be_asked(
    atoll: Run,
    fake: FakeApp,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A script that means it says so."""
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    assert atoll("restore", "Recipes", "--at", "yesterday") == Exit.USAGE
    assert "--yes" in capsys.readouterr().err
    assert asked(fake, "restore") == [("restore", ID, "yesterday", (), Consent(only_plan=True))]


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yes please\n"])
def test_a_person_is_told_first_and_only_a_yes_does_it(
    atoll: Run,
    fake: FakeApp,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    """What goes to the bin is said beforehand."""
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert atoll("restore", "Recipes", "--at", "yesterday") == Exit.OK
    out, err = capsys.readouterr()
    assert "1 to the bin" in err
    assert "  bin    late.md" in err
    assert "  back   Sub/old.md" in err
    assert "  move   bread.md.locked → bread.md" in err
    assert "film.mp4: its old content is not on this device" in err
    assert "Nothing was done yet." in out
    assert len(asked(fake, "restore")) == 1


def test_a_yes_does_exactly_what_was_said(
    atoll: Run,
    fake: FakeApp,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If it were something else by now, it would be refused and said again."""
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert atoll("restore", "Recipes", "--at", "yesterday") == Exit.OK
    assert 'Done, as version 3fa92c0000. To take that back: --at "before' in capsys.readouterr().out
    assert asked(fake, "restore")[-1][-1] == Consent(only_plan=False, token=PLAN.token)


def test_programs_say_yes_and_choose_what_comes_back(atoll: Run, fake: FakeApp) -> None:
    """A part, or several things inside it."""
    assert atoll("restore", f"{FOLDER}/Sub", "--at", "3fa92c", "--yes") == Exit.OK
    words = ("--only", "a.md", "--only", "x/b.md", "--yes")
    assert atoll("restore", "Recipes", "--at", "3fa92c", *words) == Exit.OK
    assert asked(fake, "restore") == [
        ("restore", ID, "3fa92c", (("Sub",),), Consent()),
        ("restore", ID, "3fa92c", (("a.md",), ("x", "b.md")), Consent()),
    ]


def test_undo_says_whose_batch_and_what_stays(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """What somebody changed since is theirs, and is listed."""
    words = ("--by", "Mina", "--from", "14:02", "--to", "14:05")
    assert atoll("undo", "Recipes", *words, "--dry-run") == Exit.OK
    shown = capsys.readouterr().out
    assert shown.startswith("Recipes: what Mina did, from up to Friday")
    assert "stays: taken.md: Jo changed it since, so that stays" in shown
    assert "stays: Sub: it holds what others put there since" in shown
    assert asked(fake, "undo") == [
        ("undo", ID, ("Mina",), "14:02", "14:05", Consent(only_plan=True))
    ]
    assert atoll("undo", "Recipes", *words, "--yes", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["version"].startswith("3fa92c")


def test_nothing_to_put_back_is_no_question(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is so already."""
    fake.moments.plan = replace(PLAN, deeds=(), absent=())
    assert atoll("restore", "Recipes", "--at", "yesterday") == Exit.OK
    assert "it is so already" in capsys.readouterr().out


def test_a_history_is_asked_for_by_the_name_of_a_folder(
    atoll: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """As everywhere else; a name that is none is said to be none."""
    assert atoll("log", "Recipes") == Exit.OK
    assert "3fa92c0000" in capsys.readouterr().out
    assert atoll("log", "Nowhere") == Exit.NOT_FOUND
