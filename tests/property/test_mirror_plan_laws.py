"""The plan's laws, over random trees that have much in common: there, agreed, and here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.folder.agreed import Row
from app.folder.match import Matched, match
from app.folder.plan import (
    Add,
    Adopt,
    Aside,
    BringStep,
    Clear,
    Edit,
    Forget,
    Know,
    MakeFolder,
    Move,
    Remove,
    ShareStep,
    bring,
    share,
)
from app.folder.port import Path, Shape, Stat, Ways
from app.folder.scan import Listing
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.node import Node
from storage.facts.values import EntryKind

LEVEL = os.environ.get("ATOLL_TESTS", "fast")
TRIPLES = {"fast": 2_000, "full": 100_000, "night": 1_000_000}[LEVEL]
PARTS = 4
NAMES = ["a", "b", "C", "c", "é", "e\u0301"]
DOT = Dot(Writer(b"w" * 8), 1)
WAYS = Ways()
Thing = tuple[EntryId, EntryKind, EntryId, str, int]
"""(id, kind, parent, name, version): the same thing in each of the trees."""


def entry(number: int) -> EntryId:
    """Return the id of a number."""
    return EntryId(number.to_bytes(16, "big"))


def grow(dice: Random) -> dict[EntryId, Thing]:
    """Return a random tree."""
    things: dict[EntryId, Thing] = {}
    for number in range(1, dice.randrange(1, 10)):
        folders = [TOP, *(t[0] for t in things.values() if t[1] is EntryKind.FOLDER)]
        kind = dice.choice([EntryKind.FOLDER, EntryKind.FILE, EntryKind.FILE, EntryKind.LINK])
        place(things, (entry(number), kind, dice.choice(folders), dice.choice(NAMES), 1))
    return things


def place(things: dict[EntryId, Thing], thing: Thing) -> None:
    """Put a thing in the tree, unless its name is taken or it would lie in itself."""
    taken = any(t[2:4] == thing[2:4] for t in things.values() if t[0] != thing[0])
    up: EntryId = thing[2]
    while up != TOP:
        if up == thing[0] or up not in things:
            return
        up = things[up][2]
    if not taken:
        things[thing[0]] = thing


def changed(things: Mapping[EntryId, Thing], dice: Random, first: int) -> dict[EntryId, Thing]:
    """Return the tree after some changes: edits, moves, removals, new things."""
    now = dict(things)
    for number in range(first, first + dice.randrange(6)):
        one = dice.choice([*now.values()]) if now else None
        folders = [TOP, *(t[0] for t in now.values() if t[1] is EntryKind.FOLDER)]
        match dice.choice(["edit", "move", "remove", "add"]):
            case "edit" if one is not None:
                now[one[0]] = (*one[:4], number)
            case "move" if one is not None:
                place(now, (*one[:2], dice.choice(folders), dice.choice(NAMES), one[4]))
            case "remove" if one is not None:
                remove(now, one[0])
            case _:
                place(
                    now,
                    (entry(number), EntryKind.FILE, dice.choice(folders), dice.choice(NAMES), 1),
                )
    return now


def remove(things: dict[EntryId, Thing], gone: EntryId) -> None:
    """Remove a thing with all below."""
    del things[gone]
    for thing in [t for t in things.values() if t[2] == gone]:
        remove(things, thing[0])


def path_of(things: Mapping[EntryId, Thing], thing: Thing) -> Path:
    """Return where a thing lies."""
    return (() if thing[2] == TOP else path_of(things, things[thing[2]])) + (thing[3],)


def shape_of(kind: EntryKind) -> Shape:
    """Return what a thing is on disk."""
    shapes = {EntryKind.FOLDER: Shape.FOLDER, EntryKind.FILE: Shape.FILE}
    return shapes.get(kind, Shape.LINK)


def stat_of(thing: Thing) -> Stat:
    """Return what the disk says: the inode is the id, the times are the version."""
    number = int.from_bytes(thing[0], "big")
    return Stat(shape_of(thing[1]), 0, number, 7, thing[4], thing[4], 0o644)


def as_agreed(things: Mapping[EntryId, Thing]) -> dict[EntryId, Row]:
    """Return the tree as rows."""
    return {
        t[0]: Row(t[0], t[2], t[3], t[3], t[1], *stat_of(t)[1:], version_of(t), b"digest", b"")
        for t in things.values()
    }


def version_of(thing: Thing) -> bytes:
    """Return a thing's version; folders have none."""
    return b"" if thing[1] is EntryKind.FOLDER else b"%d" % thing[4]


def as_nodes(things: Mapping[EntryId, Thing]) -> dict[EntryId, Node]:
    """Return the tree as nodes."""
    return {
        t[0]: Node(t[0], t[1], t[2], t[3], 7, version_of(t), 0, False, False, DOT)
        for t in things.values()
    }


def as_listing(things: Mapping[EntryId, Thing]) -> Listing:
    """Return the tree as a complete listing."""
    listing = Listing()
    listing.folders[()] = {}
    listing.whole.add(())
    for thing in things.values():
        path = path_of(things, thing)
        listing.folders.setdefault(path[:-1], {})[path[-1]] = stat_of(thing)
        if thing[1] is EntryKind.FOLDER:
            listing.folders.setdefault(path, {})
            listing.whole.add(path)
    return listing


class Triple:
    """Three trees that came from one."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311
        base = grow(self.dice)
        self.here = changed(base, self.dice, 100)
        self.there = changed(base, self.dice, 200)
        self.agreed = base

    def matched(self, listing: Listing | None = None) -> Matched:
        """Match what is here."""
        listing = listing or as_listing(self.here)
        return match(listing, as_agreed(self.agreed), WAYS, lambda _path, _is_folder: False)

    def shared(self, listing: Listing | None = None) -> list[ShareStep]:
        """Plan what to share."""
        matched = self.matched(listing)
        return share(matched, as_agreed(self.agreed), as_nodes(self.there), WAYS)

    def brought(self) -> list[BringStep]:
        """Plan what to bring."""
        return bring(as_agreed(self.agreed), as_nodes(self.there))


triples = st.integers(0, 2**32).map(Triple)


@given(triples)
def test_everything_that_is_here_and_unknown_is_shared(triple: Triple) -> None:
    """Whatever was never seen by the space is read before anything may be written over it."""
    steps = triple.shared()
    told = {step.found.path for step in steps if isinstance(step, Add | Adopt | Edit)}
    rows = as_agreed(triple.agreed)
    for thing in triple.here.values():
        row = rows.get(thing[0])
        new = row is None or (thing[1] is not EntryKind.FOLDER and not row.is_as(stat_of(thing)))
        known = any(
            isinstance(s, Move | Edit | Add | Adopt) or type(s).__name__ in {"Know", "Aside"}
            for s in steps
            if not isinstance(s, Remove | Forget) and s.found.path == path_of(triple.here, thing)
        )
        assert not new or path_of(triple.here, thing) in told or known


@given(triples)
@example(Triple(31217))
@example(Triple(23090))
@example(Triple(21687))
def test_only_what_a_person_saw_and_removed_is_removed(triple: Triple) -> None:
    """Nothing of what others made or changed since goes, nor any folder around it."""
    rows, nodes = as_agreed(triple.agreed), as_nodes(triple.there)
    steps = triple.shared()
    told = {
        step.found.path for step in steps if isinstance(step, Add | Adopt | Edit | Aside | Know)
    }
    out: set[EntryId] = set()
    for step in steps:
        if isinstance(step, Remove):
            gone = {step.entry, *step.below}
            for one in gone:
                # Moved and edited at once, its content is shared where it is now, or beside
                # what another put there meanwhile; a folder there may be known as another.
                assert one not in triple.here or path_of(triple.here, triple.here[one]) in told
                assert nodes[one].version == rows[one].version
            below = {n.id for n in nodes.values() if n.parent in gone}
            assert below <= gone | out
        elif isinstance(step, Move):
            out.add(step.entry)


@given(triples, st.integers(0, 99))
def test_without_evidence_nothing_is_removed(triple: Triple, which: int) -> None:
    """A folder that cannot be listed takes everything in it out of the judgement."""
    listing = as_listing(triple.here)
    folders = sorted(listing.whole)
    hidden = folders[which % len(folders)]
    for path in [path for path in listing.folders if path[: len(hidden)] == hidden]:
        del listing.folders[path]
        listing.whole.discard(path)
    listing.doubt.add(hidden)
    known = {path_of(triple.here, thing): thing[0] for thing in triple.here.values()}
    inside = {one for path, one in known.items() if path[: len(hidden)] == hidden}
    stayed = {
        one
        for one in inside & triple.agreed.keys()
        if path_of(triple.agreed, triple.agreed[one]) == path_of(triple.here, triple.here[one])
    }
    removed = {
        one for s in triple.shared(listing) if isinstance(s, Remove) for one in (s.entry, *s.below)
    }
    assert not removed & stayed
    if hidden == ():
        assert not removed


@given(triples)
def test_what_nobody_looked_at_is_left_alone(triple: Triple) -> None:
    """An empty listing of nothing is no evidence of anything."""
    assert not triple.shared(Listing())


@given(triples, st.integers(0, 2**32))
def test_the_order_of_the_trees_does_not_matter(triple: Triple, seed: int) -> None:
    """The same trees give the same plan, however they come out of a dictionary."""
    before = (triple.shared(), triple.brought())
    dice = Random(seed)  # noqa: S311
    for name in ("here", "there", "agreed"):
        things = list(getattr(triple, name).items())
        dice.shuffle(things)
        setattr(triple, name, dict(things))
    assert (triple.shared(), triple.brought()) == before


@given(triples)
def test_when_all_is_one_there_is_nothing_to_do(triple: Triple) -> None:
    """The plan ends."""
    triple.here = triple.there = triple.agreed
    assert not triple.shared()
    assert not triple.brought()


@given(triples)
def test_folders_are_made_before_and_cleared_after_what_they_hold(triple: Triple) -> None:
    """From the top down, and from the bottom up."""
    made: set[EntryId] = {TOP, *triple.agreed}
    cleared: set[EntryId] = set()
    for step in triple.brought():
        match step:
            case MakeFolder(node):
                assert node.parent in made
                made.add(node.id)
            case Clear(row):
                inside = {r for r, t in triple.agreed.items() if t[2] == row.entry}
                assert inside - triple.there.keys() <= cleared
                cleared.add(row.entry)
            case _:
                pass
    assert cleared == triple.agreed.keys() - triple.there.keys()


@given(triples)
def test_a_draft_is_never_brought_over(triple: Triple) -> None:
    """Whoever may only view keeps what they wrote."""
    drafts = set(triple.agreed)
    steps = bring(as_agreed(triple.agreed), as_nodes(triple.there), drafts)
    touched = {step.row.entry if isinstance(step, Clear) else step.node.id for step in steps}
    assert not touched & drafts


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_triples_drop_nothing_unseen_in_any_order(part: int) -> None:
    """The plan alone, over trees that have much in common: by seed, so that many are tried."""
    for seed in range(part, TRIPLES, PARTS):
        triple = Triple(seed)
        rows, nodes, shared = as_agreed(triple.agreed), as_nodes(triple.there), triple.shared()
        for step in shared:
            if isinstance(step, Remove):
                for one in (step.entry, *step.below):
                    assert nodes[one].version == rows[one].version, f"unseen, in triple {seed}"
        plans = shared, triple.brought()
        for name in ("here", "there", "agreed"):
            setattr(triple, name, dict(reversed(getattr(triple, name).items())))
        assert (triple.shared(), triple.brought()) == plans, f"another order, in triple {seed}"
