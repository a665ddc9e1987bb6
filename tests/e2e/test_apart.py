"""Two real programs with a real tree: joined over discovery or by address, apart, and met again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.loose import number_in
from tests.e2e.changes import ONE, OTHER, begin, look_back, notes, promises, real_tree
from tests.e2e.devices import (
    Device,
    difference,
    join,
    meet,
    running,
    shared,
    until,
    without_hints,
)

pytestmark = [pytest.mark.e2e, pytest.mark.serial]
FILES = 2000
NOTES = 500


@pytest.fixture
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Device, Device]]:
    """Return two devices that run; `request.param` says whether they find each other."""
    discovers = bool(getattr(request, "param", False))
    one = Device("One", tmp_path / "one", discovers=discovers)
    other = Device("Other", tmp_path / "other", discovers=discovers)
    with running(one, other):
        yield one, other


@pytest.mark.parametrize("pair", [True], indirect=True, ids=["discovery"])
def test_a_real_tree_reaches_a_device_that_found_the_giver_by_itself(
    pair: tuple[Device, Device],
) -> None:
    """Nobody types an address: two thousand real files and more, equal to the last byte."""
    one, other = pair
    assert real_tree(one.folder, FILES) >= FILES
    notes(one.folder, NOTES)
    before = tree_of(one.folder)
    join(other, without_hints(shared(one)))
    assert not difference(one.folder, other.folder)
    meet(one, other)
    assert tree_of(other.folder) == before
    assert number_in(other.space()["missing_blocks"]) == 0
    assert one.damaged() == other.damaged() == 0


def test_a_tree_reaches_a_device_by_address(pair: tuple[Device, Device]) -> None:
    """Where nothing can be found, the address in the code is enough."""
    one, other = pair
    notes(one.folder, NOTES)
    join(other, shared(one))
    assert not difference(one.folder, other.folder)
    meet(one, other)


@pytest.mark.parametrize("both_off", [True, False], ids=["both off", "one off"])
def test_what_was_changed_apart_is_united_and_nothing_is_lost(
    pair: tuple[Device, Device],
    both_off: bool,  # noqa: FBT001  pytest hands it on by name
) -> None:
    """Every way in which two people can cross each other, at once."""
    one, other = pair
    begin(one.folder)
    notes(one.folder, 50)
    join(other, shared(one))
    meet(one, other)
    other.stop()
    if both_off:
        one.stop()
    for change in ONE:
        change(one.folder / "apart")
    for change in OTHER:
        change(other.folder / "apart")
    if both_off:
        one.start()
    other.start()
    meet(one, other)
    until(lambda: not promises(one.folder), f"kept: {promises(one.folder)}")
    meet(one, other)
    assert not promises(other.folder)
    for device in pair:
        look_back(device, {"One", "Other"})
    lost = Path("apart/unwanted.md")
    other.ask("restore", str(other.folder / lost))
    until((one.folder / lost).exists, "what was deleted is back on both")
    assert b"# unwanted" in (one.folder / lost).read_bytes()
    meet(one, other)
