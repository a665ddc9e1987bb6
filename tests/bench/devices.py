"""Devices for measuring: real processes with data folders of their own, over loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from app.cli.control import Connection
from app.places import Places, known_control
from app.progress import silent

_WAIT = 60.0
_GLANCE = 0.0002
"""Seconds between two looks, so that looking does not take a core from who is looked at."""
PYTHON = sys.executable


class BenchDevice:
    """One device: a data folder, and the app that serves it while the context is open."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data = folder / f"{name} data"
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.cli("init", "--name", name)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start serving, and return the seconds until `status` answers."""
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [PYTHON, "-m", "app.cli", "--data", str(self.data), "serve", "--listen", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            return wait_until(lambda: self.try_cli("status") == 0, _WAIT, "the app") - begun
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it as a person would."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self._process.kill()
            self._process = None

    def cli(self, *words: str, given: str = "") -> str:
        """Run a command, and return what it prints."""
        done = subprocess.run(
            [PYTHON, "-m", "app.cli", "--data", str(self.data), *words],
            input=given,
            text=True,
            capture_output=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    @property
    def process(self) -> int:
        """The number of the process that serves."""
        assert self._process is not None
        return self._process.pid

    def ask(self, command: str, params: dict[str, object]) -> object:
        """Have the running app do a command, without a process for it."""
        connection = Connection(_address(self.data))
        try:
            return connection.ask(command, params, silent).value
        finally:
            connection.close()

    def try_cli(self, *words: str) -> int:
        """Run a command, and return its exit code."""
        done = subprocess.run(
            [PYTHON, "-m", "app.cli", "--data", str(self.data), *words],
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode

    def code_for(self, space: str) -> str:
        """Share a space to be edited, and return the code."""
        answer = json.loads(self.cli("share", space, "--can", "edit", "--json"))
        return str(answer["code"])


def wait_for_bytes(path: Path, wanted: bytes, patience: float = 60.0) -> float:
    """Return the moment at which path holds these bytes."""

    def stands() -> bool:
        with suppress(OSError):
            return path.read_bytes() == wanted
        return False

    return wait_until(stands, patience, path.name)


def wait_until(
    done: Callable[[], bool], patience: float, what: str, glance: float = _GLANCE
) -> float:
    """Look again and again, and return the moment at which it is so.

    Raises:
        TimeoutError: it was not so in all that time.
    """
    end = time.perf_counter() + patience
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError(f"{what} never came")
        time.sleep(glance)
    return time.perf_counter()


def _address(data: Path) -> Path:
    found = known_control(Places(data))
    if found is None:
        raise RuntimeError("the app does not run")
    return found
