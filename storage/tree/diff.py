"""Which entries differ between two roots, opening only the nodes that differ.

Equal folders have equal links, so whatever both trees share is passed by unopened, down to
the leaf. An entry that changed folders is in one tree's folder and in the other's: rows
without a partner are kept until it turns up, or all that is left was opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.crypto.link import Link
from storage.errors import DecodeError
from storage.facts.change import EntryId
from storage.facts.state import EntryFacts
from storage.tree.nodes import Budget, GetBlock, Index, Leaf, Opener
from storage.tree.rows import Row

Node = Leaf | Index
_NO_BUDGET = Budget()


def diff(
    root_a: Link, root_b: Link, get: GetBlock, budget: Budget = _NO_BUDGET
) -> frozenset[EntryId]:
    """Return the entries whose facts differ between two roots.

    Raises:
        BlockNotFound: a node is not here.
        CorruptBlock: a node is damaged; the error names it.
        DecodeError: a root or node is none, or beyond the budget.
    """
    if root_a == root_b:
        return frozenset()
    return _Comparison(Opener(get, budget)).of(root_a, root_b)


class _Side:
    """What is known of one of the two trees."""

    def __init__(self) -> None:
        self.facts: dict[EntryId, EntryFacts] = {}
        self.children: dict[EntryId, Link | None] = {}
        self.opened: set[EntryId] = set()
        """Folders that were opened without knowing of a partner."""

    def take(self, rows: Mapping[EntryId, Row]) -> None:
        """Remember rows that the other tree does not have in the same place."""
        for entry, facts, child in rows.values():
            if entry in self.facts:
                raise DecodeError("an entry with two rows")
            self.facts[entry] = facts
            self.children[entry] = child


class _Comparison:
    """Compares folder with folder until nothing is left to compare."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._a = _Side()
        self._b = _Side()
        self._pairs: list[tuple[Link | None, Link | None]] = []
        self._alone: list[EntryId] = []
        self._met: set[EntryId] = set()

    def of(self, root_a: Link, root_b: Link) -> frozenset[EntryId]:
        """Return the entries that differ."""
        a, b = self._opener.root(root_a), self._opener.root(root_b)
        self._pairs += [(a.top, b.top), (a.loose, b.loose)]
        while self._pairs or self._alone:
            if self._pairs:
                self._compare(*self._pairs.pop())
            else:
                self._open_alone(self._alone.pop())
        either = self._a.facts.keys() | self._b.facts.keys()
        return frozenset(e for e in either if self._a.facts.get(e) != self._b.facts.get(e))

    def _compare(self, a: Link | None, b: Link | None) -> None:
        """Compare two folders, or the same one in both trees."""
        if a == b:
            return
        rows_a, rows_b = self._differing_rows(a, b)
        self._a.take(rows_a)
        self._b.take(rows_b)
        for entry in sorted(rows_a.keys() | rows_b.keys()):
            if entry in self._a.facts and entry in self._b.facts:
                self._meet(entry)
            else:
                self._alone.append(entry)

    def _meet(self, entry: EntryId) -> None:
        """Compare what lies in an entry, now that it is known where it is in both trees."""
        self._met.add(entry)
        a, b = self._a.children[entry], self._b.children[entry]
        if entry in self._a.opened:
            self._pairs.append((None, b))
        elif entry in self._b.opened:
            self._pairs.append((a, None))
        else:
            self._pairs.append((a, b))

    def _open_alone(self, entry: EntryId) -> None:
        """Open what lies in an entry that only one tree has, as far as is known."""
        if entry in self._met:
            return
        if entry in self._a.facts:
            self._a.opened.add(entry)
            self._pairs.append((self._a.children[entry], None))
        else:
            self._b.opened.add(entry)
            self._pairs.append((None, self._b.children[entry]))

    def _differing_rows(
        self, a: Link | None, b: Link | None
    ) -> tuple[dict[EntryId, Row], dict[EntryId, Row]]:
        """Return the rows of the leaves that the two folders do not share."""
        opened: dict[Link, Node] = {}
        surplus = self._surplus(a, b, opened) if a and b else 0
        links_a, links_b = [a] if a else [], [b] if b else []
        for _ in range(surplus):
            links_a = _below([self._open(link, opened) for link in links_a])
        for _ in range(-surplus):
            links_b = _below([self._open(link, opened) for link in links_b])
        nodes_a, nodes_b = self._unshared(links_a, links_b, opened)
        for _ in range(self._opener.budget.levels):
            if not nodes_a + nodes_b or isinstance((nodes_a + nodes_b)[0], Leaf):
                break
            nodes_a, nodes_b = self._unshared(_below(nodes_a), _below(nodes_b), opened)
        rows_a, rows_b = _rows(nodes_a), _rows(nodes_b)
        for entry in [entry for entry, row in rows_a.items() if rows_b.get(entry) == row]:
            del rows_a[entry], rows_b[entry]
        return rows_a, rows_b

    def _unshared(
        self, links_a: Sequence[Link], links_b: Sequence[Link], opened: dict[Link, Node]
    ) -> tuple[list[Node], list[Node]]:
        """Open the nodes of one level that the two folders do not share."""
        shared = {*links_a} & {*links_b}
        return (
            [self._open(link, opened) for link in links_a if link not in shared],
            [self._open(link, opened) for link in links_b if link not in shared],
        )

    def _surplus(self, a: Link, b: Link, opened: dict[Link, Node]) -> int:
        """Return how many more levels a has than b, by going down on the left in both.

        Where both ways meet they are of one height, so hardly anything shared is opened.
        """
        ways = ([a], [b])
        going = [True, True]
        while any(going):
            for turn, (way, other) in enumerate((ways, ways[::-1])):
                if way[-1] in other:
                    return ways[0].index(way[-1]) - ways[1].index(way[-1])
                node = self._open(way[-1], opened) if going[turn] else None
                going[turn] = isinstance(node, Index) and len(way) <= self._opener.budget.levels
                if isinstance(node, Index):
                    way.append(node.items[0][1])
        return len(ways[0]) - len(ways[1])

    def _open(self, link: Link, opened: dict[Link, Node]) -> Node:
        if link not in opened:
            opened[link] = self._opener.node(link)
        return opened[link]


def _below(nodes: Iterable[Node]) -> list[Link]:
    found: list[Link] = []
    for node in nodes:
        if not isinstance(node, Index):
            raise DecodeError("a folder that is uneven")
        found += [below for _, below in node.items]
    return found


def _rows(nodes: Iterable[Node]) -> dict[EntryId, Row]:
    rows: dict[EntryId, Row] = {}
    for node in nodes:
        if not isinstance(node, Leaf):
            raise DecodeError("a folder that is uneven, or too deep")
        for row in node.rows:
            if row[0] in rows:
                raise DecodeError("an entry with two rows")
            rows[row[0]] = row
    return rows
