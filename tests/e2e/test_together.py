"""Two real programs whose people changed the same things apart: listed alike, settled by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.loose import list_in, mapping_in
from tests.e2e.devices import Device, join, meet, running, shared, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that share a folder, and stand still."""
    one, other = Device("One", tmp_path / "one"), Device("Two", tmp_path / "two")
    with running(one, other):
        one.folder.mkdir(parents=True)
        one.write("oven.bin", b"\0begun")
        one.write("gone.md", b"begun\n")
        join(other, shared(one))
        meet(one, other)
        for device in (one, other):
            device.stop()
        yield one, other


def beside(device: Device) -> dict[str, tuple[str, list[str]]]:
    """Return what a device says stands side by side: by path what it is, and who did it."""
    found = [mapping_in(about) for about in list_in(device.says("together"))]
    return {
        str(about["path"]): (
            str(about["what"]),
            [str(mapping_in(side)["device"]) for side in list_in(about["sides"])],
        )
        for about in found
    }


def test_what_two_changed_apart_is_settled_by_one_of_them(pair: tuple[Device, Device]) -> None:
    """A picture replaced by both, a note deleted by one and edited by the other, a day's note."""
    one, other = pair
    for device in pair:
        device.write("oven.bin", b"\0by " + device.name.encode())
        device.write("day.md", b"# Sunday\n\n- %s\n" % device.name.encode())
    (one.folder / "gone.md").unlink()
    other.write("gone.md", b"begun\nmore\n")
    for device in pair:
        device.start()
        device.ask("scan")  # a deletion waits for quiet, and the other's edit must not come first
    meet(one, other)
    for device in pair:
        until(lambda: len(tree_of(device.folder)) == 4, "one note of the day")  # noqa: B023
        found = beside(device)
        assert found["oven.bin"][0] == "versions"
        assert set(found["oven.bin"][1]) == {"One", "Two"}
        assert found["gone.md"] == ("deleted", ["Two", "One"])
        assert len(found) == 2
    day = one.read("day.md").decode().split()
    assert sorted(day) == sorted(["#", "Sunday", "-", "One", "-", "Two"])
    told = one.ask("together", str(one.folder / "oven.bin"), "--take", "Two")
    assert "Settled, on every device" in told
    other.ask("together", str(other.folder / "gone.md"), "--take", "1")
    until(lambda: not beside(one) and not beside(other), "all is settled on both")
    meet(one, other)
    for device in pair:
        assert device.read("oven.bin") == b"\0by Two"
        assert device.read("gone.md") == b"begun\nmore\n"
        assert tree_of(device.folder).keys() == {"oven.bin", "gone.md", "day.md"}
        assert "All clear" in device.ask("together")
        assert device.damaged() == 0
