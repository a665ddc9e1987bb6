"""The tree of now, read from the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storage.errors import NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.node import Node
from storage.facts.view import DeviceName, side_nodes
from storage.index.catalog import PathFinder
from storage.index.line import HIDDEN, NODE_COLUMNS, load_lines, node_from
from storage.index.naming import OwnShown, revived
from storage.index.sql import Connection
from storage.tree.rows import decode_own_row


class CatalogTree:
    """A space's folders and files as the catalog has them when asked."""

    def __init__(self, connection: Connection, device_name: DeviceName) -> None:
        self._connection = connection
        self._device_name = device_name

    def get(self, entry: EntryId) -> Node | None:
        """Return the node of that id, None when it is not shown, or the top itself."""
        line = load_lines(self._connection, [entry]).get(entry)
        if line is not None and line.parent != HIDDEN:
            return line.to_node()
        return self._side(entry) or self._revived(entry)

    def find(self, path: tuple[str, ...]) -> Node | None:
        """Return the node under the shown names from the top down."""
        node: Node | None = None
        for name in path:
            node = self._child(TOP if node is None else node.id, name)
            if node is None:
                return None
        return node

    def children(self, entry: EntryId) -> tuple[Node, ...]:
        """Return what lies in a folder, by name."""
        rows = self._connection.execute(
            f"SELECT {NODE_COLUMNS} FROM entry WHERE parent = ?",  # noqa: S608
            (entry,),
        ).fetchall()
        nodes = list(map(node_from, rows))
        for table, find in (("side", self._side), ("revived", self._revived)):
            ids = self._connection.execute(
                f"SELECT id FROM {table} WHERE parent = ?",  # noqa: S608
                (entry,),
            ).fetchall()
            nodes += [node for row in ids if (node := find(EntryId(bytes(row[0])))) is not None]
        return tuple(sorted(nodes, key=lambda node: node.name))

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Walk all paths and nodes, folders before what they hold. One reading for all."""
        inside: dict[EntryId, list[Node]] = {}
        for row in self._connection.execute(
            f"SELECT {NODE_COLUMNS} FROM entry WHERE parent <> ?",  # noqa: S608
            (HIDDEN,),
        ).fetchall():
            node = node_from(row)
            inside.setdefault(node.parent, []).append(node)
        for table, find in (("side", self._side), ("revived", self._revived)):
            ids = self._connection.execute(f"SELECT id FROM {table}").fetchall()  # noqa: S608
            for row in ids:
                if (other := find(EntryId(bytes(row[0])))) is not None:
                    inside.setdefault(other.parent, []).append(other)
        todo: list[tuple[tuple[str, ...], Node]] = [
            ((n.name,), n) for n in _by_name_backwards(inside.get(TOP, []))
        ]
        while todo:
            path, node = todo.pop()
            yield path, node
            below = _by_name_backwards(inside.get(node.id, []))
            todo += [((*path, n.name), n) for n in below]

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the shown names from the top down, empty for the top.

        Raises:
            NotFound: it is not shown.
        """
        path = PathFinder(self._connection).path(entry)
        if not path and entry != TOP:
            raise NotFound("it is not shown")
        return path

    def _child(self, parent: EntryId, name: str) -> Node | None:
        row = self._connection.execute(
            "SELECT id FROM entry WHERE parent = ?1 AND shown = ?2 "
            "UNION ALL SELECT id FROM side WHERE parent = ?1 AND shown = ?2 "
            "UNION ALL SELECT id FROM revived WHERE parent = ?1 AND shown = ?2 LIMIT 1",
            (parent, name),
        ).fetchone()
        return None if row is None else self.get(EntryId(bytes(row[0])))

    def _side(self, entry: EntryId) -> Node | None:
        row = self._connection.execute(
            "SELECT entry, shown FROM side WHERE id = ?", (entry,)
        ).fetchone()
        if row is None:
            return None
        original = load_lines(self._connection, [EntryId(bytes(row[0]))]).get(
            EntryId(bytes(row[0]))
        )
        if original is None:
            return None
        facts = decode_own_row(original.facts)
        taken = OwnShown(self._connection)
        for side in side_nodes(original.to_node(), facts, self._device_name, taken):
            if side.id == entry:
                return replace(side, name=str(row[1]))
        return None

    def _revived(self, entry: EntryId) -> Node | None:
        row = self._connection.execute(
            "SELECT parent, shown, writer, n FROM revived WHERE id = ?", (entry,)
        ).fetchone()
        if row is None:
            return None
        parent, shown, writer, n = row
        return revived(entry, EntryId(bytes(parent)), str(shown), Dot(Writer(bytes(writer)), n))


def _by_name_backwards(nodes: list[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.name, reverse=True)
