"""MEDIA: 1 GiB in 20 files that nothing compresses, and one byte put in front of 100 MiB."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path
from random import Random

from tests.bench.devices import BenchDevice
from tests.bench.floors import Borg, copy_tree, has, read_and_seal, rsync_copy
from tests.bench.timing import Row, Unit, timed
from tests.bench.usage import cpu, packed, peak, size_of

FILES = 20
SIZE = 2**30 // FILES
BIG = 100 * 2**20
CHUNK = 1 << 22


def write_media(into: Path, files: int = FILES, size: int = SIZE) -> int:
    """Write the files, the same ones on every machine; return their bytes."""
    random = Random(11)  # noqa: S311  (the same bytes everywhere, no secret)
    into.mkdir(parents=True)
    for number in range(files):
        with (into / f"film {number:02d}.mkv").open("wb") as file:
            for _ in range(0, size, CHUNK):
                file.write(random.randbytes(min(CHUNK, size)))
    return sum(path.stat().st_size for path in into.iterdir())


def media(scratch: Path, runs: int) -> list[Row]:
    """Take MEDIA in, and bring it to a second device."""
    here = scratch / "media"
    total = write_media(here / "Media")
    took, used, held, came, share = [], [], [], [], []
    for run in range(runs):
        there = here / f"There {run}"
        with (
            BenchDevice(here / str(run), "A") as a,
            BenchDevice(here / str(run), "B") as b,
        ):
            before = cpu(a.process)
            took.append(timed(partial(a.cli, "add", str(here / "Media"))))
            used.append(cpu(a.process) - before)
            held.append(float(peak(a.process)))
            share.append(100.0 * size_of(a.data) / total)
            code = a.code_for("Media")
            begun = time.perf_counter()
            b.cli("join", "-", "--into", str(there), given=code)
            came.append(time.perf_counter() - begun)
            a.cli("leave", "Media")
        shutil.rmtree(here / "Media" / ".atoll", ignore_errors=True)
        shutil.rmtree(there)
        shutil.rmtree(here / str(run))
    floor = timed(lambda: read_and_seal(here / "Media", scratch / "media.pack"))
    copied = timed(lambda: copy_tree(here / "Media", scratch / "media copied"))
    borg = Borg(scratch / "borg media") if has("borg") else None
    peer = timed(lambda: borg.backup(here / "Media")) if borg else None
    sync = timed(lambda: rsync_copy(here / "Media", scratch / "m")) if has("rsync") else None
    return [
        Row("ingest 1 GiB of media, by `atoll add`", tuple(took), 3.0, floor,
            "read, seal, one fsync", peer, "borg create"),
        Row("CPU seconds of that", tuple(used), 3.5, peer=borg.used if borg else None,
            peer_of="borg create"),
        Row("the most memory of that", tuple(held), 120.0 * 2**20, unit=Unit.BYTES),
        Row("the data folder beside the media", tuple(share), None, unit=Unit.PERCENT),
        Row("newcomer gets 1 GiB of media, by `atoll join`", tuple(came), 4.0, copied,
            "copying the files", sync, "rsync"),
    ]  # fmt: skip


def one_byte(scratch: Path, runs: int) -> list[Row]:
    """One byte is put in front of 100 MiB: only what changed may be stored again."""
    here = scratch / "one byte"
    write_media(here / "Media", files=1, size=BIG)
    film = next((here / "Media").iterdir())
    took, grown = [], []
    with BenchDevice(here, "A") as device:
        device.cli("add", str(here / "Media"))
        for run in range(runs):
            data = film.read_bytes()
            before = packed(device.data)
            film.write_bytes(b"%d" % (run % 10) + data)
            took.append(timed(lambda: device.ask("scan", {})))
            grown.append(float(packed(device.data) - before))
    peer = None
    if has("borg"):
        borg = Borg(scratch / "borg byte")
        borg.backup(here / "Media")
        film.write_bytes(b"x" + film.read_bytes())
        peer = timed(lambda: borg.backup(here / "Media"))
    return [
        Row("one byte put in front of 100 MiB, until it is saved", tuple(took), 0.5, peer=peer,
            peer_of="borg create"),
        Row("what the store grows by that", tuple(grown), 2.0**20, unit=Unit.BYTES),
    ]  # fmt: skip
