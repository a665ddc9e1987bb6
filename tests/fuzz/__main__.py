"""`python -m tests.fuzz [NAME ...] [--inputs N] [--seed N] [--plain]`: bytes for what reads them.

Each target runs in a process of its own, two at a time: first its corpus, then N new inputs.
Without N it is as many as the level in ATOLL_TESTS says (fast, full, night). Where there is no
atheris, or with --plain, inputs are changed at random and coverage is not watched.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.one import has_atheris
from tests.fuzz.targets import FACTORS, FULL, corpus_of, load

RAN = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
TAIL = 6000
LONGEST = 3600
AT_ONCE = 2
"""Targets."""


def main(arguments: list[str]) -> int:
    """Run the targets that were named, or all; the exit code is 1 when one found something."""
    typed = _typed(arguments)
    if typed.write_corpus:
        return write_corpus()
    level = os.environ.get("ATOLL_TESTS", "fast")
    watched = "watching coverage with atheris"
    watch = has_atheris() and not typed.plain
    if typed.plain:
        watched = "WITHOUT coverage, as asked"
    elif not watch:
        python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        watched = f"WITHOUT coverage: there is no atheris for {python}; inputs are only mutated"
    sys.stdout.write(f"fuzzing, {watched}\n")
    found: list[str] = []
    total, began = 0, time.monotonic()

    def one(name: str) -> tuple[int, bool]:
        inputs = typed.inputs or int(FULL[name] * FACTORS[level])
        return run(name, inputs, typed.seed, watch=watch)

    names = typed.names or sorted(FULL)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, (ran, good) in zip(names, pool.map(one, names), strict=True):
            total += ran
            found += [] if good else [name]
    sys.stdout.write(f"{total} inputs in {time.monotonic() - began:.0f} s; ")
    sys.stdout.write(f"FOUND SOMETHING: {', '.join(found)}\n" if found else "nothing found\n")
    return 1 if found else 0


def run(name: str, inputs: int, seed: int, *, watch: bool) -> tuple[int, bool]:
    """Run one target; return how many inputs it had, and whether all went well."""
    with TemporaryDirectory(prefix="atoll-fuzz-") as folder:
        scratch = Path(folder)
        shutil.copytree(corpus_of(name)[0].parent, scratch / "corpus")
        how = "watch" if watch else "plain"
        given = [name, str(inputs), str(seed), folder, how]
        command = [sys.executable, "-m", "tests.fuzz.one", *given]
        began = time.monotonic()
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LONGEST,
            check=False,
        )
        seconds = time.monotonic() - began
        counted = RAN.search(done.stdout)
        good = done.returncode == 0 and (counted is not None or not watch)
        ran = int(counted[1]) if counted else inputs if good else 0
        told = f"{ran:>9} inputs {seconds:7.1f} s {ran / seconds:8.0f}/s"
        lines = [f"{'ok  ' if good else 'FAIL'} {name:<10} {told}"]
        if not good:
            lines.append(done.stdout[-TAIL:])
            left = [*scratch.glob("crash-*"), *scratch.glob("timeout-*")]
            lines += [f"{path.name}: {path.read_bytes().hex()}" for path in left]
        sys.stdout.write("\n".join((*lines, "")))
        sys.stdout.flush()
    return ran, good


def write_corpus() -> int:
    """Write the good inputs of each target to its corpus; what is there stays."""
    for name in FULL:
        target = load(name)
        folder = Path(__file__).parent / "corpus" / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(target.seeds):
            path = folder / f"good-{number}"
            if not path.exists():
                path.write_bytes(data)
    return 0


def _typed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *sorted(FULL)])
    parser.add_argument("--inputs", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--write-corpus", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
