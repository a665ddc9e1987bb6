"""The canonical encoding of a state: equal states have equal roots on every device.

    root   = ["root", 1, epoch, seen, top: link | null, loose: link | null]
    folder = a leaf, or an index of leaves; an empty folder has no link at all
    leaf   = ["rows", [row, ...]]            rows by entry id
    index  = ["index", [[first id, link], ...]]      of leaves or of indexes

A leaf is cut after a row whose BLAKE3(id) begins with a byte below 4 and at most 256 rows
after the cut before. Indexes are cut by the same rule, each level by the next byte of the
first id's hash, until one node is left. So shape depends on the ids alone, never on how
the state came about. These are small pure pieces: an index that keeps fragments and links
builds the same tree from the one leaf that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from blake3 import blake3

from storage.codec import dagcbor
from storage.crypto.link import Link
from storage.crypto.sealed import seal as seal_block
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Seen
from storage.facts.state import EntryFacts, State
from storage.facts.view import encoded_parents
from storage.tree.rows import Seal, encode_row, finish_row, fit_row

ROWS: Final = b"rows"
INDEX: Final = b"index"
ROOT: Final = b"root"
VERSION: Final = 1
MAX_ROWS: Final = 256
CUT_BELOW: Final = 4
"""Of 256: one row in 64 ends its leaf."""

_T = TypeVar("_T")
_HASH_SIZE = 32
_SHORT, _ONE_BYTE = 24, 256  # how many items fit the shorter list heads of CBOR


@dataclass(frozen=True, slots=True)
class EncodedTree:
    """A state's root and all blocks below it, the root's own included, by digest."""

    root: Link
    blocks: Mapping[bytes, bytes]


def encode_tree(state: State, secret: bytes, epoch: int) -> EncodedTree:
    """Return the whole encoding of a state, sealed under an epoch's secret."""
    blocks: dict[bytes, bytes] = {}

    def seal(kind: bytes, plain: bytes) -> Link:
        link, block = seal_block(secret, kind, plain)
        blocks[link.digest] = block
        return link

    folders = folders_of(state.entries)
    links: dict[EntryId | None, Link] = {}
    children: dict[EntryId | None, bytes] = {}
    for folder in _deepest_first(folders):
        rows = [
            (entry, encode_row(entry, state.entries[entry]), children.get(entry))
            for entry in sorted(folders[folder])
        ]
        if (link := seal_folder(rows, seal)) is not None:
            links[folder] = link
            if folder != TOP:  # the root names what lies there, not the top's own row
                children[folder] = link.to_bytes()
    root = seal(ROOT, root_plain(epoch, state.seen, links.get(TOP), links.get(None)))
    return EncodedTree(root, blocks)


def folders_of(
    entries: Mapping[EntryId, EntryFacts],
) -> dict[EntryId | None, list[EntryId]]:
    """Return which entries' rows lie in which folder; None is where the loose ones lie."""
    folders: dict[EntryId | None, list[EntryId]] = {}
    for entry, parent in encoded_parents(entries).items():
        folders.setdefault(parent, []).append(entry)
    return folders


def seal_folder(rows: Sequence[tuple[EntryId, bytes, bytes | None]], seal: Seal) -> Link | None:
    """Return the link to a folder of (entry, fragment, child) rows sorted by entry."""
    leaves: list[tuple[EntryId, Link]] = []
    at = 0
    for group in leaf_groups([entry for entry, _, _ in rows]):
        leaves.append((group[0], seal_leaf(rows[at : at + len(group)], seal)))
        at += len(group)
    return fold_index(leaves, lambda plain: seal(INDEX, plain))


def seal_leaf(rows: Iterable[tuple[EntryId, bytes, bytes | None]], seal: Seal) -> Link:
    """Return the link to one leaf of (entry, fragment, child) rows; long rows are spilled."""
    fitting = ((fit_row(entry, fragment, seal), child) for entry, fragment, child in rows)
    return seal(ROWS, leaf_plain(fitting))


def is_cut(entry: EntryId, level: int) -> bool:
    """Say whether a node of this level ends with this id; leaves are level 0."""
    return level < _HASH_SIZE and blake3(entry).digest()[level] < CUT_BELOW


def leaf_groups(entries: Sequence[EntryId]) -> list[Sequence[EntryId]]:
    """Return the sorted ids of a folder's rows, cut into leaves."""
    return _cut(entries, entries, 0)


def leaf_plain(rows: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """Return the plaintext of a leaf of (fragment that fits, child link) rows, by entry."""
    finished = [finish_row(fragment, child) for fragment, child in rows]
    return _LEAF_HEAD + _list_head(len(finished)) + b"".join(finished)


def index_plain(items: Iterable[tuple[EntryId, Link]]) -> bytes:
    """Return the plaintext of an index of (first id, link) items."""
    return dagcbor.encode(["index", [[first, link.to_bytes()] for first, link in items]])


def root_plain(epoch: int, seen: Seen, top: Link | None, loose: Link | None) -> bytes:
    """Return the plaintext of a root."""
    links = [link and link.to_bytes() for link in (top, loose)]
    return dagcbor.encode(["root", VERSION, epoch, seen.to_cbor(), *links])


def fold_index(
    leaves: Sequence[tuple[EntryId, Link]], seal: Callable[[bytes], Link]
) -> Link | None:
    """Return the link to the folder made of these leaves, (first id, link) each, in order.

    `seal` seals the plaintext of an index.
    """
    items = list(leaves)
    level = 0
    while len(items) > 1:
        level += 1
        items = [(group[0][0], seal(index_plain(group))) for group in index_groups(items, level)]
    return items[0][1] if items else None


def index_groups(
    items: Sequence[tuple[EntryId, Link]], level: int
) -> list[Sequence[tuple[EntryId, Link]]]:
    """Return the items of one level, cut into the nodes of the level above them."""
    return _cut(items, [first for first, _ in items], level)


def _cut(items: Sequence[_T], entries: Sequence[EntryId], level: int) -> list[Sequence[_T]]:
    groups: list[Sequence[_T]] = []
    start = 0
    for at, entry in enumerate(entries, start=1):
        if at - start == MAX_ROWS or is_cut(entry, level):
            groups.append(items[start:at])
            start = at
    if start < len(items):
        groups.append(items[start:])
    return groups


def _deepest_first(
    folders: Mapping[EntryId | None, Sequence[EntryId]],
) -> list[EntryId | None]:
    """Return the folders, each after all that lie in it."""
    found: list[EntryId | None] = [TOP, None]
    for folder in found:  # it grows while we walk it
        found += [entry for entry in folders.get(folder, ()) if entry in folders]
    return [folder for folder in reversed(found) if folder in folders]


def _list_head(count: int) -> bytes:
    if count < _SHORT:
        return bytes([0x80 + count])
    return bytes([0x98, count]) if count < _ONE_BYTE else b"\x99" + count.to_bytes(2)


_LEAF_HEAD = dagcbor.encode(["rows", None])[:-1]
