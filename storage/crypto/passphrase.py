"""Keys made from what a person remembers: Argon2id, slow on purpose."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from struct import Struct
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from storage.errors import DecodeError

SALT_SIZE: Final = 16
_KEY_SIZE: Final = 32
_MEMORY, _PASSES, _LANES = 64 * 1024, 3, 4
"""KiB, rounds, threads: half a second on a slow machine. Nothing weaker is ever read either."""
_MAX_MEMORY, _MAX_PASSES, _MAX_LANES = 1024 * 1024, 16, 16
"""What is read asks for no more: a file could ask for all memory that there is."""
_FORM = Struct(f">III{SALT_SIZE}s")
SIZE: Final = _FORM.size
SHORTEST: Final = 10
_DISTINCT: Final = 5


@dataclass(frozen=True, slots=True)
class Slowness:
    """How a key is made from a passphrase."""

    memory: int
    passes: int
    lanes: int
    salt: bytes

    def to_bytes(self) -> bytes:
        """Return what stands in the open, and is sealed in as associated data."""
        return _FORM.pack(self.memory, self.passes, self.lanes, self.salt)

    def key(self, passphrase: str) -> bytes:
        """Make the key. Takes long, and much memory."""
        typed = unicodedata.normalize("NFC", passphrase).encode()
        return Argon2id(
            salt=self.salt,
            length=_KEY_SIZE,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory,
        ).derive(typed)


def slowness_of(salt: bytes) -> Slowness:
    """Return how keys are made from passphrases now."""
    return Slowness(_MEMORY, _PASSES, _LANES, salt)


def slowness_from(data: bytes) -> Slowness:
    """Read how a key is made.

    Raises:
        DecodeError: weaker than was ever written, or more than a machine can do.
    """
    if len(data) != SIZE:
        raise DecodeError("how a key is made is not said")
    memory, passes, lanes, salt = _FORM.unpack(data)
    if not (
        _MEMORY <= memory <= _MAX_MEMORY
        and _PASSES <= passes <= _MAX_PASSES
        and 1 <= lanes <= _MAX_LANES
    ):
        raise DecodeError("a key that is made too fast or too slowly")
    return Slowness(memory, passes, lanes, salt)


def is_weak(passphrase: str) -> bool:
    """Say whether guessing would be too easy for whoever holds the file."""
    return len(passphrase) < SHORTEST or len(set(passphrase)) < _DISTINCT
