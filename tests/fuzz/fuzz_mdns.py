"""Any TXT record that somebody on the network shows: a bounded sighting, or nothing."""

from __future__ import annotations

from sync.discovery.mdns import from_text, to_text
from sync.discovery.peers import MAX_TAGS, TAG_SIZE, TAGS
from tests.fuzz.parts import parts_of


def _wire(properties: dict[str | bytes, str | bytes | None]) -> bytes:
    raw = (
        part.encode() if isinstance(part, str) else part or b""
        for pair in properties.items()
        for part in pair
    )
    return b"".join(bytes([len(part) % 256]) + part[:255] for part in raw)


SEEDS = (
    _wire(to_text(3, (bytes(TAG_SIZE),))),
    _wire(to_text(10**11, tuple(bytes([n]) * TAG_SIZE for n in range(TAGS * 2)))),
    _wire({"v": "2", "e": "-1", "t0": b"odd"}),
)
PLACES = (("127.0.0.1", 7000),)


def check(data: bytes) -> None:
    """Raise if a record does anything but tell a few tags."""
    parts = parts_of(data)
    properties: dict[bytes, bytes | None] = dict(zip(parts[::2], parts[1::2], strict=False))
    for shown in (properties, {**properties, b"v": b"1", b"e": b"7"}, dict.fromkeys(parts)):
        found = from_text("instance", PLACES, shown)
        if found is not None:
            assert len(found.tags) <= MAX_TAGS
            assert all(len(tag) == TAG_SIZE for tag in found.tags)
    assert from_text("instance", (), properties) is None
