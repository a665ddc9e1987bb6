"""Notes of one name that were begun apart: brought together where that can be, else named apart.

Two devices that make "2026-11-22.md" while they do not meet leave "x" and "x (2)". If both are
notes, were made under that name, and neither maker knew of the other's, the older one takes in the
younger, see storage.joining. Devices that do it at once do the same; and what one who has not heard
of it still writes in the younger note is taken in when it comes.

Files that cannot be brought together are named after the device that put the younger one there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.operate import FACT
from storage.facts.slots import APART, UNITED
from storage.facts.state import EntryFacts
from storage.facts.values import Content, EntryKind
from storage.facts.view import age_of, created_by, side_name, sides, stored_name
from storage.index.line import ODD_ORPHAN, ODD_UNITED
from storage.vault import Vault

NOTES = frozenset({"md", "markdown", "mdown", "txt", "text", "org", "rst", "adoc", ""})
"""Endings of names under which people write for people: their lines may be put together."""
MANY_STEPS = 100_000
_OWN = frozenset({"kind", "place", "content", "edits", "meta", "keep"})
WORDS = "brought together two notes of one name"
WORDS_APART = "named after who made it"


def unite_new(vault: Vault) -> frozenset[EntryId]:
    """Bring two notes together, or name two files apart; return what was changed.

    Nothing where there are none. Asked again and again, it comes to an end.

    Raises:
        NotAllowed, AccessExpired: this device may not change the space.
    """
    for older, younger in chain(_written_on(vault), _alike(vault)):
        if _may_be_one(vault, older, younger):
            change = vault.change()
            try:
                done = change.unite(older.id, younger.id)
            except (BlockNotFound, CorruptBlock, DecodeError):
                continue  # it will be here, or be repaired
            if done:
                vault.commit(change, WORDS)
                return frozenset({older.id, younger.id})
        if _name_apart(vault, older, younger):
            return frozenset({younger.id})
    return frozenset()


def _alike(vault: Vault) -> Iterator[tuple[Node, Node]]:
    """Walk the files that bear one stored name in one folder, by twos, the older first."""
    for alike in vault.doubled():
        named: dict[str, list[Node]] = {}
        for node in vault.nodes(alike).values():
            facts = vault.facts(node.id)
            if facts and node.kind is EntryKind.FILE and node.side_of is None:
                named.setdefault(stored_name(facts), []).append(node)
        for nodes in named.values():
            nodes.sort(key=lambda node: age_of(node.id, vault.facts(node.id)))
            yield from combinations(nodes, 2)


def _written_on(vault: Vault) -> Iterator[tuple[Node, Node]]:
    """Walk the notes that were taken in, and in which somebody wrote who did not know it."""
    late = vault.odd(ODD_ORPHAN)
    if late:
        for older in vault.nodes(vault.odd(ODD_UNITED)).values():
            facts = vault.facts(older.id)
            taken = [it for it in late if it != older.id and f"{UNITED}{it.hex()}" in facts]
            yield from ((older, younger) for younger in vault.nodes(taken).values())


def _may_be_one(vault: Vault, older: Node, younger: Node) -> bool:
    one, other = vault.facts(older.id), vault.facts(younger.id)
    if not is_note(stored_name(one)) or not (_is_whole(one) and _is_whole(other)):
        return False
    if f"{UNITED}{younger.id.hex()}" in one:
        return True  # somebody went on in it, not knowing
    return _made_here(one) and _made_here(other) and _made_apart(vault, older, younger)


def is_note(name: str) -> bool:
    """Say whether a name is one of a note."""
    stem, dot, ending = name.rpartition(".")
    return (ending.lower() if dot and stem else "") in NOTES


def _is_whole(facts: EntryFacts) -> bool:
    """Say whether it is one text, and nothing else is known of it than what it took in."""
    contents = [it for it in facts.get("content", {}).values() if isinstance(it, Content)]
    more = {name for name in facts.keys() - _OWN if not name.startswith(UNITED)}
    return bool(contents) and all(it.is_text for it in contents) and not (sides(facts)[1] or more)


def _made_here(facts: EntryFacts) -> bool:
    """Say whether it was made under this name: nobody moved or renamed it since."""
    made = facts.get("kind", {})
    return bool(made) and facts.get("place", {}).keys() == made.keys()


def _made_apart(vault: Vault, *both: Node) -> bool:
    """Say whether neither maker knew of what the other made."""
    one, other = (created_by(vault.facts(node.id)) for node in both)
    knew = [_seen_by(vault, node, dot) for node, dot in zip(both, (one, other), strict=True)]
    return not (knew[0].includes(other) or knew[1].includes(one))


def _seen_by(vault: Vault, node: Node, dot: Dot) -> Seen:
    """Return what the maker of a commit that touched a file had seen."""
    steps = vault.history(node.id, MANY_STEPS)
    return next((step.seen for step in steps if step.dot == dot), vault.seen)


def _name_apart(vault: Vault, older: Node, younger: Node) -> bool:
    """Give the younger of two files that cannot be one a name that says who put it there."""
    facts = vault.facts(younger.id)
    places = facts.get("place", {})
    if len(places) != 1 or not (vault.is_here(older) and vault.is_here(younger)):
        return False
    name = side_name(stored_name(facts), vault.device_name(next(iter(places)).writer))
    taken = {collision_key(node.name) for node in vault.tree().children(younger.parent)}
    if collision_key(name) in taken:
        return False
    change = vault.change()
    change.move(younger.id, younger.parent, name)
    change.put_fact(younger.id, APART.removeprefix(FACT), older.id)
    return vault.commit(change, WORDS_APART) is not None
