"""MEDIA: 1 GiB in 20 files that nothing compresses, and one byte put in front of 100 MiB."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from tests.bench.devices import BenchDevice
from tests.bench.floors import copy_tree, read_and_seal
from tests.bench.ground import Ground
from tests.bench.keepers import ENCRYPTED, Keeper, has, peer, rsync
from tests.bench.kept import kept_again, kept_first
from tests.bench.synced import newcomers
from tests.bench.timing import Peer, Row, Unit, timed
from tests.bench.usage import Meter, packed, peak, sent_on_loopback, size_of

CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class _Taken:
    """What each run took."""

    took: list[float] = field(default_factory=list[float])
    used: list[float] = field(default_factory=list[float])
    held: list[float] = field(default_factory=list[float])
    share: list[float] = field(default_factory=list[float])
    came: list[float] = field(default_factory=list[float])
    came_used: list[float] = field(default_factory=list[float])
    wire: list[float] = field(default_factory=list[float])


def write_media(into: Path, files: int, size: int) -> int:
    """Write the files, the same ones on every machine; return their bytes."""
    random = Random(11)  # noqa: S311  (the same bytes everywhere, no secret)
    into.mkdir(parents=True)
    for number in range(files):
        with (into / f"film {number:02d}.mkv").open("wb") as file:
            for _ in range(0, size, CHUNK):
                file.write(random.randbytes(min(CHUNK, size)))
    return sum(path.stat().st_size for path in into.iterdir())


def media(ground: Ground, runs: int) -> list[Row]:
    """Take MEDIA in, and bring it to a second device."""
    films = ground.scratch / "Media"
    total = write_media(films, ground.scale.films, ground.scale.film)
    ours = _Taken()
    for run in range(runs):
        _take(films, ground.scratch / str(run), total, ours)
    floor = timed(lambda: read_and_seal(films, ground.scratch / "floor.pack"))
    (ground.scratch / "floor.pack").unlink()
    copied = timed(lambda: copy_tree(films, ground.scratch / "copied"))
    shutil.rmtree(ground.scratch / "copied")
    kept = kept_first(films, ground.scratch / "kept", ground.scale.runs(2), ENCRYPTED)
    shutil.rmtree(ground.scratch / "kept")
    theirs = newcomers(films, ground.scratch / "st", ground.scale.runs(2))
    copies = (peer("rsync", partial(rsync, films, ground.scratch / "r")),) if has("rsync") else ()
    size = f"{total / 2**30:.2g} GiB of media"
    return [
        Row(f"ingest {size}, by `atoll add`", tuple(ours.took), 3.0, floor,
            "read, seal, one fsync", kept.took, _mean(ours.used)),
        Row("CPU of that", tuple(ours.used), 3.5, peers=_cpu_of(kept.took)),
        Row("the most memory of that", tuple(ours.held), 120.0 * 2**20, unit=Unit.BYTES),
        Row("the data folder beside the media", tuple(ours.share), None, unit=Unit.PERCENT),
        Row(f"newcomer gets {size}, by `atoll join`", tuple(ours.came), 4.0, copied,
            "copying the files", (*theirs.took, *copies), _mean(ours.came_used)),
        Row("what that sends", tuple(ours.wire), None, peers=theirs.sent, unit=Unit.BYTES),
    ]  # fmt: skip


def one_byte(ground: Ground, runs: int) -> list[Row]:
    """One byte is put in front of 100 MiB: only what changed may be stored again."""
    source, films = ground.scratch / "source", ground.scratch / "Media"
    write_media(source, files=1, size=ground.scale.big)
    copy_tree(source, films)
    took, grown, used = [], [], 0.0
    with BenchDevice(ground.scratch, "A") as device:
        device.cli("add", str(films))
        for run in range(runs):
            before, meter = packed(device.data), Meter(device.process)
            put_in_front(films, run)
            took.append(timed(lambda: device.ask("scan", {})))
            used += meter.used
            grown.append(float(packed(device.data) - before))
    home, times = ground.scratch / "peers", ground.scale.runs(3)
    kept = kept_again(source, home, times, put_in_front, _save, kinds=ENCRYPTED)
    work = f"one byte put in front of {ground.scale.big / 2**20:.0f} MiB, until it is saved"
    return [
        Row(work, tuple(took), 0.5, peers=kept.took, cpu=used / runs),
        Row("what the store grows by that", tuple(grown), 2.0**20, peers=kept.grew,
            unit=Unit.BYTES),
    ]  # fmt: skip


def put_in_front(films: Path, run: int) -> None:
    """Put another byte in front of the one film."""
    film = next(path for path in films.iterdir() if path.suffix == ".mkv")
    film.write_bytes(b"%d" % (run % 10) + film.read_bytes())


def _take(films: Path, home: Path, total: int, into: _Taken) -> None:
    """Do one run, and note what it took."""
    with BenchDevice(home, "A") as a, BenchDevice(home, "B") as b:
        meter = Meter(a.process)
        into.took.append(timed(partial(a.cli, "add", str(films))))
        into.used.append(meter.used)
        into.held.append(float(peak(a.process)))
        into.share.append(100.0 * size_of(a.data) / total)
        join = partial(b.cli, "join", "-", "--into", str(home / "There"), given=a.code_for("Media"))
        meter, sent = Meter(a.process, b.process), sent_on_loopback()
        into.came.append(timed(join))
        into.wire.append(float(sent_on_loopback() - sent))
        into.came_used.append(meter.used)
        a.cli("leave", "Media")
    shutil.rmtree(films / ".atoll", ignore_errors=True)
    shutil.rmtree(home)


def _cpu_of(peers: tuple[Peer, ...]) -> tuple[Peer, ...]:
    """Return the CPU seconds of peers as figures of their own."""
    return tuple(Peer(each.name, (each.cpu,)) for each in peers if each.cpu is not None)


def _mean(figures: list[float]) -> float:
    return sum(figures) / len(figures)


def _save(keeper: Keeper) -> None:
    keeper.save()
