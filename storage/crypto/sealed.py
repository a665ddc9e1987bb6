"""Sealing blocks: the same plaintext under the same secret is the same block on every device."""

from __future__ import annotations

from functools import lru_cache

from blake3 import blake3

from storage.crypto.link import Link
from storage.crypto.primitives import aead_open, aead_seal
from storage.errors import CorruptBlock, DecodeError

_JOINED_BELOW = 1 << 16


def address(data: bytes) -> bytes:
    """Return the address of bytes: their BLAKE3-256."""
    return blake3(data).digest()


def seal(secret: bytes, kind: bytes, plain: bytes) -> tuple[Link, bytes]:
    """Seal plain under the epoch's 32-byte secret; return the link to it, and the block.

    The key is the keyed BLAKE3 of kind and plaintext, so it is unique to them and the
    nonce can be zero. Kind is written with its length before it: no two pairs of kind
    and plaintext may ever give one key.
    """
    head = _head(kind)
    if len(plain) < _JOINED_BELOW:
        key = blake3(head + plain, key=secret).digest()
    else:
        key = blake3(head, key=secret).update(plain).digest()
    sealed = aead_seal(key, plain, kind)
    return Link(blake3(sealed).digest(), key), sealed


def open_sealed(link: Link, kind: bytes, data: bytes) -> bytes:
    """Return the plaintext of a block.

    Raises:
        CorruptBlock: the bytes do not hash to the address, or the key does not open them.
    """
    if blake3(data).digest() != link.digest:
        raise CorruptBlock(link.digest, "what was read")
    try:
        return aead_open(link.key, data, kind)
    except DecodeError as error:
        raise CorruptBlock(link.digest, "what the link opens") from error


@lru_cache(maxsize=64)
def _head(kind: bytes) -> bytes:
    if not 0 < len(kind) < 256:  # noqa: PLR2004
        raise ValueError("a kind has 1 to 255 bytes")
    return bytes([len(kind)]) + kind
