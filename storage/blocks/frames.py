r"""What a pack looks like, byte by byte, and how to find whole frames in a damaged one.

    pack   = header, frame, frame, …
    header = "ATOLL-PACK\n" | version u8 | CRC-32 of those 12 bytes u32
    frame  = head | bytes
    head   = sync mark 4 B | kind u8 | length u32 | digest 32 B | CRC-32 of those 41 bytes u32

All numbers are big-endian. A frame counts when its CRC is right and its bytes hash to the
digest. After anything else the search goes on, byte by byte, at the next sync mark.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from zlib import crc32

from storage.blocks.store import MAX_BLOCK, Kind, Thing
from storage.crypto.sealed import address

VERSION: Final = 1
MARK: Final = b"\xa7\xf5\x0e\xb1"  # no UTF-8, no start of any common file

_MAGIC: Final = b"ATOLL-PACK\n"
_CRC: Final = struct.Struct(">I")
_HEAD: Final = struct.Struct(">4sBI32s")
_KINDS: Final = {int(kind): kind for kind in Kind}
_WINDOW: Final = 4 << 20

PACK_HEADER: Final = _MAGIC + bytes([VERSION]) + _CRC.pack(crc32(_MAGIC + bytes([VERSION])))
HEADER_SIZE: Final = len(PACK_HEADER)
FRAME_SIZE: Final = _HEAD.size + _CRC.size


class Head(NamedTuple):
    """What stands before the bytes of a thing."""

    kind: Kind
    length: int
    digest: bytes


class Frame(NamedTuple):
    """A whole frame: the head, and where the bytes begin."""

    head: Head
    offset: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a pack that holds no whole frame. `digest` is what it says it held."""

    start: int
    end: int
    digest: bytes | None
    is_torn: bool = field(default=False, compare=False)
    """A frame was begun at the end, and never ended: nobody was promised anything of it."""


def head_of(thing: Thing) -> bytes:
    """Return what stands before the bytes of a thing."""
    head = _HEAD.pack(MARK, thing.kind, len(thing.data), thing.digest)
    return head + _CRC.pack(crc32(head))


def read_head(data: bytes) -> Head | None:
    """Return the head that data begins with, or None."""
    if len(data) < FRAME_SIZE or not data.startswith(MARK):
        return None
    if crc32(data[: _HEAD.size]) != _CRC.unpack_from(data, _HEAD.size)[0]:
        return None
    _mark, number, length, digest = _HEAD.unpack_from(data)
    kind = _KINDS.get(number)
    if kind is None or length > MAX_BLOCK:
        return None
    return Head(kind, length, digest)


def walk(read: Callable[[int, int], bytes], start: int, end: int) -> Iterator[Frame | Gap]:
    """Walk the whole frames between two places of a pack, and the gaps between them."""
    window = _Window(read, end)
    at = start
    gap: int | None = None
    held: bytes | None = None
    whole = 0
    while at < end:
        head = read_head(window.take(at, FRAME_SIZE))
        if head is not None:
            body = window.take(at + FRAME_SIZE, head.length)
            if len(body) == head.length and address(body) == head.digest:
                if gap is not None:
                    yield Gap(gap, at, held)
                    gap = held = None
                yield Frame(head, at + FRAME_SIZE)
                at += FRAME_SIZE + head.length
                continue
        if gap is None:
            gap, held = at, None if head is None else head.digest
            whole = at + FRAME_SIZE + (0 if head is None else head.length)
        # Even a length that its CRC vouches for is not jumped over: a torn write may
        # have been followed by whole frames in the very place.
        at = window.find(MARK, at + 1)
    if gap is not None:
        yield Gap(gap, end, held, is_torn=whole > end)


class _Window:
    """A part of a file in memory, moved along as it is asked for."""

    def __init__(self, read: Callable[[int, int], bytes], end: int) -> None:
        self._read = read
        self._end = end
        self._at = 0
        self._bytes = b""

    def take(self, at: int, size: int) -> bytes:
        """Return bytes at a place: fewer where the file ends."""
        size = min(size, self._end - at)
        if not self._at <= at or at + size > self._at + len(self._bytes):
            self._bytes = self._read(at, max(size, min(_WINDOW, self._end - at)))
            self._at = at
        begin = at - self._at
        return self._bytes[begin : begin + size]

    def find(self, mark: bytes, at: int) -> int:
        """Return where a mark stands next, or the end."""
        while at + len(mark) <= self._end:
            self.take(at, len(mark))
            if len(self._bytes) < len(mark):
                break  # the file is shorter than was said
            found = self._bytes.find(mark, at - self._at)
            if found >= 0:
                return self._at + found
            at = self._at + len(self._bytes) - len(mark) + 1
        return self._end
