"""Two people saved one file apart: what each of them wrote is shown, on every device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot
from storage.facts.slots import MARK, mark_of, slot_of
from storage.facts.values import EntryKind, Kind, Value
from storage.facts.values import Place as At
from storage.vault import Vault
from tests.helpers.vaults import Place, core_of, everyone, save, shown, write


@pytest.mark.parametrize(("name", "begin"), [("a.bin", b"\0"), ("plan.pdf", b"%PDF\0")])
def test_both_versions_are_shown_under_names_of_their_own(
    tmp_path: Path, name: str, begin: bytes
) -> None:
    """Whoever has the later clock, or is heard last: nobody's work is hidden."""
    place = Place(tmp_path)
    owner = place.create()
    entry = write(owner, name, begin, TOP)
    mine = place.join(owner, "mine")
    owner.welcome()
    vaults = [owner, mine]
    everyone(vaults)
    save(owner, entry, begin + b"owner's")
    place.clock.at += 3600
    save(mine, entry, begin + b"mine")
    everyone(vaults)
    for vault in vaults:
        found = shown(vault)
        assert set(found.values()) == {begin + b"mine", begin + b"owner's"}
        assert (name,) in found and len(found) == 2
        vault.close()


@pytest.mark.parametrize("folder", [False, True])
def test_no_mark_hides_what_is_no_slot(tmp_path: Path, *, folder: bool) -> None:
    """Whoever may edit may delete, and that is seen in the bin; hiding what others have is not.

    A mark on a folder would hide all that anybody has in it.
    """
    place = Place(tmp_path)
    owner = place.create()
    entry = write(owner, "a.bin", b"\0", TOP)
    crafted = slot_of(entry, owner.writer) if folder else write(owner, "b.bin", b"\0b", TOP)
    if folder:
        put(owner, crafted, {"kind": Kind(EntryKind.FOLDER), "place": At(TOP, "folder")})
        write(owner, "b.bin", b"\0b", crafted)
    mine = place.join(owner, "mine")
    owner.welcome()
    vaults = [owner, mine]
    everyone(vaults)
    save(owner, entry, b"\0owner's")
    save(mine, entry, b"\0mine")
    everyone(vaults)
    before = shown(owner)
    values: dict[str, Value] = {
        "place": At(TOP, "folder" if folder else "b.bin"),
        "content": core_of(owner).contents.store_bytes(b"\0b"),
        MARK: mark_of(entry, Dot(owner.writer, 0)),
    }
    put(owner, crafted, values)
    everyone(vaults)
    for vault in vaults:
        assert shown(vault) == before
        vault.close()


def put(vault: Vault, entry: EntryId, values: Mapping[str, Value]) -> None:
    """Commit facts that nothing of ours would make."""
    change = vault.change()
    for name, value in values.items():
        change._put(entry, name, value)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    vault.commit(change, "crafted")
