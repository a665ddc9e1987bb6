"""A program that stands still: terminals say so and end, and the other side notices soon."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.control import PATIENCE
from app.cli.exits import Exit
from app.loose import list_in, mapping_in
from sync.protocol.bounds import DEAD_AFTER
from tests.e2e.devices import Device, join, meet, running, shared, until

pytestmark = [pytest.mark.e2e, pytest.mark.serial]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that share a folder."""
    one, other = Device("One", tmp_path / "one"), Device("Two", tmp_path / "two")
    with running(one, other):
        one.folder.mkdir(parents=True)
        (one.folder / "note.md").write_text("one\n")
        join(other, shared(one))
        yield one, other


def near(device: Device) -> list[object]:
    """Return which others are said to be near."""
    devices = map(mapping_in, list_in(device.says("peers")))
    return [it["name"] for it in devices if it["near"] and not it["this"]]


def test_a_program_that_stands_still_is_named_and_not_waited_for(
    pair: tuple[Device, Device],
) -> None:
    """Silence for ever in a terminal, or "near now" of a frozen device, helps nobody."""
    one, other = pair
    meet(one, other)
    assert near(one) == ["Two"]
    other.tell(signal.SIGSTOP)
    try:
        began = time.monotonic()
        asked = other.tries("status")
        took = time.monotonic() - began
        assert asked.returncode == Exit.UNAVAILABLE
        assert PATIENCE <= took < 2 * PATIENCE
        said = asked.stderr.splitlines()
        assert said[0].startswith("Atoll is running here but does not answer (process ")
        assert "Waiting" in said[0]
        assert len(said) >= 2
        until(lambda: near(one) == [], "the other side notices", DEAD_AFTER)
        assert "near now" not in one.ask("status")
    finally:
        other.tell(signal.SIGCONT)
    until(lambda: near(one) == ["Two"], "it goes on as if nothing had been")
    (one.folder / "later.md").write_text("later\n")
    meet(one, other)
    assert (other.folder / "later.md").exists()
