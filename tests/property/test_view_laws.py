"""The laws of the view: whatever the facts, there is one tree, and everything is in it once."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot
from storage.facts.names import MAX_NAME, collision_key
from storage.facts.node import Node
from storage.facts.state import EntryFacts, State
from storage.facts.values import EntryKind
from storage.facts.view import (
    cut_of_cycle,
    encoded_parents,
    is_overtaken,
    is_shown,
    labels,
    overtaken_in,
    side_name,
    sides,
    winner,
)
from storage.facts.whole import View
from tests.helpers.histories import ENTRIES, NAMES, WRITERS, World, full_sync, states, worlds


def shown(view: View) -> list[tuple[tuple[str, ...], Node]]:
    """Return all that a person sees."""
    return list(view.walk())


def overtaken(state: State, entry: EntryId, facts: EntryFacts) -> bool:
    """Say whether an entry is a slot whose version its writer replaced."""
    original = overtaken_in(entry, facts)
    return original is not None and is_overtaken(entry, facts, state.entries.get(original, {}))


@given(states())
def test_all_that_is_to_be_seen_is_seen_exactly_once(state: State) -> None:
    """Cycles, orphans and collisions may move a file, but never hide or double it.

    Only what its own writer replaced, while versions stand side by side, is not shown beside them.
    """
    view = View(state)
    found = [node.id for _, node in shown(view)]
    assert len(found) == len(set(found))
    entries = {
        entry
        for entry, facts in state.entries.items()
        if is_shown(facts) and entry != TOP and not overtaken(state, entry, facts)
    }
    assert {node.id for _, node in shown(view) if node.id in state.entries} == entries


@given(states())
def test_every_version_side_by_side_is_seen_exactly_once(state: State) -> None:
    """Two people's work on one file is both there, and no copy of a copy."""
    view = View(state)
    found = sorted(node.side_of for _, node in shown(view) if node.side_of is not None)
    expected = sorted(
        (entry, dot)
        for entry, facts in state.entries.items()
        if (node := view.get(entry)) is not None and node.kind is not EntryKind.FOLDER
        for dot in sides(facts)[1]
    )
    assert found == expected


@given(states())
def test_no_two_names_in_a_folder_collide(state: State) -> None:
    """Else some disk could not hold the folder."""
    view = View(state)
    for parent in {TOP} | {node.id for _, node in shown(view)}:
        names = [node.name for node in view.children(parent)]
        assert len({collision_key(name) for name in names}) == len(names)
        assert all(0 < len(name.encode()) <= MAX_NAME for name in names)
        assert names == sorted(names)


@given(states())
def test_paths_lead_where_they_say(state: State) -> None:
    """All four ways of asking give the same answer."""
    view = View(state)
    assert view.find(()) is None and view.get(TOP) is None and view.path(TOP) == ()
    above: set[EntryId] = {TOP}
    for path, node in shown(view):
        assert node.parent in above
        assert view.find(path) == view.get(node.id) == node
        assert view.path(node.id) == path
        assert node in view.children(node.parent)
        assert (node.version == b"") == (node.kind is EntryKind.FOLDER)
        if node.kind is EntryKind.FOLDER:
            above.add(node.id)


@given(worlds, st.integers(0, 2**32))
def test_devices_that_heard_the_same_show_the_same(world: World, seed: int) -> None:
    """The view is a function of the facts, not of the way they came."""
    full_sync(world, seed)
    first, *others = (shown(View(state)) for state in world.applied)
    assert all(other == first for other in others)
    entries = list(world.applied[0].entries.items())
    Random(seed).shuffle(entries)  # noqa: S311
    assert shown(View(State(world.applied[0].seen, dict(entries)))) == first


@given(states())
def test_every_row_has_one_folder_and_every_cycle_one_cut(state: State) -> None:
    """Following parents always ends: at the top, or at a loose entry."""
    parents = encoded_parents(state.entries)
    assert parents.keys() == state.entries.keys()
    for entry in parents:
        steps = 0
        above: EntryId | None = entry
        while above is not None and above != TOP:
            above = parents[above]
            steps += 1
            assert steps <= len(parents)


@given(st.dictionaries(st.sampled_from(ENTRIES), st.tuples(st.integers(1, 3), st.integers(0, 6))))
def test_a_cycle_is_cut_at_its_largest_dot(moves: dict[EntryId, tuple[int, int]]) -> None:
    """From wherever one enters it."""

    def parent_of(entry: EntryId) -> tuple[Dot, EntryId] | None:
        step = moves.get(entry)
        return None if step is None else (Dot(WRITERS[0], step[0]), ENTRIES[step[1]])

    for start in moves:
        cut = cut_of_cycle(start, parent_of)
        seen = [start]
        while (step := parent_of(seen[-1])) is not None and step[1] not in seen:
            seen.append(step[1])
        if step is None:
            assert cut is None
            continue
        cycle = seen[seen.index(step[1]) :]
        assert cut == max(cycle, key=lambda member: (moves[member][0], member))


children = st.lists(
    st.tuples(
        st.binary(min_size=16, max_size=16).map(EntryId),
        st.sampled_from([*NAMES, "a (2)", "a (3)", "A (2)", ".x", "x.", "Dr. Who"]),
        st.builds(Dot, st.sampled_from(WRITERS), st.integers(1, 5)),
    ),
    unique_by=lambda child: child[0],
)


@given(children, st.randoms(use_true_random=False))
def test_labels_are_unique_and_the_first_keeps_its_name(
    found: list[tuple[EntryId, str, Dot]], random: Random
) -> None:
    """The order in which a folder is read does not matter."""
    given_names = labels(found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert labels(shuffled) == given_names
    assert len({collision_key(name) for name in given_names.values()}) == len(found)
    for entry, name, dot in found:
        rivals = [c for c in found if collision_key(c[1]) == collision_key(name)]
        if (dot.rank, entry) == min((c[2].rank, c[0]) for c in rivals):
            assert given_names[entry] == name


@given(st.text(max_size=40))
def test_a_device_of_any_name_makes_a_name_that_a_folder_may_hold(device: str) -> None:
    """A device's name comes from another person."""
    name = side_name("note.md", device)
    assert name.startswith("note (") and name.endswith(").md")
    assert not set("/\\\0\n") & set(name)


def test_ten_thousand_files_of_one_name_are_told_apart_quickly() -> None:
    """A careless import must not stop the app: each takes one look, not thousands."""
    dot = Dot(WRITERS[0], 1)
    found = [(EntryId(n.to_bytes(16)), "a.md", dot) for n in range(10_000)]
    assert set(labels(found).values()) == {"a.md", *(f"a ({n}).md" for n in range(2, 10_001))}


@given(states())
def test_the_winner_is_one_of_those_there(state: State) -> None:
    """With the largest dot, by number and then writer."""
    for facts in state.entries.values():
        places = facts.get("place", {})
        found = winner(places)
        assert found is None or found[0] == max(places, key=lambda dot: (dot.n, dot.writer))
