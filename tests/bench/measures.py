"""Notes come in, reach a second device, and are saved; the app and its window start."""

from __future__ import annotations

import os
import subprocess
import time
from functools import partial
from pathlib import Path

from tests.bench.devices import PYTHON, BenchDevice, wait_for_bytes
from tests.bench.floors import copy_tree, difference, read_and_seal
from tests.bench.ground import Ground
from tests.bench.keepers import Git, has, peer, rsync
from tests.bench.kept import kept_first
from tests.bench.lookout import write_one_note
from tests.bench.synced import newcomers, saves, starts
from tests.bench.timing import Peer, Row, Unit, timed
from tests.bench.usage import Meter, cpu, held, packed, sent_on_loopback

_SETTLE = 0.3


def ingest(ground: Ground, runs: int) -> list[Row]:
    """All notes, until `add` says that they are saved."""
    warm, cold, used, used_cold = [], [], 0.0, 0.0
    store = whole = 0
    for run in range(runs):
        home, other = ground.scratch / str(run), ground.scratch / f"warm {run}"
        copy_tree(ground.notes, home / "Notes")
        copy_tree(ground.notes, other / "Notes")
        device = BenchDevice(home, "A")
        meter = Meter()
        cold.append(timed(partial(device.cli, "add", str(home / "Notes"))))
        used_cold += meter.used
        store, whole = packed(device.data), held(device.data)
        with BenchDevice(other, "A") as device:
            meter = Meter(device.process)
            warm.append(timed(partial(device.cli, "add", str(other / "Notes"))))
            used += meter.used
    floor = timed(lambda: read_and_seal(ground.notes, ground.scratch / "floor.pack"))
    kept = kept_first(ground.notes, ground.scratch / "kept", runs)
    notes = f"{ground.scale.notes:,} notes"
    return [
        Row(f"ingest {notes} by a cold `atoll add`", tuple(cold), 0.9, floor,
            "read, seal, one fsync", kept.took, used_cold / runs),
        Row(f"ingest {notes} in a running app, by `atoll add`", tuple(warm), 0.9, floor,
            "read, seal, one fsync", kept.took, used / runs),
        Row(f"the packs of {notes}", (float(store),), 13.4 * 2**20, peers=kept.grew,
            unit=Unit.BYTES),
        Row("the data folder with them, indexes included", (float(whole),), None,
            peers=kept.grew, unit=Unit.BYTES),
    ]  # fmt: skip


def newcomer(ground: Ground, runs: int) -> list[Row]:
    """All notes to a second device over loopback, until all files are in its folder."""
    seconds, wire, used = [], [], 0.0
    for run in range(runs):
        here = ground.scratch / str(run)
        copy_tree(ground.notes, here / "Notes")
        with BenchDevice(here, "A") as a, BenchDevice(here, "B") as b:
            a.cli("add", str(here / "Notes"))
            join = partial(b.cli, "join", "-", "--into", str(here / "There"),
                           given=a.code_for("Notes"))  # fmt: skip
            meter, before = Meter(a.process, b.process), sent_on_loopback()
            seconds.append(timed(join))
            wire.append(float(sent_on_loopback() - before))
            used += meter.used
            if missing := difference(here / "Notes", here / "There"):
                raise RuntimeError(f"not equal: {missing}")
    floor = timed(lambda: copy_tree(ground.notes, ground.scratch / "copied"))
    carried = newcomers(ground.notes, ground.scratch / "st", ground.scale.runs(2))
    work = f"newcomer gets {ground.scale.notes:,} notes on loopback, by `atoll join`"
    return [
        Row(work, tuple(seconds), 2.5, floor, "copying the files",
            (*carried.took, *_copies(ground)), used / runs),
        Row("what that sends", tuple(wire), 14.0 * 2**20, peers=carried.sent, unit=Unit.BYTES),
    ]  # fmt: skip


def save_to_file(ground: Ground, runs: int) -> Row:
    """A save in one folder until the same bytes stand in the other."""
    source = write_one_note(ground.scratch / "source")
    copy_tree(source, ground.scratch / "Notes")
    note, there = ground.scratch / "Notes" / "note.md", ground.scratch / "There"
    with BenchDevice(ground.scratch, "A") as a, BenchDevice(ground.scratch, "B") as b:
        a.cli("add", str(note.parent))
        b.cli("join", "-", "--into", str(there), given=a.code_for("Notes"))
        wait_for_bytes(there / note.name, note.read_bytes())
        seconds, meter, text = [], Meter(a.process, b.process), b""
        for run in range(runs):
            time.sleep(_SETTLE)
            text = b"# One note\n\nline %d\n" % run
            begun = time.perf_counter()
            note.write_bytes(text)
            seconds.append(wait_for_bytes(there / note.name, text) - begun)
        used = meter.used / runs
    floor = timed(lambda: _write_and_sync(note, text))
    peers = saves(source, ground.scratch / "st", ground.scale.runs(5), runs, _SETTLE)
    return Row(
        "a save in one folder, until the file stands in the other",
        tuple(seconds), 0.012, floor, "write and sync", peers, used, tail=0.060,
    )  # fmt: skip


def start(ground: Ground, runs: int) -> Row:
    """Process start of `serve` until `status` exits 0."""
    device = BenchDevice(ground.scratch / "start", "A")
    seconds, used = [], 0.0
    for _ in range(runs):
        seconds.append(device.start())
        used += cpu(device.process)
        device.stop()
    floor = min(timed(lambda: subprocess.run([PYTHON, "-c", "pass"], check=True)) for _ in range(5))
    peers = starts(ground.scratch / "st", runs)
    return Row(
        "start until `status` answers", tuple(seconds), 0.35, floor, "python -c pass", peers,
        used / runs,
    )  # fmt: skip


def window(ground: Ground, runs: int) -> Row:
    """Process start until the window with all notes is painted and answers."""
    copy_tree(ground.notes, ground.scratch / "Notes")
    device = BenchDevice(ground.scratch, "A")
    device.cli("add", str(ground.scratch / "Notes"))
    seconds, meter = [], Meter()
    for _ in range(runs):
        done = subprocess.run(
            [PYTHON, "-m", "ui.main", "--data", str(device.data), "--quit-when-usable"],
            capture_output=True, text=True, check=True, timeout=120,
            env=os.environ | {"ATOLL_STARTUP_REPORT": "1", "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        line = next(li for li in done.stdout.splitlines() if li.startswith("usable "))
        seconds.append(float(line.split()[1]) / 1000)
    used = meter.used / runs
    floor = min(timed(_bare_window) for _ in range(3))
    return Row(
        f"window usable with {ground.scale.notes:,} notes", tuple(seconds), 0.6, floor,
        "an empty Qt window", cpu=used,
    )  # fmt: skip


def _copies(ground: Ground) -> list[Peer]:
    """Return what it takes those who copy to bring all notes to a folder that is not there."""
    made = []
    if has("rsync"):
        to = (ground.scratch / f"rsync {run}" for run in range(3))
        made.append(peer("rsync", *(partial(rsync, ground.notes, into) for into in to)))
    if has("git"):
        home = ground.scratch / "git home"
        home.mkdir()
        git = Git(ground.notes, home)
        git.save()
        to = (ground.scratch / f"clone {run}" for run in range(3))
        made.append(peer("git clone", *(partial(git.clone, into) for into in to)))
    return made


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
