"""A drive that is taken out, put in or covered by another one at any step of a look."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from app.loose import mapping_in
from tests.e2e.devices import environment

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
RUNS = {"fast": 100, "full": 500, "night": 10_000}[os.environ.get("ATOLL_TESTS", "fast")]


def test_a_drive_that_comes_and_goes_at_any_step_of_a_look_deletes_nothing() -> None:
    """Other programs took an empty place where a drive was for a hundred gigabytes deleted.

    Fails where nobody may make mounts of their own: it has to be run by root.
    """
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-m", "tests.e2e.unplugging", str(RUNS)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = mapping_in(json.loads(done.stdout))
    assert told["removed"] == told.get("deleted", 0) == 0, told
    assert told["same"] == 1
    assert int(str(told["unavailable"])) > RUNS // 4, "it has to happen while it looks"
    assert int(str(told["steps"])) > 30
