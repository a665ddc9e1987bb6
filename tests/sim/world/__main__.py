"""Tell seeds: `python -m tests.sim.world SEED [COUNT] [--trace] [--digest] [--also FAULT]`."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from tests.sim.world.faults import FAULTS
from tests.sim.world.play import play, tell, tell_twice
from tests.sim.world.story import Failed, run, told_in


def main(arguments: list[str]) -> int:
    """Tell seeds; return 1 when one broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.world", description=__doc__)
    parser.add_argument("seed", type=int, help="the first seed")
    parser.add_argument(
        "count", type=int, nargs="?", default=1, help="how many; each is told twice"
    )
    parser.add_argument("--trace", action="store_true", help="tell one, and print what happens")
    parser.add_argument("--digest", action="store_true", help="print only a hash of what happens")
    parser.add_argument("--also", action="append", default=[], choices=FAULTS, help="goes wrong")
    chosen = parser.parse_args(arguments)
    also = tuple(chosen.also)
    if chosen.trace:
        return trace(chosen.seed, also)
    if chosen.digest:
        say(tell(chosen.seed, also).digest)
        return 0
    return many(range(chosen.seed, chosen.seed + chosen.count), also)


def say(line: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def trace(seed: int, also: tuple[str, ...]) -> int:
    """Tell a seed, and print all that happens in it."""
    with told_in(seed) as story:
        try:
            run(story, partial(play, always=also))
        finally:
            say("\n".join(story.lines))
    return 0


def many(seeds: range, also: tuple[str, ...]) -> int:
    """Tell seeds twice each; print those that break a promise, and how fast it went."""
    began, failed = time.perf_counter(), 0
    for seed in seeds:
        try:
            tell_twice(seed, also)
        except Failed as error:
            failed += 1
            say(f"FAILED {seed}: {error}")
    seconds = time.perf_counter() - began
    say(f"{len(seeds)} seeds, {failed} failed, {len(seeds) / seconds:.1f} seeds a second")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
