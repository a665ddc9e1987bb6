"""Cutting long content where the content says so, so that an insertion moves few cuts.

FastCDC, 64 KiB / 256 KiB / 1 MiB, normalization 2, is part of the format: another cut is
no error, but nothing would be found twice. The gear table is mixed with a number from the
space's secret, so that the sizes of chunks do not tell which well-known file this is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from pyfastcdc import FastCDC

from storage.crypto.primitives import hkdf
from storage.tree.compress import CHUNK_MAX

# The package falls back in silence to pure Python: the same cuts, 340 times slower.
assert FastCDC.__module__.startswith("pyfastcdc.cy"), "pyfastcdc is not compiled"

_MIN: Final = 64 << 10
_AVERAGE: Final = 256 << 10
_NORMAL: Final = 2
_READ: Final = 256 << 10  # at once: more is no faster and only waits in memory
_SEED_PURPOSE: Final = b"atoll/cut/1"
_SEED_MASK: Final = 2**63 - 1  # the library doubles it in 64 bits


class Source(Protocol):
    """Where content comes from: a file, a stream, bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most that many bytes: fewer as it likes, none only at the end."""
        ...


def cut(head: bytes, source: Source, secret: bytes) -> Iterator[memoryview]:
    """Walk the pieces of head and what source still gives. One is gone when the next comes."""
    seed = int.from_bytes(hkdf(secret, _SEED_PURPOSE, length=8)) & _SEED_MASK
    cutter = FastCDC(
        _AVERAGE, min_size=_MIN, max_size=CHUNK_MAX, normalized_chunking=_NORMAL, seed=seed
    )
    for chunk in cutter.cut_stream(_Joined(head, source)):
        yield chunk.data


class _Joined:
    """A head that was read already, then the rest."""

    def __init__(self, head: bytes, source: Source) -> None:
        self._head = memoryview(head)
        self._source = source

    def readinto(self, b: memoryview) -> int:
        """Fill some of the room; 0 at the end."""
        piece: bytes | memoryview
        if self._head:
            piece, self._head = self._head[: len(b)], self._head[len(b) :]
        else:
            piece = self._source.read(min(len(b), _READ))
        b[: len(piece)] = piece
        return len(piece)
