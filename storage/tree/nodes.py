"""Opening the nodes of an encoded tree: each block checked, each form taken strictly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from storage.codec import dagcbor
from storage.codec.shape import is_list, items_of
from storage.crypto.link import Link, link_from
from storage.crypto.sealed import address, open_sealed
from storage.errors import CorruptBlock, DecodeError
from storage.facts.change import ENTRY_SIZE, EntryId
from storage.facts.dots import MAX_NUMBER, Seen, seen_from_cbor
from storage.tree.encode import INDEX, MAX_ROWS, ROOT, ROWS, VERSION
from storage.tree.rows import SPILL_KIND, Row, row_from_cbor, row_from_pieces, spilled_from_cbor

GetBlock = Callable[[bytes], bytes]
"""Return the block of a digest, or raise BlockNotFound or CorruptBlock."""
MAX_PLAIN: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a walk may open before it is given up."""

    nodes: int = 4_000_000
    levels: int = 64
    """Of indexes in one folder. How deep folders nest costs nothing and is not bounded."""


@dataclass(frozen=True, slots=True)
class Root:
    """What a root says."""

    epoch: int
    seen: Seen
    top: Link | None
    loose: Link | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """Rows, sorted by entry."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """The first id and the link of each node below, sorted."""

    items: tuple[tuple[EntryId, Link], ...]


class Opener:
    """Opens nodes one by one, as many as the budget allows."""

    def __init__(self, get: GetBlock, budget: Budget) -> None:
        self.budget = budget
        self.opened = 0
        self._get = get

    def root(self, link: Link) -> Root:
        """Open a root.

        Raises:
            BlockNotFound: it is not here.
            CorruptBlock: it is damaged.
            DecodeError: it is no root.
        """
        match items_of(dagcbor.decode(open_sealed(link, ROOT, self._fetch(link)))):
            case ["root", int() as version, int() as epoch, seen, top, loose] if (
                not isinstance(version, bool) and version == VERSION
            ):
                if not 0 <= epoch <= MAX_NUMBER or isinstance(epoch, bool):
                    raise DecodeError("a root of no epoch")
                return Root(epoch, seen_from_cbor(seen), _maybe_link(top), _maybe_link(loose))
            case _:
                raise DecodeError("a root has six parts")

    def node(self, link: Link) -> Leaf | Index:
        """Open a node of a folder; raises as `root` does."""
        block = self._fetch(link)
        try:
            plain = open_sealed(link, ROWS, block)
        except CorruptBlock:  # the bytes are those of the address, so it may be an index
            plain = open_sealed(link, INDEX, block)
            return _index_from_cbor(dagcbor.decode(plain))
        match items_of(dagcbor.decode(plain, limit=MAX_PLAIN)):
            case ["rows", rows] if is_list(rows) and 0 < len(rows) <= MAX_ROWS:
                leaf = Leaf(tuple(self._row(row) for row in rows))
            case _:
                raise DecodeError("a leaf has 1 to 256 rows")
        if any(a[0] >= b[0] for a, b in pairwise(leaf.rows)):
            raise DecodeError("rows that are not sorted")
        return leaf

    def _row(self, raw: object) -> Row:
        spilled = spilled_from_cbor(raw)
        if spilled is None:
            return row_from_cbor(raw)
        entry, links, child = spilled
        pieces = [open_sealed(link, SPILL_KIND, self._fetch(link)) for link in links]
        return row_from_pieces(entry, pieces, child)

    def _fetch(self, link: Link) -> bytes:
        self.opened += 1
        if self.opened > self.budget.nodes:
            raise DecodeError("a tree of more nodes than it may have")
        block = self._get(link.digest)
        if address(block) != link.digest:
            raise CorruptBlock(link.digest, "the tree")
        return block


def _index_from_cbor(raw: object) -> Index:
    match items_of(raw):
        case ["index", raw_items] if is_list(raw_items) and 0 < len(raw_items) <= MAX_ROWS:
            items = tuple(_item_from_cbor(item) for item in raw_items)
        case _:
            raise DecodeError("an index has 1 to 256 items")
    if any(a[0] >= b[0] for a, b in pairwise(items)):
        raise DecodeError("an index that is not sorted")
    return Index(items)


def _item_from_cbor(raw: object) -> tuple[EntryId, Link]:
    match items_of(raw):
        case [bytes() as first, link] if len(first) == ENTRY_SIZE:
            return EntryId(first), link_from(link)
        case _:
            raise DecodeError("an item of an index is [first id, link]")


def _maybe_link(raw: object) -> Link | None:
    return None if raw is None else link_from(raw)
