"""Two hundred names through every layer: decoded, kept, written, shown, exported; each comes back.

Beside them those that nobody may bear, which are refused wherever one comes in.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest

from app.cli.printing import HIDDEN, safe
from app.exporting import export
from app.folder.names import from_disk, to_disk
from app.folder.port import Ways
from app.progress import silent
from storage.errors import DecodeError
from storage.facts.change import TOP
from storage.facts.names import check_name, collision_key
from storage.vault import Vault
from tests.helpers.emulated import APFS, FAT, HFS, LINUX, NTFS, EmulatedFolder, Manners
from tests.helpers.memory_space import MemorySpace
from tests.helpers.mirrored import Mirrored
from tests.helpers.names import NAMES, NOBODY_BEARS
from tests.helpers.vaults import META, Place, core_of

NOWHERE = Path("/dev/null").parent
PROFILES = {
    "Linux": Ways(),
    "macOS": Ways(folds_case=True, folds_forms=True),
    "Windows": Ways(folds_case=True, windows_names=True, keeps_modes=False),
}
CUT = re.compile(r"~[0-9a-f]{8}(\.|\Z)")


def test_there_are_two_hundred_names() -> None:
    """No fewer."""
    assert len(NAMES) >= 200


@pytest.mark.parametrize("name", NOBODY_BEARS, ids=ascii)
def test_what_nobody_may_bear_is_refused(name: str) -> None:
    """Ways out of a folder, separators, nothing at all, what is no text or too long."""
    with pytest.raises(DecodeError):
        check_name(name)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_name_comes_back_from_each_kind_of_disk(profile: str) -> None:
    """Exactly, but for those that are cut to fit: these the mirror remembers."""
    ways = PROFILES[profile]
    disks = {name: to_disk(check_name(name), ways) for name in NAMES}
    for name, disk in disks.items():
        assert from_disk(disk, ways) == name or CUT.search(disk), name
        assert check_name(disk)
    key = collision_key if ways.folds_case else str
    assert len({*map(key, disks.values())}) >= len({*map(key, NAMES)}), "two names became one"


@pytest.mark.parametrize("manners", [LINUX, APFS, HFS, NTFS, FAT])
def test_each_name_is_written_to_each_kind_of_disk_and_read_back(manners: Manners) -> None:
    """All at once, in one folder: none is in another's way, and the shared names stay."""
    folder = EmulatedFolder(manners)
    space = MemorySpace()
    change = space.change()
    for name in NAMES:
        content = space.contents.store_bytes(b"\0" + name.encode())
        change.add_file(TOP, name, content, META)
    space.commit(change, "names")
    shown = space.files()
    one = Mirrored(NOWHERE, space, folder=folder)
    one.round()
    assert space.files() == shown, "a disk changed what is shared"
    assert sorted(folder.files().values()) == sorted(shown.values())
    for path in folder.listed():
        folder.write(path, folder.read(path) + b" edited")
    looked = one.look()
    assert (looked.edited, looked.added, looked.removed) == (len(shown), 0, 0)
    assert space.files() == {name: data + b" edited" for name, data in shown.items()}


def test_each_name_is_kept_by_a_vault_and_exported(tmp_path: Path) -> None:
    """Through the records, the index and the sealed tables, and out again as plain files."""
    place = Place(tmp_path)
    vault = place.create()
    change = vault.change()
    for name in NAMES:
        content = core_of(vault).contents.store_bytes(b"\0" + name.encode())
        change.add_file(TOP, name, content, META)
    vault.commit(change, "names")
    kept = shown_by(vault)
    assert len(kept) == len(NAMES)
    vault.close()
    again = place.open()
    assert shown_by(again) == kept
    count = export(again.tree(), again, tmp_path / "out", silent)
    assert count == len(NAMES)
    written = {os.fsencode(path.name): path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert sorted(written.values()) == sorted(kept.values())
    again.close()


def shown_by(vault: Vault) -> dict[str, bytes]:
    """Return the names that a vault shows, and the bytes."""
    return {path[0]: b"".join(vault.read(node)) for path, node in vault.tree().walk()}


def test_no_name_moves_the_cursor_of_a_terminal() -> None:
    """Nor turns the direction in which it writes."""
    for name in NAMES:
        assert not [it for it in safe(name) if unicodedata.category(it) in HIDDEN], name
