"""What programs that keep versions take for a first save, and for one after a change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.floors import copy_tree
from tests.bench.keepers import ALL, Git, Keeper, Kinds, has, keepers, peer, rsync
from tests.bench.timing import Peer, timed
from tests.bench.usage import Meter, held

Change = Callable[[Path, int], object]
"""Changes a folder for the run of that number."""


@dataclass(frozen=True, slots=True)
class Kept:
    """For each program that is installed: seconds, and bytes of its store."""

    took: tuple[Peer, ...]
    grew: tuple[Peer, ...]


def kept_first(source: Path, home: Path, runs: int, kinds: Kinds = ALL) -> Kept:
    """Save a folder into an empty store some times; the bytes are those of the tidied store."""
    made = [keepers(source, home / str(run), kinds) for run in range(runs)]
    took, grew = [], []
    for same in zip(*made, strict=True):
        name = same[0].name
        took.append(peer(name, *(keeper.save for keeper in same)))
        same[0].tidy()
        grew.append(Peer(name, (float(held(same[0].store)),)))
    return Kept(tuple(took), tuple(grew))


def kept_again(
    source: Path,
    home: Path,
    runs: int,
    change: Change,
    save: Callable[[Keeper], None],
    *,
    kinds: Kinds = ALL,
) -> Kept:
    """Save a copy of a folder, then change it and save that some times."""
    folder = home / "kept"
    copy_tree(source, folder)
    took, grew = [], []
    for keeper in keepers(folder, home, kinds):
        keeper.save()
        seconds, grown, used = [], [], 0.0
        for run in range(runs):
            change(folder, run)
            before, meter = held(keeper.store), Meter()
            seconds.append(timed(partial(save, keeper)))
            used += meter.used
            grown.append(float(held(keeper.store) - before))
        took.append(Peer(keeper.name, tuple(seconds), used / runs))
        grew.append(Peer(keeper.name, tuple(grown)))
    return Kept(tuple(took), tuple(grew))


def copied_again(source: Path, home: Path, runs: int, change: Change) -> tuple[Peer, ...]:
    """Change a copy of a folder some times, and have rsync bring another copy up to it."""
    if not has("rsync"):
        return ()
    here, there = home / "Notes", home / "There"
    copy_tree(source, here)
    rsync(here, there)
    seconds, used = [], 0.0
    for run in range(runs):
        change(here, run)
        meter = Meter()
        seconds.append(timed(lambda: rsync(here, there)))
        used += meter.used
    return (Peer("rsync", tuple(seconds), used / runs),)


def pulled_again(source: Path, home: Path, runs: int, change: Change) -> Kept:
    """Change a folder some times, and have git bring a clone up to it; the bytes are those sent."""
    if not has("git"):
        return Kept((), ())
    here, there = home / "Notes", home / "There"
    copy_tree(source, here)
    git = Git(here, home)
    git.save()
    git.clone(there)
    seconds, sent, used = [], [], 0.0
    for run in range(runs):
        change(here, run)
        meter, begun = Meter(), time.perf_counter()
        git.save()
        git.pull(there)
        seconds.append(time.perf_counter() - begun)
        used += meter.used
        sent.append(float(git.sent()))
    name = "git commit, pull"
    return Kept((Peer(name, tuple(seconds), used / runs),), (Peer(name, tuple(sent)),))


def nothing(_folder: Path, _run: int) -> None:
    """Change nothing."""
