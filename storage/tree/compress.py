"""What a chunk holds once it is opened: one byte that names the format, then the content.

    0 | the bytes themselves
    1 | one zstd frame that declares its size

Compressors differ between versions, so the address of a chunk is recorded and never worked
out again. Unpacking never makes more than a chunk may hold, whatever a frame claims.
"""

from __future__ import annotations

import threading
from typing import Final

from zstandard import (
    FrameParameters,
    ZstdCompressor,
    ZstdDecompressor,
    ZstdError,
    get_frame_parameters,
)

from storage.errors import DecodeError

CHUNK_MAX: Final = 1 << 20
"""The most plain bytes that one chunk holds."""

_RAW: Final = b"\0"
_ZSTD: Final = b"\1"
_LEVEL: Final = 3
_QUICK: Final = 1
_WORTH: Final = 0.95  # what compression does not bring below this is not worth unpacking
_SMALL: Final = 64
_SAMPLE: Final = 4096
_SAMPLES: Final = 4


class _Tools(threading.local):
    """Making these takes longer than using them on a note, and threads may not share them."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.quick = ZstdCompressor(level=_QUICK, write_checksum=False)
        self.decompressor = ZstdDecompressor(max_window_size=2 * CHUNK_MAX)


_tools = _Tools()


def pack(data: bytes | memoryview, *, quick: bool = False) -> bytes:
    """Return data with its format byte, compressed when that makes it clearly smaller.

    `quick` takes a quarter less time; short data hardly get longer by it.
    """
    if len(data) >= _SMALL and _promises(data):
        tool = _tools.quick if quick else _tools.compressor
        frame = tool.compress(data)
        if len(frame) <= len(data) * _WORTH:
            return _ZSTD + frame
    return b"".join((_RAW, data))


def unpack(plain: bytes, size: int) -> bytes:
    """Return the bytes that were packed: exactly that many, at most a chunk.

    Raises:
        DecodeError: another format, another size, or not one whole frame.
    """
    if size > CHUNK_MAX:
        raise DecodeError("a chunk that is too large")
    if plain.startswith(_RAW):
        data = plain[1:]
    elif plain.startswith(_ZSTD):
        data = _decompress(plain[1:], size)
    else:
        raise DecodeError("a chunk of a format that is not known")
    if len(data) != size:
        raise DecodeError("a chunk of another size than its link says")
    return data


def _promises(data: bytes | memoryview) -> bool:
    """Try a few pieces: photos and archives are told for a hundredth of the work."""
    size = len(data)
    if size <= 2 * _SAMPLE * _SAMPLES:
        return True
    step = (size - _SAMPLE) // (_SAMPLES - 1)
    pieces = (data[at : at + _SAMPLE] for at in range(0, step * _SAMPLES, step))
    sample = b"".join(pieces)
    return len(_tools.compressor.compress(sample)) <= len(sample) * _WORTH


def _decompress(frame: bytes, size: int) -> bytes:
    # The library makes whatever room a frame declares, so that is looked at first.
    try:
        head: FrameParameters = get_frame_parameters(frame)
        if head.content_size != size or head.dict_id:
            raise DecodeError("a chunk that would unpack to another size")
        return _tools.decompressor.decompress(frame, allow_extra_data=False)
    except ZstdError as error:
        raise DecodeError("a chunk that does not unpack") from error
