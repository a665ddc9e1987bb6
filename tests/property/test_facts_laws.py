"""The laws of facts: devices that heard the same hold the same, in whatever order they heard."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.codec import dagcbor
from storage.errors import DecodeError
from storage.facts.change import TOP, Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Order, Seen
from storage.facts.operate import apply_to_entry, by_entry, check_operations, commit
from storage.facts.state import EMPTY, EntryFacts, State, join, join_entry, order
from storage.facts.values import Edit, EntryKind, Fact, Kind, Meta, Place
from storage.facts.wire import operations_from_cbor, operations_to_cbor
from tests.helpers.histories import (
    ENTRIES,
    WRITERS,
    World,
    choices,
    full_sync,
    operations_of,
    states,
    worlds,
)


@given(worlds)
def test_states_form_a_semilattice(world: World) -> None:
    """In any order, any number of times, joining gives the same answer."""
    a, b, c = world.joined
    assert join(a, a) == a
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(a, EMPTY) == a


@given(worlds, st.integers(0, 2**32))
def test_applying_commits_is_joining_states(world: World, seed: int) -> None:
    """A device that replays records and one that took a checkpoint must agree on all of it."""
    assert world.applied == world.joined
    full_sync(world, seed)
    assert world.applied == world.joined
    assert world.applied[0] == world.applied[1] == world.applied[2]


@given(worlds)
def test_order_says_what_joining_would_change(world: World) -> None:
    """A state is only said to be before one that holds all of it."""
    a, b, _ = world.joined
    joined = join(a, b)
    expected = {
        (True, True): Order.SAME,
        (True, False): Order.BEFORE,
        (False, True): Order.AFTER,
        (False, False): Order.BESIDE,
    }[joined == b, joined == a]
    assert order(a, b) is expected


@given(worlds)
def test_nothing_is_listed_without_a_fact(world: World) -> None:
    """Else equal states would not be equal."""
    for state in (*world.joined, *world.applied):
        assert all(state.entries.values())
        assert all(dots for facts in state.entries.values() for dots in facts.values())


def test_two_values_under_one_dot_still_join_to_one() -> None:
    """A writer that signs two records under one number must not split the others for ever."""
    dot, seen = Dot(WRITERS[0], 1), Seen({WRITERS[0]: 1})
    a, b = ({"fact:x": {dot: Fact(value)}} for value in ("a", "b"))
    assert join_entry(a, seen, b, seen) == join_entry(b, seen, a, seen)


@given(st.randoms(use_true_random=False), choices)
def test_operations_of_a_commit_do_not_depend_on_their_order(
    random: st.DataObject, numbers: list[tuple[int, int, int]]
) -> None:
    """They all stand against what was seen before, so a set would do."""
    before = commit(EMPTY, WRITERS[1], operations_of([(5, n, n * 97) for n in range(7)], EMPTY))
    operations = operations_of(numbers, before)
    shuffled = list(operations)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert commit(before, WRITERS[0], operations) == commit(before, WRITERS[0], shuffled)


@given(states(), choices)
def test_one_entry_at_a_time_is_the_whole(
    state: State, numbers: list[tuple[int, int, int]]
) -> None:
    """The index applies a commit entry by entry and must end up with the same facts."""
    operations = operations_of(numbers, state)
    dot = Dot(WRITERS[0], state.seen.of(WRITERS[0]) + 1)
    after = commit(state, WRITERS[0], operations)
    for entry, its_operations in by_entry(operations).items():
        facts = state.entries.get(entry, {})
        alone = apply_to_entry(facts, its_operations, dot, state.seen)
        assert alone == after.entries.get(entry, {})


@given(states(), choices)
def test_operations_survive_the_wire(state: State, numbers: list[tuple[int, int, int]]) -> None:
    """What one device did is what the others do."""
    operations = operations_of(numbers, state)
    data = dagcbor.encode(operations_to_cbor(operations))
    assert operations_from_cbor(dagcbor.decode(data)) == tuple(operations)


@given(states(), choices, st.integers(0), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_means_just_what_it_says(
    state: State, numbers: list[tuple[int, int, int]], at: int, byte: int
) -> None:
    """There are no two forms of the same operations, and no other error than our own."""
    data = bytearray(dagcbor.encode(operations_to_cbor(operations_of(numbers, state))))
    data[at % len(data)] = byte
    try:
        operations = operations_from_cbor(dagcbor.decode(bytes(data)))
    except DecodeError:
        return
    assert dagcbor.encode(operations_to_cbor(operations)) == data


E1 = ENTRIES[0]
DOT = Dot(WRITERS[0], 1)
REFUSED: dict[str, list[Operation]] = {
    "a value twice": [Put(E1, "fact:a", Fact(1)), Put(E1, "fact:a", Fact(2))],
    "put and added": [Put(E1, "fact:a", Fact(1)), Add(E1, "fact:a", Fact(2))],
    "dropped, then written": [Drop(E1), Put(E1, "kind", Kind(EntryKind.FILE))],
    "written, then dropped": [Put(E1, "kind", Kind(EntryKind.FILE)), Drop(E1)],
    "a place added": [Add(E1, "place", Place(TOP, "a"))],
    "a value of another attribute": [Put(E1, "kind", Place(TOP, "a"))],
    "an unknown attribute": [Put(E1, "colour", Fact(1))],
    "an unknown attribute dropped": [Drop(E1, "colour")],
    "a fact's name that is too long": [Put(E1, "fact:" + "a" * 60, Fact(1))],
    "the top moved": [Put(TOP, "place", Place(E1, "a"))],
    "the top edited": [Add(TOP, "edits", Edit(DOT, b"x"))],
}


@pytest.mark.parametrize("operations", REFUSED.values(), ids=REFUSED.keys())
def test_operations_that_contradict_each_other_are_refused(operations: list[Operation]) -> None:
    """A receiver must not have to guess what was meant."""
    with pytest.raises(DecodeError):
        check_operations(operations)
    with pytest.raises(DecodeError):
        commit(EMPTY, WRITERS[0], operations)


MALFORMED: list[object] = [
    None,
    {},
    [[]],
    [[1, E1, "kind"]],
    [[True, E1, "kind", 1]],
    [[4, E1, "kind", 1]],
    [[1, b"short", "kind", 1]],
    [[1, E1, "kind", True]],
    [[1, E1, None, 1]],
    [[3, E1, "kind", 1]],
    [[3, E1, "", None]],
    [[2, E1, "edits", [WRITERS[0], True, False, b"x"]]],
]


@pytest.mark.parametrize("raw", MALFORMED, ids=repr)
def test_malformed_operations_are_refused(raw: object) -> None:
    """One error for all that a peer may get wrong."""
    with pytest.raises(DecodeError):
        operations_from_cbor(raw)


def test_the_top_may_bear_facts() -> None:
    """A space's own name and look live there."""
    check_operations([Put(TOP, "fact:name", Fact("Home")), Put(TOP, "meta", Meta(0, True))])


@pytest.mark.bench
def test_ten_thousand_entries_are_changed_in_a_moment() -> None:
    """An import must not wait for bookkeeping."""
    seen = Seen({WRITERS[0]: 5})
    facts: EntryFacts = {"place": {DOT: Place(TOP, "a")}, "meta": {DOT: Meta(0, executable=False)}}
    operations: list[Operation] = [Put(EntryId(E1), "place", Place(TOP, "b")), Drop(E1, "keep")]
    start = time.perf_counter()
    for n in range(10_000):
        apply_to_entry(facts, operations, Dot(WRITERS[0], 6 + n), seen)
    assert time.perf_counter() - start < 0.4
