"""Frames: four bytes of length, big-endian, and a body of canonical CBOR."""

from __future__ import annotations

from collections.abc import Iterator

from sync.errors import RemoteProtocolError
from sync.protocol.bounds import MAX_FRAME

HEADER = 4


def frame(body: bytes) -> bytes:
    """Return a body with its length before it."""
    if len(body) > MAX_FRAME:
        raise ValueError(f"a frame of {len(body)} bytes")
    return len(body).to_bytes(HEADER, "big") + body


class FrameReader:
    """Cuts a byte stream into frames, whatever pieces it arrives in."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Bytes that a body may have from now on."""
        self._buffer = bytearray()

    @property
    def waiting(self) -> int:
        """How many bytes have come of a frame that is not whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each body that data completes.

        Raises:
            RemoteProtocolError: a body is too long. Said before it is waited for.
        """
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= HEADER:
                size = int.from_bytes(self._buffer[at : at + HEADER], "big")
                if size > self.limit:
                    raise RemoteProtocolError(f"a frame of {size} bytes")
                end = at + HEADER + size
                if len(self._buffer) < end:
                    return
                body = bytes(self._buffer[at + HEADER : end])
                at = end
                yield body
        finally:
            del self._buffer[:at]
