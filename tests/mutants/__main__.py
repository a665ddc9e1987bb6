"""Put faults into a copy of the program, and see whether the suite finds them.

`python -m tests.mutants [NAME …] [--quick] [--write]`: NAME is a part of a fault's name; with
`--quick` only those that are found in seconds; `--write` writes the table to docs/mutants.md.

The checkout is never touched. First all chosen tests run on the copy as it is and have to pass;
then each fault is put in by itself, and one of its tests has to fail.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.known import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "mutants.md"
PARTS = ("storage", "sync", "app", "ui", "assets", "docs", "packaging", "tests", "pyproject.toml")
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
PASSED, SOME_FAILED = 0, 1
PATIENCE = 600
"""Seconds after which a fault counts as found: something hangs."""


class Rotten(Exception):
    """A fault cannot be put in, or what is to find it does not run."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a fault."""

    mutant: Mutant
    killer: str
    """The first test that failed; empty when none did."""
    seconds: float


def mutated(mutant: Mutant, text: str) -> str:
    """Return the text of the mutant's file with the fault in it.

    Raises:
        Rotten: what it replaces does not stand there exactly once.
    """
    count = text.count(mutant.old)
    if count != 1:
        raise Rotten(f"{mutant.name}: its text stands {count} times in {mutant.path}")
    return text.replace(mutant.old, mutant.new)


def copy_to(folder: Path) -> None:
    """Copy what the tests need."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy2(source, folder / part)


def run(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests in a copy until one fails; return pytest's answer and what it said."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=no", "-rfE"]
    inside = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=folder,
            env={**inside, "ATOLL_TESTS": "full", "CI": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return SOME_FAILED, f"FAILED {tests[0]} (it never ended)"
    return done.returncode, done.stdout


def hunt(mutant: Mutant, folder: Path) -> Found:
    """Put a fault in, look who finds it, and take it out again.

    Raises:
        Rotten: it cannot be put in, or the tests cannot run with it.
    """
    path = folder / mutant.path
    whole = path.read_text(encoding="utf-8")
    path.write_text(mutated(mutant, whole), encoding="utf-8")
    began = time.monotonic()
    try:
        for tests in mutant.killers:
            code, said = run(folder, [tests])
            if code == SOME_FAILED:
                found = FAILED.search(said)
                return Found(mutant, found[1] if found else tests, time.monotonic() - began)
            if code != PASSED:
                raise Rotten(f"{mutant.name}: {tests} does not run with it:\n{said[-2000:]}")
    finally:
        path.write_text(whole, encoding="utf-8")
    return Found(mutant, "", time.monotonic() - began)


def main(arguments: list[str]) -> int:
    """Hunt the chosen faults; return 1 when one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; all without")
    parser.add_argument("--quick", action="store_true", help="only what is found in seconds")
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    chosen = parser.parse_args(arguments)
    mutants = [
        mutant
        for mutant in MUTANTS
        if (not chosen.names or any(part in mutant.name for part in chosen.names))
        and not (chosen.quick and mutant.slow)
    ]
    with tempfile.TemporaryDirectory(prefix="atoll-mutants-") as name:
        folder = Path(name)
        copy_to(folder)
        try:
            sound(mutants, folder)
            found = [_told(hunt(mutant, folder)) for mutant in mutants]
        except Rotten as error:
            _say(str(error))
            return 2
    if chosen.write:
        TABLE.write_text(table(found), encoding="utf-8")
    alive = [each.mutant.name for each in found if not each.killer]
    _say(f"{len(found)} faults, {len(found) - len(alive)} found, {len(alive)} not: {alive}")
    return int(bool(alive))


def sound(mutants: Sequence[Mutant], folder: Path) -> None:
    """Let all tests pass without any fault: else what fails with one proves nothing.

    Raises:
        Rotten: one fails.
    """
    began = time.monotonic()
    tests = list(dict.fromkeys(tests for mutant in mutants for tests in mutant.killers))
    code, said = run(folder, tests)
    if code != PASSED:
        raise Rotten(f"these do not pass even without a fault:\n{said[-2000:]}")
    _say(f"without a fault all pass, in {time.monotonic() - began:.0f} s")


def table(found: Sequence[Found]) -> str:
    """Return the page that says who found what."""
    rows = [
        f"| {each.mutant.name} | {each.mutant.does} | `{each.mutant.path}` |"
        f" {f'`{each.killer}`' if each.killer else '**nobody**'} |"
        for each in found
    ]
    return "\n".join((HEAD, *rows, ""))


def _told(found: Found) -> Found:
    _say(f"{found.seconds:6.1f} s  {found.mutant.name}: {found.killer or 'SURVIVED'}")
    return found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


HEAD = """# Faults that the suite has to find

Written by `python -m tests.mutants --write`; do not edit. Each fault of the list is put into a copy
of the program by itself, and the test named here failed. `full` tries those that are found within
seconds, `night` all; that each can still be put in is looked at on every run.

| fault | what the program then does | where | who found it |
|---|---|---|---|"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
