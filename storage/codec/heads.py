"""Heads of CBOR items in their shortest form, to put together what is encoded in parts.

RFC 8949, section 3: three bits of major type, then the argument.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

UNSIGNED: Final = 0
NEGATIVE: Final = 1
BYTES: Final = 2
TEXT: Final = 3
ARRAY: Final = 4
FALSE: Final = b"\xf4"
TRUE: Final = b"\xf5"
NULL: Final = b"\xf6"

_SHORT = 24
_SIZES = ((1, 24), (2, 25), (4, 26), (8, 27))


@lru_cache(maxsize=4096)
def head(major: int, argument: int) -> bytes:
    """Return the head of an item of that major type. For sizes, that come again and again."""
    return _head(major, argument)


def _head(major: int, argument: int) -> bytes:
    if argument < _SHORT:
        return bytes([major << 5 | argument])
    for size, code in _SIZES:
        if argument < 1 << 8 * size:
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    raise ValueError("a number of more than 64 bits")


def integer(value: int) -> bytes:
    """Return an integer."""
    return _head(UNSIGNED, value) if value >= 0 else _head(NEGATIVE, -1 - value)


@lru_cache(maxsize=1024)
def text(value: str) -> bytes:
    """Return a short text, head and all: names of attributes come again and again."""
    encoded = value.encode()
    return head(TEXT, len(encoded)) + encoded
