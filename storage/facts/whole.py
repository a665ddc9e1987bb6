"""The view of a whole state: the rules of storage.facts.view, all of them at once.

It keeps every node, so it is for what fits in memory: what a root's link opens, and the tests
that say what the index must show.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from storage.errors import NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.state import NO_FACTS, EntryFacts, State
from storage.facts.view import (
    NO_DOTS,
    DeviceName,
    created_by,
    device_by_number,
    encoded_parents,
    is_folder,
    is_overtaken,
    is_shown,
    kept_path,
    labels,
    node_of,
    overtaken_in,
    revived_node,
    side_nodes,
    stored_name,
    touched_by,
    winner,
)


class View:
    """The tree of a whole state."""

    def __init__(self, state: State, device_name: DeviceName = device_by_number) -> None:
        self._entries = state.entries
        self._device_name = device_name
        self._inside: dict[EntryId, list[EntryId]] = {TOP: []}
        self._revived: dict[EntryId, Node] = {}
        self._own: set[EntryId] = set()
        """Entries that are shown, all but what the view makes itself."""
        self._place_entries()
        self._nodes: dict[EntryId, Node] = {}
        self._children: dict[EntryId, tuple[Node, ...]] = {}
        self._by_name: dict[tuple[EntryId, str], Node] = {}
        for parent, inside in self._inside.items():
            self._show(parent, inside)

    def get(self, entry: EntryId) -> Node | None:
        """Return the node of that id, None when it is not shown, or the top itself."""
        return self._nodes.get(entry)

    def find(self, path: tuple[str, ...]) -> Node | None:
        """Return the node under the shown names from the top down."""
        node: Node | None = None
        for name in path:
            node = self._by_name.get((node.id if node else TOP, name))
            if node is None:
                return None
        return node

    def children(self, entry: EntryId) -> tuple[Node, ...]:
        """Return what lies in a folder, by name."""
        return self._children.get(entry, ())

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Walk all paths and nodes, folders before what they hold."""
        todo: list[tuple[tuple[str, ...], Node]] = [
            ((node.name,), node) for node in reversed(self.children(TOP))
        ]
        while todo:
            path, node = todo.pop()
            yield path, node
            todo += [((*path, n.name), n) for n in reversed(self.children(node.id))]

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the shown names from the top down, empty for the top.

        Raises:
            NotFound: it is not shown.
        """
        names: list[str] = []
        while entry != TOP:
            node = self._nodes.get(entry)
            if node is None:
                raise NotFound("it is not shown")
            names.append(node.name)
            entry = node.parent
        return tuple(reversed(names))

    def _place_entries(self) -> None:
        """Find for every shown entry the folder that shows it."""
        orphans: list[EntryId] = []
        parents = encoded_parents(self._entries)
        for entry in sorted(self._entries):
            facts = self._entries[entry]
            if entry == TOP or not self._is_shown(entry, facts):
                continue
            self._own.add(entry)
            parent = parents[entry]
            if parent is None and self._has_folder(facts):
                parent = TOP  # here a cycle of moves is cut
            if parent is None or (parent != TOP and not is_shown(self._entries[parent])):
                orphans.append(entry)
            else:
                self._inside.setdefault(parent, []).append(entry)
        revival = Revival(self._settled_folders(), self._entries)
        for entry in orphans:
            facts = self._entries[entry]
            parent = revival.folder(kept_path(facts)[:-1], touched_by(facts))
            self._inside.setdefault(parent, []).append(entry)
        for node in revival.made.values():
            self._revived[node.id] = node
            self._inside.setdefault(node.parent, []).append(node.id)

    def _is_shown(self, entry: EntryId, facts: EntryFacts) -> bool:
        if not is_shown(facts):
            return False
        original = overtaken_in(entry, facts)
        return original is None or not is_overtaken(
            entry, facts, self._entries.get(original, NO_FACTS)
        )

    def _has_folder(self, facts: EntryFacts) -> bool:
        place = winner(facts.get("place", NO_DOTS))
        if place is None:
            return False
        parent = EntryId(place[1].parent)
        return parent != TOP and parent in self._entries and is_folder(self._entries[parent])

    def _settled_folders(self) -> dict[tuple[EntryId, str], EntryId]:
        """Return the folders that hang on the top, by parent and name, the oldest of a name."""
        found: dict[tuple[EntryId, str], EntryId] = {}
        todo = [TOP]
        while todo:
            parent = todo.pop()
            inside = [e for e in self._inside.get(parent, ()) if is_folder(self._entries[e])]
            inside.sort(key=lambda entry: (created_by(self._entries[entry]).rank, entry))
            for entry in inside:
                key = collision_key(stored_name(self._entries[entry]))
                found.setdefault((parent, key), entry)
            todo += inside
        return found

    def _show(self, parent: EntryId, inside: Sequence[EntryId]) -> None:
        """Make the nodes of one folder: entries first, then what is revived, then sides."""
        own = [entry for entry in inside if entry not in self._revived]
        shown = labels((e, stored_name(f), created_by(f)) for e in own for f in [self._entries[e]])
        nodes = [node_of(entry, self._entries[entry], parent, shown[entry]) for entry in own]
        revived = [self._revived[entry] for entry in inside if entry in self._revived]
        nodes += relabelled(revived, nodes)
        nodes += relabelled([side for node in nodes for side in self._sides(node)], nodes)
        nodes.sort(key=lambda node: node.name)
        self._children[parent] = tuple(nodes)
        for node in nodes:
            self._nodes[node.id] = node
            self._by_name[parent, node.name] = node

    def _sides(self, node: Node) -> list[Node]:
        facts = self._entries.get(node.id)
        return side_nodes(node, facts, self._device_name, self._own) if facts else []


class Revival:
    """Finds the folders that survivors of a deleted one go to, and makes those gone anew."""

    def __init__(
        self, folders: Mapping[tuple[EntryId, str], EntryId], taken: Container[EntryId]
    ) -> None:
        self.made: dict[EntryId, Node] = {}
        self._folders = dict(folders)
        self._taken = taken

    def folder(self, path: Sequence[str], dot: Dot) -> EntryId:
        """Return the folder of that path, found by its names or made of them."""
        parent = TOP
        for name in path:
            key = (parent, collision_key(name))
            if key not in self._folders:
                made = revived_node(parent, name, dot, self._taken)
                self.made[made.id] = made
                self._folders[key] = made.id
            parent = self._folders[key]
            if parent in self.made and self.made[parent].dot.rank < dot.rank:
                self.made[parent] = replace(self.made[parent], dot=dot)
        return parent


def relabelled(nodes: Sequence[Node], earlier: Iterable[Node]) -> list[Node]:
    """Return nodes under names that leave those of the earlier ones alone."""
    taken = {collision_key(node.name) for node in earlier}
    shown = labels([(node.id, node.name, node.dot) for node in nodes], taken)
    return [replace(node, name=shown[node.id]) for node in nodes]
