"""Any bytes as a row, a node or operations: what encodes to them again, or DecodeError."""

from __future__ import annotations

import contextlib

from storage.codec import dagcbor
from storage.crypto.link import Link
from storage.errors import AtollError, DecodeError
from storage.facts.wire import operations_from_cbor, operations_to_cbor
from storage.tree.encode import encode_tree, index_plain, leaf_plain
from storage.tree.nodes import Budget
from storage.tree.rows import decode_row, encode_row, finish_row
from storage.tree.walk import read_tree
from tests.golden.test_tree_bytes import FIRST, NOTE, SECOND, state
from tests.helpers.trees import SECRET, Blocks

ROW = encode_row(NOTE, state().entries[NOTE])
SEEDS = (
    ROW,
    leaf_plain([(ROW, None)]),
    index_plain([(NOTE, Blocks().seal(b"rows", ROW))]),
    dagcbor.encode(operations_to_cbor([*FIRST, *SECOND])),
)


def check(data: bytes) -> None:
    """Raise if anything is taken that has another form, or refused in another way."""
    with contextlib.suppress(DecodeError):
        entry, facts, child = decode_row(data)
        fragment = encode_row(entry, facts)
        link = None if child is None else child.to_bytes()
        assert data in {fragment, finish_row(fragment, link)}
    with contextlib.suppress(DecodeError):
        operations = operations_from_cbor(dagcbor.decode(data))
        assert dagcbor.encode(operations_to_cbor(operations)) == data
    blocks = Blocks()
    for top in (blocks.seal(b"rows", data), blocks.seal(b"index", data)):
        for loose in (False, True):
            check_tree(blocks, top, loose=loose)


def check_tree(blocks: Blocks, link: Link, *, loose: bool) -> None:
    """Raise if a tree over this node is taken but is not the one of its state."""
    seen = [[bytes([n]) * 8, 1000] for n in (1, 2, 3)]
    links = [None, link.to_bytes()] if loose else [link.to_bytes(), None]
    root = blocks.seal(b"root", dagcbor.encode(["root", 1, 3, seen, *links]))
    with contextlib.suppress(AtollError):  # links in a made-up node lead nowhere
        epoch, state = read_tree(root, blocks.get, Budget(nodes=100))
        assert encode_tree(state, SECRET, epoch).root == root
