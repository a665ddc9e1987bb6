"""`python -m tests.bench [NAME …]` measures, and prints a table; `… growth [COUNT …]` curves."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.corpus import COUNT, write_notes
from tests.bench.edits import absent, hundred, rename_here, rescan
from tests.bench.growth import COUNTS, growth
from tests.bench.inside import commit
from tests.bench.measures import ingest, newcomer, save_to_file, start, window
from tests.bench.media import media, one_byte
from tests.bench.timing import Row, noise, table
from tests.bench.typing import keystroke


def main(names: list[str]) -> None:
    """Measure what was named, or all but what takes long."""
    if names[:1] == ["growth"]:
        _grow([int(count) for count in names[1:]])
        return
    scratch = Path(tempfile.mkdtemp(prefix="atoll-bench-", dir=os.environ.get("ATOLL_BENCH_DIR")))
    notes = scratch / "corpus" / "Notes"
    size = write_notes(notes)
    measures: dict[str, Callable[[], Row | list[Row]]] = {
        "ingest": lambda: ingest(scratch, notes, 3),
        "commit": lambda: commit(scratch, notes, 50),
        "newcomer": lambda: newcomer(scratch, notes, 3),
        "save": lambda: save_to_file(scratch, 60),
        "keystroke": lambda: keystroke(scratch, 100),
        "start": lambda: start(scratch, 5),
        "window": lambda: window(scratch, notes, 5),
        "rename": lambda: rename_here(scratch, notes, 5),
        "rescan": lambda: rescan(scratch, notes, 7),
        "hundred": lambda: hundred(scratch, notes, 5),
        "absent": lambda: absent(scratch, 1000),
        "media": lambda: media(scratch, 3),
        "byte": lambda: one_byte(scratch, 5),
    }
    try:
        rows: list[Row] = []
        for name, work in measures.items():
            if name in names or not names:
                made = work()
                rows.extend(made if isinstance(made, list) else [made])
        _say(rows, size)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _grow(counts: list[int]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="atoll-bench-", dir=os.environ.get("ATOLL_BENCH_DIR")))
    try:
        sys.stdout.write(growth(scratch, counts or COUNTS).to_markdown() + "\n")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _say(rows: list[Row], size: int) -> None:
    lines = [
        f"NOTES: {COUNT} Markdown notes, {size / 2**20:.1f} MiB, 200 folders.",
        f"Machine: {os.cpu_count()} cores, CPython {platform.python_version()}; {noise()}.",
        "",
        table(rows),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
