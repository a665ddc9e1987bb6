"""Tell a seed again: `python -m tests.sim.world SEED [SEED...] [--trace]`."""

from __future__ import annotations

import argparse
import sys
import time

from tests.sim.world.play import tell_twice
from tests.sim.world.story import Failed, told_in, run
from tests.sim.world.play import play


def main(arguments: list[str]) -> int:
    """Tell seeds; return 1 when one broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.world", description=__doc__)
    parser.add_argument("seed", type=int, help="the first seed")
    parser.add_argument("count", type=int, nargs="?", default=1, help="how many")
    parser.add_argument("--trace", action="store_true", help="print what happens, once")
    chosen = parser.parse_args(arguments)
    began, failed = time.perf_counter(), 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        try:
            if chosen.trace:
                with told_in(seed) as story:
                    try:
                        run(story, play)
                    finally:
                        print("\n".join(story.lines))
            else:
                tell_twice(seed)
        except Failed as error:
            failed += 1
            print(f"FAILED {seed}: {error}")
            if chosen.trace:
                raise
    seconds = time.perf_counter() - began
    print(f"{chosen.count} seeds, {failed} failed, {chosen.count / seconds:.1f} seeds a second")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
