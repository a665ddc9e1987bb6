"""Tokens of versions of a text: how many of each peer's counters are in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from storage.codec import dagcbor
from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError
from storage.facts.text_wire import MAX_COUNTER, PEER_SIZE

NOTHING = dagcbor.encode([])
"""The version of an empty document."""


def version_to_bytes(ends: Mapping[int, int]) -> bytes:
    """Return the token of a version, by the counter that each peer's next op takes."""
    return dagcbor.encode(sorted([peer.to_bytes(PEER_SIZE), end] for peer, end in ends.items()))


@lru_cache(maxsize=8)
def version_from_bytes(version: bytes) -> Mapping[int, int]:
    """Return what `version_to_bytes` wrote.

    Raises:
        DecodeError: not a version.
    """
    pairs = dagcbor.decode(version)
    if not is_list(pairs):
        raise DecodeError("a version is a list")
    ends: dict[int, int] = {}
    for pair in pairs:
        match items_of(pair):
            case [bytes() as peer, int() as end] if (
                len(peer) == PEER_SIZE and 0 < end <= MAX_COUNTER and end is not True
            ):
                ends[int.from_bytes(peer)] = end
            case _:
                raise DecodeError("a version lists [peer, end]")
    return ends
