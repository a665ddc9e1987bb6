"""What is left alone in the folder while a batch of changes is held.

A held file lies there as it was agreed, and there it is gone or another one: that is what waits.
Nothing here was edited or deleted, so a look concludes nothing from it; and bringing has to do
nothing to it, nor to what would have to make room for it, or take its room.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from app.folder.agreed import Agreed, Row
from app.folder.names import disk_key, to_disk
from app.folder.port import Ways
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node


def left_alone(
    held: AbstractSet[EntryId],
    agreed: Agreed,
    rows: Mapping[EntryId, Row],
    there: Mapping[EntryId, Node],
    ways: Ways,
) -> frozenset[EntryId]:
    """Return the held entries, and all that has to wait with them."""
    if not held:
        return frozenset()
    lying = agreed.get_some(held)
    waits = set(held) | _gone_around(lying, agreed, rows, there)
    places = {
        (row.parent, disk_key(row.disk, ways))
        for row in (*lying.values(), *agreed.get_some(waits - held).values())
    }
    more = True
    while more:
        more = False
        for node in there.values():
            if node.id in waits or not _is_in_the_way(node, rows, waits, places, ways):
                continue
            waits.add(node.id)
            more = True
            if (row := rows.get(node.id)) is not None:
                places.add((row.parent, disk_key(row.disk, ways)))
    return frozenset(waits)


def _gone_around(
    lying: Mapping[EntryId, Row],
    agreed: Agreed,
    rows: Mapping[EntryId, Row],
    there: Mapping[EntryId, Node],
) -> set[EntryId]:
    """Return the folders around held files, as far as they are gone there: they stay here."""
    found: set[EntryId] = set()
    passed: set[EntryId] = {TOP}
    for row in lying.values():
        up = row.parent
        while up not in passed:
            passed.add(up)
            folder = agreed.get(up)
            if folder is None:
                break
            if up in rows and up not in there:
                found.add(up)
            up = folder.parent
    return found


def _is_in_the_way(
    node: Node,
    rows: Mapping[EntryId, Row],
    waits: AbstractSet[EntryId],
    places: AbstractSet[tuple[EntryId, str]],
    ways: Ways,
) -> bool:
    """Say whether something would take the name of what waits, or go into what is not made."""
    row = rows.get(node.id)
    if row is not None and (row.parent, row.name) == (node.parent, node.name):
        return False
    if node.parent in waits and node.parent not in rows:
        return True
    return (node.parent, disk_key(to_disk(node.name, ways), ways)) in places
