"""Folders with several leaves: the tree kept up to date is the tree made from nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.facts.change import TOP, EntryId
from storage.tree.encode import is_cut
from storage.vault import Vault
from tests.helpers.vaults import Place, pure_root, tell


def made(vault: Vault, parent: EntryId, count: int, fits: Callable[[list[bool]], bool]) -> None:
    """Make folders in one commit, so that those that end a leaf stand as they should."""
    while True:
        change = vault.change()
        entries = sorted(change.add_folder(parent, f"{count} {n}") for n in range(count))
        if fits([is_cut(entry, 0) for entry in entries]):
            vault.commit(change, "folders")
            return


@pytest.mark.parametrize(
    "cuts", [[False, True], [True, True], [False, True, True], [True, False]], ids=str
)
def test_new_ends_of_leaves_leave_no_row_outside(tmp_path: Path, cuts: list[bool]) -> None:
    """Found by killing programs (seed 225).

    What stood after a new end fell out of the tree, and whoever had seen the same and signed
    the right root was refused from then on.
    """
    place = Place(tmp_path)
    one = place.create("one")
    other = place.join(one, "two")
    made(one, TOP, 1, bool)
    tell(one, other)
    (wide,) = other.tree().children(TOP)
    made(other, wide.id, 2, lambda ends: not any(ends))
    place.clock.at += 10
    made(other, wide.id, 3, lambda ends: not any(ends))
    place.clock.at -= 5
    made(one, wide.id, len(cuts), lambda ends: ends == cuts)
    tell(one, other)
    assert other.root.to_bytes() == pure_root(other)
    (said,) = tell(other, one)
    assert not said.refused
    assert one.root == other.root
    one.close()
    other.close()
