"""The plan: what to do so that the three trees become one. Pure, total, in one order only.

    here     what lies in the folder (a `Matched` listing)
    agreed   what the mirror last wrote or read
    there    what the space holds

`share` brings into the space what changed here, `bring` writes to the folder what changed
there. The laws: nothing is removed without evidence that a person removed it; nothing is
removed that they had not seen; what was never seen by the space is shared before anything
may be written over it; and when the trees are one, there is nothing to do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.folder.agreed import Row
from app.folder.match import Found, Matched
from app.folder.names import disk_key, from_disk, to_disk
from app.folder.port import EXECUTABLE, Path, Shape, Stat, Ways
from storage.facts.change import EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind

NOBODY: frozenset[EntryId] = frozenset()
_SHAPES = {EntryKind.FOLDER: Shape.FOLDER, EntryKind.FILE: Shape.FILE, EntryKind.LINK: Shape.LINK}


@dataclass(frozen=True, slots=True)
class Know:
    """An entry lies here: agree on that, nothing else is to do."""

    entry: EntryId
    found: Found


@dataclass(frozen=True, slots=True)
class Adopt:
    """A file or link is both here and there, and was never compared."""

    entry: EntryId
    found: Found


@dataclass(frozen=True, slots=True)
class Add:
    """Something new."""

    found: Found


@dataclass(frozen=True, slots=True)
class Edit:
    """A file or link that may have changed."""

    entry: EntryId
    found: Found


@dataclass(frozen=True, slots=True)
class Move:
    """It was renamed or moved here."""

    entry: EntryId
    found: Found


@dataclass(frozen=True, slots=True)
class Aside:
    """Something new is in the way of something of another kind."""

    found: Found


@dataclass(frozen=True, slots=True)
class Remove:
    """It was removed here, with all below it."""

    entry: EntryId
    below: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing is agreed any more; what is still there comes back."""

    entry: EntryId


ShareStep = Know | Adopt | Add | Edit | Move | Aside | Remove | Forget


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A folder is there and not here."""

    node: Node


@dataclass(frozen=True, slots=True)
class Write:
    """A file or link is there, and here is nothing, or another version."""

    node: Node


@dataclass(frozen=True, slots=True)
class Shift:
    """It has another place there."""

    node: Node


@dataclass(frozen=True, slots=True)
class Mode:
    """It became a program there, or is one no more."""

    node: Node


@dataclass(frozen=True, slots=True)
class Clear:
    """It is gone there."""

    row: Row


BringStep = MakeFolder | Write | Shift | Mode | Clear


def share(
    here: Matched,
    agreed: Mapping[EntryId, Row],
    there: Mapping[EntryId, Node],
    ways: Ways,
    spare: AbstractSet[EntryId] = NOBODY,
) -> list[ShareStep]:
    """Return what to tell the space: forgotten first, then by path, removals last.

    `spare` are entries that are missing for so short a time that they may come back.
    """
    steps: list[ShareStep] = [Forget(entry) for entry in sorted(here.left & agreed.keys())]
    by_path = [
        (found.path, step)
        for entry, found in here.found.items()
        for step in _of_found(agreed[entry], found, there.get(entry), here, ways)
    ]
    by_path += _of_new(here, agreed, there, ways)
    by_path.sort(key=lambda pair: (pair[0], _RANK[type(pair[1])]))
    moved = {step.entry for _, step in by_path if isinstance(step, Move)}
    forgotten, removed = _of_missing(here, agreed, there, spare, moved)
    return steps + forgotten + [step for _, step in by_path] + removed


def bring(
    agreed: Mapping[EntryId, Row],
    there: Mapping[EntryId, Node],
    drafts: AbstractSet[EntryId] = NOBODY,
) -> list[BringStep]:
    """Return what to write to the folder: from the top down, and what is gone last.

    It takes the folder to be as agreed; whoever does a step makes sure of that first.
    """
    steps: list[BringStep] = []
    asked = (n for n in there.values() if n.id not in drafts and n.kind in _SHAPES)
    of_nodes = {n.id: found for n in asked if (found := list(_of_node(n, agreed.get(n.id))))}
    for entry in _from_the_top(of_nodes, there):
        steps += of_nodes[entry]
    gone = [row for row in agreed.values() if row.entry not in there and row.entry not in drafts]
    steps += [Clear(row) for row in _from_the_bottom(gone)]
    return steps


def shared_name(row: Row, disk: str, ways: Ways) -> str:
    """Return the name in the space of what was agreed on and now bears a name on disk."""
    return row.name if same_name(row.disk, disk) else from_disk(disk, ways)


def only_renamed(row: Row, stat: Stat) -> bool:
    """Say whether a new name explains all that the disk shows anew of a file."""
    return (
        row.ctime_ns != -1
        and row.mode == stat.mode
        and row.is_as(stat._replace(ctime_ns=row.ctime_ns))
    )


def _of_found(
    row: Row, found: Found, node: Node | None, here: Matched, ways: Ways
) -> Iterable[ShareStep]:
    """Say what to do about something that is here and was agreed on."""
    parent = here.folders.get(found.path[:-1])
    moved = parent != row.parent or not same_name(row.disk, found.path[-1])
    place = (parent, shared_name(row, found.path[-1], ways))
    if node is not None and moved and (node.parent, node.name) != place:
        yield Move(row.entry, found)
    elif moved or row.disk != found.path[-1] or _is_another_folder(row, found.stat):
        yield Know(row.entry, found)
    if row.shape is Shape.FOLDER or row.is_as(found.stat):
        return
    if not (moved and only_renamed(row, found.stat)):
        yield Edit(row.entry, found)


def _of_new(
    here: Matched, agreed: Mapping[EntryId, Row], there: Mapping[EntryId, Node], ways: Ways
) -> Iterable[tuple[Path, ShareStep]]:
    """Say what to do about things here of which nothing was agreed."""
    free = {
        (node.parent, disk_key(to_disk(node.name, ways), ways)): node
        for node in sorted(there.values(), key=lambda node: node.id, reverse=True)
        if node.id not in agreed
    }
    folders = dict(here.folders)
    for path, stat in here.new.items():
        found = Found(path, stat)
        parent = folders.get(path[:-1])
        node = None if parent is None else free.get((parent, disk_key(path[-1], ways)))
        if node is None:
            yield path, Add(found)
        elif node.kind is EntryKind.MOUNT:
            continue  # a space of its own, with a mirror of its own
        elif _SHAPES[node.kind] is not stat.shape:
            yield path, Aside(found)
        elif stat.shape is Shape.FOLDER:
            folders[path] = node.id
            yield path, Know(node.id, found)
        else:
            yield path, Adopt(node.id, found)


def _of_missing(
    here: Matched,
    agreed: Mapping[EntryId, Row],
    there: Mapping[EntryId, Node],
    spare: AbstractSet[EntryId],
    moved: AbstractSet[EntryId],
) -> tuple[list[ShareStep], list[ShareStep]]:
    """Return what to forget, and what to remove: the topmost of what was removed together.

    What was moved out of a folder does not keep it: by then it is elsewhere.
    """
    if not here.missing:
        return [], []
    forgotten = {entry for entry in here.missing if entry not in there}
    seen = {
        entry
        for entry in here.missing
        if entry in there and entry not in spare and there[entry].version == agreed[entry].version
    }
    stays = (node for node in there.values() if node.id not in seen and node.id not in moved)
    kept = _with_parents(stays, there)
    waiting = _with_parents((there[e] for e in here.missing if e in there and e in spare), there)
    for entry in here.missing:
        if entry in there and entry in kept and entry not in waiting:
            forgotten.add(entry)
    removed = seen - kept
    topmost = sorted(entry for entry in removed if there[entry].parent not in removed)
    below: dict[EntryId, list[EntryId]] = {entry: [] for entry in topmost}
    for entry in sorted(removed):
        top = entry
        while top not in below:
            top = there[top].parent
        if top != entry:
            below[top].append(entry)
    return (
        [Forget(entry) for entry in sorted(forgotten)],
        [Remove(entry, tuple(below[entry])) for entry in topmost],
    )


def _with_parents(nodes: Iterable[Node], there: Mapping[EntryId, Node]) -> set[EntryId]:
    """Return the ids of nodes and of all folders around them."""
    ids: set[EntryId] = set()
    for node in nodes:
        up: Node | None = node
        while up is not None and up.id not in ids:
            ids.add(up.id)
            up = there.get(up.parent)
    return ids


def _of_node(node: Node, row: Row | None) -> Iterable[BringStep]:
    """Say what to do about something that is there."""
    if row is None:
        yield MakeFolder(node) if node.kind is EntryKind.FOLDER else Write(node)
        return
    if (row.parent, row.name) != (node.parent, node.name):
        yield Shift(node)
    if node.kind is EntryKind.FOLDER:
        return
    if row.version != node.version:
        yield Write(node)
    elif node.kind is EntryKind.FILE and bool(row.mode & EXECUTABLE) != node.executable:
        yield Mode(node)


def _from_the_top(entries: Iterable[EntryId], there: Mapping[EntryId, Node]) -> list[EntryId]:
    """Return entries so that a folder comes before what it holds, in one order only."""
    entries = list(entries)
    depth: dict[EntryId, int] = {}
    for entry in entries:
        chain: list[EntryId] = []
        up: Node | None = there[entry]
        while up is not None and up.id not in depth:
            chain.append(up.id)
            up = there.get(up.parent)
        start = depth[up.id] + 1 if up is not None else 0
        for n, above in enumerate(reversed(chain)):
            depth[above] = start + n
    return sorted(entries, key=lambda entry: (depth[entry], entry))


def _from_the_bottom(rows: Iterable[Row]) -> list[Row]:
    """Return rows so that a folder comes after what it held."""
    by_entry = {row.entry: row for row in rows}
    depth: dict[EntryId, int] = {}
    for row in by_entry.values():
        n, up = 0, by_entry.get(row.parent)
        while up is not None and n <= len(by_entry):
            n, up = n + 1, by_entry.get(up.parent)
        depth[row.entry] = n
    return sorted(by_entry.values(), key=lambda row: (-depth[row.entry], row.entry))


def same_name(a: str, b: str) -> bool:
    """Say whether two names differ in nothing that a person typed."""
    return a == b or unicodedata.normalize("NFC", a) == unicodedata.normalize("NFC", b)


def _is_another_folder(row: Row, stat: Stat) -> bool:
    return row.shape is Shape.FOLDER and (row.inode != stat.inode or row.device != stat.device)


_RANK = {Know: 0, Move: 1, Aside: 2, Adopt: 3, Add: 4, Edit: 5, Remove: 6, Forget: 7}
