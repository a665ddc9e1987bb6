"""Any bytes as a pack: opening it gives whole things or nothing, and never an accident."""

from __future__ import annotations

import sqlite3

from storage.blocks.frames import FRAME_SIZE, HEADER_SIZE, PACK_HEADER, Frame, Gap, head_of, walk
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind, Thing
from storage.crypto.sealed import address
from tests.helpers.crashing_disk import CrashingDisk

_GOOD = Thing(Kind.RECORD, b"a record that must be found again")
_FRAME = head_of(_GOOD) + _GOOD.data

SEEDS = (
    b"",
    PACK_HEADER,
    PACK_HEADER + _FRAME,
    PACK_HEADER + _FRAME[:-5] + _FRAME,
    _FRAME[:FRAME_SIZE] * 3 + _FRAME,
    bytes(HEADER_SIZE) + _FRAME,
)


def check(data: bytes) -> None:
    """Walk the bytes, open them as a pack, and write on."""
    covered = 0
    for found in walk(lambda at, size: data[at : at + size], 0, len(data)):
        match found:
            case Frame(head, offset):
                assert offset - FRAME_SIZE == covered
                assert address(data[offset : offset + head.length]) == head.digest
                covered = offset + head.length
            case Gap(start, end, _digest):
                assert start == covered < end
                covered = end
    assert covered == len(data)

    disk = CrashingDisk()
    disk.append("000001.pack", data)
    store = PackedBlocks(disk, Locator(sqlite3.connect(":memory:")))
    for thing in store.adopted():
        assert thing.data in data
    store.add(_GOOD)
    store.sync()
    assert store.get(_GOOD.digest) == _GOOD.data
    assert disk.read("000001.pack", 0, len(data)) == data
