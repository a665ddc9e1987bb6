"""A progress bar on standard error, for anything longer than a second."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from app.cli.control import NO_ANSWER
from app.cli.printing import safe, width
from app.progress import WAITING, Progress
from app.words import DOT, progress_words

PATIENCE = 1.0
BAR = 20
CLEAR = "\r\x1b[K"
NOTHING_LOST = "Ctrl-C to stop; nothing is lost"
"""Said while another device is waited for: nobody knows how long."""
REMEMBER = 5.0
"""Seconds over which the speed is measured."""


class Bar:
    """Shows progress in one line that is rewritten; nothing when nobody looks."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._hushed = quiet
        self._quiet = quiet or not stream.isatty()
        self._began = time.monotonic()
        self._marks: list[tuple[float, int]] = []
        self._task = ""
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Take a step."""
        now = time.monotonic()
        if progress.task == NO_ANSWER and not self._hushed:
            self.clear()
            self._stream.write(f"{progress.task}{progress.item}. Waiting for it…\n")
            self._stream.flush()
            return
        if progress.task != self._task:
            self._task, self._marks = progress.task, []
        self._marks.append((now, progress.done_bytes))
        while now - self._marks[0][0] > REMEMBER:
            self._marks.pop(0)
        if self._quiet or now - self._began < PATIENCE:
            return
        self._shown = True
        self._stream.write(CLEAR + self._line(progress))
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()
            self._shown = False

    def _line(self, progress: Progress) -> str:
        words = safe(progress_words(progress, self._speed()))
        if progress.task == WAITING:
            words += DOT + NOTHING_LOST
        total, done = progress.total_bytes, progress.done_bytes
        if not total:
            total, done = progress.total, progress.done
        bar = f"[{'#' * (BAR * min(done, total) // total):.<{BAR}}] " if total else ""
        columns = shutil.get_terminal_size().columns - 1
        line = bar + words
        while width(line) > columns:
            line = line[:-1]
        return line

    def _speed(self) -> float:
        (began, before), (now, done) = self._marks[0], self._marks[-1]
        return (done - before) / (now - began) if now > began else 0.0
