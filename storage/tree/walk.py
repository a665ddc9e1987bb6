"""Reading a whole encoded tree back into a state, and refusing every shape but the one.

Whoever sends a tree could have made it by hand. So each node is counted and opened once,
the walk keeps a list instead of calling itself, and at the end everything must lie exactly
where encoding would have put it: then equal states cannot have two roots.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from storage.crypto.link import Link
from storage.errors import DecodeError
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Seen
from storage.facts.state import EntryFacts, State
from storage.facts.view import encoded_parents
from storage.tree.encode import index_groups, leaf_groups
from storage.tree.nodes import Budget, GetBlock, Index, Leaf, Opener, Root
from storage.tree.rows import Row

_NO_BUDGET = Budget()


def read_tree(root: Link, get: GetBlock, budget: Budget = _NO_BUDGET) -> tuple[int, State]:
    """Return the epoch and the state that a root stands for.

    Raises:
        BlockNotFound: a node is not here.
        CorruptBlock: a node is damaged; the error names it.
        DecodeError: the tree is none that `encode_tree` makes, or beyond the budget.
    """
    opener = Opener(get, budget)
    found = opener.root(root)
    entries, folders = _collect(found, _Folders(opener))
    _check_seen(entries, found.seen)
    if encoded_parents(entries) != folders:
        raise DecodeError("a row that lies in another folder than its own")
    return found.epoch, State(found.seen, entries)


def _collect(
    root: Root, folders: _Folders
) -> tuple[dict[EntryId, EntryFacts], dict[EntryId, EntryId | None]]:
    """Return the facts of all entries, and the folder that each one's row lies in."""
    entries: dict[EntryId, EntryFacts] = {}
    lies_in: dict[EntryId, EntryId | None] = {}
    todo: list[tuple[EntryId | None, Link | None]] = [(TOP, root.top), (None, root.loose)]
    for folder, link in todo:  # it grows while we walk it
        if link is None:
            continue
        for entry, facts, child in folders.rows(link):
            if entry in entries:
                raise DecodeError("an entry with two rows")
            if entry == TOP and child is not None:
                raise DecodeError("the top inside another folder")
            entries[entry] = facts
            lies_in[entry] = folder
            todo.append((entry, child))
    return entries, lies_in


class _Folders:
    """Reads folders, and checks that they are cut where the rule says and nowhere else."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._visited: set[bytes] = set()

    def rows(self, link: Link) -> list[Row]:
        """Return all rows of a folder."""
        levels: list[list[Index]] = []
        nodes = [self._open(link)]
        while indexes := [node for node in nodes if isinstance(node, Index)]:
            if len(indexes) != len(nodes) or len(levels) == self._opener.budget.levels:
                raise DecodeError("a folder that is uneven, or too deep")
            levels.append(indexes)
            nodes = [self._open(below) for index in indexes for _, below in index.items]
        leaves = [node for node in nodes if isinstance(node, Leaf)]
        rows = [row for leaf in leaves for row in leaf.rows]
        entries = [row[0] for row in rows]
        if any(a >= b for a, b in pairwise(entries)):
            raise DecodeError("rows that are not sorted")
        if [len(group) for group in leaf_groups(entries)] != [len(leaf.rows) for leaf in leaves]:
            raise DecodeError("a leaf that is cut elsewhere")
        _check_indexes([leaf.rows[0][0] for leaf in leaves], levels)
        return rows

    def _open(self, link: Link) -> Leaf | Index:
        if link.digest in self._visited:
            raise DecodeError("a node that stands twice")
        self._visited.add(link.digest)
        return self._opener.node(link)


def _check_indexes(firsts: Sequence[EntryId], levels: Sequence[Sequence[Index]]) -> None:
    """Refuse indexes (the uppermost level first) that are not those above these leaves."""
    for level, indexes in enumerate(reversed(levels), start=1):
        items = [item for index in indexes for item in index.items]
        if len(items) < 2 or [first for first, _ in items] != list(firsts):  # noqa: PLR2004
            raise DecodeError("an index that does not name what is below")
        if [len(group) for group in index_groups(items, level)] != [len(i.items) for i in indexes]:
            raise DecodeError("an index that is cut elsewhere")
        firsts = [index.items[0][0] for index in indexes]
    if len(firsts) != 1:
        raise DecodeError("a folder of more than one node")


def _check_seen(entries: dict[EntryId, EntryFacts], seen: Seen) -> None:
    for facts in entries.values():
        for dots in facts.values():
            if not all(map(seen.includes, dots)):
                raise DecodeError("a fact that was not seen")
