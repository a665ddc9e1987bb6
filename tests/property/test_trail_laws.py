"""The history of a folder, found from its newest end, is the whole of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId
from storage.facts.node import below
from storage.facts.values import EntryKind
from storage.index.touch import How
from storage.vault import Vault
from tests.helpers.vaults import core_of
from tests.property.test_moments_laws import stories, told
from tests.property.test_vaults_agree import Move

pytestmark = pytest.mark.slow


def ever_in(vault: Vault, folder: EntryId) -> set[EntryId]:
    """Return all that lay in a folder, or in what lay in it, at any time; found the slow way."""
    lay = core_of(vault).connection.execute("SELECT entry, lay FROM touch").fetchall()
    found = {folder}
    while True:
        more = {
            EntryId(bytes(entry))
            for entry, its in lay
            if {bytes(its)[:16], bytes(its)[16:]} & found
        }
        if more <= found:
            return found
        found |= more


@given(stories, st.integers(1, 3), st.integers(1, 9))
def test_the_history_of_a_folder_leaves_out_nothing_of_what_is_in_it(
    story: list[Move], devices: int, limit: int
) -> None:
    """And names no step that was never about it; the newest of it are its beginning."""
    with told(story, devices) as happened:
        vault = happened.vaults[0]
        for _, node in vault.tree().walk():
            if node.kind is not EntryKind.FOLDER or not vault.facts(node.id):
                continue
            steps = vault.history_below(frozenset({node.id}), 10_000)
            places = [step.pos for step in steps]
            assert places == sorted(places, reverse=True)
            inside = {node.id, *(it.entry for it in below(vault.tree(), node))}
            real = {entry for entry in inside if vault.facts(entry)}
            wanted = {step.pos for entry in real for step in vault.history(entry, -1)}
            assert wanted <= set(places)
            ever = ever_in(vault, node.id)
            assert all(ever & set(vault.touched(step)) for step in steps)
            assert vault.history_below(frozenset({node.id}), limit) == steps[:limit]


@given(stories, st.integers(1, 3))
def test_every_step_says_what_it_did_to_what_it_touched(story: list[Move], devices: int) -> None:
    """No kind is counted for more than was touched; what was made first was made."""
    with told(story, devices) as happened:
        vault = happened.vaults[0]
        steps = vault.history(limit=-1)
        kinds = vault.kinds(steps)
        for step in steps:
            touched = vault.touched(step)
            assert all(count <= len(touched) for count in kinds[step.pos].values())
        for _, node in vault.tree().walk():
            if node.side_of is None and vault.facts(node.id) and node.parent == TOP:
                first = vault.history(node.id, -1)[-1]
                assert How.MADE in kinds[first.pos]
