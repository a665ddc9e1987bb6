"""Programs killed at any moment: the end is the same as if nobody had been."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.loose import list_in, mapping_in
from tests.e2e.changes import ONE, OTHER, begin, notes, promises
from tests.e2e.devices import PATIENCE, Device, difference, environment, meet, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.serial, pytest.mark.crash]
SEEDS = 5
KILLS = 10
"""For each seed."""
ONE_HISTORY = 50
"""For the one story that goes on for so many, as the promise says it."""
MORE = 100
NOTES = 250
BLOBS = 12
BLOB = 300_000
LONGEST = 0.7
"""Seconds until a kill, at most: shorter than what is killed takes."""
MOST_TRIES = 5
DIED = 9
DIES_MARKING = f"""
import os, sys
from app.cli.main import main
from app.folder import mirror
mark = mirror.write_marker
def mark_and_die(folder, marker):
    mark(folder, marker)
    os._exit({DIED})
mirror.write_marker = mark_and_die
sys.exit(main())
"""


class Storm:
    """Kills that come at moments which a seed chose."""

    def __init__(self, seed: int, devices: tuple[Device, Device]) -> None:
        self.dice = random.Random(seed)  # noqa: S311  the same each time
        self.kills = 0
        self._devices = devices

    def strike(self, device: Device | None = None) -> Device:
        """Let a device work for a moment, kill it, and start it again."""
        victim = device or self.dice.choice(self._devices)
        victim.lives_for(self.dice.uniform(0, LONGEST))
        victim.kill()
        self.kills += 1
        return victim


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that run at the start, and at the end."""
    one, other = Device("One", tmp_path / "one"), Device("Other", tmp_path / "other")
    with running(one, other):
        yield one, other


def test_a_folder_marked_by_a_program_that_died_is_known_at_the_next_start(
    tmp_path: Path,
) -> None:
    """Found by seed 111: else it was refused for ever, as one of another space."""
    one = Device("One", tmp_path / "one")
    notes(one.folder, 5)
    one.ask("init", "--name", "One")
    assert dies_marking(one, "add", str(one.folder))
    one.start()
    assert has_folder(one)
    until(
        lambda: one.space()["mirroring"] == "settled" and bool(one.space()["entries"]),
        "all is read",
    )
    one.stop()


def test_a_folder_that_was_being_joined_is_filled_at_the_next_start(
    pair: tuple[Device, Device],
) -> None:
    """Found by seed 105: else the same code was refused, since the folder held our mark."""
    one, other = pair
    notes(one.folder, 5)
    one.ask("add", str(one.folder))
    code = str(one.value("share", "Notes", "--can", "edit")["code"])
    other.stop()
    assert dies_marking(other, "join", code, "--into", str(other.folder))
    other.start()
    assert has_folder(other)
    meet(one, other)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whoever_is_killed_whenever_nothing_is_lost(pair: tuple[Device, Device], seed: int) -> None:
    """While a folder is added, joined, and while two that were apart meet again."""
    one, other = pair
    storm = Storm(seed, pair)
    begin(one.folder)
    notes(one.folder, NOTES, seed)
    blobs(one.folder, storm.dice)
    before = tree_of(one.folder)
    added(one, storm)
    joined(one, other, storm)
    meet(one, other)
    assert tree_of(other.folder) == before
    apart(one, other, storm)
    while storm.kills < KILLS:
        storm.strike().start()
    meet(one, other)
    assert not promises(one.folder)
    for device in pair:
        assert device.damaged() == 0
        now = tree_of(device.folder)
        lost = [path for path in before if not path.startswith("apart/") and path not in now]
        assert not lost
    assert not difference(one.folder, other.folder)


@pytest.mark.slow
def test_one_history_outlives_fifty_kills(pair: tuple[Device, Device]) -> None:
    """Of either side, at any moment: while it adds, joins, meets again, and people go on."""
    one, other = pair
    storm = Storm(ONE_HISTORY, pair)
    begin(one.folder)
    notes(one.folder, NOTES, ONE_HISTORY)
    blobs(one.folder, storm.dice)
    before = tree_of(one.folder)
    added(one, storm)
    joined(one, other, storm)
    meet(one, other)
    apart(one, other, storm)
    written = [goes_on(storm, number) for number in range(ONE_HISTORY - storm.kills)]
    assert storm.kills == ONE_HISTORY
    meet(one, other)
    for device in pair:
        assert device.damaged() == 0
    assert not promises(one.folder)
    assert not difference(one.folder, other.folder)
    now = tree_of(one.folder)
    assert not [path for path in before if not path.startswith("apart/") and path not in now]
    everything = b"".join(now.values())
    assert not [line for line in written if line not in everything]


def goes_on(storm: Storm, number: int) -> bytes:
    """Kill one, write in its folder as a person does who does not know, and start it again."""
    victim = storm.strike()
    line = f"line {number} by {victim.name}\n"
    (victim.folder / f"new-{number}.md").write_text(f"new {number}\n", "utf-8")
    earlier = sorted(victim.folder.glob("new-*.md"))
    with storm.dice.choice(earlier).open("a", encoding="utf-8") as note:
        note.write(line)
    if number == MORE // 5:
        notes(victim.folder / "more", MORE, number)
    victim.start()
    return line.encode()


def blobs(folder: Path, dice: random.Random) -> None:
    """Write files that are no text, so that fetching them takes a while."""
    for number in range(BLOBS):
        (folder / f"blob-{number}.bin").write_bytes(b"\0" + dice.randbytes(BLOB))


def added(one: Device, storm: Storm) -> None:
    """Add the folder, killed twice while at it; a person types the same again if need be."""
    for _ in range(2):
        adding = one.begins("add", str(one.folder))
        storm.strike(one).start()
        ended(adding)
        if has_folder(one):
            return
    one.ask("add", str(one.folder))


def joined(one: Device, other: Device, storm: Storm) -> None:
    """Join by code, with both killed while at it; a person types the same again if need be."""
    code = str(one.value("share", "Notes", "--can", "edit")["code"])
    for _ in range(MOST_TRIES):
        joining = other.begins("join", code, "--into", str(other.folder))
        storm.strike().start()
        ended(joining)
        if has_folder(other):
            return
    other.ask("join", code, "--into", str(other.folder))


def apart(one: Device, other: Device, storm: Storm) -> None:
    """Let both work on their own: the one while it runs and is killed, the other while off."""
    other.kill()
    for number, change in enumerate(ONE):
        change(one.folder / "apart")
        if number == len(ONE) // 2:
            storm.strike(one).start()
    one.ask("scan")
    storm.strike(one)
    for change in OTHER:
        change(other.folder / "apart")
    other.start()
    storm.strike(other).start()
    one.start()


def ended(command: subprocess.Popen[str]) -> None:
    """Wait for a command whose program was killed: it ends, and says so in words."""
    _, complaint = command.communicate(timeout=PATIENCE)
    assert "Traceback" not in complaint, complaint
    assert command.returncode == 0 or complaint.startswith("atoll: ") or "\natoll: " in complaint


def dies_marking(device: Device, *words: str) -> bool:
    """Do a command that dies just when it marked the folder."""
    command = [sys.executable, "-P", "-c", DIES_MARKING, "--data", str(device.data), *words]
    done = subprocess.run(command, env=environment(), check=False, timeout=PATIENCE)
    return done.returncode == DIED and (device.folder / ".atoll").is_dir()


def has_folder(device: Device) -> bool:
    """Say whether the device knows of its folder."""
    return bool(list_in(mapping_in(device.says("status"))["spaces"]))
