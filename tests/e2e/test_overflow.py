"""More happens in a folder than the system's queue of hints holds: all of it is in the store."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.loose import list_in
from tests.e2e.devices import Device, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
FILES = {"fast": 2_000, "full": 20_000, "night": 20_000}[os.environ.get("ATOLL_TESTS", "fast")]
FOLDERS = 20
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
PATIENCE = 300.0


@contextmanager
def short_queue() -> Iterator[None]:
    """Let whoever begins to watch meanwhile be told of 64 things at most, before any are lost.

    The number is the whole machine's, and read when watching begins: so it is put back at once.
    Fails where it may not be changed: it has to be run by root.
    """
    before = QUEUE.read_text("ascii")
    QUEUE.write_text("64", "ascii")
    try:
        yield
    finally:
        QUEUE.write_text(before, "ascii")


def test_what_happens_while_hints_are_lost_is_in_the_store(tmp_path: Path) -> None:
    """A watcher alone saw 182 of 2,000 files, and told nobody."""
    device = Device("One", tmp_path / "one")
    device.ask("init", "--name", "One")
    device.folder.mkdir(parents=True)
    (device.folder / "first.md").write_text("first\n", "utf-8")
    device.ask("add", str(device.folder))
    try:
        with short_queue():
            device.start()
            until(lambda: watches(device), "it watches")
        until(lambda: device.space()["mirroring"] == "settled", "it has looked at everything")
        device.tell(signal.SIGSTOP)  # so that nobody takes hints out of the queue
        for number in range(FILES):
            folder = device.folder / f"d{number % FOLDERS}"
            if number < FOLDERS:
                folder.mkdir()
            (folder / f"n{number}.md").write_bytes(b"%d\n" % number)
        device.tell(signal.SIGCONT)
        until(lambda: kept(device) == FILES + 1, "all is in the store", PATIENCE)
        assert list_in(device.says("bin")) == []
    finally:
        device.stop()


def watches(device: Device) -> bool:
    """Say whether the system tells it of its folder: both its root and what is around it."""
    program = device._program  # noqa: SLF001  nobody else asks
    assert program is not None
    told = Path(f"/proc/{program.pid}/fdinfo").iterdir()
    return sum(path.read_text("ascii").count("inotify wd") for path in told) >= 2


def kept(device: Device) -> object:
    """Return how many files the space holds."""
    return device.space()["entries"]
