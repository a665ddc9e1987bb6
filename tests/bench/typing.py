"""A keystroke in one editor, until it stands in the text of the other."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.bench.devices import PYTHON, BenchDevice
from tests.bench.ground import Ground
from tests.bench.timing import Row
from tests.bench.usage import Meter

_EARLY = 60
"""Keystrokes more than are counted, for those that are typed before the two have met."""


def keystroke(ground: Ground, runs: int) -> Row:
    """Type into a note that is open on both devices."""
    here = ground.scratch
    (here / "Notes").mkdir(parents=True)
    (here / "Notes" / "note.md").write_text("# One note\n")
    with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
        a.cli("add", str(here / "Notes"))
        b.cli("join", "-", "--into", str(here / "There"), given=a.code_for("Notes"))
    keys = _EARLY + runs
    reader = _typist(here / "B data", "read", keys)
    writer = _typist(here / "A data", "write", keys)
    meter = Meter(reader.pid, writer.pid)
    shown = _moments(reader, "shown", begin=(reader, writer))
    typed = _moments(writer, "typed", begin=(writer,))
    used = meter.used / keys  # of processes that have ended, and nobody has waited for
    reader.wait(30)
    writer.wait(30)
    seconds = tuple(delays(typed, shown))
    if not seconds:
        raise RuntimeError("the two had not met before all was typed")
    return Row("a keystroke, until the other editor has it", seconds, 0.008, cpu=used)


def delays(typed: Mapping[int, int], shown: Mapping[int, int]) -> list[float]:
    """Return the seconds of each keystroke that was typed once another had come."""
    met = min(shown.values())
    return [(shown[n] - typed[n]) / 1e9 for n in sorted(shown) if typed[n] >= met]


def _typist(data: Path, role: str, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [PYTHON, "-m", "tests.bench.typist", str(data), "note.md", role, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while not process.stdout.readline().startswith("ready"):
        if process.poll() is not None:
            raise RuntimeError("the typist stopped")
    return process


def _moments(
    process: subprocess.Popen[str], word: str, begin: tuple[subprocess.Popen[str], ...]
) -> dict[int, int]:
    for other in begin:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
    assert process.stdout is not None
    found: dict[int, int] = {}
    for line in process.stdout:
        if line.startswith(word):
            _, number, moment = line.split()
            found[int(number)] = int(moment)
    return found
