"""Bytes made good again from what is left of them, proved by their own address. Pure.

A disk that rots turns single bits. Of something short the bit is found by trying each: the
address tells when it is the right one. What is longer, or worse, only others can bring.
"""

from __future__ import annotations

from storage.blocks.frames import FRAME_SIZE, read_head
from storage.blocks.store import Thing
from storage.crypto.sealed import address

MAX_TRIED = 8 * 1024
"""Bytes of a thing in which a turned bit is looked for: a second at most."""


def mended(body: bytes, digest: bytes) -> bytes | None:
    """Return the bytes of that address, if these are or differ in one bit; else None."""
    if address(body) == digest:
        return body
    if len(body) > MAX_TRIED:
        return None
    tried = bytearray(body)
    for at in range(len(tried)):
        for bit in range(8):
            tried[at] ^= 1 << bit
            if address(bytes(tried)) == digest:
                return bytes(tried)
            tried[at] ^= 1 << bit
    return None


def mended_frame(stretch: bytes) -> Thing | None:
    """Return what a stretch of a pack held, if it is a frame in which one bit was turned."""
    head = read_head(stretch[:FRAME_SIZE])
    if head is None:
        return _with_mended_head(stretch)
    body = mended(stretch[FRAME_SIZE : FRAME_SIZE + head.length], head.digest)
    return None if body is None or len(body) != head.length else Thing(head.kind, body)


def _with_mended_head(stretch: bytes) -> Thing | None:
    tried = bytearray(stretch[:FRAME_SIZE])
    for at in range(len(tried)):
        for bit in range(8):
            tried[at] ^= 1 << bit
            head = read_head(bytes(tried))
            tried[at] ^= 1 << bit
            if head is not None:
                body = stretch[FRAME_SIZE : FRAME_SIZE + head.length]
                return Thing(head.kind, body) if address(body) == head.digest else None
    return None
