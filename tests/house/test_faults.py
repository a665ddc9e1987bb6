"""The page of faults names a test for each, and each is there."""

from __future__ import annotations

import re

from tests.house.source import ROOT

ROWS = 22
NAMED = re.compile(r"`([a-z0-9]+/[a-z0-9_/]+\.py)`")


def test_every_fault_has_a_behaviour_and_tests_that_are_there() -> None:
    """A row whose proof was moved looks proven and is not."""
    page = (ROOT / "docs" / "faults.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    told = {row[0]: row for row in rows if row[0].isdigit()}
    assert list(told) == [str(number) for number in range(1, ROWS + 1)]
    for number, row in told.items():
        assert len(row) == 4 and all(row), number
        assert NAMED.search(row[3]), number
    assert not [path for path in NAMED.findall(page) if not (ROOT / "tests" / path).is_file()]
