"""Whatever happens, the catalog shows what the pure view shows, and its root is the pure root."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.crypto.link import Link
from storage.errors import NotFound
from storage.facts.change import TOP, EntryId, Put
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.node import Node, Tree
from storage.facts.operate import apply
from storage.facts.state import EMPTY, State
from storage.facts.values import Fact
from storage.facts.view import device_by_number
from storage.facts.whole import View
from storage.index.catalog import Catalog
from storage.index.nodes import Nodes, Sealing
from storage.index.schema import make_tables
from storage.index.view import CatalogTree
from storage.tree.encode import encode_tree
from tests.helpers.histories import ENTRIES, Commit, Step, World, conflicts, steps, world_of
from tests.helpers.trees import SECRET

SEALING = Sealing(SECRET, 1)


class Indexed:
    """A catalog in memory that takes commits as they come."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        make_tables(self.connection)
        self.catalog = Catalog(self.connection, device_by_number)
        self.nodes = Nodes(self.catalog)

    def take(self, commit: Commit) -> None:
        """Apply one commit."""
        self.catalog.apply(commit.operations, commit.dot, commit.seen)

    def tree(self) -> CatalogTree:
        """Return what the catalog shows."""
        return CatalogTree(self.connection, device_by_number)

    def root(self, state: State) -> Link:
        """Return the root as the catalog seals it."""
        return self.nodes.root(SEALING, state.seen)


def shown(tree: Tree) -> list[tuple[tuple[str, ...], Node]]:
    """Return all that a tree shows."""
    return list(tree.walk())


def agrees(indexed: Indexed, state: State) -> None:
    """Check the catalog against the pure rules, by every door."""
    pure, tree = View(state), indexed.tree()
    assert shown(tree) == shown(pure)
    for path, node in pure.walk():
        assert tree.get(node.id) == node
        assert tree.find(path) == node
        assert tree.path(node.id) == path
        assert tree.children(node.id) == pure.children(node.id)
    assert tree.children(TOP) == pure.children(TOP)
    for entry in ENTRIES:
        assert tree.get(entry) == pure.get(entry)
        assert indexed.catalog.facts(entry) == state.entries.get(entry, {})
        if pure.get(entry) is None:
            assert not_shown(tree, entry)
    assert indexed.root(state) == encode_tree(state, SECRET, 1).root


def places(state: State) -> set[tuple[EntryId, EntryId, str]]:
    """Return where everything is shown, and under which name."""
    return {(node.id, node.parent, node.name) for _, node in View(state).walk()}


def not_shown(tree: Tree, entry: EntryId) -> bool:
    """Say whether a tree has no path to an entry."""
    try:
        tree.path(entry)
    except NotFound:
        return True
    return False


def in_causal_order(world: World, random: Random) -> Sequence[Commit]:
    """Return all commits in some order in which a device may hear them."""
    left, seen = list(world.log.values()), Seen()
    order: list[Commit] = []
    while left:
        commit = random.choice([c for c in left if seen.covers(c.seen)])
        left.remove(commit)
        seen = seen.with_dot(commit.dot)
        order.append(commit)
    return order


@settings(max_examples=100, deadline=None)
@given(steps | conflicts, st.integers(0, 2**32), st.integers(1, 5))
def test_the_catalog_is_the_view_of_any_history(story: list[Step], seed: int, often: int) -> None:
    """Else two devices could show different folders, or a rebuilt index another space."""
    world, random = world_of(story, seed), Random(seed)  # noqa: S311
    indexed, state = Indexed(), EMPTY
    named = Commit(Dot(Writer(b"namer..."), 1), Seen(), (Put(TOP, "fact:name", Fact("Ours")),))
    for number, commit in enumerate([named, *in_causal_order(world, random)]):
        indexed.take(commit)
        state = apply(state, commit.operations, commit.dot, commit.seen)
        if number % often == 0:
            agrees(indexed, state)
    agrees(indexed, state)


@settings(max_examples=100, deadline=None)
@given(steps | conflicts, st.integers(0, 2**32))
def test_what_a_record_does_to_others_is_noted(story: list[Step], seed: int) -> None:
    """Else a name that two took stays as it is in the folder of who took it second, for ever."""
    world = world_of(story, seed)
    indexed, state = Indexed(), EMPTY
    for commit in in_causal_order(world, Random(seed)):  # noqa: S311
        before = places(state)
        indexed.catalog.reshown.clear()
        indexed.take(commit)
        state = apply(state, commit.operations, commit.dot, commit.seen)
        changed = {entry for entry, _, _ in before ^ places(state)}
        touched = {operation.entry for operation in commit.operations}
        assert changed <= touched | indexed.catalog.reshown
