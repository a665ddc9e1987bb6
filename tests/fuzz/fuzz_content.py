"""Any bytes as an opened chunk or manifest: our own errors, bounded work, nothing else."""

from __future__ import annotations

from contextlib import suppress

from storage.codec.dagcbor import encode
from storage.crypto.sealed import seal
from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.values import Content
from storage.tree.compress import CHUNK_MAX, pack, unpack
from storage.tree.content import links_of, read_bytes, read_content
from storage.tree.manifest import KIND

_SECRET = bytes(32)
_SIZE = CHUNK_MAX + 1

SEEDS = (
    b"",
    pack(b"a few words, a few words, a few words, a few words, a few words, a few"),
    encode(["manifest", 0, [[_SIZE, None]]]),
    encode(["manifest", 0, [[1, bytes(64)], [CHUNK_MAX, None]]]),
    encode(["manifest", 1, [[_SIZE, bytes(64)]]]),
)


def check(data: bytes) -> None:
    """Unpack the bytes, and read them as the manifest of a content."""
    for size in (len(data), len(data) * 3, CHUNK_MAX, CHUNK_MAX + 1):
        with suppress(DecodeError):
            assert len(unpack(data, size)) == size <= CHUNK_MAX

    link, sealed = seal(_SECRET, KIND, data)

    def get(digest: bytes) -> bytes:
        if digest != link.digest:
            raise BlockNotFound(digest)
        return sealed

    content = Content(link, _SIZE, bytes(32), is_text=False)
    with suppress(DecodeError, BlockNotFound):
        assert sum(map(len, read_content(content, get))) <= _SIZE
    with suppress(DecodeError, BlockNotFound):
        assert next(links_of(content, get)) == link
        for _link in links_of(content, get):
            pass
    with suppress(DecodeError, BlockNotFound, CorruptBlock):
        read_bytes(link, get, limit=_SIZE)
