"""What stands side by side in a space, and settling it: one choice, which holds on every device.

Versions of one file, files of one name, places of one entry, and what was deleted on one device
while it was changed on another. All of it follows from the facts; settling is an ordinary commit.
Who settles one thing in two ways at once finds both side by side again: nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from storage.contents import MAX_TEXT, text_in
from storage.errors import DecodeError, NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot
from storage.facts.node import Node, Tree
from storage.facts.slots import APART
from storage.facts.state import EntryFacts
from storage.facts.text import apply_splices
from storage.facts.text_union import joining
from storage.facts.values import EntryKind, Fact, Place
from storage.facts.view import age_of, latest_meta, sides, stored_name
from storage.index.line import ODD_APART, ODD_ORPHAN, ODD_PLACES, ODD_SIDES
from storage.records.ledger import Step
from storage.vault import Vault

MANY_STEPS = 1000
EDITED, DELETED = 0, 1
"""Which side is which, of what was deleted and edited at once."""


class What(Enum):
    """What it is that stands side by side."""

    VERSIONS = "versions"
    NAMES = "names"
    PLACES = "places"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the ways in which it may be settled."""

    path: tuple[str, ...]
    step: Step | None
    """Who did it, and when; None when that is not known."""
    node: Node | None = None
    """The file that it is."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something that stands side by side; the first side is what counts now."""

    what: What
    entry: EntryId
    path: tuple[str, ...]
    sides: tuple[Side, ...]


# --- finding ---------------------------------------------------------------------


def overlaps(vault: Vault) -> list[Overlap]:
    """Return all that stands side by side, by path."""
    tree = vault.tree()
    found = [*_versions(vault, tree), *_names(vault, tree), *_places(vault, tree)]
    found += _deleted(vault, tree)
    return sorted(found, key=lambda it: (it.path, it.what.value))


def _versions(vault: Vault, tree: Tree) -> Iterator[Overlap]:
    for entry in vault.odd(ODD_SIDES):
        node = tree.get(entry)
        main = sides(vault.facts(entry))[0]
        if node is None or main is None:
            continue
        steps = _steps(vault, entry)
        path = tree.path(entry)
        beside = [
            Side((*path[:-1], side.name), steps.get(side.dot), side)
            for side in tree.children(node.parent)
            if side.side_of is not None and side.side_of[0] == entry
        ]
        if beside:
            yield Overlap(What.VERSIONS, entry, path, (Side(path, steps.get(main), node), *beside))


def _names(vault: Vault, tree: Tree) -> Iterator[Overlap]:
    groups = [list(vault.nodes(alike).values()) for alike in vault.doubled()]
    for younger in vault.nodes(vault.odd(ODD_APART)).values():
        marks = vault.facts(younger.id).get(APART, {}).values()
        raw = next((it.value for it in marks if isinstance(it, Fact)), None)
        older = tree.get(EntryId(raw)) if isinstance(raw, bytes) else None
        if older is not None and older.id != younger.id and older.parent == younger.parent:
            groups.append([older, younger])
    for nodes in groups:
        own = [node for node in nodes if vault.facts(node.id)]
        own.sort(key=lambda node: age_of(node.id, vault.facts(node.id)))
        if len(own) > 1:
            found = tuple(_named(vault, tree, node) for node in own)
            yield Overlap(What.NAMES, own[0].id, found[0].path, found)


def _named(vault: Vault, tree: Tree, node: Node) -> Side:
    return Side(tree.path(node.id), _steps(vault, node.id).get(node.dot), node)


def _places(vault: Vault, tree: Tree) -> Iterator[Overlap]:
    for entry in vault.odd(ODD_PLACES):
        steps = _steps(vault, entry)
        found: dict[Place, Side] = {}
        dots = vault.facts(entry)["place"]
        for dot in sorted(dots, key=lambda dot: dot.rank, reverse=True):
            place = dots[dot]
            assert isinstance(place, Place)
            above = _path(tree, EntryId(place.parent))
            if above is not None:
                found.setdefault(place, Side((*above, place.name), steps.get(dot), place=place))
        if len(found) > 1:
            yield Overlap(What.PLACES, entry, tree.path(entry), tuple(found.values()))


def _path(tree: Tree, folder: EntryId) -> tuple[str, ...] | None:
    if folder == TOP:
        return ()
    return tree.path(folder) if tree.get(folder) is not None else None


def _deleted(vault: Vault, tree: Tree) -> Iterator[Overlap]:
    for entry in vault.odd(ODD_ORPHAN):
        node, facts = tree.get(entry), vault.facts(entry)
        if node is None or "place" in facts:
            continue
        path = tree.path(entry)
        steps = _steps(vault, entry)
        gone = (step for step in steps.values() if not vault.facts_at(entry, step))
        edited = Side(path, steps.get(node.dot), node)
        yield Overlap(What.DELETED, entry, path, (edited, Side(path, next(gone, None))))


def _steps(vault: Vault, entry: EntryId) -> dict[Dot, Step]:
    return {step.dot: step for step in vault.history(entry, MANY_STEPS)}


# --- settling --------------------------------------------------------------------


def take(vault: Vault, overlap: Overlap, number: int) -> None:
    """Let one side count; what the others were stays in the history, or goes to the bin."""
    change, chosen = vault.change(), overlap.sides[number]
    match overlap.what:
        case What.VERSIONS:
            dot = chosen.node.side_of[1] if chosen.node and chosen.node.side_of else None
            change.choose(overlap.entry, dot)
        case What.NAMES:
            assert chosen.node is not None
            for side in overlap.sides:
                if side is not chosen and side.node is not None:
                    change.remove(side.node.id)
            change.move(chosen.node.id, chosen.node.parent, _plain_name(vault, overlap))
            change.forget_fact(chosen.node.id, APART)
        case What.PLACES:
            assert chosen.place is not None
            change.move(overlap.entry, EntryId(chosen.place.parent), chosen.place.name)
        case What.DELETED if number == DELETED:
            change.remove(overlap.entry)
        case What.DELETED:
            assert chosen.node is not None
            change.move(overlap.entry, chosen.node.parent, chosen.node.name)
    vault.commit(change, "settled what stood side by side")


def keep_both(vault: Vault, overlap: Overlap) -> None:
    """Keep all sides as files of their own, for good.

    Raises:
        DecodeError: they are no files.
    """
    change = vault.change()
    match overlap.what:
        case What.VERSIONS:
            change.keep_all(overlap.entry)
        case What.NAMES:
            for side in overlap.sides[1:]:
                assert side.node is not None
                change.move(side.node.id, side.node.parent, side.node.name)
                change.forget_fact(side.node.id, APART)
        case What.PLACES | What.DELETED:
            raise DecodeError("there are no two files")
    vault.commit(change, "kept both")


def merged(vault: Vault, overlap: Overlap) -> str:
    """Return the text with the lines of all sides.

    Raises:
        DecodeError: they are no texts, or too long for one.
        BlockNotFound: they are not all here.
    """
    text: str | None = None
    for side in overlap.sides:
        if overlap.what not in {What.VERSIONS, What.NAMES} or side.node is None:
            raise DecodeError("there are no two texts")
        if side.node.kind is not EntryKind.FILE:
            raise DecodeError("there are no two texts")
        other = text_in(b"".join(vault.read(side.node)))
        if other is None:
            raise DecodeError("one of them is no text")
        text = other if text is None else apply_splices(text + other, joining(text, other))
    if text is None or len(text.encode()) > MAX_TEXT:
        raise DecodeError("too long for one text")
    return text


def merge(vault: Vault, overlap: Overlap) -> None:
    """Make one text of all sides, under the first one's name. Raises as `merged` does."""
    text = merged(vault, overlap)
    change = vault.change()
    first = overlap.sides[0].node
    assert first is not None
    facts: EntryFacts = vault.facts(overlap.entry)
    change.write(overlap.entry, text.encode(), latest_meta(facts), alike=True)
    for side in overlap.sides[1:]:
        assert side.node is not None
        change.remove(side.node.id)
    vault.commit(change, "brought together")


def _plain_name(vault: Vault, overlap: Overlap) -> str:
    first = overlap.sides[0].node
    if first is None:
        raise NotFound("nothing of that name is here")
    return stored_name(vault.facts(first.id))
