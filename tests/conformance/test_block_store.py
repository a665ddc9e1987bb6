"""What every block store promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlcipher3

from storage.blocks.disk import RealDisk
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import MAX_BLOCK, BlockStore, Kind, MemoryBlocks, Thing
from storage.crypto.sealed import address
from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.index.sql import Connection

A = Thing(Kind.BLOCK, b"apple" * 9)
B = Thing(Kind.RECORD, b"book" * 9)
C = Thing(Kind.TOKEN, b"")

Spoil = Callable[[Thing], None]
Made = tuple[BlockStore, Spoil]


def in_memory(_folder: Path) -> Iterator[Made]:
    """Things in a dict."""

    def spoil(thing: Thing) -> None:
        object.__setattr__(thing, "data", b"rotten")

    store = MemoryBlocks()
    yield store, spoil
    store.close()


def packed(
    connect: Callable[[str], Connection], *, pack_size: int, buffer_size: int
) -> Callable[[Path], Iterator[Made]]:
    """Return a maker of things in packs, over one of the databases."""

    def make(folder: Path) -> Iterator[Made]:
        connection = connect(str(folder / "locator.db"))
        disk = RealDisk(folder / "packs", headroom=0)
        store = PackedBlocks(
            disk, Locator(connection), pack_size=pack_size, buffer_size=buffer_size
        )

        def spoil(thing: Thing) -> None:
            store.sync()
            for path in (folder / "packs").iterdir():
                data = path.read_bytes()
                path.write_bytes(data.replace(thing.data, b"!" * len(thing.data)))

        yield store, spoil
        store.close()
        connection.close()

    return make


MAKERS = {
    "memory": in_memory,
    "packed": packed(sqlite3.connect, pack_size=1 << 28, buffer_size=1 << 20),
    "packed, encrypted locator": packed(sqlcipher3.connect, pack_size=1 << 28, buffer_size=1 << 20),
    "many small packs": packed(sqlite3.connect, pack_size=100, buffer_size=1),
}


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """Hand out each kind of store in turn, with a way to damage it."""
    yield from MAKERS[request.param](tmp_path)


@pytest.fixture
def store(made: Made) -> BlockStore:
    """Hand out each kind of store in turn."""
    return made[0]


@pytest.mark.parametrize("synced", [False, True])
def test_what_was_added_can_be_read_at_once(store: BlockStore, *, synced: bool) -> None:
    """Nobody should have to wait for the disk to look at what they just wrote."""
    for thing in (A, B, C):
        assert store.add(thing) == address(thing.data) == thing.digest
    if synced:
        store.sync()
    for thing in (A, B, C):
        assert store.get(thing.digest) == thing.data
        assert store.has(thing.digest)
        assert store.kind_of(thing.digest) is thing.kind
    assert not list(store.verify())


def test_what_is_not_held_is_not_found(store: BlockStore) -> None:
    """A peer may have it: the caller has to know the one from the other."""
    store.add(A)
    assert not store.has(B.digest)
    with pytest.raises(BlockNotFound):
        store.get(B.digest)
    with pytest.raises(BlockNotFound):
        store.kind_of(B.digest)


def test_adding_twice_is_adding_once(store: BlockStore) -> None:
    """Else a peer that repeats itself would fill the disk."""
    for _ in range(2):
        store.add(A)
        store.add(B)
        store.sync()
        store.add(A)
    assert list(store.scan()) == [A, B]


def test_a_scan_keeps_the_order_of_adding(store: BlockStore) -> None:
    """Records come after what they build on, if they are replayed in this order.

    They may come after what was synced with them, too: see storage.blocks.packed.
    """
    for thing in (A, B):
        store.add(thing)
    store.sync()
    store.add(C)
    assert list(store.scan()) == [A, B, C]
    assert list(store.scan(Kind.RECORD)) == [B]
    assert list(store.scan(Kind.TOKEN)) == [C]
    assert list(store.scan(Kind.RECEIPT)) == []


def test_a_scan_goes_on_while_others_write(store: BlockStore) -> None:
    """Replaying records writes to the same database."""
    store.add(A)
    store.sync()
    store.add(B)
    scan = store.scan()
    assert next(scan) == A
    store.add(C)
    store.sync()
    assert list(scan) == [B]


@pytest.mark.parametrize("synced", [False, True])
def test_a_block_can_become_a_record_but_not_the_other_way(
    store: BlockStore, *, synced: bool
) -> None:
    """Else whoever gets us to fetch a record as content hides it from every replay."""
    store.add(Thing(Kind.BLOCK, B.data))
    store.add(A)
    if synced:
        store.sync()
    store.add(B)
    store.add(Thing(Kind.BLOCK, B.data))
    assert store.kind_of(B.digest) is Kind.RECORD
    assert list(store.scan()) == [A, B]
    store.sync()
    assert list(store.scan()) == [A, B]


def test_damage_is_found_named_and_contained(made: Made) -> None:
    """What hashes to something else is never handed out."""
    store, spoil = made
    rotten = Thing(Kind.BLOCK, b"soon to be rotten")
    for thing in (A, rotten, B):
        store.add(thing)
    spoil(rotten)
    with pytest.raises(CorruptBlock) as caught:
        store.get(rotten.digest)
    assert caught.value.digest == rotten.digest
    assert [digest for digest, _where in store.verify()] == [rotten.digest]
    assert list(store.scan()) == [A, B]


def test_a_damaged_block_is_mended_by_adding_it_again(made: Made) -> None:
    """Any peer may still have it whole."""
    store, spoil = made
    store.add(rotten := Thing(Kind.BLOCK, b"soon to be rotten"))
    store.add(A)
    spoil(rotten)
    store.forget(rotten.digest)
    assert not store.has(rotten.digest)
    store.add(again := Thing(Kind.BLOCK, b"soon to be rotten"))
    store.sync()
    assert store.get(again.digest) == again.data
    assert not list(store.verify())
    assert list(store.scan()) == [A, again]


@pytest.mark.parametrize("synced", [False, True])
def test_what_was_forgotten_is_not_held(store: BlockStore, *, synced: bool) -> None:
    """Forgetting works at any moment, and forgetting what is not held is nothing."""
    store.add(A)
    store.add(B)
    if synced:
        store.sync()
    store.forget(A.digest)
    store.forget(C.digest)
    store.sync()
    assert not store.has(A.digest)
    assert list(store.scan()) == [B]


@pytest.mark.parametrize("synced", [False, True])
def test_what_was_removed_is_not_held_until_it_is_added_again(
    store: BlockStore, *, synced: bool
) -> None:
    """Content that is let go of must be as if it had never come, and be able to come back."""
    store.add(A)
    store.add(other := Thing(Kind.BLOCK, b"other"))
    if synced:
        store.sync()
    store.remove([A.digest, C.digest, A.digest])
    store.sync()
    assert not store.has(A.digest)
    with pytest.raises(BlockNotFound):
        store.get(A.digest)
    assert list(store.scan()) == [other]
    assert not list(store.verify())
    store.add(A)
    store.sync()
    assert store.get(A.digest) == A.data
    assert list(store.scan()) == [other, A]


@pytest.mark.parametrize("synced", [False, True])
def test_only_content_can_be_removed(store: BlockStore, *, synced: bool) -> None:
    """Records, rights and keys are the truth: no slip of a collector may take them."""
    for thing in (A, B, C):
        store.add(thing)
    if synced:
        store.sync()
    store.remove([A.digest, B.digest, C.digest])
    store.sync()
    assert {thing.kind for thing in store.scan()} == {B.kind, C.kind}


def test_nothing_larger_than_a_block_gets_in() -> None:
    """A frame of any length could be asked for; memory would pay."""
    assert len(Thing(Kind.BLOCK, bytes(MAX_BLOCK)).data) == MAX_BLOCK
    with pytest.raises(DecodeError):
        Thing(Kind.BLOCK, bytes(MAX_BLOCK + 1))
