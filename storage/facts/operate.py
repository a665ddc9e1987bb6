"""Operations at work: what a commit makes of the facts.

An operation removes only what its writer had seen before the commit, and what it writes
carries the commit's own dot. So the operations of one commit do not depend on their order,
and applying commits in any causal order equals joining states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.errors import DecodeError
from storage.facts.change import TOP, Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.state import NO_FACTS, Dots, EntryFacts, State
from storage.facts.values import Content, Edit, Fact, Keep, Kind, Meta, Place, Value

FACT = "fact:"
MAX_FACT_NAME = 64
"""Characters, `fact:` included."""

_TYPES: Mapping[str, type[Value]] = {
    "kind": Kind,
    "place": Place,
    "content": Content,
    "edits": Edit,
    "meta": Meta,
    "keep": Keep,
}


def apply_to_entry(
    facts: EntryFacts, operations: Iterable[Operation], dot: Dot, seen_before: Seen
) -> EntryFacts:
    """Return one entry's facts after a commit; empty when nothing is left of it.

    `operations` are the commit's operations on this entry, `dot` is the commit's, and
    `seen_before` is what its writer had seen. Facts from outside that are left alone.
    """
    after = dict(facts)
    for operation in operations:
        match operation:
            case Put(_, attribute, value):
                held = after.get(attribute)
                kept: Dots = _unseen(held, seen_before) if held else {}
                after[attribute] = {**kept, dot: value}
            case Add(_, attribute, value):
                after[attribute] = {**after.get(attribute, {}), dot: value}
            case Drop(_, attribute):
                dropped = after if attribute is None else {attribute: after.get(attribute, {})}
                after |= {name: _unseen(dots, seen_before) for name, dots in dropped.items()}
    if all(after.values()):
        return after
    return {attribute: dots for attribute, dots in after.items() if dots}


def apply(state: State, operations: Iterable[Operation], dot: Dot, seen_before: Seen) -> State:
    """Return the state after a commit that anyone wrote.

    The state must include all that the commit builds on: `seen_before`, which holds the
    writer's commits up to the one before.
    """
    assert state.seen.covers(seen_before)
    assert seen_before.of(dot.writer) == state.seen.of(dot.writer) == dot.n - 1
    entries = dict(state.entries)
    for entry, its_operations in by_entry(operations).items():
        after = apply_to_entry(entries.get(entry, NO_FACTS), its_operations, dot, seen_before)
        if after:
            entries[entry] = after
        else:
            entries.pop(entry, None)
    return State(state.seen.with_dot(dot), entries)


def commit(state: State, writer: Writer, operations: Sequence[Operation]) -> State:
    """Return the state after the writer's next commit, made on this very state.

    Raises:
        DecodeError: the operations contradict each other.
    """
    check_operations(operations)
    dot = Dot(writer, state.seen.of(writer) + 1)
    return apply(state, operations, dot, state.seen)


def by_entry(operations: Iterable[Operation]) -> dict[EntryId, list[Operation]]:
    """Return the operations, sorted out by the entry they change."""
    sorted_out: dict[EntryId, list[Operation]] = {}
    for operation in operations:
        sorted_out.setdefault(operation.entry, []).append(operation)
    return sorted_out


def check_operations(operations: Iterable[Operation]) -> None:
    """Refuse operations that one commit cannot hold together.

    Raises:
        DecodeError: an attribute written twice, an entry written and dropped whole, a value
            of another attribute, an `Add` where only one value may stand, or the top folder
            made into something else.
    """
    written: set[tuple[EntryId, str]] = set()
    touched: set[EntryId] = set()
    dropped: set[EntryId] = set()
    for operation in operations:
        match operation:
            case Put(entry, attribute, value) | Add(entry, attribute, value):
                if (entry, attribute) in written:
                    raise DecodeError("an attribute written twice in one commit")
                _check_write(operation, attribute, value)
                written.add((entry, attribute))
                touched.add(entry)
            case Drop(entry, attribute):
                if attribute is None:
                    dropped.add(entry)
                else:
                    check_attribute(attribute)
    if dropped & touched:
        raise DecodeError("an entry written and dropped in one commit")


def check_attribute(name: str) -> type[Value]:
    """Return the class of the values that an attribute holds.

    Raises:
        DecodeError: there is no such attribute.
    """
    found = _TYPES.get(name)
    if found is not None:
        return found
    if name.startswith(FACT) and len(name) <= MAX_FACT_NAME:
        return Fact
    raise DecodeError("an attribute that is not known")


def _check_write(operation: Put | Add, attribute: str, value: Value) -> None:
    expected = check_attribute(attribute)
    if not isinstance(value, expected):
        raise DecodeError("a value that does not fit its attribute")
    if isinstance(operation, Add) and attribute != "edits" and expected is not Fact:
        raise DecodeError("only edits and facts may stand side by side on purpose")
    if operation.entry == TOP and expected not in {Fact, Meta}:
        raise DecodeError("the top folder is what it is")


def _unseen(dots: Dots, seen: Seen) -> Dots:
    """Return what the writer of a commit had not seen, and so cannot have meant."""
    return {dot: value for dot, value in dots.items() if not seen.includes(dot)}
