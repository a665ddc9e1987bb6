"""`atoll keep` and `atoll fetch` in a terminal: sizes, words, what is asked of the app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.exits import Exit
from app.cli.keep import size_of
from app.cli.output import words_for
from app.errors import BadUsage
from tests.unit.app.fake_app import ID, FakeApp
from tests.unit.app.serving import Run

SPACE = {
    "name": "Films",
    "folder": "/films",
    "can": "edit",
    "entries": 30,
    "size": 30_000_000_000,
    "mirroring": "settled",
    "keeps": "opened",
    "budget": 2_000_000_000,
    "here_files": 4,
    "here_bytes": 1_200_000_000,
    "where": {
        "sentence": "Stored on Desk",
        "holdings": [
            {"device": {"name": "Phone", "near": True}, "complete": False, "keeps": "names"}
        ],
    },
}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10GB", 10_000_000_000),
        ("10 gb", 10_000_000_000),
        ("1.5G", 1_500_000_000),
        ("512MiB", 512 << 20),
        ("2k", 2_000),
        ("7", 7),
        ("0", 0),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    """A thousand is a thousand; who means 1,024 says so."""
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "ten", "-1", "1,5GB", "10 XB", "1.55G", "9" * 30, "9999999T"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """A budget that was misread would push out what somebody needs."""
    with pytest.raises(BadUsage):
        size_of(text)


def test_keep_asks_for_what_was_typed(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """A budget alone means: what was opened."""
    assert atoll("keep", "Recipes") == Exit.OK
    assert "All of it is kept here" in capsys.readouterr().out
    assert atoll("keep", "Recipes", "names") == Exit.OK
    assert "Names only are kept here: 1 of" in capsys.readouterr().out
    assert atoll("keep", "Recipes", "--budget", "2GB", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["budget"] == 2_000_000_000
    assert fake.asked == [
        ("keep", ID, None, None),
        ("keep", ID, "names", None),
        ("keep", ID, "opened", 2_000_000_000),
    ]
    assert atoll("keep", "Recipes", "--budget", "much") == Exit.USAGE


def test_who_joins_says_how_much_to_have(atoll: Run, fake: FakeApp, tmp_path: Path) -> None:
    """On a small disk all of it would be fetched first, and might not fit."""
    into = tmp_path / "there"
    assert atoll("join", "ATOLL:XYZ", "--into", str(into), "--keep", "names", "--json") == Exit.OK
    assert ("join", "ATOLL:XYZ", into, False, "names") in fake.asked
    with pytest.raises(SystemExit) as ended:
        atoll("join", "ATOLL:XYZ", "--into", str(into), "--keep", "half")
    assert ended.value.code == Exit.USAGE


def test_fetch_takes_paths(
    atoll: Run, fake: FakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also of what is not on this disk."""
    assert atoll("fetch", "Recipes/bread.md", "Recipes/bread.md") == Exit.OK
    assert "2 files are here" in capsys.readouterr().out
    assert fake.asked[-1][:2] == ("fetch", ID)
    assert atoll("fetch", str(tmp_path / "none.md")) == Exit.NOT_FOUND


def test_older_versions_that_are_still_to_come_are_said_though_all_that_is_shown_is_here() -> None:
    """After a repair a person waits until nothing is missing, and may switch the other off then."""
    said = words_for("status", {"running": True, "spaces": [{**SPACE, "missing_older": 3}]}, 0.0)
    assert "  older versions still to come\n" in said
    missing = {"missing_older": 3, "missing_blocks": 2, "missing_files": 1, "missing_bytes": 0}
    said = words_for("status", {"running": True, "spaces": [{**SPACE, **missing}]}, 0.0)
    assert "  1 file still to come\n" in said and "older" not in said


def test_what_is_kept_is_said_where_folders_are_listed() -> None:
    """And so is who does not count as a copy."""
    assert "1.2 of 30 GB here" in words_for("spaces", [SPACE], 0.0)
    said = words_for("status", {"running": True, "spaces": [SPACE]}, 0.0)
    assert "Notes and what was opened (up to 2 GB) are kept here: 4 of 30 files" in said
    assert "Phone: keeps names only, near now" in said
