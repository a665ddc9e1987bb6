"""What is written again under other dots does exactly what it did: laws of renaming."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.facts.dots import Dot, Seen, Writer
from storage.facts.operate import apply
from storage.facts.renaming import Renaming, Run
from storage.facts.state import EMPTY, State
from storage.facts.values import Edit, Value
from tests.helpers.histories import WRITERS, World, worlds

AGAIN = [Writer(bytes([100 + n]) * 8) for n in range(len(WRITERS))]
runs = st.dictionaries(
    st.integers(0, len(WRITERS) - 1), st.integers(1, 4), max_size=len(WRITERS)
).map(lambda found: Renaming({WRITERS[who]: Run(n, AGAIN[who]) for who, n in found.items()}))


def replay(world: World, who: int, renaming: Renaming) -> State:
    """Do anew, renamed, all that a device had seen, in an order in which causes come first."""
    state = EMPTY
    todo = [c for dot, c in world.log.items() if world.applied[who].seen.includes(dot)]
    for commit in todo:
        operations = renaming.operations(commit.operations)
        state = apply(state, operations, renaming.dot(commit.dot), renaming.seen(commit.seen))
    return state


def renamed(state: State, renaming: Renaming) -> State:
    """Return a state with other names for its dots."""

    def value(found: Value) -> Value:
        return Edit(renaming.dot(found.base), found.update) if isinstance(found, Edit) else found

    entries = {
        entry: {
            attribute: {renaming.dot(dot): value(found) for dot, found in dots.items()}
            for attribute, dots in facts.items()
        }
        for entry, facts in state.entries.items()
    }
    return State(renaming.seen(state.seen), entries)


@given(worlds, st.integers(0, 2), runs)
def test_commits_under_other_dots_make_the_same_state_under_other_dots(
    world: World, who: int, renaming: Renaming
) -> None:
    """Nothing appears, vanishes or stands side by side that did not before."""
    assert replay(world, who, renaming) == renamed(world.applied[who], renaming)


@given(runs, st.integers(0, 2), st.integers(1, 9), st.integers(0, 9))
def test_a_dot_is_seen_under_its_new_name_exactly_when_it_was(
    renaming: Renaming, who: int, n: int, seen: int
) -> None:
    """Else a commit would replace what its writer never saw, or leave what it did."""
    dot, had = Dot(WRITERS[who], n), Seen({WRITERS[who]: seen})
    assert renaming.seen(had).includes(renaming.dot(dot)) == had.includes(dot)
