"""Many power cuts: at many moments of a recording, many of the disks that each may leave."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

from blake3 import blake3

from tests.crash.disk import Left
from tests.crash.machine import lay_out, same_machine
from tests.crash.stories import Look, Story, Told, Words
from tests.crash.trace import Recording, Said

MEMORY = Path("/dev/shm")  # noqa: S108  only where images are laid out, if it is there
TURNS = {"said", "_fsync", "_syncfs", "_renameat2", "_unlinkat", "_linkat", "_mkdirat"}
CHECK_EVERY, REBUILD_EVERY, GO_ON_EVERY = 4, 16, 8


@dataclass(slots=True)
class Outcome:
    """How many images were opened, and what went wrong with which."""

    images: int = 0
    equal: int = 0
    """Left out, for they were equal to one that was opened, after equal promises."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        rate = self.images / max(self.seconds, 1e-9)
        return (
            f"{self.images} images ({self.equal} more were equal to one of them),"
            f" {len(self.faults)} faults, {self.seconds:.1f} s, {rate:.0f}/s"
        )


def cut_power(
    story: Story, recording: Recording, count: int, seed: int = 0, *, most_faults: int = 10
) -> Outcome:
    """Cut the power again and again, and judge what is left."""
    outcome, began = Outcome(), time.monotonic()
    every = [event.words for event in recording.events if isinstance(event, Said)]
    where = MEMORY if MEMORY.is_dir() else None
    base = Path(tempfile.mkdtemp(prefix="atoll-image-", dir=where))
    known = set[bytes]()
    try:
        with same_machine():
            for name, left, said in lefts(recording, count, seed):
                seal = _seal(left, len(said))
                if seal in known:
                    outcome.equal += 1
                    continue
                known.add(seal)
                fault = _judge(story, base, left, Told(said, every), outcome.images)
                outcome.images += 1
                if fault:
                    outcome.faults.append(f"{name}: {fault}")
                if len(outcome.faults) >= most_faults:
                    break
    finally:
        shutil.rmtree(base, ignore_errors=True)
    outcome.seconds = time.monotonic() - began
    return outcome


def lefts(recording: Recording, count: int, seed: int) -> Iterator[tuple[str, Left, list[Words]]]:
    """Walk images: which it is, what is left, and what was said by then."""
    times = moments(recording, count)
    for number, disk, said in recording.replay():
        for again in range(times[number]):
            name = f"seed {seed}, event {number}, image {again}"
            left = disk.left(Random(name))  # noqa: S311
            yield f"{name} ({left.way})", left, list(said)


def moments(recording: Recording, count: int) -> Counter[int]:
    """Choose when to cut the power: half at any time, half around what makes something last."""
    done = range(recording.begin, len(recording.events))
    theirs = recording.persons()
    changes = [n for n in done if _what(recording, n) != "_look" and n not in theirs]
    after = [n for n in changes if _what(recording, n) in TURNS]
    turns = sorted({*after, *(before for before, n in pairwise(changes) if n in set(after))})
    return _spread(changes, count - count // 2) + _spread(turns, count // 2)


def _spread(among: list[int], count: int) -> Counter[int]:
    """Choose some, as far from each other as they can be."""
    return Counter(among[number * len(among) // count] for number in range(count))


def _what(recording: Recording, number: int) -> str:
    """Return what an event is: the name of the method that read it."""
    event = recording.events[number]
    return "said" if isinstance(event, Said) else event.__qualname__.split(".")[1]


def _seal(left: Left, said: int) -> bytes:
    """Return what stands for an image and for what was promised by then."""
    found = blake3(str(said).encode())
    for path, item in left.items.items():
        found.update(f"{path} {len(item.data)} {item.inode.mtime_ns}\0".encode())
        found.update(item.data)
    return found.digest()


def _judge(story: Story, base: Path, left: Left, told: Told, number: int) -> str:
    """Lay an image out and judge it; return what is wrong."""
    root = base / "root"
    root.mkdir(mode=0o700)
    try:
        lay_out(left, root)
        look = Look(
            check=number % CHECK_EVERY == 0,
            rebuild=number % REBUILD_EVERY == 0,
            go_on=number % GO_ON_EVERY == 0,
        )
        story.judge(base, told, look)
    except Exception as error:  # noqa: BLE001  any of them is a fault, and is told with the image
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(root)
    return ""
