"""The bytes of a small state and of a text's seed. If these change, no two versions agree."""

from __future__ import annotations

from blake3 import blake3

from storage.codec import dagcbor
from storage.crypto.link import Link
from storage.facts.change import TOP, Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Writer
from storage.facts.operate import commit
from storage.facts.state import EMPTY, State
from storage.facts.text import TextDocument
from storage.facts.values import (
    Content,
    Edit,
    EntryKind,
    Fact,
    Keep,
    Kind,
    Meta,
    Place,
)
from storage.facts.view import content_version, revived_node, side_id
from storage.facts.wire import operations_to_cbor
from storage.tree.encode import encode_tree
from storage.tree.rows import encode_row

ANN, BEN = Writer(b"ann-----"), Writer(b"ben-----")
FOLDER, NOTE, CARD = (EntryId(bytes([n]) * 16) for n in (1, 2, 3))
DIGEST = bytes(range(32))
CONTENT = Content(Link(DIGEST, bytes(32)), 12, DIGEST, is_text=True, lineage=DIGEST)
FIRST: list[Operation] = [
    Put(FOLDER, "kind", Kind(EntryKind.FOLDER)),
    Put(FOLDER, "place", Place(TOP, "Notes")),
    Put(NOTE, "kind", Kind(EntryKind.FILE)),
    Put(NOTE, "place", Place(FOLDER, "Grüße.md")),
    Put(NOTE, "content", CONTENT),
    Put(NOTE, "meta", Meta(1_700_000_000_000_000_000, executable=False)),
    Put(NOTE, "keep", Keep(("Notes", "Grüße.md"))),
]
SECOND: list[Operation] = [
    Add(NOTE, "edits", Edit(Dot(ANN, 1), b"update")),
    Put(CARD, "fact:title", Fact("Buy milk")),
    Put(CARD, "fact:done", Fact(value=True)),
    Drop(NOTE, "keep"),
]


def state() -> State:
    """Return the state of two commits."""
    return commit(commit(EMPTY, ANN, FIRST), BEN, SECOND)


def test_the_root_of_a_small_state() -> None:
    """Any version of the program, on any machine."""
    tree = encode_tree(state(), bytes(32), 1)
    assert tree.root.to_bytes().hex() == ROOT
    assert len(tree.blocks) == 4


def test_the_row_of_a_note() -> None:
    """All that a row may hold, as bytes."""
    fragment = encode_row(NOTE, state().entries[NOTE])
    assert fragment.hex() == ROW


def test_the_operations_of_a_commit() -> None:
    """What travels inside a record."""
    data = dagcbor.encode(operations_to_cbor([*FIRST, *SECOND]))
    assert blake3(data).hexdigest() == OPERATIONS


def test_the_seed_of_a_text() -> None:
    """Each device makes it by itself, and edits from elsewhere must fit on it."""
    seed = TextDocument.seed("Grüße 👋\n").snapshot()
    assert blake3(seed).hexdigest() == SEED
    assert TextDocument.seed("").version().hex() == EMPTY_VERSION


def test_derived_ids_and_versions() -> None:
    """A side version has one id on all devices, and so has a folder brought back."""
    assert side_id(NOTE, BEN).hex() == SIDE
    assert revived_node(TOP, "Notes", Dot(BEN, 2)).id.hex() == REVIVED
    assert content_version(state().entries[NOTE]).hex() == VERSION


ROOT = (
    "3b6578a65f0fef74814afeab28a51c451ccacd0dd3c69d03174c679c05a48f04d74785064319e234"
    "4258569659edaf03bc24bd1611c118607e1bf6a2580baaaf"
)
ROW = (
    "895002020202020202020202020202020202818348616e6e2d2d2d2d2d0102818348616e6e2d2d2d"
    "2d2d018250010101010101010101010101010101016a4772c3bcc39f652e6d64818348616e6e2d2d"
    "2d2d2d01865840000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00"
    "000000000000000000000000000000000000000000000000000000000000000c5820000102030405"
    "060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1ff5f6582000010203040506070809"
    "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f81834862656e2d2d2d2d2d018448616e6e2d"
    "2d2d2d2d01f446757064617465818348616e6e2d2d2d2d2d01821b17979cfe362a0000f48080"
)
OPERATIONS = "3a2a016d8ca055ec302c7bddd92675fd62e35a7d3d4be3f313ee65f781bfd9dc"
SEED = "a160ec631675d98c53213efe7066a241b6526ebb57ed26d1feb58fd024ad00b8"
EMPTY_VERSION = "8182485789a4dcfafcd0d301"
SIDE = "0097d42fd67d7db98990451a6f793cbe"
REVIVED = "214c73363ec9e8f35ca8017a1ffb4173"
VERSION = "b4b91139178a29ce998f2709938a54d3"
