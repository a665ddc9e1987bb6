"""How cost grows with the number of entries: `python -m tests.bench growth [COUNT …]`."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.bench.corpus import write_notes
from tests.bench.devices import BenchDevice, wait_for_bytes
from tests.bench.timing import Row, Unit, timed
from tests.bench.usage import memory, peak

COUNTS = (1_000, 10_000, 100_000)
RUNS = 5
PATIENCE = 900.0
MOST_MEMORY = 250.0 * 2**20
"""At 100,000 entries, headless."""


def growth(scratch: Path, counts: tuple[int, ...] = COUNTS) -> list[Row]:
    """Measure the same works at several sizes."""
    return [row for count in counts for row in _at(scratch / f"growth {count}", count)]


def _at(here: Path, count: int) -> list[Row]:
    folder = here / "Notes"
    write_notes(folder, count)
    rows: list[Row] = []

    def say(
        work: str, *figures: float, unit: Unit = Unit.SECONDS, goal: float | None = None
    ) -> None:
        rows.append(Row(f"{count:,} notes: {work}", figures, goal, unit=unit))

    with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
        say("ingest", timed(lambda: a.cli("add", str(folder))))
        say("looked at again", *(timed(lambda: a.ask("scan", {})) for _ in range(RUNS)))
        say("one edit saved", *_edits(a, folder))
        say("search", *(timed(lambda: a.ask("search", {"words": "note 7"})) for _ in range(RUNS)))
        code = a.code_for("Notes")
        say(
            "newcomer", timed(lambda: b.cli("join", "-", "--into", str(here / "There"), given=code))
        )
        limit = MOST_MEMORY if count == 100_000 else None
        say("memory at rest", float(memory(a.process)), unit=Unit.BYTES, goal=limit)
        say("the most memory", float(peak(a.process)), unit=Unit.BYTES)
        b.stop()
        a.stop()
        say("join of two that were changed apart", _apart(a, b, folder, here / "There", count))
    _clear(here)
    return rows


def _edits(device: BenchDevice, folder: Path) -> list[float]:
    note = next(folder.glob("*/*.md"))
    seconds = []
    for run in range(RUNS):
        time.sleep(0.5)
        with note.open("a", encoding="utf-8") as file:
            file.write(f"line {run}\n")
        seconds.append(timed(lambda: device.ask("scan", {})))
    return seconds


def _apart(a: BenchDevice, b: BenchDevice, here: Path, there: Path, count: int) -> float:
    """Change a hundredth of the notes on each side while neither hears of the other."""
    mine, theirs = sorted(here.glob("*/*.md")), sorted(there.glob("*/*.md"))
    for number in range(0, count, 100):
        for note, word in ((mine[number], "here"), (theirs[(number + 50) % count], "there")):
            with note.open("a", encoding="utf-8") as file:
                file.write(f"\n{word}\n")
    a.cli("scan")
    b.cli("scan")
    a.start()
    begun = time.perf_counter()
    b.start()
    b.cli("dial", f"127.0.0.1:{_port(a)}")
    for number in range(0, count, 100):
        wait_for_bytes(theirs[number], mine[number].read_bytes(), PATIENCE)
        other = (number + 50) % count
        wait_for_bytes(mine[other], theirs[other].read_bytes(), PATIENCE)
    return time.perf_counter() - begun


def _port(device: BenchDevice) -> int:
    return int(json.loads(device.cli("status", "--json"))["port"])


def _clear(folder: Path) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True)
