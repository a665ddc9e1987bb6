"""Two people saved one file apart: what each of them wrote is shown, on every device."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.facts.change import TOP
from tests.helpers.vaults import Place, everyone, save, shown, write


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
