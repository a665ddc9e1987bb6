"""The command line against a fake app: what it asks, prints and exits with."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.exits import Exit, exit_of
from app.cli.main import main
from app.places import Places, prepare
from tests.unit.app.fake_app import ID, FakeApp
from tests.unit.app.serving import NOTE, Run, serving


def test_status_says_who_holds_what(atoll: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The one sentence that people trust."""
    assert atoll("status") == Exit.OK
    shown = capsys.readouterr().out
    assert "Recipes: Saved here · Phone has not been here since 1 January 1970" in shown
    assert "Phone: does not have all of it yet" in shown


def test_status_without_an_app_is_unavailable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script waits for exit 0 to know that the app answers."""
    prepare(Places(tmp_path))
    Places(tmp_path).device_key.touch()
    assert main(["--data", str(tmp_path), "status"]) == Exit.UNAVAILABLE
    assert "not running" in capsys.readouterr().err


def test_share_prints_an_object_with_the_code(
    atoll: Run, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts are built on it."""
    assert atoll("share", "Recipes", "--can", "edit", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["code"] == "ATOLL:ABC"
    (asked,) = fake.asked
    assert asked[:2] == ("share", ID) and asked[3] is None


def test_a_hand_over_file_is_for_its_owner_alone(
    atoll: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gives access, so nobody else on the machine may read it."""
    file = tmp_path / "recipes.atoll"
    assert atoll("share", "Recipes", "--file", str(file)) == Exit.OK
    assert file.read_bytes() == b"ATOLL-INVITE-1\nATOLL:ABC"
    assert file.stat().st_mode & 0o077 == 0
    assert "Whoever has this code can view Recipes" in capsys.readouterr().out


def test_what_is_not_allowed_exits_4_with_one_sentence(
    atoll: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, no code: words."""
    assert atoll("share", "Recipes", "--can", "manage") == Exit.NOT_ALLOWED
    assert capsys.readouterr().err.startswith("atoll: You can look at this but not change it.")


def test_join_reads_the_code_from_standard_input(
    atoll: Run, fake: FakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a code never has to stand in a process list."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ATOLL:XYZ\n")))
    assert atoll("join", "-", "--into", str(tmp_path / "there"), "--json") == Exit.OK
    assert ("join", "ATOLL:XYZ", tmp_path / "there", False) in fake.asked


def test_join_takes_a_hand_over_file(atoll: Run, fake: FakeApp, tmp_path: Path) -> None:
    """What the file holds reaches the app as bytes."""
    file = tmp_path / "r.atoll"
    file.write_bytes(b"ATOLL-INVITE-1\n\x01\x02")
    assert atoll("join", str(file), "--into", str(tmp_path / "d"), "--merge") == Exit.OK
    assert ("join", b"ATOLL-INVITE-1\n\x01\x02", tmp_path / "d", True) in fake.asked


def test_attach_names_the_folder_and_says_where_it_is_now(
    atoll: Run, fake: FakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person checks by the answer that it is the place they meant."""
    there = tmp_path / "moved"
    assert atoll("attach", "Recipes", str(there)) == Exit.OK
    assert capsys.readouterr().out.startswith(f"In step at {there}.\n")
    assert atoll("attach", "Recipes", str(there), "--merge", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["folder"] == str(there)
    asked = [one for one in fake.asked if one[0] == "attach"]
    assert asked == [("attach", ID, there, False), ("attach", ID, there, True)]


@pytest.mark.parametrize("command", [["log", NOTE], ["log"], ["bin"], ["spaces"], ["peers"]])
def test_lists_are_lists_for_programs(
    atoll: Run, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """`--json` of what lists things is always a list."""
    assert atoll(*command, "--json") == Exit.OK
    assert isinstance(json.loads(capsys.readouterr().out), list)


def test_an_old_version_is_printed_as_it_was(
    atoll: Run, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Byte for byte, so that it can go into a file."""
    assert atoll("show", f"{NOTE}@3fa9") == Exit.OK
    assert capfdbinary.readouterr().out == b"flour\n"


def test_diff_shows_the_last_step(atoll: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """In the form that every tool reads."""
    assert atoll("diff", NOTE) == Exit.OK
    assert "+water" in capsys.readouterr().out


def test_restore_takes_a_version_or_looks_in_the_bin(atoll: Run, fake: FakeApp) -> None:
    """Both mean: bring it back."""
    assert atoll("restore", f"{NOTE}@81bb04") == Exit.OK
    assert atoll("restore", "/home/ana/Recipes/old.md") == Exit.OK
    assert atoll("restore", "Recipes/old.md") == Exit.OK
    assert [asked[0] for asked in fake.asked] == [
        "restore",
        "restore_from_bin",
        "restore_from_bin",
    ]


def test_what_is_not_there_exits_3(atoll: Run) -> None:
    """Files, folders, versions and deleted things alike."""
    assert atoll("show", "/nowhere/x.md") == Exit.NOT_FOUND
    assert atoll("show", f"{NOTE}@dddd") == Exit.NOT_FOUND
    assert atoll("leave", "Nothing") == Exit.NOT_FOUND
    assert atoll("restore", "/home/ana/Recipes/never.md") == Exit.NOT_FOUND


def test_damage_exits_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A nightly check in a script needs no parsing."""
    with serving(Places(tmp_path), FakeApp(damaged=True)):
        assert main(["--data", str(tmp_path), "check"]) == Exit.DAMAGED
    shown = capsys.readouterr().out
    assert "damaged: a block (Recipes: pack 3)" in shown
    assert "damaged: what this device remembers (state.db)" in shown


def test_names_from_others_cannot_move_the_cursor(
    atoll: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A note's text could hold escape sequences that a terminal obeys."""
    assert atoll("search", "flour") == Exit.OK
    shown = capsys.readouterr().out
    assert "\x07" not in shown and "\\x07" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["share", "Recipes", "--until", "soon"],
        ["share", "Recipes", "--until", "1999-01-01"],
        ["search", " "],
        ["log", NOTE, "--limit", "0"],
    ],
)
def test_nonsense_exits_2(atoll: Run, words: list[str]) -> None:
    """It is not tried, and nothing changes."""
    assert atoll(*words) == Exit.USAGE


def test_a_hurried_person_stops_the_work_and_it_ends_whole(tmp_path: Path, fake: FakeApp) -> None:
    """Ctrl-C reaches the app, and the terminal waits until the work has ended there."""
    with serving(Places(tmp_path), fake) as loop:
        with subprocess.Popen(
            [sys.executable, "-m", "app.cli", "--data", str(tmp_path), "scan"],
            stderr=subprocess.PIPE,
        ) as terminal:
            asyncio.run_coroutine_threadsafe(fake.begun.wait(), loop).result(30)
            terminal.send_signal(2)
            assert terminal.wait(30) == Exit.INTERRUPTED
        assert fake.stopped_whole


def test_a_long_data_path_still_answers(
    tmp_path: Path, fake: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kernel takes 107 bytes; people have deeper folders."""
    deep = tmp_path / ("d" * 100) / "data"
    with serving(Places(deep), fake):
        assert main(["--data", str(deep), "status"]) == Exit.OK
        short = Path(Places(deep).control_note.read_text(encoding="utf-8"))
        assert short.parent.stat().st_mode & 0o077 == 0
    assert not short.parent.exists()
    capsys.readouterr()


def test_asking_a_running_app_loads_nothing_heavy() -> None:
    """`status` has to answer at once, however big the app is."""
    heavy = {
        "asyncio",
        "cryptography",
        "loro",
        "PySide6",
        "zeroconf",
        "cbor2",
        "segno",
        "sqlcipher3",
    }
    program = "import sys, app.cli.main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not heavy & set(done.stdout.split())


def test_every_exit_code_is_its_family_s() -> None:
    """A new error gets a sensible exit code without anybody thinking of it."""
    assert exit_of("sync.whatever") is Exit.UNAVAILABLE
    assert exit_of("access.bad-token") is Exit.NOT_ALLOWED
    assert exit_of("storage.full") is Exit.WRONG
    assert exit_of("no.such") is Exit.WRONG
