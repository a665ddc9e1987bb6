"""Whatever happened, a moment shows what the pure view shows of its facts, though it reads few."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId, Put
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.operate import apply
from storage.facts.slots import MARK, mark_of
from storage.facts.state import EMPTY, NO_FACTS, EntryFacts, State
from storage.facts.values import EntryKind, Keep, Kind, Meta, Place, Value
from storage.facts.view import device_by_number
from storage.facts.whole import View
from storage.index.catalog import Catalog
from storage.index.schema import make_tables
from storage.index.then import TreeThen
from tests.helpers.histories import (
    ENTRIES,
    FILE,
    NAMES,
    SLOTS,
    WRITERS,
    Commit,
    Step,
    conflicts,
    content_of,
    steps,
    world_of,
)
from tests.property.test_catalog_is_the_view import in_causal_order, not_shown

Filling = tuple[bool, int, int, int]
"""Whether it is a folder; its parent, name and content, each out of a few."""
some = st.tuples(st.booleans(), st.integers(0, len(ENTRIES)), st.integers(0, 4), st.integers(0, 20))
fillings = st.none() | some
ages = st.sampled_from([0, 20])
"""Of facts that are otherwise: older, or newer than all others."""
full = st.lists(some, min_size=len(ENTRIES) + 2, max_size=len(ENTRIES) + 2)
"""How all entries are filled, and the first once more by two others."""


class Present:
    """A catalog in memory, and all states that it went through."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        make_tables(self.connection)
        self.device_name = device_by_number
        self.gave_way = 0
        self.states = [EMPTY]
        self._catalog = Catalog(self.connection, device_by_number)

    @property
    def state(self) -> State:
        """What is in the catalog."""
        return self.states[-1]

    @property
    def seen(self) -> Seen:
        """How much of each writer is in the catalog."""
        return self.state.seen

    def take(self, commit: Commit) -> None:
        """Apply one commit."""
        self._catalog.apply(commit.operations, commit.dot, commit.seen)
        self.states.append(apply(self.state, commit.operations, commit.dot, commit.seen))

    def facts_since(self, seen: Seen) -> Mapping[EntryId, EntryFacts]:
        """Return what all that was named since was, by remembering it."""
        return self.otherwise(next(state for state in self.states if state.seen == seen))

    def otherwise(self, state: State) -> dict[EntryId, EntryFacts]:
        """Return the facts that a state has otherwise than now."""
        entries = self.state.entries.keys() | state.entries.keys()
        return {
            entry: state.entries.get(entry, {})
            for entry in sorted(entries)
            if state.entries.get(entry, {}) != self.state.entries.get(entry, {})
        }


def agrees(tree: TreeThen, state: State) -> None:
    """Check the tree against the pure rules, by every door."""
    pure = View(state)
    for entry in ENTRIES:  # in no order of folders: whoever asks first finds it too
        assert tree.get(entry) == pure.get(entry)
        assert tree.facts(entry) == state.entries.get(entry, {})
        if pure.get(entry) is None:
            assert not_shown(tree, entry)
    assert list(tree.walk()) == list(pure.walk())
    for path, node in pure.walk():
        assert tree.get(node.id) == node
        assert tree.find(path) == node
        assert tree.find((*path, "nothing")) is None
        assert tree.path(node.id) == path
        assert tree.children(node.id) == pure.children(node.id)
    assert tree.children(TOP) == pure.children(TOP)


@settings(max_examples=200, deadline=None)
@given(steps | conflicts, st.integers(0, 2**32), st.data())
def test_a_moment_is_the_view_of_its_facts(
    story: list[Step], seed: int, data: st.DataObject
) -> None:
    """Of most entries only the rows of now are read: they must not show what came later."""
    world = world_of(story, seed)
    present = Present()
    for commit in in_causal_order(world, Random(seed)):  # noqa: S311
        present.take(commit)
    state = data.draw(st.sampled_from(present.states))
    named = data.draw(st.frozensets(st.sampled_from(ENTRIES)))
    also = {entry: state.entries.get(entry, {}) for entry in sorted(named)}
    agrees(TreeThen(present, {**present.otherwise(state), **also}), state)


@settings(max_examples=400, deadline=None)
@given(full, st.lists(st.tuples(st.sampled_from(ENTRIES), ages, fillings), max_size=3))
def test_facts_that_were_at_no_moment_are_shown_by_the_same_rules(
    fill: list[Filling], otherwise: list[tuple[EntryId, int, Filling | None]]
) -> None:
    """Taking back what one device did shows facts that nobody ever saw together."""
    present = Present()
    for number, entry in enumerate(ENTRIES):
        present.take(_filled(entry, fill[number], number))
        if number == 0:
            for other, beside in enumerate(fill[len(ENTRIES) :]):
                present.take(_filled(entry, beside, 0, WRITERS[1 + other]))
    changed: dict[EntryId, EntryFacts] = {
        entry: NO_FACTS if filling is None else _facts(_filled(entry, filling, number))
        for entry, number, filling in otherwise
    }
    entries = {**present.state.entries, **changed}
    state = State(present.seen, {entry: facts for entry, facts in entries.items() if facts})
    agrees(TreeThen(present, changed), state)


def _filled(entry: EntryId, filling: Filling, number: int, writer: Writer = WRITERS[0]) -> Commit:
    """Return a commit that places a folder or a file, without having seen another writer's."""
    folder, parent, name, content = filling
    values: dict[str, Value] = {
        "kind": Kind(EntryKind.FOLDER if folder else EntryKind.FILE),
        "place": Place([TOP, *ENTRIES][parent], NAMES[name]),
        "keep": Keep((NAMES[parent], NAMES[name])),
        "meta": Meta(content, executable=False),
    }
    if not folder:
        values["content"] = content_of(content)
    if not folder and entry in SLOTS:
        values[MARK] = mark_of(FILE, Dot(WRITERS[SLOTS.index(entry)], 0))
    puts = tuple(Put(entry, attribute, value) for attribute, value in values.items())
    seen = Seen([(writer, number)]) if number else Seen()
    return Commit(Dot(writer, number + 1), seen, puts)


def _facts(commit: Commit) -> EntryFacts:
    state = apply(State(commit.seen), commit.operations, commit.dot, commit.seen)
    return next(iter(state.entries.values()))


@settings(max_examples=100, deadline=None)
@given(steps | conflicts, st.integers(0, 2**32), st.data())
def test_a_moment_stays_what_it_was_while_the_present_goes_on(
    story: list[Step], seed: int, data: st.DataObject
) -> None:
    """Somebody looks at one folder of it, a change comes in, and they look at the next."""
    order = in_causal_order(world_of(story, seed), Random(seed))  # noqa: S311
    opened = data.draw(st.integers(0, len(order)))
    present = Present()
    for commit in order[:opened]:
        present.take(commit)
    state = data.draw(st.sampled_from(present.states))
    tree = TreeThen(present, present.otherwise(state))
    tree.children(TOP)
    for number, commit in enumerate(order[opened:]):
        present.take(commit)
        if number % 3 == 0:
            agrees(tree, state)
    agrees(tree, state)
