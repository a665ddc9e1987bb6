"""Heads of CBOR items in their shortest form, to put together what is encoded in parts.

RFC 8949, section 3: three bits of major type, then the argument.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

UNSIGNED: Final = 0
BYTES: Final = 2
TEXT: Final = 3
ARRAY: Final = 4
NULL: Final = b"\xf6"

_SHORT = 24
_SIZES = ((1, 24), (2, 25), (4, 26), (8, 27))


@lru_cache(maxsize=4096)
def head(major: int, argument: int) -> bytes:
    """Return the head of an item of that major type."""
    if argument < _SHORT:
        return bytes([major << 5 | argument])
    for size, code in _SIZES:
        if argument < 1 << 8 * size:
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    raise ValueError("a number of more than 64 bits")


@lru_cache(maxsize=1024)
def text(value: str) -> bytes:
    """Return a short text, head and all: names of attributes come again and again."""
    encoded = value.encode()
    return head(TEXT, len(encoded)) + encoded
