"""A hundred thousand files in one directory: added, looked through, changed and renamed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.loose import mapping_in
from tests.house.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.serial]
FILES = {"fast": 2_000, "full": 100_000, "night": 100_000}[os.environ.get("ATOLL_TESTS", "fast")]


def test_one_directory_may_hold_a_hundred_thousand_files(
    record_property: Callable[[str, object], None],
) -> None:
    """Each step costs what it touches: a change of one is no look at all the others."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.wide", str(FILES)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = mapping_in(json.loads(done.stdout))
    record_property("wide", done.stdout.strip())
    assert told["shown"] == FILES
    assert told["renamed"] is True and told["removed"] is True
    took = {name: float(str(seconds)) for name, seconds in mapping_in(told["cpu"]).items()}
    for step in ("change one", "rename one", "remove one"):
        assert took[step] < took["add"] / 20, took
    assert int(str(told["rss"])) < 1024, "MiB"
