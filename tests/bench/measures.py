"""What is measured: each function returns one row."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from tests.bench.devices import PYTHON, BenchDevice, wait_for_bytes
from tests.bench.floors import copy_tree, has, read_and_seal, restic_backup, rsync_copy
from tests.bench.timing import Row, timed

_SETTLE = 0.3


def ingest(scratch: Path, notes: Path, runs: int) -> Row:
    """10,000 notes into a running app, until `add` says that they are saved."""
    seconds = []
    for run in range(runs):
        folder = scratch / f"ingest {run}" / "Notes"
        copy_tree(notes, folder)
        with BenchDevice(scratch / f"ingest {run}", "A") as device:
            begun = time.perf_counter()
            device.cli("add", str(folder))
            seconds.append(time.perf_counter() - begun)
    floor = timed(lambda: read_and_seal(notes, scratch / "floor.pack"))
    peer = None
    if has("restic"):
        peer = timed(lambda: restic_backup(notes, scratch / "restic run"))
    return Row(
        "ingest 10,000 notes in a running process, by `atoll add`",
        tuple(seconds), 2.0, floor, "read, seal, one fsync", peer, "restic, init and backup",
    )  # fmt: skip


def newcomer(scratch: Path, notes: Path, runs: int) -> Row:
    """10,000 notes to a second device over loopback, until all files are in its folder."""
    seconds = []
    for run in range(runs):
        here = scratch / f"newcomer {run}"
        copy_tree(notes, here / "Notes")
        with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
            a.cli("add", str(here / "Notes"))
            code = a.code_for("Notes")
            into = here / "Received"
            begun = time.perf_counter()
            b.cli("join", "-", "--into", str(into), given=code)
            seconds.append(time.perf_counter() - begun)
            missing = _difference(here / "Notes", into)
            if missing:
                raise RuntimeError(f"not equal: {missing}")
    floor = timed(lambda: copy_tree(notes, scratch / "copied"))
    peer = timed(lambda: rsync_copy(notes, scratch / "synced")) if has("rsync") else None
    return Row(
        "newcomer gets 10,000 notes on loopback, by `atoll join`",
        tuple(seconds), 5.0, floor, "copying the files", peer, "rsync",
    )  # fmt: skip


def save_to_file(scratch: Path, runs: int) -> Row:
    """A save in one folder until the same bytes stand in the other."""
    here = scratch / "save"
    (here / "Notes").mkdir(parents=True)
    note = here / "Notes" / "note.md"
    note.write_text("# One note\n")
    with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
        a.cli("add", str(here / "Notes"))
        b.cli("join", "-", "--into", str(here / "There"), given=a.code_for("Notes"))
        wait_for_bytes(here / "There" / "note.md", note.read_bytes())
        seconds = []
        for run in range(runs):
            time.sleep(_SETTLE)
            text = f"# One note\n\nline {run}\n".encode()
            begun = time.perf_counter()
            note.write_bytes(text)
            seconds.append(wait_for_bytes(here / "There" / "note.md", text) - begun)
    floor = timed(lambda: _write_and_sync(note, text))
    return Row(
        "a save in one folder, until the file stands in the other",
        tuple(seconds), 0.040, floor, "write and sync",
    )  # fmt: skip


def start(scratch: Path, runs: int) -> Row:
    """Process start of `serve` until `status` exits 0."""
    device = BenchDevice(scratch / "start", "A")
    seconds = []
    for _ in range(runs):
        seconds.append(device.start())
        device.stop()
    floor = min(timed(lambda: subprocess.run([PYTHON, "-c", "pass"], check=True)) for _ in range(5))
    return Row("start until `status` answers", tuple(seconds), 0.5, floor, "python -c pass")


def window(scratch: Path, notes: Path, runs: int) -> Row:
    """Process start until the window with 10,000 notes is painted and answers."""
    here = scratch / "window"
    copy_tree(notes, here / "Notes")
    device = BenchDevice(here, "A")
    device.cli("add", str(here / "Notes"))
    seconds = []
    for _ in range(runs):
        done = subprocess.run(
            [PYTHON, "-m", "ui.main", "--data", str(device.data), "--quit-when-usable"],
            capture_output=True, text=True, check=True, timeout=120,
            env=os.environ | {"ATOLL_STARTUP_REPORT": "1", "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        line = next(li for li in done.stdout.splitlines() if li.startswith("usable "))
        seconds.append(float(line.split()[1]) / 1000)
    floor = min(timed(_bare_window) for _ in range(3))
    return Row("window usable with 10,000 notes", tuple(seconds), 0.8, floor, "an empty Qt window")


def _bare_window() -> None:
    bare = (
        "from PySide6.QtWidgets import QApplication, QMainWindow\n"
        "a = QApplication([]); w = QMainWindow(); w.show(); a.processEvents()"
    )
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([PYTHON, "-c", bare], check=True, env=env)


def _write_and_sync(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    os.sync()


def _difference(one: Path, other: Path) -> str:
    done = subprocess.run(
        ["diff", "-rq", "-x", ".atoll*", str(one), str(other)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout[:200]
