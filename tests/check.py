"""Every check, in one command: `python -m tests.check fast | full | night`.

fast    what a person runs before each commit: a minute or two, no slow tests
full    all but the benchmarks, the fuzz targets and the faults put in on purpose: what CI runs
night   full, with many more examples for every law, and inputs for every target

The checks that only read the code come first. The tests run even when one of those
fails, because a person wants to know both. The last line is always the tests' own sum.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

PYTHON = sys.executable
STATIC = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "pyright": ["-m", "pyright", "--pythonpath", PYTHON],
    "import contracts": ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
}
QUICK = "not slow and not bench and not crash and not e2e and not serial"
TOGETHER = "not bench and not serial"
ALONE = "not bench and serial"
TWO_AT_A_TIME = ["-n", "2", "--dist", "worksteal"]
NO_TESTS = 5
COUNT = re.compile(r"(\d+) (passed|failed|skipped|deselected|xfailed|xpassed|warnings?|errors?)\b")
SUM = re.compile(r"^=*\s*(?:no tests ran|\d+ [a-z]+)\b.* in [\d.]+s.*?=*$")
ORDER = ("failed", "passed", "skipped", "xfailed", "xpassed", "warning", "error")


@dataclass(frozen=True, slots=True)
class Step:
    """One check that ran."""

    name: str
    ok: bool
    seconds: float


@dataclass(slots=True)
class Tally:
    """The tests that ran, in one go or several."""

    counts: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0

    def add(self, line: str, seconds: float) -> None:
        """Count what the last line of one go says."""
        self.seconds += seconds
        for number, word in COUNT.findall(line):
            self.counts[word.removesuffix("s") if word != "passed" else word] += int(number)

    def __str__(self) -> str:
        parts = [f"{self.counts[word]} {word}" for word in ORDER if self.counts[word]]
        text = f" {', '.join(parts) or 'no tests ran'} in {self.seconds:.2f}s "
        return text.center(80, "=")


def main(arguments: list[str]) -> int:
    """Run one level and return the exit code."""
    level = arguments[0] if arguments else "fast"
    if level not in {"fast", "full", "night"}:
        print(__doc__)
        return 2
    os.environ["ATOLL_TESTS"] = level
    steps = list(static_steps())
    tests = Tally()
    for name, options in goes(level):
        steps.append(run_tests(name, [*options, *arguments[1:]], tests))
    if level != "fast":
        steps.append(run_program("fuzz", ["-m", "tests.fuzz"]))
        quick = ["--quick"] if level == "full" else []
        steps.append(run_program("mutants", ["-m", "tests.mutants", *quick]))
    report(steps, tests)
    return 0 if all(step.ok for step in steps) else 1


def goes(level: str) -> Iterator[tuple[str, list[str]]]:
    """Name each go of pytest that a level needs."""
    if level == "fast":
        yield "tests", [*TWO_AT_A_TIME, "-m", QUICK]
    else:
        yield "tests", [*TWO_AT_A_TIME, "-m", TOGETHER]
        yield "tests, one at a time", ["-m", ALONE]


def static_steps() -> Iterator[Step]:
    """Run the checks that only read the code."""
    for name, command in STATIC.items():
        began = time.monotonic()
        done = subprocess.run(
            [PYTHON, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        step = Step(name, done.returncode == 0, time.monotonic() - began)
        if not step.ok:
            print(done.stdout, end="")
        print(line_of(step), flush=True)
        yield step


def run_tests(name: str, options: list[str], tests: Tally) -> Step:
    """Run pytest, show what it says, and keep its last line."""
    began = time.monotonic()
    last = ""
    with subprocess.Popen(
        [PYTHON, "-m", "pytest", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if SUM.match(line.strip()):
                last = line
    seconds = time.monotonic() - began
    tests.add(last, seconds)
    return Step(name, bool(last) and process.returncode in {0, NO_TESTS}, seconds)


def run_program(name: str, command: list[str]) -> Step:
    """Run a program of ours, which says itself what it found."""
    began = time.monotonic()
    done = subprocess.run([PYTHON, *command], check=False)
    return Step(name, done.returncode == 0, time.monotonic() - began)


def line_of(step: Step) -> str:
    """Return a step as a person reads it."""
    return f"{'ok  ' if step.ok else 'FAIL'} {step.name:<24} {step.seconds:7.1f} s"


def report(steps: list[Step], tests: Tally) -> None:
    """Say in the end how each step went."""
    print()
    for step in steps:
        print(line_of(step))
    print(tests, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
