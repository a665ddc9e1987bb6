"""What holds for every test: no screen, no surprise in the log, no touch on real data."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

import hypothesis
import pytest

with contextlib.suppress(ImportError):  # there is none on Windows
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

with contextlib.suppress(ValueError):  # this is the main thread, unless a tool imports it
    # whoever starts the tests in the background lets them ignore Ctrl-C, and programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

# No deadline, and no word on slowness: a busy machine is no wrong answer. The clock is for
# tests/bench.
for _level, _examples in (("fast", 25), ("full", 100), ("night", 3000)):
    hypothesis.settings.register_profile(
        _level,
        max_examples=_examples,
        deadline=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.register_profile(
    "ci",
    parent=hypothesis.settings.get_profile("full"),
    derandomize=True,  # the same examples each time: a red build means a changed program
    database=None,
)
HOMES = (
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
)


def pytest_configure(config: pytest.Config) -> None:
    """Choose how hard to look, and hide the person's own folders."""
    level = os.environ.get("ATOLL_TESTS", "fast")
    in_ci = level == "full" and bool(os.environ.get("CI"))
    hypothesis.settings.load_profile("ci" if in_ci else level)
    home = tempfile.mkdtemp(prefix="atoll-test-home-")
    for name in HOMES:
        os.environ[name] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


class _Collector(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def log_warnings(request: pytest.FixtureRequest) -> Iterator[list[logging.LogRecord]]:
    """Fail a test that logs a warning nobody expected."""
    collector = _Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield collector.records
    finally:
        root.removeHandler(collector)
    expected = request.node.get_closest_marker("expects_warnings") is not None
    if collector.records and not expected and "expects_warnings" not in request.fixturenames:
        lines = [f"{record.name}: {record.getMessage()}" for record in collector.records]
        pytest.fail("unexpected in the log:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture
def expects_warnings(log_warnings: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Allow warnings in the log, and hand them out to look at."""
    return log_warnings
