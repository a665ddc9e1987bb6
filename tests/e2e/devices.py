"""Devices for whole-program tests: real programs that run, stop, are killed, and meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from app.cli.island import ROOT, Island
from app.cli.reach import have_done
from app.cli.table import BY_NAME
from app.loose import list_in, mapping_in
from app.places import Places
from app.progress import silent
from storage.access.invite import code_from_text
from storage.errors import AtollError

PATIENCE = 40.0
"""Seconds within which what was promised has to be so."""


def until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Ask again and again; real programs have their own time."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"not in {patience:.0f} s: {what}"


class Device(Island):
    """An island that may be found by discovery, be killed, and be asked without a terminal."""

    def __init__(self, name: str, home: Path, *, discovers: bool = False) -> None:
        super().__init__(name, home / "data", home / "Notes")
        self.data = home / "data"
        self._discovers = discovers

    # -- the program -----------------------------------------------------------------------
    def start(self) -> None:
        """Run `atoll serve` and wait until it answers."""
        narrow = [] if self._discovers else ["--listen", "127.0.0.1", "--no-discovery"]
        command = [*self.command("serve", "--quiet"), *narrow]
        program = subprocess.Popen(command, env=environment())
        self._program = program
        until(lambda: program.poll() is not None or self.answers(), f"{self.name} answers")
        assert program.poll() is None, f"{self.name} ended with {program.poll()}"

    def kill(self) -> None:
        """End the program as a power cut would, but for what the system still writes."""
        self.signal(signal.SIGKILL)

    def tell(self, number: int) -> None:
        """Send the program a signal that does not end it."""
        assert self._program is not None, "start first"
        self._program.send_signal(number)

    def lives_for(self, seconds: float) -> None:
        """Let the program work for so long; it must not end by itself."""
        assert self._program is not None
        try:
            code = self._program.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"{self.name} ended by itself, with {code}")

    def runs(self) -> bool:
        """Say whether the program was started."""
        return self._program is not None

    def command(self, *words: str) -> list[str]:
        """Return the command line of a command."""
        return [sys.executable, "-P", "-m", "app.cli", "--data", str(self.data), *words]

    def tries(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Do a command as a terminal does, whatever comes of it."""
        return self._run(*words, given=given)

    def begins(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command in a terminal."""
        return subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    # -- what it says, without starting a terminal's program ---------------------------------
    def answers(self) -> bool:
        """Say whether the program is there."""
        try:
            self.says("status")
        except AtollError:
            return False
        return True

    def says(self, command: str, **params: object) -> object:
        """Return what the program answers to a command."""
        return have_done(Places(self.data), BY_NAME[command], params, silent).value

    def space(self) -> dict[str, object]:
        """Return what the program says of its one folder; {} when it has none."""
        spaces = list_in(mapping_in(self.says("status"))["spaces"])
        return mapping_in(spaces[0]) if spaces else {}

    def where(self) -> str:
        """Return where it says that all is."""
        space = self.space()
        return str(mapping_in(space["where"])["reach"]) if space else ""

    def damaged(self) -> object:
        """Return how much a check of every block and record finds damaged."""
        return mapping_in(self.says("check"))["damaged"]


@contextmanager
def running(*devices: Island) -> Generator[None]:
    """Set devices up and let them run; all that still do are ended, whatever happens."""
    with ExitStack() as stack:
        for device in devices:
            device.ask("init", "--name", device.name)
            stack.callback(device.stop)
            device.start()
        yield


def shared(one: Island, can: str = "edit", until_when: str = "never") -> str:
    """Add a device's folder, and return a code for it."""
    one.ask("add", str(one.folder))
    return str(one.value("share", one.folder.name, "--can", can, "--until", until_when)["code"])


def join(other: Island, code: str) -> None:
    """Let a device accept a code."""
    other.ask("join", "-", "--into", str(other.folder), given=f"{code}\n")


def fill(folder: Path, count: int) -> None:
    """Make a folder with notes and other files, in folders."""
    for number in range(count):
        place = folder / f"{number % 10}" / f"{number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        words = "\n".join(f"word{number}.{n}" for n in range(60))
        if number % 2:
            (place / f"{number:05}.md").write_text(words, encoding="utf-8")
        else:
            (place / f"{number:05}.bin").write_bytes(b"\0" + words.encode() * 4)


def environment() -> dict[str, str]:
    """Let a program find the same `app` that runs here."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def without_hints(code: str) -> str:
    """Return a code that does not say where its giver is."""
    return replace(code_from_text(code), hints=()).text()


def difference(one: Path, other: Path) -> str:
    """Return what `diff -r` has to say of two folders: nothing, when they are equal."""
    done = subprocess.run(
        ["diff", "-r", "-q", "--no-dereference", str(one), str(other)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def meet(one: Device, other: Device) -> None:
    """Wait until both have all, say so, and their folders are equal to the last byte."""
    until(
        lambda: one.where() == other.where() == "everywhere",
        "both say that all is everywhere",
    )
    until(lambda: not difference(one.folder, other.folder), "equal folders")
