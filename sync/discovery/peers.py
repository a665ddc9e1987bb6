"""Recognising each other in public: tags that only those who know us can tell from noise.

A tag is a MAC, under a key that two devices share, over an epoch and the random name of the
service instance. It is good for that instance only, so nobody can follow a device from one
name to the next, or find out whom it knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.crypto.primitives import hmac256
from storage.ports import Entropy
from sync.transport.stream import Address

TAG_SIZE = 8
TAGS = 24
"""Tags are padded to a multiple of this, so that their number says little."""
MAX_TAGS = 96
EPOCH_SECONDS = 900
_TAG = b"atoll/tag/1"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A service that was seen on the network. A hint only: who is there is proved later."""

    instance: str
    places: tuple[Address, ...]
    epoch: int
    tags: frozenset[bytes]


def tag(key: bytes, epoch: int, instance: str) -> bytes:
    """Return how an instance says, to those who share key with it, that it is there."""
    return hmac256(key, _TAG + epoch.to_bytes(8, "big") + instance.encode())[:TAG_SIZE]


def epoch_of(now: float) -> int:
    """Return the epoch of a moment. Nobody has to agree on it: it is said beside the tags."""
    return max(0, int(now)) // EPOCH_SECONDS


def tags_for(
    keys: Iterable[bytes], epoch: int, instance: str, entropy: Entropy
) -> tuple[bytes, ...]:
    """Return the tags for all keys, padded with noise, in an order that says nothing.

    When there are more keys than room, each epoch has its turn of them.
    """
    known = [tag(key, epoch, instance) for key in keys]
    if len(known) > MAX_TAGS:
        start = epoch * MAX_TAGS % len(known)
        known = (known + known)[start : start + MAX_TAGS]
    room = max(TAGS, -(-len(known) // TAGS) * TAGS) - len(known)
    return tuple(sorted([*known, *(entropy.take(TAG_SIZE) for _ in range(room))]))


def recognised(sighting: Sighting, keys: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the names of those keys whose tags a service shows."""
    return tuple(
        name
        for name, key in keys.items()
        if tag(key, sighting.epoch, sighting.instance) in sighting.tags
    )
