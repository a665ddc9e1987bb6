"""Work on notes that are in already: renaming, looking again, a hundred edits, resting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.batches import MANY, Batch, renaming, saving, with_many
from tests.bench.devices import BenchDevice, wait_for_bytes, wait_until
from tests.bench.floors import copy_tree, walk
from tests.bench.ground import Ground
from tests.bench.keepers import Keeper
from tests.bench.kept import copied_again, kept_again, nothing, pulled_again
from tests.bench.lookout import Lookout, write_one_note
from tests.bench.synced import absences, changes, rests
from tests.bench.timing import Row, Unit, timed
from tests.bench.usage import Meter, memory, packed, resting, sent_on_loopback

_SETTLE = 1.5
_PATIENCE = 60.0


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


def rename_here(ground: Ground, runs: int) -> list[Row]:
    """A folder of 1,000 notes gets another name, until the app says that it is saved."""
    source = with_many(ground.notes, ground.scratch / "source", ground.scale.moved)
    notes = ground.scratch / "Notes"
    copy_tree(source, notes)
    seconds, grown, used = [], [], 0.0
    with BenchDevice(ground.scratch, "A") as device:
        device.cli("add", str(notes))
        for run in range(runs):
            time.sleep(_SETTLE)
            before, meter = packed(device.data), Meter(device.process)
            begun = time.perf_counter()
            renaming(notes, run)
            seconds.append(_until_grown(device, before) - begun)
            used += meter.used
            device.ask("scan", {})
            grown.append(float(packed(device.data) - before))
    home = ground.scratch / "peers"
    kept = kept_again(source, home, ground.scale.runs(3), renaming, _save)
    work = f"a folder of {ground.scale.moved:,} notes is renamed, until it is saved"
    return [
        Row(work, tuple(seconds), 0.040, peers=kept.took, cpu=used / runs),
        Row("what the store grows by that", tuple(grown), 6 * 1024.0, peers=kept.grew,
            unit=Unit.BYTES),
    ]  # fmt: skip


def rescan(ground: Ground, runs: int) -> list[Row]:
    """Nothing changed: how long it takes to be sure."""
    copy_tree(ground.notes, ground.scratch / "Notes")
    device = BenchDevice(ground.scratch, "A")
    with device:
        device.cli("add", str(ground.scratch / "Notes"))
        device.ask("scan", {})
        meter = Meter(device.process)
        warm = tuple(timed(lambda: device.ask("scan", {})) for _ in range(runs))
        warm_used = meter.used / runs
    meter = Meter()
    cold = tuple(timed(lambda: device.cli("scan")) for _ in range(runs))
    used = meter.used / runs
    floor = min(timed(lambda: walk(ground.notes)) for _ in range(3))
    home = ground.scratch / "peers"
    peers = kept_again(ground.notes, home, ground.scale.runs(5), nothing, _look).took
    return [
        Row("nothing changed, looked at again, app running", warm, 0.080, floor,
            "os.walk and stat", peers, warm_used),
        Row("the same by a cold command", cold, 0.250, floor, "os.walk and stat", peers, used),
    ]  # fmt: skip


def idle(ground: Ground) -> list[Row]:
    """All notes are in, and nothing happens."""
    copy_tree(ground.notes, ground.scratch / "Notes")
    with BenchDevice(ground.scratch, "A") as device:
        device.cli("add", str(ground.scratch / "Notes"))
        device.ask("scan", {})
        share = resting(device.process, ground.scale.rest)
        held = float(memory(device.process))
        device.stop()
        device.start()
        resting(device.process, 1.0)
        anew = float(memory(device.process))
    theirs = rests(ground.notes, ground.scratch / "st", ground.scale.rest)
    notes = f"at rest with {ground.scale.notes:,} notes, headless"
    most = 80.0 * 2**20
    return [
        Row(f"CPU {notes}", (share,), 0.1, peers=theirs.took, unit=Unit.PERCENT),
        Row(f"memory {notes}, since they came in", (held,), most, peers=theirs.sent,
            unit=Unit.BYTES),
        Row(f"memory {notes}, started anew", (anew,), most, peers=theirs.sent, unit=Unit.BYTES),
    ]  # fmt: skip


def hundred(ground: Ground, runs: int) -> Row:
    """100 notes change at once, until all are over there."""
    count = ground.scale.changed
    source = with_many(ground.notes, ground.scratch / "source", ground.scale.moved)
    seconds, _, used = _over_there(ground, source, runs, saving(count))
    copy = timed(lambda: copy_tree(source / MANY, ground.scratch / "copied"))
    peers = (
        *changes(source, ground.scratch / "st", ground.scale.runs(3), saving(count)).took,
        *copied_again(source, ground.scratch / "rsync", runs, saving(count)),
    )
    return Row(
        f"{count} notes change at once, until all are over there", seconds, 0.25,
        copy * count / ground.scale.moved, f"copying {count} files", peers, used,
    )  # fmt: skip


def rename_there(ground: Ground, runs: int) -> list[Row]:
    """A folder of 1,000 notes is renamed, until it is over there."""
    source = with_many(ground.notes, ground.scratch / "source", ground.scale.moved)
    seconds, wire, used = _over_there(ground, source, runs, renaming)
    theirs = changes(source, ground.scratch / "st", ground.scale.runs(3), renaming)
    git = pulled_again(source, ground.scratch / "git", runs, renaming)
    rsync = copied_again(source, ground.scratch / "rsync", runs, renaming)
    work = f"a folder of {ground.scale.moved:,} notes is renamed, until it is over there"
    return [
        Row(work, seconds, 0.25, peers=(*theirs.took, *git.took, *rsync), cpu=used),
        Row("what that sends", wire, 8 * 1024.0, peers=(*theirs.sent, *git.grew), unit=Unit.BYTES),
    ]


def absent(ground: Ground) -> Row:
    """While a file is replaced over there, somebody looks all the time whether it is there."""
    edits = ground.scale.edits
    source = write_one_note(ground.scratch / "source")
    with pair(ground.scratch, source) as two, Lookout(two.there / "note.md") as lookout:
        missed = 0
        for edit in range(edits):
            text = b"# One note\n\nline %d\n" % edit
            (two.here / "note.md").write_bytes(text)
            wait_for_bytes(two.there / "note.md", text)
            missed += lookout.missed()
    peers = absences(source, ground.scratch / "st", edits)
    work = f"of {edits:,} edits, those in which the file was away over there for a moment"
    return Row(work, (float(missed),), 0.0, peers=peers, unit=Unit.TIMES)


def _over_there(
    ground: Ground, source: Path, runs: int, change: Callable[[Path, int], Batch]
) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Return seconds and bytes of each run, and the CPU seconds of one."""
    seconds, wire, used = [], [], 0.0
    with pair(ground.scratch, source) as two:
        for run in range(runs):
            meter, sent = Meter(two.a.process, two.b.process), sent_on_loopback()
            seconds.append(timed(partial(_carry, two, change, run)))
            wire.append(float(sent_on_loopback() - sent))
            used += meter.used
            time.sleep(_SETTLE)
    return tuple(seconds), tuple(wire), used / runs


def _carry(two: Pair, change: Callable[[Path, int], Batch], run: int) -> None:
    change(two.here, run).wait(two.there)


def _until_grown(device: BenchDevice, before: int) -> float:
    return wait_until(lambda: packed(device.data) != before, _PATIENCE, "the save")


def _save(keeper: Keeper) -> None:
    keeper.save()


def _look(keeper: Keeper) -> None:
    keeper.look()
