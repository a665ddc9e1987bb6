"""What a person sees in a terminal: how far long work is, a code as a picture, and Ctrl-C."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
import zxingcpp

from app.cli.exits import Exit
from app.cli.island import tree_of
from app.complaints import words_of
from app.loose import mapping_in, number_in
from tests.e2e.devices import Device, difference, meet
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.serial]
FILES, SIZE = 24, 1_000_000
SMALLEST = 21
"""Dots of the smallest code."""
MOVES = re.compile(
    r"\[#*\.*\] (?P<task>Reading|Writing|Fetching|Checking \w+)[^·]* · "
    r"(?P<of>[\d.]+ of [\d.]+ MB|[\d.]+ [kM]B of [\d.]+ MB|\d+ bytes of [\d.]+ MB)"
    r" · [\d.]+ [kMG]?B/s · about \d+ (s|min)$"
)
"""What is done, of how much, how fast, and how long yet."""


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Return what no compression makes smaller."""
    dice = Random(8)  # noqa: S311  (a test, not a secret)
    return [dice.randbytes(SIZE) for _ in range(FILES)]


def device(name: str, home: Path, files: list[bytes]) -> Device:
    """Make a device with a folder that is not added yet."""
    made = Device(name, home / name)
    made.folder.mkdir(parents=True)
    for number, data in enumerate(files):
        (made.folder / f"{number:02}.bin").write_bytes(data)
    made.ask("init", "--name", name)
    return made


def same(one: Path, other: Path) -> bool:
    """Say whether two folders hold the same files, our own mark left out."""
    return tree_of(one) == tree_of(other)


def tells(terminal: Terminal, task: str) -> None:
    """Assert that a bar told bytes, speed and the time that is left, and was taken away."""
    found = [match for bar in terminal.bars if (match := MOVES.match(bar))]
    assert any(match["task"].startswith(task) for match in found), terminal.bars[-20:]
    assert all(len(bar) < 120 for bar in terminal.bars)
    assert "Traceback" not in terminal.shown


# -- how far it is -------------------------------------------------------------------------
def test_add_export_and_check_tell_how_far_they_are(tmp_path: Path, files: list[bytes]) -> None:
    """Bytes, speed and what is left: by these a person decides whether to wait."""
    one = device("One", tmp_path, files)
    for words, task in (
        (("add", str(one.folder)), "Reading"),
        (("check",), "Checking"),
        (("export", "Notes", str(tmp_path / "out")), "Writing"),
    ):
        terminal = Terminal(one.data, *words)
        assert terminal.ended() == Exit.OK, terminal.shown
        tells(terminal, task)
    assert same(tmp_path / "out", one.folder)


def test_join_tells_how_far_it_is(tmp_path: Path, files: list[bytes]) -> None:
    """The longest wait of all, and the first that a new person meets."""
    one, two = device("One", tmp_path, files), Device("Two", tmp_path / "Two")
    two.ask("init", "--name", "Two")
    one.ask("add", str(one.folder))
    one.start()
    try:
        code = str(one.value("share", "Notes", "--can", "edit")["code"])
        terminal = Terminal(two.data, "join", code, "--into", str(two.folder))
        assert terminal.ended() == Exit.OK, terminal.shown
    finally:
        one.stop()
    tells(terminal, "Fetching")
    assert not difference(one.folder, two.folder)


def test_nobody_is_shown_a_bar_who_looks_at_no_terminal(tmp_path: Path) -> None:
    """A log file full of lines that rewrite themselves helps nobody."""
    one = device("One", tmp_path, [b"x" * SIZE])
    done = one.tries("add", str(one.folder))
    assert done.returncode == Exit.OK
    assert not done.stderr


# -- the picture ---------------------------------------------------------------------------
def picture_in(shown: str) -> memoryview:
    """Return the grey picture that half blocks on a terminal make, eight pixels for each dot."""
    rows: list[list[bool]] = []
    for line in shown.splitlines():
        if len(line) >= SMALLEST and set(line) <= set(" ▀▄█"):
            rows.append([char in "▀█" for char in line])
            rows.append([char in "▄█" for char in line])
    scale, wide = 8, max(map(len, rows))
    assert {len(row) for row in rows} == {wide}, "a torn picture"
    lines = (b"".join((b"\xff" if light else b"\0") * scale for light in row) for row in rows)
    pixels = b"".join(line * scale for line in lines)
    return memoryview(pixels).cast("B", (scale * len(rows), scale * wide))


def test_the_code_on_the_screen_is_the_code_in_the_picture(tmp_path: Path) -> None:
    """Another device's camera sees the picture, and nothing else."""
    one = device("One", tmp_path, [b"x"])
    one.ask("add", str(one.folder))
    terminal = Terminal(one.data, "share", "Notes")
    assert terminal.ended() == Exit.OK, terminal.shown
    (code,) = re.findall(r"(?m)^ATOLL:\S+", terminal.shown)
    assert [found.text for found in zxingcpp.read_barcodes(picture_in(terminal.shown))] == [code]


# -- Ctrl-C --------------------------------------------------------------------------------
def stopped(terminal: Terminal, shown: str) -> None:
    """Press Ctrl-C once that is shown, and assert that it ended in words."""
    terminal.until_shown(shown)
    assert terminal.interrupt() == Exit.INTERRUPTED, terminal.shown
    assert words_of("app.stopped").sentence in terminal.shown
    assert "Traceback" not in terminal.shown


def test_ctrl_c_while_adding_leaves_all_whole_and_the_next_look_finishes(
    tmp_path: Path, files: list[bytes]
) -> None:
    """What was read is kept and good; what was not is found by the next look."""
    one = device("One", tmp_path, files)
    stopped(Terminal(one.data, "add", str(one.folder)), r"\[#*\.*\] Reading \d\d")
    assert one.value("check")["damaged"] == 0
    assert len(list(one.folder.glob("*.bin"))) == FILES
    done = one.value("add", str(one.folder))
    assert (done["name"], done["entries"]) == ("Notes", FILES)
    assert len(one.values("spaces")) == 1
    one.ask("export", "Notes", str(tmp_path / "out"))
    assert same(tmp_path / "out", one.folder)


def test_ctrl_c_while_exporting_leaves_nothing_and_the_next_finishes(
    tmp_path: Path, files: list[bytes]
) -> None:
    """Half a folder would be taken for a whole one."""
    one = device("One", tmp_path, files)
    one.ask("add", str(one.folder))
    out = tmp_path / "out"
    stopped(Terminal(one.data, "export", "Notes", str(out)), r"Writing \d\d")
    assert not out.exists()
    one.ask("export", "Notes", str(out))
    assert same(out, one.folder)


def test_ctrl_c_while_joining_leaves_all_whole_and_the_rest_comes_later(
    tmp_path: Path, files: list[bytes]
) -> None:
    """What came is kept; nothing is fetched twice, and nothing is shown half."""
    one, two = device("One", tmp_path, files), Device("Two", tmp_path / "Two")
    two.ask("init", "--name", "Two")
    one.ask("add", str(one.folder))
    one.start()
    try:
        code = str(one.value("share", "Notes", "--can", "edit")["code"])
        words = "join", code, "--into", str(two.folder)
        stopped(Terminal(two.data, *words), r"\[#*\.*\] Fetching")
        assert two.value("check")["damaged"] == 0
        for path in two.folder.glob("*.bin"):
            assert path.read_bytes() == (one.folder / path.name).read_bytes()
        done = two.value(*words)
        assert (done["name"], done["missing_files"]) == ("Notes", 0)
        assert not difference(one.folder, two.folder)
    finally:
        one.stop()


# -- dialling ------------------------------------------------------------------------------
def test_two_programs_that_cannot_find_each_other_meet_at_an_address(tmp_path: Path) -> None:
    """The way round for networks that let no search through: typed by hand, and enough."""
    one, two = device("One", tmp_path, [b"flour"]), Device("Two", tmp_path / "Two")
    two.ask("init", "--name", "Two")
    one.ask("add", str(one.folder))
    file = tmp_path / "to-two.atoll"
    one.ask("share", "Notes", "--can", "edit", "--file", str(file))
    two.ask("join", str(file), "--into", str(two.folder))
    one.start()
    two.start()
    try:
        assert all(not device["near"] for device in two.values("peers") if not device["this"])
        port = number_in(mapping_in(one.says("status"))["port"])
        assert two.ask("dial", f"127.0.0.1:{port}") == "Met One.\n"
        meet(one, two)
    finally:
        one.stop()
        two.stop()
