"""`python -m tests.bench [--small] [NAME …]` prints tables; `… growth [COUNT …]` prints curves.

`ATOLL_BENCH_DIR` says below which folder all work is done. Nothing is left there.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import write_notes
from tests.bench.edits import absent, hundred, idle, rename_here, rename_there, rescan
from tests.bench.ground import FULL, SMALL, Ground, Scale
from tests.bench.growth import COUNTS, growth
from tests.bench.inside import commit
from tests.bench.jump import jump
from tests.bench.measures import ingest, newcomer, save_to_file, start, window
from tests.bench.media import media, one_byte
from tests.bench.syncthing import installed, legend
from tests.bench.timing import Row, noise, peer_table, table
from tests.bench.typing import keystroke

SMALLER = "--small"
PROGRAMS = ("syncthing", "restic", "borg", "git", "rsync")

Work = Callable[[Ground], Row | list[Row]]


def _often(measure: Callable[[Ground, int], Row | list[Row]], runs: int) -> Work:
    return lambda ground: measure(ground, ground.scale.runs(runs))


MEASURES: dict[str, Work] = {
    "ingest": _often(ingest, 3),
    "commit": _often(commit, 50),
    "rename": _often(rename_here, 5),
    "rescan": _often(rescan, 7),
    "newcomer": _often(newcomer, 3),
    "save": _often(save_to_file, 60),
    "keystroke": _often(keystroke, 100),
    "hundred": _often(hundred, 5),
    "moved": _often(rename_there, 5),
    "absent": absent,
    "idle": idle,
    "start": _often(start, 5),
    "window": _often(window, 5),
    "jump": _often(jump, 2),
    "media": _often(media, 3),
    "byte": _often(one_byte, 5),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    names: tuple[str, ...]
    scale: Scale


def read_words(words: Sequence[str]) -> Wanted:
    """Read what was typed.

    Raises:
        SystemExit: there is no such measurement.
    """
    names = tuple(word for word in words if word != SMALLER)
    if unknown := [name for name in names if name not in MEASURES]:
        raise SystemExit(f"no such measurement: {', '.join(unknown)}; known: {', '.join(MEASURES)}")
    return Wanted(names or tuple(MEASURES), SMALL if SMALLER in words else FULL)


def main(words: Sequence[str]) -> int:
    """Measure what was named, or all but the curves; return 1 when a measurement failed."""
    signal.signal(signal.SIGTERM, _leave)
    if words[:1] == ["growth"]:
        with _scratch() as scratch:
            counts = [int(count) for count in words[1:]]
            sys.stdout.write(growth(scratch, counts or COUNTS).to_markdown() + "\n")
        return 0
    wanted = read_words(words)
    with _scratch() as scratch:
        notes = scratch / "corpus" / "Notes"
        size = write_notes(notes, wanted.scale.notes)
        rows, failed = _all(wanted, scratch, notes)
    _say(rows, failed, wanted.scale, size)
    return 1 if failed else 0


@contextmanager
def _scratch() -> Iterator[Path]:
    scratch = Path(tempfile.mkdtemp(prefix="atoll-bench-", dir=os.environ.get("ATOLL_BENCH_DIR")))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _all(wanted: Wanted, scratch: Path, notes: Path) -> tuple[list[Row], list[str]]:
    """Return the rows, and what failed: the others took an hour and are kept."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in wanted.names:
        begun = time.monotonic()
        try:
            rows += _measured(name, Ground(scratch / name, notes, wanted.scale))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            failed.append(f"{name} failed: {error}")
        sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    return rows, failed


def _measured(name: str, ground: Ground) -> list[Row]:
    ground.scratch.mkdir()
    try:
        made = MEASURES[name](ground)
    finally:
        shutil.rmtree(ground.scratch, ignore_errors=True)
    return made if isinstance(made, list) else [made]


def _say(rows: list[Row], failed: list[str], scale: Scale, size: int) -> None:
    there = [name for name in PROGRAMS if shutil.which(name)]
    lacking = [name for name in PROGRAMS if name not in there]
    lines = [
        f"NOTES: {scale.notes:,} Markdown notes, {size / 2**20:.1f} MiB, 200 folders.",
        f"Machine: {os.cpu_count()} cores, CPython {platform.python_version()}; {noise()}.",
        f"Beside it: {', '.join(there) or 'none'}; not here: {', '.join(lacking) or 'none'}.",
        "CPU s: of one run, all processes of all devices together.",
        *([legend()] if installed() else []),
        "",
        table(rows),
        "",
        *([peer_table(rows), ""] if any(row.peers for row in rows) else []),
        *failed,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(143)  # so that everything is ended and removed on the way out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
