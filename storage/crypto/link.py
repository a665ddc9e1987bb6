"""Links: an address together with the key that opens what lies there."""

from __future__ import annotations

from dataclasses import dataclass

from storage.errors import DecodeError

DIGEST_SIZE = 32
KEY_SIZE = 32
LINK_SIZE = DIGEST_SIZE + KEY_SIZE


@dataclass(frozen=True, slots=True)
class Link:
    """Whoever has a link can read that block and, through the links inside, all below it."""

    digest: bytes
    key: bytes

    def to_bytes(self) -> bytes:
        """Return 64 bytes: digest, then key."""
        return self.digest + self.key


def link_from(data: object) -> Link:
    """Return the link that `Link.to_bytes` wrote.

    Raises:
        DecodeError: not 64 bytes.
    """
    if not isinstance(data, bytes) or len(data) != LINK_SIZE:
        raise DecodeError("a link is 64 bytes")
    return Link(data[:DIGEST_SIZE], data[DIGEST_SIZE:])
