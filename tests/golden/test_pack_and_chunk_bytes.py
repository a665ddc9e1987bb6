"""Bytes that are on people's disks and must be read for ever."""

from __future__ import annotations

import sqlite3
from io import BytesIO

from blake3 import blake3

from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind, Thing
from storage.tree.chunker import cut
from storage.tree.content import read_whole, store_content
from tests.helpers.crashing_disk import CrashingDisk

SECRET = bytes(range(32))

PACK = bytes.fromhex(
    "41544f4c4c2d5041434b0a018ea08476a7f50eb10100000007ae7530333deb4397f71b0cea923531"
    "d9484ee6e26f626b19850db8f7ad8a79cba573f2b86120626c6f636ba7f50eb10200000000af1349"
    "b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f32628b0101eb"
)


def test_a_pack_is_written_as_ever() -> None:
    """Header, then frame after frame."""
    disk = CrashingDisk()
    store = PackedBlocks(disk, Locator(sqlite3.connect(":memory:")))
    store.add(Thing(Kind.BLOCK, b"a block"))
    store.add(Thing(Kind.RECORD, b""))
    store.sync()
    assert disk.read("000001.pack", 0, 1000).hex() == PACK.hex()


def test_a_pack_is_read_as_ever() -> None:
    """From the first version on."""
    disk = CrashingDisk()
    disk.append("000001.pack", PACK)
    store = PackedBlocks(disk, Locator(sqlite3.connect(":memory:")))
    assert list(store.adopted()) == [Thing(Kind.BLOCK, b"a block"), Thing(Kind.RECORD, b"")]
    assert not store.damage


def test_a_short_content_is_sealed_as_ever() -> None:
    """Too short to be compressed, so the address is the same with every zstd."""
    blocks: list[bytes] = []
    content = store_content(BytesIO(b"hello"), put=blocks.append, secret=SECRET)
    assert content.link is not None
    assert content.link.to_bytes().hex() == (
        "239acd392d5dc3a7d51795051257029bf9ea92a082376e989b40bce01a026c38"
        "e45671ce8a5b3838fb22e36ce0143a19a5974003b2216ab8bf94b14884fda4f6"
    )
    assert [block.hex() for block in blocks] == ["4080d72b89594c19184738abf1fdf75e7d0ab79f2151"]
    assert read_whole(content, lambda _digest: blocks[0]) == b"hello"


def test_long_content_is_cut_where_it_ever_was() -> None:
    """Another cut would be read just as well, but found twice nowhere."""
    noise = blake3(b"noise").digest(length=4 << 20)
    sizes = [len(piece) for piece in cut(b"", BytesIO(noise), SECRET)]
    assert sizes == [
        436940,
        385073,
        268625,
        99810,
        310334,
        269421,
        627891,
        276791,
        405296,
        319887,
        377851,
        326442,
        89943,
    ]


def test_a_long_content_is_sealed_as_ever() -> None:
    """Noise and zeros: neither is compressed."""
    noise = blake3(b"noise").digest(length=2 << 20) + bytes(5 << 20)
    content = store_content(BytesIO(noise), put=lambda _block: None, secret=SECRET)
    assert content.link is not None
    assert content.digest == blake3(noise).digest()
    assert content.link.to_bytes().hex() == (
        "8d10eb795462aa11498481b4b53afda0a6162aac8f989cf3054ccd1bbb0275e3"
        "9d3ab2ca49378f057f6f80327c935a8bb917fa04fc90a5b4360684056f123a30"
    )
