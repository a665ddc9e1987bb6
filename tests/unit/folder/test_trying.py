"""How a disk treats names is found out by trying it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folder.marker import Marker, write_marker
from app.folder.port import Ways
from app.folder.real import RealFolder
from tests.helpers.emulated import (
    APFS,
    FAT,
    FOLDING_EXT4,
    HFS,
    LINUX,
    NTFS,
    RESPELLING,
    EmulatedFolder,
    Manners,
)
from tests.helpers.mirrored import SPACE

FOUND = [
    (LINUX, Ways()),
    (APFS, Ways(folds_case=True, folds_forms=True)),
    (FOLDING_EXT4, Ways(folds_case=True, folds_forms=True)),
    (HFS, Ways(folds_case=True, folds_forms=True)),
    (RESPELLING, Ways(folds_forms=True)),
    (NTFS, Ways(folds_case=True, keeps_modes=False, windows_names=True)),
    (FAT, Ways(folds_case=True, keeps_modes=False, windows_names=True)),
]


@pytest.mark.parametrize(("manners", "ways"), FOUND)
def test_how_a_disk_treats_names_is_found_out(manners: Manners, ways: Ways) -> None:
    """A stick that came from Windows is none of Linux because it is plugged in there."""
    folder = EmulatedFolder(manners)
    write_marker(folder, Marker(SPACE))
    assert folder.ways(["probe"]) == ways
    left = folder.root.names[".atoll"].names.keys()
    assert left == {"folder-id"}, "nothing of the trial is left"


def test_a_real_disk_here_takes_every_name(tmp_path: Path) -> None:
    """The same trial, on real files; and nothing is left of it."""
    folder = RealFolder(tmp_path)
    write_marker(folder, Marker(SPACE))
    assert folder.ways(["probe"]) == Ways()
    assert [path.name for path in (tmp_path / ".atoll").iterdir()] == ["folder-id"]
