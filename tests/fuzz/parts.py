"""Cuts the bytes of a fuzzer into pieces, where a target takes more than one thing."""

from __future__ import annotations


def parts_of(data: bytes) -> list[bytes]:
    """Return pieces, each announced by one byte that says how long it is."""
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return parts
