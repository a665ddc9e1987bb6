"""A real pseudo-terminal with a command in it: what a person sees, and Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from tests.e2e.devices import PATIENCE, environment

COLUMNS, ROWS = 120, 60
_AT_ONCE = """
import sys
import app.cli.bar, app.work
from app.cli.main import main

app.cli.bar.PATIENCE = 0.0
app.work.REPORT_EVERY = 0.0
sys.exit(main(sys.argv[1:]))
"""
"""The program as it is, but for the second after which it begins to show how far it is."""
_CLEAR = re.compile(r"\r\x1b\[K")


class Terminal:
    """One command in a terminal of its own."""

    def __init__(self, data: Path, *words: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._shown = bytearray()
        self.program = subprocess.Popen(
            [sys.executable, "-P", "-c", _AT_ONCE, "--data", str(data), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**environment(), "TERM": "xterm", "COLUMNS": "", "LINES": ""},
        )
        os.close(slave)

    def until_shown(self, pattern: str) -> re.Match[str]:
        """Read on until something is on the screen."""
        end = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.shown)) is None:
            assert time.monotonic() < end, f"never shown: {pattern}\n{self.shown}"
            assert self._read(), f"it ended without showing {pattern}\n{self.shown}"
        return found

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.program.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """Read all that it still shows, and return its exit code."""
        while self._read():
            pass
        os.close(self.master)
        return self.program.wait(PATIENCE)

    @property
    def shown(self) -> str:
        """All that was written until now."""
        return self._shown.decode("utf-8", "replace")

    @property
    def bars(self) -> list[str]:
        """Each state of the line that is rewritten."""
        return [line.split("\r")[0].rstrip() for line in _CLEAR.split(self.shown)[1:]]

    def _read(self) -> bool:
        """Read what is there, or wait for it; False once the program has let go of the terminal."""
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        assert ready, f"nothing more is shown\n{self.shown}"
        with contextlib.suppress(OSError):  # on Linux the end of a terminal is an error
            if data := os.read(self.master, 65536):
                self._shown += data
                return True
        return False
