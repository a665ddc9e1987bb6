"""A device for the demo and the tests: a real program with its own data folder and plain folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from app.complaints import words_of
from app.loose import list_in, mapping_in

OURS = ".atoll"
LONGEST = 60.0
ROOT = Path(__file__).resolve().parents[2]


class Unexpected(Exception):
    """Something is not as promised. Not an AtollError: nobody but the demo meets it."""


class Island:
    """One device: a name, a data folder, a plain folder, and a program that may run."""

    def __init__(self, name: str, data: Path, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._data = data
        self._program: subprocess.Popen[bytes] | None = None

    # -- the program ---------------------------------------------------------------------
    def start(self) -> None:
        """Run `atoll serve`, reachable on this computer only, and wait until it answers."""
        command = [*self._atoll(), "serve", "--quiet", "--listen", "127.0.0.1", "--no-discovery"]
        self._program = subprocess.Popen(command, env=_environment())  # noqa: S603  ourselves
        while not self._answers():
            if self._program.poll() is not None:
                raise Unexpected(f"{self.name} does not start")

    def stop(self) -> None:
        """Ask the program to end, and wait until all is closed."""
        if self._program is not None and (code := self.signal(signal.SIGTERM)):
            raise Unexpected(f"{self.name} ended with {code}")

    def signal(self, number: int) -> int:
        """Send the program a signal that ends it; return its exit code."""
        assert self._program is not None, "start first"
        self._program.send_signal(number)
        code = self._program.wait(LONGEST)
        self._program = None
        return code

    def port(self) -> int:
        """Return the port at which it is reachable."""
        found = self.value("status")["port"]
        assert isinstance(found, int)
        return found

    def ask(self, *words: str, given: str | None = None) -> str:
        """Do a command as a terminal does, and return what it printed."""
        done = self._run(*words, given=given)
        if done.returncode:
            complaint = done.stderr.strip() or words_of("error").sentence
            raise Unexpected(f"{self.name}: {words[0]}: {complaint}")
        return done.stdout

    def value(self, *words: str) -> dict[str, object]:
        """Do a command and return the object it answers."""
        return mapping_in(json.loads(self.ask(*words, "--json")))

    def values(self, *words: str) -> list[dict[str, object]]:
        """Do a command and return the list it answers."""
        found = list_in(json.loads(self.ask(*words, "--json")))
        return [mapping_in(each) for each in found]

    def reach(self) -> str:
        """Return what this device says of where its folder is."""
        match self.value("status"):
            case {"spaces": [{"where": {"reach": str() as reach}}]}:
                return reach
            case _:
                return ""

    def settle(self) -> None:
        """Wait until all that lies in the folder is saved."""
        self.ask("scan")

    # -- the folder ----------------------------------------------------------------------
    def read(self, name: str) -> bytes:
        """Return what a file holds."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Save a file as editors do: beside it, then over it."""
        path = self.folder / name
        part = path.with_name(f".{path.name}.swp")
        part.write_bytes(content)
        part.replace(path)

    def change_line(self, name: str, number: int, words: str) -> None:
        """Write something else on one line."""
        lines = self.read(name).decode().splitlines(keepends=True)
        lines[number - 1] = f"{words}\n"
        self.write(name, "".join(lines).encode())

    def move(self, name: str, new: str) -> None:
        """Rename."""
        (self.folder / name).rename(self.folder / new)

    def delete(self, name: str) -> None:
        """Delete."""
        (self.folder / name).unlink()

    def _answers(self) -> bool:
        return self._run("status", "--quiet").returncode == 0

    def _run(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  ourselves
            [*self._atoll(), *words],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
            env=_environment(),
        )

    def _atoll(self) -> list[str]:
        return [sys.executable, "-P", "-m", "app.cli", "--data", str(self._data)]


def tree_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, our own mark left out; {} while it is not there."""
    found: dict[str, bytes] = {}
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != OURS]
        for name in files:
            path = Path(root, name)
            try:
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
            except FileNotFoundError:
                continue  # renamed while we looked; the next look sees it
    return found


def _environment() -> dict[str, str]:
    """Let the program find the same `app` that runs here."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
