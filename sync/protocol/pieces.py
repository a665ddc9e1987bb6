"""Cutting what is too long for a frame, and putting it together again."""

from __future__ import annotations

from collections.abc import Iterator

from storage.blocks.store import Kind
from sync.errors import RemoteProtocolError
from sync.protocol.bounds import SOFT_FRAME
from sync.protocol.messages import Channel, Piece


def cut(channel: Channel, ref: int, kind: Kind, data: bytes) -> Iterator[Piece]:
    """Yield the pieces of one long thing, in order."""
    for offset in range(0, len(data), SOFT_FRAME):
        part = data[offset : offset + SOFT_FRAME]
        yield Piece(channel, ref, kind, len(data), offset, part)


class Assembly:
    """One thing in the making on one channel: there is never a second beside it."""

    def __init__(self) -> None:
        self._whole: tuple[int, Kind, int] | None = None
        self._buffer = bytearray()

    def add(self, piece: Piece) -> bytes | None:
        """Take the next piece; return the thing once it is whole.

        Raises:
            RemoteProtocolError: it is not the next piece.
        """
        whole = (piece.ref, piece.kind, piece.total)
        if self._whole not in {None, whole} or piece.offset != len(self._buffer):
            raise RemoteProtocolError("a piece out of its turn")
        self._whole = whole
        self._buffer += piece.data
        if len(self._buffer) < piece.total:
            return None
        data = bytes(self._buffer)
        self._whole = None
        self._buffer.clear()
        return data
