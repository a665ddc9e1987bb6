"""SIGKILL to the real program, again and again: nothing that it acknowledged is lost.

A kill is no power cut, for the system writes what it was given; it finds other faults: locks
that stay, sockets in the way, work half done, and orders that only hold in one process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest

from app.accounts import Account
from app.cli.control import Answer, Connection
from app.errors import NotRunning
from app.places import Places, known_control
from app.progress import silent
from storage.errors import AtollError
from storage.vault import Vault
from tests.access import Dice
from tests.crash.trace import ROOT
from tests.e2e.devices import Device
from tests.helpers.vaults import Clock, shown

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.serial]
KILLS = {"fast": 50, "full": 1_000, "night": 10_000}
LONGEST = 0.15
"""Seconds from the first save until the kill, at most."""
PATIENCE = 30.0
CHECK_EVERY = 100


class Program:
    """`atoll serve` of one data folder, forked from a process in which all is loaded."""

    def __init__(self, data: Path) -> None:
        self.places = Places(data)
        listening = ["--listen", "127.0.0.1", "--port", "0", "--no-discovery"]
        self._line = json.dumps(["--data", str(data), "serve", "--quiet", *listening]) + "\n"
        self._zygote = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.crash.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def start(self) -> int:
        """Start it, wait until it answers, and return its process id."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(self._line)
        self._zygote.stdin.flush()
        program = int(self._zygote.stdout.readline())
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert time.monotonic() < end, "it does not answer"
        return program

    def answers(self) -> bool:
        """Say whether it is there; never do its work in its place."""
        try:
            self.says("status")
        except AtollError:
            return False
        return True

    def says(self, command: str) -> Answer:
        """Return what it answers."""
        address = known_control(self.places)
        if address is None:
            raise NotRunning("it is not there yet")
        connection = Connection(address)
        try:
            return connection.ask(command, {}, silent)
        finally:
            connection.close()

    def kill(self, program: int) -> None:
        """Kill it, and wait until it is gone."""
        assert self._zygote.stdout is not None
        os.kill(program, signal.SIGKILL)
        assert int(self._zygote.stdout.readline()) == -signal.SIGKILL, "it ended by itself"

    def end(self) -> None:
        """Let go of the process."""
        self._zygote.communicate()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[Program, Path]]:
    """Return a program whose device keeps one folder."""
    device = Device("Desk", tmp_path)
    device.folder.mkdir()
    (device.folder / "first.md").write_text("first\n", encoding="utf-8")
    device.ask("init", "--name", "Desk")
    device.ask("add", str(device.folder))
    made = Program(device.data)
    yield made, device.folder
    made.end()


def test_whatever_the_program_acknowledged_survives_kill_after_kill(
    program: tuple[Program, Path], ran: Callable[[str], None]
) -> None:
    """Files are saved while it runs, it is asked whether they are in, and killed meanwhile."""
    made, folder = program
    kills = KILLS[os.environ.get("ATOLL_TESTS", "fast")]
    began, saver = time.monotonic(), Saver(made, folder, Random(7))  # noqa: S311
    for number in range(kills):
        running = made.start()
        saver.save_until(partial(made.kill, running), number)
        held = look_into(made.places, whole=number % CHECK_EVERY == 0)
        lost = [name for name, may_be in saver.may_be.items() if held.get(name) not in may_be]
        assert not lost, f"kill {number}: {lost}"
    seconds = time.monotonic() - began
    ran(f"SIGKILL: {kills} kills, {saver.told} acknowledged saves, 0 lost, {seconds:.0f} s")
    assert saver.told > kills // 10, "it was killed before it could say anything"


class Saver:
    """Saves files as editors do, asks whether they are in, and knows what may be in."""

    def __init__(self, program: Program, folder: Path, dice: Random) -> None:
        self._program = program
        self._folder = folder
        self._dice = dice
        self.may_be: dict[str, set[bytes | None]] = {}
        """By name: what was acknowledged last, and what was saved since."""
        self.told = 0

    def save_until(self, kill: Callable[[], None], number: int) -> None:
        """Save file after file, until a kill at some moment."""
        began, wait = threading.Event(), self._dice.uniform(0, LONGEST)
        saving = threading.Thread(target=self._save_all, args=(number, began))
        saving.start()
        began.wait()
        saving.join(wait)
        kill()
        saving.join()

    def _save_all(self, number: int, began: threading.Event) -> None:
        for turn in count():
            name, data = f"note-{self._dice.randrange(20)}.md", f"{number} {turn}\n".encode()
            part = self._folder / f".{name}.swp"
            part.write_bytes(data)
            began.set()
            self.may_be.setdefault(name, {None}).add(data)
            part.replace(self._folder / name)
            try:
                self._program.says("scan")
            except AtollError:
                return
            self.may_be[name] = {data}
            self.told += 1


def look_into(places: Places, *, whole: bool) -> dict[str, bytes]:
    """Return what the store holds while no program runs, before the folder could help it."""
    account = Account.open(places)
    (row,) = account.state.spaces.values()
    vault = Vault.open(places.space(row.id), account.keys, Clock(time.time()), Dice(str(row)))
    try:
        if whole:
            assert vault.check().found == ()
        return {path[-1]: data for path, data in shown(vault).items() if data is not None}
    finally:
        vault.close()
        account.state._connection.close()  # noqa: SLF001
