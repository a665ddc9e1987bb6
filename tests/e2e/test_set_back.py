"""A data folder put back in place from a backup: it is noticed, and nobody's words are lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.cli.island import tree_of
from app.loose import mapping_in
from tests.e2e.devices import Device, join, meet, running, shared, until
from tests.helpers.set_back import set_back

pytestmark = [pytest.mark.e2e, pytest.mark.serial]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return two devices that run and share a folder with a note."""
    one, other = (Device(name, tmp_path / name) for name in ("One", "Other"))
    with running(one, other):
        one.folder.mkdir(parents=True, exist_ok=True)
        one.write("note.md", b"first\n")
        one.write("old.md", b"old\n")
        join(other, shared(one))
        meet(one, other)
        yield one, other


def is_settled(device: Device) -> bool:
    """Say whether all is everywhere, and nothing else is said."""
    return mapping_in(device.space()["where"])["sentence"] == "Stored on all 2 devices"


@pytest.mark.parametrize("with_folder", [True, False], ids=["folder too", "data folder alone"])
@pytest.mark.parametrize("apart", [True, False], ids=["written before they meet", "as they meet"])
def test_a_data_folder_put_back_in_place_loses_nobodys_words(
    pair: tuple[Device, Device],
    tmp_path: Path,
    with_folder: bool,  # noqa: FBT001  pytest hands it on by name
    apart: bool,  # noqa: FBT001  pytest hands it on by name
) -> None:
    """Its numbers are used already, by what the other has; both sides' words must be everywhere."""
    one, other = pair
    one.stop()
    shutil.copytree(one.data, tmp_path / "copy of data")
    shutil.copytree(one.folder, tmp_path / "copy of folder")
    one.start()
    one.write("note.md", b"first\nafter the copy\n")
    one.write("kept.md", b"made after the copy\n")
    one.settle()
    one.write("blob.bin", b"\0after")
    one.settle()
    meet(one, other)
    one.stop()
    if apart:
        other.stop()
    set_back(one.data, tmp_path / "copy of data")
    if with_folder:
        set_back(one.folder, tmp_path / "copy of folder")
    one.write("new.md", b"made after it was put back\n")
    one.write("note.md", b"before all\n" + one.read("note.md"))
    one.start()
    one.settle()
    one.write("old.md", b"old, and more\n")
    one.settle()
    if apart:
        other.start()
    until((other.folder / "new.md").exists, "what was written since came over")
    until((one.folder / "kept.md").exists, "what was forgotten came back")
    meet(one, other)
    for device in pair:
        lines = device.read("note.md").decode().splitlines()
        assert {"before all", "first", "after the copy"} <= set(lines)
        found = tree_of(device.folder)
        assert found["kept.md"] == b"made after the copy\n"
        assert found["blob.bin"] == b"\0after"
        assert found["new.md"] == b"made after it was put back\n"
        assert found["old.md"] == b"old, and more\n"
        assert not device.damaged()
        until(partial(is_settled, device), "that all is settled")
