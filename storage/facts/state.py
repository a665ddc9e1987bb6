"""States: what has been seen and the facts that are left, and how two states join.

A state holds facts (entry, attribute, value, dot). Joining keeps the facts that both hold
and those of one side that the other has not seen; a fact that was seen and is not there
was removed. So states form a join-semilattice: any order, any number of times, one answer.

Mappings in here are plain dicts, shared between states and never changed after they were
handed out. No attribute and no entry is listed without a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.codec import dagcbor
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Order, Seen
from storage.facts.values import Value, value_to_cbor

Dots = Mapping[Dot, Value]
"""The values of one attribute, each with the dot of the commit that wrote it."""
EntryFacts = Mapping[str, Dots]
"""All facts of one entry, by attribute."""
NO_FACTS: EntryFacts = {}


@dataclass(frozen=True, slots=True)
class State:
    """What has been seen, and the facts that are left of it."""

    seen: Seen = field(default_factory=Seen)
    entries: Mapping[EntryId, EntryFacts] = field(default_factory=dict[EntryId, EntryFacts])


EMPTY = State()


def join(a: State, b: State) -> State:
    """Return the least state that holds what both know."""
    entries: dict[EntryId, EntryFacts] = {}
    for entry in a.entries.keys() | b.entries.keys():
        ours, theirs = a.entries.get(entry, NO_FACTS), b.entries.get(entry, NO_FACTS)
        if left := join_entry(ours, a.seen, theirs, b.seen):
            entries[entry] = left
    return State(a.seen.join(b.seen), entries)


def join_entry(a: EntryFacts, a_seen: Seen, b: EntryFacts, b_seen: Seen) -> EntryFacts:
    """Return what is left of one entry when two states join; empty when nothing is."""
    if a is b:
        return a
    joined: dict[str, Dots] = {}
    for attribute in a.keys() | b.keys():
        ours, theirs = a.get(attribute, {}), b.get(attribute, {})
        left = _kept(ours, theirs, b_seen) | _kept(theirs, ours, a_seen)
        for dot in ours.keys() & theirs.keys():
            left[dot] = _one(ours[dot], theirs[dot])
        if left:
            joined[attribute] = left
    return joined


def order(a: State, b: State) -> Order:
    """Say how a stands to b: by what they have seen, and by what joining them changes."""
    by_seen = a.seen.compare(b.seen)
    if by_seen is Order.BESIDE:
        return Order.BESIDE
    joined = join(a, b)
    match (joined.entries == b.entries, joined.entries == a.entries):
        case (True, True):
            return by_seen
        case (True, False) if by_seen in {Order.BEFORE, Order.SAME}:
            return Order.BEFORE
        case (False, True) if by_seen in {Order.AFTER, Order.SAME}:
            return Order.AFTER
        case _:
            return Order.BESIDE


def _kept(dots: Dots, others: Dots, seen: Seen) -> dict[Dot, Value]:
    """Return the dots that the others hold too, or have not seen."""
    return {dot: v for dot, v in dots.items() if dot in others or not seen.includes(dot)}


def _one(a: Value, b: Value) -> Value:
    """Choose between two values of one dot.

    A dot names one signed record, so they are equal, unless its writer signed two records
    under one number. Then any choice will do that is the same everywhere.
    """
    if a == b:
        return a
    return max(a, b, key=lambda value: dagcbor.encode(value_to_cbor(value)))
