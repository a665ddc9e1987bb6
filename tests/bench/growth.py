"""How cost grows with the number of entries: `python -m tests.bench growth [COUNT …]`.

What counts here is the CPU time of the serving processes and the memory that they hold, so that
other work on the machine makes no figure larger.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.bench.corpus import write_notes
from tests.bench.devices import PYTHON, BenchDevice, wait_for_bytes
from tests.bench.usage import cpu, memory, packed, peak

COUNTS = (1_000, 10_000, 100_000)
RUNS = 5
EDITS = 20
PATIENCE = 1800.0
SETTLE = 5.0
"""Seconds without work after which what was held for it has been given back."""
STILL = 0.1
"""CPU seconds of these in which nothing goes on."""
MOST_BY_DOUBLING = 2.4
MOST_MEMORY = 250.0 * 2**20
"""At 100,000 entries, headless."""
MUCH = 100_000
_MEBI = 2**20


@dataclass(slots=True)
class Curves:
    """Works, and what each cost at each size: CPU seconds, or bytes."""

    seconds: dict[str, dict[int, float]] = field(default_factory=dict[str, dict[int, float]])
    held: dict[str, dict[int, float]] = field(default_factory=dict[str, dict[int, float]])

    def to_markdown(self) -> str:
        """Return the table."""
        counts = sorted({count for by in self.seconds.values() for count in by})
        sizes = " | ".join(f"{count:,}" for count in counts)
        lines = [
            f"| work | {sizes} | by doubling | at most {MOST_BY_DOUBLING} |",
            "|---|" + "---|" * (len(counts) + 2),
        ]
        for work, by in self.seconds.items():
            factor = doubling(by)
            met = "yes" if factor < MOST_BY_DOUBLING else "**no**"
            cells = _cells(counts, by, _seconds)
            lines.append(f"| {work} | {cells} | {factor:.2f} | {met} |")
        for work, by in self.held.items():
            met = "" if by.get(MUCH, 0.0) <= MOST_MEMORY else "**more than 250 MiB**"
            cells = _cells(counts, by, _mebibytes)
            lines.append(f"| {work} | {cells} | {doubling(by):.2f} | {met} |")
        return "\n".join(lines)


def growth(scratch: Path, counts: Iterable[int] = COUNTS) -> Curves:
    """Measure the same works at several sizes."""
    curves = Curves()
    for count in counts:
        _at(scratch / f"growth {count}", count, curves)
    return curves


def doubling(by: Mapping[int, float]) -> float:
    """Return by how much the cost grows with twice as many, at its worst between two sizes."""
    sizes = sorted(by)
    factors = [
        (by[more] / max(by[less], 1e-3)) ** (1 / math.log2(more / less))
        for less, more in pairwise(sizes)
    ]
    return max(factors, default=1.0)


def _at(here: Path, count: int, curves: Curves) -> None:
    folder = here / "Notes"
    write_notes(folder, count)

    def say(work: str, seconds: float) -> None:
        curves.seconds.setdefault(work, {})[count] = seconds
        _tell(f"{count:,}: {work}: {_seconds(seconds)}")

    def hold(work: str, held: float) -> None:
        curves.held.setdefault(work, {})[count] = held
        _tell(f"{count:,}: {work}: {_mebibytes(held)}")

    with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
        say("ingest", used((a,), lambda: a.cli("add", str(folder))))
        say("finding their words", used((a,), lambda: settle(a)))
        hold("memory at rest after taking in", memory(a.process))
        hold("the most memory by then", peak(a.process))
        say("nothing changed, looked at again", _often((a,), lambda: a.ask("scan", {})))
        say("one edit saved", _edit(a, folder))
        say("a search", _often((a,), lambda: a.ask("search", {"words": ["note", "7"]})))
        moment = f"before {_first_of(a, EDITS)}"
        say("a moment opened", _often((a,), lambda: _look_back(a, moment)))
        say("a start", used((), lambda: _start_anew(a)) + cpu(a.process))
        hold("memory at rest after a start", memory(a.process))
        code = a.code_for("Notes")
        into = str(here / "There")
        say("a newcomer, both sides", used((a, b), lambda: _join(b, into, code)))
        settle(a, b)
        hold("memory at rest of the newcomer", memory(b.process))
        a.stop()
        b.stop()
        say("two changed apart start and meet", _apart(a, b, folder, here / "There", count))
    _clear(here)


def used(devices: tuple[BenchDevice, ...], work: Callable[[], object]) -> float:
    """Return the CPU seconds that work takes in the processes of devices."""
    before = sum(cpu(device.process) for device in devices)
    work()
    return sum(cpu(device.process) for device in devices) - before


def settle(*devices: BenchDevice) -> None:
    """Wait until nothing goes on."""
    ending = time.monotonic() + PATIENCE
    while used(devices, lambda: time.sleep(SETTLE)) > STILL and time.monotonic() < ending:
        pass


def _often(devices: tuple[BenchDevice, ...], work: Callable[[], object]) -> float:
    def again_and_again() -> None:
        for _ in range(RUNS):
            work()

    return used(devices, again_and_again) / RUNS


def _edit(device: BenchDevice, folder: Path) -> float:
    """Edit a note again and again, each time until it is saved; the watcher tells of it."""
    note = next(folder.glob("*/*.md"))

    def edit() -> None:
        for number in range(EDITS):
            before, ending = packed(device.data), time.monotonic() + PATIENCE
            with note.open("a", encoding="utf-8") as file:
                file.write(f"line {number}\n")
            while packed(device.data) == before and time.monotonic() < ending:
                time.sleep(0.02)
            time.sleep(0.3)

    return used((device,), edit) / EDITS


def _first_of(device: BenchDevice, steps: int) -> str:
    """Return which version the first of the last few steps is."""
    found = json.loads(device.cli("log", "Notes", "--limit", str(steps), "--json"))
    return str(found[-1]["version"])


def _look_back(device: BenchDevice, moment: str) -> None:
    device.ask("at", {"space": "Notes", "moment": moment})


def _start_anew(device: BenchDevice) -> None:
    device.stop()
    device.start()
    settle(device)


def _join(device: BenchDevice, into: str, code: str) -> None:
    words = [PYTHON, "-m", "app.cli", "--data", str(device.data), "join", "-", "--into", into]
    subprocess.run(
        words, input=code, text=True, stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True
    )


def _apart(a: BenchDevice, b: BenchDevice, here: Path, there: Path, count: int) -> float:
    """Change a few notes on each side while neither hears of the other; let both start and meet.

    So few that nobody is asked whether so much was meant to change.
    """
    mine, theirs = sorted(here.glob("*/*.md")), sorted(there.glob("*/*.md"))
    step = count // EDITS
    for number in range(0, count, step):
        for note, word in ((mine[number], "here"), (theirs[number + step // 2], "there")):
            with note.open("a", encoding="utf-8") as file:
                file.write(f"\n{word}\n")
    for device in (a, b):
        device.cli("scan")
    a.start()
    b.start()
    b.cli("dial", f"127.0.0.1:{_port(a)}")
    for number in range(0, count, step):
        wait_for_bytes(theirs[number], mine[number].read_bytes(), PATIENCE)
        other = number + step // 2
        wait_for_bytes(mine[other], theirs[other].read_bytes(), PATIENCE)
    settle(a, b)
    return cpu(a.process) + cpu(b.process)


def _port(device: BenchDevice) -> int:
    return int(json.loads(device.cli("status", "--json"))["port"])


def _tell(line: str) -> None:
    """Say a figure at once: a size takes minutes, and the next one may fail."""
    sys.stderr.write(line + "\n")


def _cells(counts: list[int], by: Mapping[int, float], say: Callable[[float], str]) -> str:
    return " | ".join(say(by[count]) if count in by else "" for count in counts)


def _seconds(figure: float) -> str:
    return f"{figure:.3f} s" if figure < 1 else f"{figure:.1f} s"


def _mebibytes(figure: float) -> str:
    return f"{figure / _MEBI:.0f} MiB"


def _clear(folder: Path) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True)
