"""Gathering: the part of the three trees that a plan has to see, no more than it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.folder.agreed import Row
from app.folder.ground import Ground
from app.folder.match import Matched
from app.folder.names import disk_key, from_disk, to_disk
from app.folder.port import Path, Shape
from app.folder.scan import Listing
from app.folder.space import Tree
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind

MANY = 500
"""So many differences: see the whole tree at once, not thing by thing."""


def widest(paths: Iterable[Path]) -> set[Path]:
    """Return paths without those that lie below another one."""
    known = set(paths)
    return {path for path in known if not any(path[:n] in known for n in range(len(path)))}


class Gather:
    """Collects rows and nodes for a plan."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def everything(self) -> dict[EntryId, Node]:
        """Return all that is there."""
        return {node.id: node for _, node in self._ground.space.tree().walk()}

    def ignores(self, path: Path, is_folder: bool) -> bool:  # noqa: FBT001
        """Say whether a path is left alone, itself or a folder around it."""
        return self._ground.ignore.ignores_below(path, is_folder=is_folder)

    # -- for a look ------------------------------------------------------------------------
    def moved_from(self, here: Listing) -> set[Path]:
        """Return where things that appeared may have been before: only if they left they moved.

        That is where their very thing was, also if its folder was renamed meanwhile, and where
        a name lay that only looks the same: two such names are two files on a disk that tells
        them apart.
        """
        agreed = self._ground.agreed
        found: dict[int, set[Path]] = {}
        for folder, things in here.folders.items():
            for name, stat in things.items():
                found.setdefault(stat.inode, set()).add((*folder, name))
        rows = agreed.with_inodes(found)
        places = agreed.paths(rows)
        moved = [row for row in rows if found[row.inode] != {places.get(row.entry, ())}]
        sources = {places[row.entry] for row in moved if row.entry in places}
        around = agreed.get_some({row.parent for row in moved})
        for row in moved:
            above = around.get(row.parent)
            paths = set[Path]() if above is None else found.get(above.inode, set())
            sources |= {(*path, row.disk) for path in paths}
        for folder in here.folders.keys() - here.whole:
            sources.update(self._spelled_otherwise(folder, here.names(folder)))
        return {path for path in sources if not here.looked_at(path[:-1], path[-1])}

    def _spelled_otherwise(self, folder: Path, names: Iterable[str]) -> Iterator[Path]:
        parent = self._ground.agreed.find(folder)
        if parent is None:
            return
        for name in names:
            row = self._row_at(parent, name)
            if row is not None and row.disk != name:
                yield (*folder, row.disk)

    def rows_at(self, hinted: set[Path], here: Listing) -> dict[EntryId, Row]:
        """Return the rows on the way to what was hinted, however the disk spells it, and below."""
        spelled = {
            path
            for folder in here.folders.keys() & here.asked.keys()
            for name in here.names(folder)
            if (path := (*folder, name)) not in here.asked
        }
        return self._rows_below(hinted | spelled)

    def _rows_below(self, paths: Iterable[Path]) -> dict[EntryId, Row]:
        """Return the rows on the way to paths, at them, and below."""
        rows: dict[EntryId, Row] = {}
        for path in paths:
            entry: EntryId | None = TOP
            for name in path:
                row = self._row_at(entry, name) if entry is not None else None
                entry = None if row is None else row.entry
                if row is not None:
                    rows[row.entry] = row
            if entry is not None:
                self._add_below(entry, rows)
        return rows

    def nodes_of(self, rows: dict[EntryId, Row], matched: Matched) -> dict[EntryId, Node]:
        """Return the nodes of what is not as agreed, of all in missing folders, and new ones."""
        if len(matched.new) + len(matched.missing) + len(matched.found) > MANY:
            return self.everything()
        tree = self._ground.space.tree()
        entries = matched.found.keys() | matched.missing.keys()
        there = {entry: node for entry in entries if (node := tree.get(entry)) is not None}
        for entry, row in matched.missing.items():
            if row.shape is Shape.FOLDER and entry in there:
                there |= _below(tree, entry)
        folders = dict(matched.folders)
        for path, stat in matched.new.items():
            parent = folders.get(path[:-1])
            node = None if parent is None else self._node_named(tree, parent, path[-1])
            if node is not None and node.id not in rows:
                there[node.id] = node
                if node.kind is EntryKind.FOLDER and stat.shape is Shape.FOLDER:
                    folders[path] = node.id
        return there

    def rows_of(self, there: Iterable[EntryId]) -> dict[EntryId, Row]:
        """Return what is agreed of entries."""
        return self._ground.agreed.get_some(there)

    def _row_at(self, parent: EntryId, name: str) -> Row | None:
        ways = self._ground.ways
        row = self._ground.agreed.at(parent, name)
        if row is not None or (name.isascii() and not ways.folds_case):
            return row
        key = disk_key(name, ways)
        rows = self._ground.agreed.children(parent)
        return next((row for row in rows if disk_key(row.disk, ways) == key), None)

    def _add_below(self, entry: EntryId, rows: dict[EntryId, Row]) -> None:
        for row in self._ground.agreed.children(entry):
            rows[row.entry] = row
            if row.shape is Shape.FOLDER:
                self._add_below(row.entry, rows)

    def _node_named(self, tree: Tree, parent: EntryId, disk: str) -> Node | None:
        """Return what is there under the name on disk, and not agreed to lie elsewhere."""
        ways = self._ground.ways
        if parent != TOP and tree.get(parent) is None:
            return None
        node = tree.find((*tree.path(parent), from_disk(disk, ways)))
        if node is None and (ways.folds_case or not disk.isascii()):
            key = disk_key(disk, ways)
            nodes = tree.children(parent)
            node = next((n for n in nodes if disk_key(to_disk(n.name, ways), ways) == key), None)
        return node

    # -- to bring --------------------------------------------------------------------------
    def around(self, entries: set[EntryId]) -> tuple[dict[EntryId, Node], dict[EntryId, Row]]:
        """Return the nodes and rows that a change of entries may touch."""
        tree, agreed = self._ground.space.tree(), self._ground.agreed
        there: dict[EntryId, Node] = {}
        rows: dict[EntryId, Row] = {}
        folders: set[EntryId] = set()
        nodes = self._ground.space.nodes(entries)
        rows |= agreed.get_some(entries)
        above: set[EntryId] = {TOP}
        for entry in entries:
            node, row = nodes.get(entry), rows.get(entry)
            if node is not None:
                there[entry] = node
                self._add_above(tree, node, there, above)
            if not _only_edited(node, row):
                folders |= {thing.parent for thing in (node, row) if thing is not None}
            if node is None and row is not None and row.shape is Shape.FOLDER:
                self._add_below(entry, rows)
        for folder in folders:
            # A name that came or went may change how others are shown; so may a second version.
            there |= {node.id: node for node in tree.children(folder)}
            rows |= {row.entry: row for row in agreed.children(folder)}
        rows |= agreed.get_some(entry for entry in there if entry not in rows)
        there |= {e: n for e in rows if e not in there and (n := tree.get(e)) is not None}
        for row in [row for row in rows.values() if row.entry not in there]:
            if row.shape is Shape.FOLDER:  # it went, and what was in it may be elsewhere
                self._add_below(row.entry, rows)
        for entry in rows.keys() - there.keys():
            if (node := tree.get(entry)) is not None:
                there[entry] = node
                self._add_above(tree, node, there, above)
        return there, rows

    def _add_above(
        self, tree: Tree, node: Node, there: dict[EntryId, Node], above: set[EntryId]
    ) -> None:
        """Add the folders around a node that are not here yet; `above` were looked at."""
        up = node.parent
        while up not in above:
            above.add(up)
            folder = tree.get(up)
            if folder is None or up in there or self._ground.agreed.get(up) is not None:
                return
            there[up] = folder
            up = folder.parent


def _only_edited(node: Node | None, row: Row | None) -> bool:
    """Say whether nothing but a text changed, which touches nobody else."""
    if node is None or row is None or not node.is_text:
        return False
    return node.side_of is None and (node.parent, node.name) == (row.parent, row.name)


def _below(tree: Tree, entry: EntryId) -> dict[EntryId, Node]:
    found: dict[EntryId, Node] = {}
    todo = [entry]
    while todo:
        for node in tree.children(todo.pop()):
            found[node.id] = node
            if node.kind is EntryKind.FOLDER:
                todo.append(node.id)
    return found
