"""The two commands that everything else leans on."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.check import SUM, Tally
from tests.house.source import ROOT

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.+?))? \\$")


def lock(name: str) -> list[str]:
    """Return the lines of a lock."""
    return (ROOT / "packaging" / f"lock-{name}.txt").read_text(encoding="utf-8").splitlines()


def pins(name: str) -> set[tuple[str, ...]]:
    """Return what a lock names: package, version, and where it counts."""
    return {match.groups("") for line in lock(name) if (match := PINNED.match(line))}


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_package_is_pinned_by_hash(name: str) -> None:
    """And nothing else stands in a lock: no registry, no option, no address."""
    lines = lock(name)
    strange = [
        line
        for line in lines
        if not PINNED.match(line)
        and not re.match(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", line)
    ]
    assert not strange
    assert all("--hash" in after for line, after in pairwise(lines) if "==" in line)


def test_people_run_what_was_tested() -> None:
    """Each version in the smaller lock is the one in the larger."""
    assert pins("run") <= pins("dev")


def test_pyside_is_held_back_where_it_breaks() -> None:
    """On Python 3.11, 6.12 aborts."""
    held = [pin for pin in pins("run") if pin[0] == "pyside6-essentials" and "< '3.12'" in pin[2]]
    assert [version.startswith("6.11.") for _, version, _ in held] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "======= 3 failed, 120 passed, 2 skipped in 301.20s (0:05:01) =======",
        "120 passed in 0.50s",
        "================= 1 error in 0.10s ==================",
        "========== 369 deselected in 0.05s ==========",
        "========== no tests ran in 0.05s ==========",
    ],
)
def test_the_last_line_of_pytest_is_known(line: str) -> None:
    """Its numbers become the sum at the end."""
    assert SUM.match(line)


def test_sums_add_up() -> None:
    """The last line counts the tests of every go."""
    tests = Tally()
    tests.add("== 3 failed, 120 passed, 2 errors in 1.20s ==", 1.5)
    tests.add("== 1 failed, 7 passed, 1 warning in 0.20s ==", 0.5)
    assert str(tests).strip("= ") == "4 failed, 127 passed, 1 warning, 2 error in 2.00s"
