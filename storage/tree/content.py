"""The bytes of files as sealed chunks: how they are stored, read, and asked for.

Up to 1 MiB are one chunk, and the content's link opens it. More are cut into chunks, and
the link opens a manifest. Which it is follows from the size alone, and the two are sealed
as different kinds, so neither can pass for the other. No bytes need no block.

What is longer than a chunk but has no size beside its link (a text's document, a long
edit) is stored *behind a manifest always*: `store_bytes`.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final, Protocol

from blake3 import blake3

from storage.crypto.link import Link
from storage.crypto.sealed import address, open_sealed, seal
from storage.errors import DecodeError
from storage.facts.values import Content
from storage.tree.chunker import Source, cut
from storage.tree.compress import CHUNK_MAX, pack, unpack
from storage.tree.manifest import Entry, Manifest, ManifestWriter, open_manifest

CHUNK: Final = b"chunk"
TEXT_MAX: Final = 2 << 20

_SHORT: Final = 16 * 1024
_ZEROS: Final = bytes(CHUNK_MAX)
_NOTHING: Final = Content(None, 0, address(b""), is_text=True)

Put = Callable[[bytes], None]
"""Takes a sealed block."""

Get = Callable[[bytes], bytes]
"""Returns the sealed block of an address. Raises BlockNotFound or CorruptBlock."""


class Held(Protocol):
    """The part of a block store that tells what is here."""

    def has(self, digest: bytes) -> bool:
        """Say whether a block is held."""
        ...

    def get(self, digest: bytes) -> bytes:
        """Return a block, or raise BlockNotFound or CorruptBlock."""
        ...


# ---------------------------------------------------------------- storing


def store_content(source: Source, *, put: Put, secret: bytes) -> Content:
    """Seal all that source gives, a chunk at a time, and return what a file then holds."""
    head = _read_up_to(source, CHUNK_MAX + 1)
    if not head:
        return _NOTHING
    if len(head) <= CHUNK_MAX:
        link = _store_chunk(head, put, secret)
        return Content(link, len(head), address(head), is_text=is_text(head))
    return _store_long(head, source, put, secret)


def seal_bytes(data: bytes, secret: bytes) -> tuple[Content, list[bytes]]:
    """Seal the bytes of a file; return what it then holds, and the blocks, in their order."""
    blocks: list[bytes] = []
    return store_content(BytesIO(data), put=blocks.append, secret=secret), blocks


def store_bytes(data: bytes, *, put: Put, secret: bytes) -> Link:
    """Seal bytes whose size will not stand beside the link. `read_bytes` reads them."""
    if not data:
        raise ValueError("no bytes need no block")
    writer = ManifestWriter(put, secret)
    for at in range(0, len(data), CHUNK_MAX):
        piece = data[at : at + CHUNK_MAX]
        writer.add(len(piece), _store_chunk(piece, put, secret))
    return writer.finish()


def is_text(data: bytes) -> bool:
    """Say whether data is text: UTF-8, no NUL, at most 2 MiB."""
    if len(data) > TEXT_MAX or b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _store_long(head: bytes, source: Source, put: Put, secret: bytes) -> Content:
    writer = ManifestWriter(put, secret)
    hasher = blake3()
    text = _TextSoFar()
    size = 0
    for piece in cut(head, source, secret):
        size += len(piece)
        hasher.update(piece)
        text.feed(piece)
        link = None if _is_zero(piece) else _store_chunk(piece, put, secret)
        writer.add(len(piece), link)
    return Content(writer.finish(), size, hasher.digest(), is_text=text.ends())


def _store_chunk(data: bytes | memoryview, put: Put, secret: bytes) -> Link:
    link, sealed = seal(secret, CHUNK, pack(data, quick=len(data) <= _SHORT))
    put(sealed)
    return link


def _is_zero(piece: memoryview) -> bool:
    # The two ends settle it almost always; comparing needs a copy.
    return not piece[0] and not piece[-1] and bytes(piece) == _ZEROS[: len(piece)]


def _read_up_to(source: Source, size: int) -> bytes:
    data = source.read(size)
    if not data or len(data) == size:
        return data
    pieces = [data]
    left = size - len(data)
    while left and (piece := source.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


class _TextSoFar:
    """Whether bytes that come in pieces are text."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._left = TEXT_MAX
        self._good = True

    def feed(self, piece: memoryview) -> None:
        """Look at the next piece, unless it is settled already."""
        self._left -= len(piece)
        if self._left < 0:
            self._good = False
        if self._good:
            self._good = self._decodes(bytes(piece), last=False)

    def ends(self) -> bool:
        """Say whether all of it was text."""
        return self._good and self._decodes(b"", last=True)

    def _decodes(self, data: bytes, *, last: bool) -> bool:
        try:
            self._decoder.decode(data, last)
        except UnicodeDecodeError:
            return False
        return b"\0" not in data


# ---------------------------------------------------------------- reading


def read_content(content: Content, get: Get) -> Iterator[bytes]:
    """Walk the bytes of a content, at most 1 MiB at a time.

    That they are the very bytes is proved only at the end: use them after that.

    Raises:
        BlockNotFound: a block is not held.
        CorruptBlock: a block is damaged, or a link does not open it.
        DecodeError: the blocks are not the content that was named.
    """
    hasher = blake3()
    for piece in _pieces(content, get):
        hasher.update(piece)
        yield piece
    if hasher.digest() != content.digest:
        raise DecodeError("other bytes than were named")


def read_whole(content: Content, get: Get, *, limit: int = TEXT_MAX) -> bytes:
    """Return the bytes of a short content at once. Raises like `read_content`."""
    if content.size > limit:
        raise DecodeError("a content that is too long to be read at once")
    data = b"".join(_pieces(content, get))
    if address(data) != content.digest:
        raise DecodeError("other bytes than were named")
    return data


def read_bytes(link: Link, get: Get, *, limit: int) -> bytes:
    """Return what `store_bytes` stored, if it is no longer than the limit."""
    root = open_manifest(link, get(link.digest), size=None, level=None)
    if root.size > limit:
        raise DecodeError("more bytes than may be behind this link")
    return b"".join(_below(root, get))


def _pieces(content: Content, get: Get) -> Iterator[bytes]:
    if content.link is None:
        if content.size:
            raise DecodeError("a content without a link")
    elif content.size <= CHUNK_MAX:
        yield _open_chunk(content.link, content.size, get)
    else:
        sealed = get(content.link.digest)
        yield from _below(open_manifest(content.link, sealed, size=content.size, level=None), get)


def _below(manifest: Manifest, get: Get) -> Iterator[bytes]:
    for size, link in manifest.entries:
        if link is None:
            yield from (_ZEROS[: size - at] for at in range(0, size, CHUNK_MAX))
        elif manifest.level == 0:
            yield _open_chunk(link, size, get)
        else:
            sealed = get(link.digest)
            yield from _below(open_manifest(link, sealed, size=size, level=manifest.level - 1), get)


def _open_chunk(link: Link, size: int, get: Get) -> bytes:
    return unpack(open_sealed(link, CHUNK, get(link.digest)), size)


# ---------------------------------------------------------------- what is here, what is not


def links_of(content: Content, get: Get) -> Iterator[Link]:
    """Walk the links to all blocks of a content: a manifest before what is below it.

    A manifest is opened once, however often it is named; a chunk that several manifests
    name may come several times. The document is not looked at: see `links_below`.
    """
    if content.link is None:
        return
    if content.size <= CHUNK_MAX:
        yield content.link
    else:
        yield from links_below(content.link, get, size=content.size)


def links_below(link: Link, get: Get, *, size: int | None = None) -> Iterator[Link]:
    """Walk the link to a manifest, and the links to all blocks below it."""
    for found, _size, _missing in _walk(link, size, get, lambda _digest: True):
        yield found


def here_of(content: Content, blocks: Held) -> Iterator[bytes]:
    """Walk the addresses of those blocks of a content, document and all, that are here."""
    if content.link is not None and content.size <= CHUNK_MAX:
        yield from (digest for digest in [content.link.digest] if blocks.has(digest))
    elif content.link is not None:
        yield from here_below(content.link, blocks, size=content.size)
    if content.document is not None:
        yield from here_below(content.document, blocks)


def here_below(link: Link, blocks: Held, *, size: int | None = None) -> Iterator[bytes]:
    """Walk what is here of a manifest and all below it; nothing below what is missing."""
    for found, _behind, missing in _walk(link, size, blocks.get, blocks.has):
        if not missing:
            yield found.digest


def all_of(content: Content, blocks: Held) -> Iterator[tuple[bytes, bool]]:
    """Walk the addresses of all blocks of a content, document and all: and whether each is here.

    Nothing is known of what is below a manifest that is not.
    """
    if content.link is not None and content.size <= CHUNK_MAX:
        yield content.link.digest, blocks.has(content.link.digest)
    elif content.link is not None:
        yield from all_below(content.link, blocks, size=content.size)
    if content.document is not None:
        yield from all_below(content.document, blocks)


def all_below(link: Link, blocks: Held, *, size: int | None = None) -> Iterator[tuple[bytes, bool]]:
    """Walk the address of a manifest and of all below it, and whether each is here."""
    for found, _behind, missing in _walk(link, size, blocks.get, blocks.has):
        yield found.digest, not missing


def wanted(content: Content, blocks: Held) -> Iterator[tuple[bytes, int]]:
    """Walk the blocks of a content that are not here: address, and bytes of content behind it.

    Below a manifest that is missing nothing is known yet: ask again once it has come.
    """
    if content.link is None:
        return
    if content.size > CHUNK_MAX:
        yield from wanted_below(content.link, blocks, size=content.size)
    elif not blocks.has(content.link.digest):
        yield content.link.digest, content.size


def wanted_below(
    link: Link, blocks: Held, *, size: int | None = None
) -> Iterator[tuple[bytes, int]]:
    """Walk what is not here of a manifest and all below it; 0 bytes where nobody said how many."""
    for found, behind, missing in _walk(link, size, blocks.get, blocks.has):
        if missing:
            yield found.digest, behind


def _walk(
    link: Link, size: int | None, get: Get, has: Callable[[bytes], bool]
) -> Iterator[tuple[Link, int, bool]]:
    """Walk links: bytes behind each, and whether it is missing. Every manifest is opened once."""
    seen: set[bytes] = set()
    todo: list[tuple[Entry, int | None]] = [(Entry(size or 0, link), None)]
    while todo:
        (claimed, link_here), level = todo.pop()
        if link_here is None or link_here.digest in seen:
            continue
        seen.add(link_here.digest)
        here = has(link_here.digest)
        yield link_here, claimed, not here
        if not here:
            continue
        sealed = get(link_here.digest)
        manifest = open_manifest(link_here, sealed, size=claimed or None, level=level)
        if manifest.level:
            todo += ((entry, manifest.level - 1) for entry in reversed(manifest.entries))
        else:
            chunks = {below: size for size, below in manifest.entries if below is not None}
            yield from ((chunk, size, not has(chunk.digest)) for chunk, size in chunks.items())
