"""What the crash tests ran is said at the end: a number that nobody sees proves nothing."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable
from typing import Any

import pytest

_KEY = "crash"


@pytest.fixture
def ran(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Note what was run, for the end."""

    def note(line: str) -> None:
        request.node.user_properties.append((_KEY, line))

    return note


@pytest.fixture(autouse=True)
def _long() -> None:
    """Let nobody think that a test hangs because it has thousands of things to try."""
    faulthandler.cancel_dump_traceback_later()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say it, also when other processes ran it."""
    reports = [it for kind in ("passed", "failed") for it in terminalreporter.stats.get(kind, ())]
    lines = sorted(
        value
        for report in reports
        if getattr(report, "when", "") == "call"
        for key, value in report.user_properties
        if key == _KEY
    )
    if lines:
        terminalreporter.section("what the crash tests ran")
        for line in lines:
            terminalreporter.write_line(line)
