"""What Syncthing takes to bring the same changes to a second device."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench.batches import Batch
from tests.bench.devices import wait_for_bytes, wait_until
from tests.bench.floors import copy_tree, difference
from tests.bench.lookout import Lookout, only_note
from tests.bench.syncthing import (
    DEFAULT,
    GLANCE,
    TOLD,
    TUNED,
    Setting,
    Syncthing,
    installed,
    two,
)
from tests.bench.timing import Peer
from tests.bench.usage import Meter, cpu, memory, resting, sent_on_loopback

_SETTLE = 1.0
_SETTLING = 60.0


@dataclass(frozen=True, slots=True)
class Joined:
    """Two devices that hold the same folder."""

    a: Syncthing
    b: Syncthing
    here: Path
    there: Path

    @property
    def meter(self) -> Meter:
        """Count what both use from now on."""
        return Meter(self.a.process, self.b.process)

    def saved(self, *paths: str) -> None:
        """Tell of a save, where that is how it is set up."""
        if self.a.setting.told:
            self.a.tell(*paths)

    def settle(self) -> None:
        """Wait until neither has anything to do, but not for ever: it may never agree."""
        with suppress(TimeoutError):
            wait_until(self._agree, _SETTLING, "rest", GLANCE)
        time.sleep(_SETTLE)

    def _agree(self) -> bool:
        mine = self.a.settled()
        return mine is not None and mine == self.b.settled()


@dataclass(frozen=True, slots=True)
class Carried:
    """For each way to set it up: seconds, and bytes on the wire."""

    took: tuple[Peer, ...] = ()
    sent: tuple[Peer, ...] = ()


def newcomers(source: Path, home: Path, runs: int) -> Carried:
    """Bring a folder to a device that has nothing of it, from sharing it until it is whole."""
    took, sent = [], []
    for setting in (DEFAULT, TUNED) if installed() else ():
        seconds, wire, used = [], [], 0.0
        for run in range(runs):
            with _alone(source, home / str(run), setting) as both:
                meter, before, begun = both.meter, sent_on_loopback(), time.perf_counter()
                _share(both)
                seconds.append(both.b.until_whole(_count(source)) - begun)
                wire.append(float(sent_on_loopback() - before))
                used += meter.used
                if missing := difference(source, both.there):
                    raise RuntimeError(f"not equal: {missing}")
            shutil.rmtree(home / str(run))
        took.append(Peer(setting.name, tuple(seconds), used / runs))
        sent.append(Peer(setting.name, tuple(wire)))
    return Carried(tuple(took), tuple(sent))


def saves(source: Path, home: Path, few: int, many: int, pause: float) -> tuple[Peer, ...]:
    """Save one note some times; its default makes each wait ten seconds, so that is done less."""
    runs = {DEFAULT: few, TUNED: many // 2, TOLD: many} if installed() else {}
    return tuple(_saves(source, home, setting, n, pause) for setting, n in runs.items())


def _saves(source: Path, home: Path, setting: Setting, runs: int, pause: float) -> Peer:
    with _joined(source, home / setting.name, setting) as both:
        seconds, meter = [], both.meter
        name = only_note(both.here)
        for run in range(runs):
            time.sleep(pause)
            text = b"# One note\n\nline %d\n" % run
            begun = time.perf_counter()
            (both.here / name).write_bytes(text)
            both.saved(name)
            seconds.append(wait_for_bytes(both.there / name, text) - begun)
        return Peer(setting.name, tuple(seconds), meter.used / runs)


def changes(source: Path, home: Path, runs: int, change: Callable[[Path, int], Batch]) -> Carried:
    """Change a folder some times, each time until all of it is over there."""
    took, sent = [], []
    for setting in (DEFAULT, TUNED, TOLD) if installed() else ():
        with _joined(source, home / setting.name, setting) as both:
            figures = [_changed(both, run, change) for run in range(runs)]
        seconds, wire, used = zip(*figures, strict=True)
        took.append(Peer(setting.name, seconds, sum(used) / runs))
        sent.append(Peer(setting.name, wire))
    return Carried(tuple(took), tuple(sent))


def _changed(
    both: Joined, run: int, change: Callable[[Path, int], Batch]
) -> tuple[float, float, float]:
    meter, sent, begun = both.meter, sent_on_loopback(), time.perf_counter()
    batch = change(both.here, run)
    both.saved(*batch.touched)
    batch.wait(both.there)
    figures = time.perf_counter() - begun, float(sent_on_loopback() - sent), meter.used
    both.settle()
    return figures


def absences(source: Path, home: Path, edits: int) -> tuple[Peer, ...]:
    """Save one note again and again; in how many of these it was away over there for a moment."""
    if not installed():
        return ()
    with _joined(source, home, TOLD) as both:
        name = only_note(both.here)
        with Lookout(both.there / name) as lookout:
            missed = 0
            for edit in range(edits):
                text = b"# One note\n\nline %d\n" % edit
                (both.here / name).write_bytes(text)
                both.saved(name)
                wait_for_bytes(both.there / name, text)
                missed += lookout.missed()
    return (Peer(TOLD.name, (float(missed),)),)


def rests(source: Path, home: Path, rest: float) -> Carried:
    """One device that holds a folder and has nothing to do: percent of a core, and its memory."""
    if not installed():
        return Carried()
    copy_tree(source, home / "Notes")
    with Syncthing(home / "A", DEFAULT) as a:
        a.keep(home / "Notes")
        a.until_whole(_count(source))
        share = resting(a.process, rest)
        return Carried(
            (Peer(DEFAULT.name, (share,)),), (Peer(DEFAULT.name, (float(memory(a.process)),)),)
        )


def starts(home: Path, runs: int) -> tuple[Peer, ...]:
    """Start it again and again, each time until its API answers; not the first time of all."""
    if not installed():
        return ()
    device = Syncthing(home, DEFAULT)
    device.start()
    device.stop()
    seconds, used = [], 0.0
    for _ in range(runs):
        seconds.append(device.start())
        used += cpu(device.process)
        device.stop()
    return (Peer(DEFAULT.name, tuple(seconds), used / runs),)


@contextmanager
def _alone(source: Path, home: Path, setting: Setting) -> Iterator[Joined]:
    """Let two be connected, of which one has the folder and has looked through it."""
    copy_tree(source, home / "Notes")
    with two(home, setting) as (a, b):
        a.keep(home / "Notes")
        a.until_whole(_count(source))
        time.sleep(_SETTLE)
        yield Joined(a, b, home / "Notes", home / "There")


@contextmanager
def _joined(source: Path, home: Path, setting: Setting) -> Iterator[Joined]:
    """Let two hold the same folder."""
    with _alone(source, home, setting) as both:
        _share(both)
        both.b.until_whole(_count(source))
        both.settle()
        yield both


def _share(both: Joined) -> None:
    both.b.keep(both.there, both.a)
    both.a.keep(both.here, both.b)


def _count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())
