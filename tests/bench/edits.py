"""Work on 10,000 notes that are in already: renaming, looking again, a hundred edits, resting."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.devices import BenchDevice, wait_for_bytes
from tests.bench.floors import Git, copy_tree, has
from tests.bench.timing import Row, Unit, timed
from tests.bench.usage import cpu, memory, packed, sent_on_loopback, size_of

MOVED = 1000
HUNDRED = 100
_SETTLE = 1.5
REST = 60.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two devices that run, and their folders."""

    a: BenchDevice
    b: BenchDevice
    here: Path
    there: Path


@contextmanager
def pair(scratch: Path, notes: Path) -> Iterator[Pair]:
    """Let two devices hold all notes."""
    copy_tree(notes, scratch / "Notes")
    with BenchDevice(scratch, "A") as a, BenchDevice(scratch, "B") as b:
        a.cli("add", str(scratch / "Notes"))
        b.cli("join", "-", "--into", str(scratch / "There"), given=a.code_for("Notes"))
        time.sleep(_SETTLE)
        yield Pair(a, b, scratch / "Notes", scratch / "There")


def rename_here(scratch: Path, notes: Path, runs: int) -> list[Row]:
    """A folder of 1,000 notes gets another name, until the app says that it is saved."""
    here = scratch / "rename"
    many = _many(notes, here / "Notes")
    seconds, grown = [], []
    with BenchDevice(here, "A") as device:
        device.cli("add", str(here / "Notes"))
        for run in range(runs):
            time.sleep(_SETTLE)
            before = packed(device.data)
            begun = time.perf_counter()
            many = many.rename(many.with_name(f"many {run}"))
            while packed(device.data) == before:
                pass
            seconds.append(time.perf_counter() - begun)
            device.ask("scan", {})
            grown.append(float(packed(device.data) - before))
    peer = _git_rename(notes, scratch / "git rename") if has("git") else None
    work = "a folder of 1,000 notes is renamed, until it is saved"
    return [
        Row(work, tuple(seconds), 0.040, peer=peer, peer_of="git add and commit"),
        Row("what the store grows by that", tuple(grown), 6 * 1024.0, unit=Unit.BYTES),
    ]


def rescan(scratch: Path, notes: Path, runs: int) -> list[Row]:
    """Nothing changed: how long it takes to be sure."""
    here = scratch / "rescan"
    copy_tree(notes, here / "Notes")
    device = BenchDevice(here, "A")
    with device:
        device.cli("add", str(here / "Notes"))
        device.ask("scan", {})
        warm = tuple(timed(lambda: device.ask("scan", {})) for _ in range(runs))
        idle = _idle(device)
        store = float(packed(device.data))
    holds = float(size_of(device.data))
    cold = tuple(timed(lambda: device.cli("scan")) for _ in range(runs))
    walk = min(timed(lambda: _walk(notes)) for _ in range(3))
    return [
        Row("nothing changed, looked at again, app running", warm, 0.080, walk, "os.walk and stat"),
        Row("the same by a cold command", cold, 0.250, walk, "os.walk and stat"),
        Row("the store of 10,000 notes", (store,), 13.4 * 2**20, unit=Unit.BYTES),
        Row("the data folder with it, indexes included", (holds,), None, unit=Unit.BYTES),
        *idle,
    ]


def hundred(scratch: Path, notes: Path, runs: int) -> list[Row]:
    """100 notes change at once; 1,000 are renamed by their folder: until all is over there."""
    here = scratch / "hundred"
    many = _many(notes, scratch / "corpus of many")
    seconds, moved, wire = [], [], []
    with pair(here, many.parent) as two:
        some = sorted((two.here / many.name).iterdir())[:HUNDRED]
        for run in range(runs):
            text = b"# changed\n\nrun %d\n" % run
            begun = time.perf_counter()
            for note in some:
                note.write_bytes(text)
            for note in some:
                wait_for_bytes(two.there / many.name / note.name, text)
            seconds.append(time.perf_counter() - begun)
            time.sleep(_SETTLE)
        name = many.name
        for run in range(runs):
            sent, begun = sent_on_loopback(), time.perf_counter()
            (two.here / name).rename(two.here / f"moved {run}")
            name = f"moved {run}"
            _wait_for(two.there / name, MOVED)
            moved.append(time.perf_counter() - begun)
            wire.append(float(sent_on_loopback() - sent))
            time.sleep(_SETTLE)
    copy = timed(lambda: copy_tree(many, scratch / "hundred copied"))
    return [
        Row("100 notes change at once, until all are over there", tuple(seconds), 0.25,
            copy / 10, "copying 100 files"),
        Row("a folder of 1,000 notes is renamed, until it is over there", tuple(moved), 0.25),
        Row("what that sends", tuple(wire), 8 * 1024.0, unit=Unit.BYTES),
    ]  # fmt: skip


def absent(scratch: Path, runs: int) -> list[Row]:
    """While a file is replaced over there, somebody looks all the time whether it is there."""
    here = scratch / "absent"
    (here / "Small").mkdir(parents=True)
    (here / "Small" / "note.md").write_text("# One note\n")
    with pair(here / "two", here / "Small") as two:
        misses, over = 0, threading.Event()

        def watch() -> None:
            nonlocal misses
            while not over.is_set():
                misses += not os.path.lexists(two.there / "note.md")
                time.sleep(0)

        looker = threading.Thread(target=watch)
        looker.start()
        for run in range(runs):
            text = b"# One note\n\nline %d\n" % run
            (two.here / "note.md").write_bytes(text)
            wait_for_bytes(two.there / "note.md", text)
        over.set()
        looker.join()
    work = f"moments without the file in {runs} edits of it"
    return [Row(work, (float(misses),), 0.0, unit=Unit.TIMES)]


def _git_rename(notes: Path, here: Path) -> float:
    many = _many(notes, here)
    repository = Git(here)
    many.rename(here / "many else")
    return timed(repository.save)


def _idle(device: BenchDevice) -> list[Row]:
    time.sleep(5)
    before, began = cpu(device.process), time.perf_counter()
    time.sleep(REST)
    used = 100 * (cpu(device.process) - before) / (time.perf_counter() - began)
    held = float(memory(device.process))
    return [
        Row("CPU at rest with 10,000 notes, headless, a minute", (used,), 0.1, unit=Unit.PERCENT),
        Row("memory at rest with 10,000 notes, headless", (held,), 80.0 * 2**20, unit=Unit.BYTES),
    ]


def _many(notes: Path, into: Path) -> Path:
    """Copy the notes, a thousand of them in one folder; return that folder."""
    copy_tree(notes, into)
    many = into / "many"
    many.mkdir()
    for note in sorted(into.glob("topic */*.md"))[:MOVED]:
        note.rename(many / note.name)
    return many


def _walk(folder: Path) -> None:
    for top, _, names in os.walk(folder):
        for name in names:
            os.stat(f"{top}/{name}")  # noqa: PTH116 - the floor makes no objects


def _wait_for(folder: Path, count: int, patience: float = 60.0) -> None:
    end = time.perf_counter() + patience
    while time.perf_counter() < end:
        if folder.is_dir() and sum(1 for _ in folder.iterdir()) == count:
            return
    raise TimeoutError(f"{folder.name} never came whole")
