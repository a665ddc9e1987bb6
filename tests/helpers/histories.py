"""Random histories of three devices that write at the same time: what the laws of facts hold on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from blake3 import blake3
from hypothesis import strategies as st

from storage.crypto.link import Link
from storage.facts.change import TOP, Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.operate import apply, commit
from storage.facts.slots import MARK, mark_of, slot_of
from storage.facts.state import EMPTY, State, join
from storage.facts.values import Content, Edit, EntryKind, Fact, Keep, Kind, Meta, Place, Value

WRITERS = [Writer(bytes([n]) * 8) for n in (1, 2, 3)]
FILE = EntryId(blake3(b"\0").digest()[:16])
SLOTS = [slot_of(FILE, writer) for writer in WRITERS[:2]]
ENTRIES = [FILE, *(EntryId(blake3(bytes([n])).digest()[:16]) for n in range(1, 5)), *SLOTS]
NAMES = ["a", "A", "b.md", "B.MD", "é", "e\u0301", "a (2)", "long" * 200 + ".txt"]
SCALARS = [None, True, 1, -5, "text", b"bytes"]
ATTRIBUTES = ["kind", "place", "content", "edits", "meta", "keep", "fact:pin", "fact:tally"]


@dataclass(frozen=True, slots=True)
class Commit:
    """One device's commit, as it would travel."""

    dot: Dot
    seen: Seen
    operations: tuple[Operation, ...]


@dataclass(slots=True)
class World:
    """Three devices, each with the state from commits, and the same from joining states."""

    applied: list[State] = field(default_factory=lambda: [EMPTY] * 3)
    joined: list[State] = field(default_factory=lambda: [EMPTY] * 3)
    log: dict[Dot, Commit] = field(default_factory=dict[Dot, Commit])

    def write(self, who: int, operations: Sequence[Operation]) -> None:
        """Let a device commit."""
        seen = self.applied[who].seen
        dot = Dot(WRITERS[who], seen.of(WRITERS[who]) + 1)
        self.log[dot] = Commit(dot, seen, tuple(operations))
        self.applied[who] = commit(self.applied[who], WRITERS[who], operations)
        self.joined[who] = commit(self.joined[who], WRITERS[who], operations)

    def tell(self, teller: int, hearer: int, random: Random) -> None:
        """Let one device hear all that another has, in any causal order."""
        self.joined[hearer] = join(self.joined[hearer], self.joined[teller])
        ours = self.applied[hearer]
        news = [
            c
            for dot, c in self.log.items()
            if self.applied[teller].seen.includes(dot) and not ours.seen.includes(dot)
        ]
        while news:
            ready = [c for c in news if ours.seen.covers(c.seen)]
            chosen = random.choice(ready)
            ours = apply(ours, chosen.operations, chosen.dot, chosen.seen)
            news.remove(chosen)
        self.applied[hearer] = ours


def value_of(attribute: str, choice: int, state: State) -> Value:
    """Return one of the few values that an attribute takes here."""
    match attribute:
        case "meta":
            return Meta(choice - 50, executable=bool(choice % 2))
        case "fact:pin" | "fact:tally":
            return Fact(SCALARS[choice % len(SCALARS)])
        case "edits":
            bases = [dot for facts in state.entries.values() for dot in facts.get("content", {})]
            base = sorted(bases)[choice % len(bases)] if bases else Dot(WRITERS[0], 1)
            return Edit(base, bytes([choice % 251]) * (1 + choice % 9))
        case _:
            return _shaping(attribute, choice)


def _shaping(attribute: str, choice: int) -> Value:
    match attribute:
        case "kind":
            return Kind(EntryKind(choice % 4 + 1 if choice % 8 == 7 else choice % 2 + 1))
        case "place":
            parent = [TOP, *ENTRIES][choice % (len(ENTRIES) + 1)]
            return Place(parent, NAMES[choice % len(NAMES)])
        case "content":
            return content_of(choice)
        case _:
            return Keep(tuple(NAMES[(choice + i) % 4] for i in range(1 + choice % 3)))


def content_of(choice: int) -> Content:
    """Return one of a few contents: texts of three lineages, and others."""
    digest = blake3(bytes([choice % 5])).digest()
    link = Link(digest, digest)
    if choice % 3 == 0:
        return Content(link, 10 + choice, digest, is_text=False)
    if choice % 3 == 1:
        return Content(link, 10 + choice, digest, is_text=True, lineage=digest)
    lineage = blake3(bytes([choice % 2])).digest()
    return Content(link, 10 + choice, digest, True, link, lineage)


def operations_of(choices: Sequence[tuple[int, int, int]], state: State) -> list[Operation]:
    """Return operations that one commit may hold, out of any numbers."""
    chosen: dict[tuple[EntryId, str | None], Operation] = {}
    for what, where, choice in choices:
        entry = ENTRIES[where % len(ENTRIES)]
        attribute = ATTRIBUTES[choice % len(ATTRIBUTES)]
        value = value_of(attribute, choice // len(ATTRIBUTES), state)
        if what == 0:
            for key in [key for key in chosen if key[0] == entry]:
                del chosen[key]
            chosen[entry, None] = Drop(entry)
        elif (entry, None) in chosen:
            continue
        elif what == 3:
            chosen |= filling(choice, chosen)
        elif what == 1:
            chosen[entry, attribute] = Drop(entry, attribute)
        elif attribute == "edits" or (what == 2 and attribute.startswith("fact:")):
            chosen[entry, attribute] = Add(entry, attribute, value)
        else:
            chosen[entry, attribute] = Put(entry, attribute, value)
    return list(chosen.values())


def filling(
    choice: int, chosen: Mapping[tuple[EntryId, str | None], Operation]
) -> dict[tuple[EntryId, str | None], Operation]:
    """Return what lets a version beside the first file become a file in its writer's slot.

    Mostly the file gets another content itself, as when it was saved.
    """
    which, number = choice % 2, choice // 2 % 2 + 1
    slot = SLOTS[which]
    if (slot, None) in chosen or (FILE, None) in chosen:
        return {}
    values: dict[str, Value] = {
        "kind": Kind(EntryKind.FILE),
        "place": Place(TOP, NAMES[choice % 3]),
        "content": content_of(choice // 8),
        MARK: mark_of(FILE, Dot(WRITERS[which], number)),
    }
    filled: dict[tuple[EntryId, str | None], Operation] = {
        (slot, name): Put(slot, name, value) for name, value in values.items()
    }
    if choice % 16 < 13:
        filled[FILE, "content"] = Put(FILE, "content", content_of(choice // 16))
    return filled


def world_of(steps: Sequence[Step], seed: int) -> World:
    """Return the world after these steps."""
    world = World()
    random = Random(seed)  # noqa: S311
    for who, other, choices in steps:
        if choices:
            world.write(who, operations_of(choices, world.applied[who]))
        elif who != other:
            world.tell(other, who, random)
    return world


def full_sync(world: World, seed: int) -> None:
    """Let everyone hear everything."""
    random = Random(seed)  # noqa: S311
    for _ in range(2):
        for hearer in range(3):
            for teller in range(3):
                if teller != hearer:
                    world.tell(teller, hearer, random)


Step = tuple[int, int, list[tuple[int, int, int]]]
whos = st.integers(0, 2)
choices = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 6), st.integers(0, 799)), max_size=6)
steps = st.lists(st.tuples(whos, whos, choices), max_size=25)
fills = st.lists(st.tuples(st.just(3), st.just(0), st.integers(0, 799)), max_size=1)
conflicts = st.lists(st.tuples(whos, whos, fills), min_size=5, max_size=25)
"""Stories in which one file is replaced again and again while versions beside become files."""
worlds = st.builds(world_of, steps | conflicts, st.integers(0, 2**32))


@st.composite
def states(draw: st.DrawFn) -> State:
    """Draw the state of one device somewhere in a history."""
    return draw(worlds).joined[draw(whos)]
