"""How a public key is spelled where people and other programs meet it: did:key."""

from __future__ import annotations

from functools import lru_cache

from storage.codec.base58 import base58_from, base58_of
from storage.errors import DecodeError

_PREFIX = "did:key:z"
_ED25519 = b"\xed\x01"
_LENGTH = 56
_KEY_SIZE = 32


@lru_cache(maxsize=4096)
def did_of(public: bytes) -> str:
    """Return the did:key of an Ed25519 public key, always 56 letters."""
    if len(public) != _KEY_SIZE:
        raise ValueError("an Ed25519 public key has 32 bytes")
    return _PREFIX + base58_of(_ED25519 + public)


@lru_cache(maxsize=4096)
def public_of(did: str) -> bytes:
    """Return the Ed25519 public key that a did:key spells.

    Raises:
        DecodeError: another method, another kind of key, or not the one spelling.
    """
    if len(did) != _LENGTH or not did.startswith(_PREFIX):
        raise DecodeError("not the did:key of an Ed25519 key")
    data = base58_from(did[len(_PREFIX) :])
    if data[:2] != _ED25519 or len(data) != _KEY_SIZE + 2:
        raise DecodeError("not the did:key of an Ed25519 key")
    return data[2:]
