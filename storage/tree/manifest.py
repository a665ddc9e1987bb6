"""Manifests: the chunks of long content in order, and manifests of manifests when many.

    ["manifest", level, [[size, link or null], …]]      1 to 4,096 entries, level 0 to 3

At level 0 an entry is a chunk, or null for that many zero bytes; above, it is a manifest
one level down, and the size is the sum of that one's sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from storage.codec.dagcbor import decode, encode
from storage.codec.shape import is_list, items_of
from storage.crypto.link import Link, link_from
from storage.crypto.sealed import open_sealed, seal
from storage.errors import DecodeError
from storage.tree.compress import CHUNK_MAX

KIND: Final = b"manifest"
MAX_ENTRIES: Final = 4096
MAX_LEVEL: Final = 3


class Entry(NamedTuple):
    """So many bytes, and where they are; None for zeros."""

    size: int
    link: Link | None


class Manifest(NamedTuple):
    """What a manifest block says."""

    level: int
    entries: list[Entry]

    @property
    def size(self) -> int:
        """How many bytes it stands for."""
        return sum(entry.size for entry in self.entries)


class ManifestWriter:
    """Takes chunks in order, and keeps no more than one manifest of each level in memory."""

    def __init__(self, put: Callable[[bytes], None], secret: bytes) -> None:
        self._put = put
        self._secret = secret
        self._levels: list[list[Entry]] = [[]]

    def add(self, size: int, link: Link | None) -> None:
        """Take the next chunk. Zeros that follow zeros make one entry."""
        entries = self._levels[0]
        if link is None and entries and entries[-1].link is None:
            entries[-1] = Entry(entries[-1].size + size, None)
        else:
            self._append(0, Entry(size, link))

    def finish(self) -> Link:
        """Seal what is left, and return the link to the topmost manifest."""
        level = 0
        while level < len(self._levels) - 1:
            self._close(level)
            level += 1
        return self._seal(level)

    def _append(self, level: int, entry: Entry) -> None:
        if len(self._levels[level]) == MAX_ENTRIES:
            self._close(level)
        self._levels[level].append(entry)

    def _close(self, level: int) -> None:
        size = sum(entry.size for entry in self._levels[level])
        link = self._seal(level)
        self._levels[level] = []
        if level + 1 == len(self._levels):
            self._levels.append([])
        self._append(level + 1, Entry(size, link))

    def _seal(self, level: int) -> Link:
        rows = [
            [size, None if link is None else link.to_bytes()] for size, link in self._levels[level]
        ]
        link, sealed = seal(self._secret, KIND, encode(["manifest", level, rows]))
        self._put(sealed)
        return link


def open_manifest(link: Link, sealed: bytes, *, size: int | None, level: int | None) -> Manifest:
    """Return what a manifest block says; size and level as the one above it claims them.

    Raises:
        CorruptBlock: the block is damaged, or the link does not open it.
        DecodeError: it is no manifest, or not the one that was claimed.
    """
    match items_of(decode(open_sealed(link, KIND, sealed))):
        case ["manifest", int() as found, rows] if (
            not isinstance(found, bool)
            and 0 <= found <= MAX_LEVEL
            and is_list(rows)
            and 0 < len(rows) <= MAX_ENTRIES
        ):
            manifest = Manifest(found, [_entry(row, found) for row in rows])
        case _:
            raise DecodeError("no manifest")
    if level is not None and manifest.level != level:
        raise DecodeError("a manifest of another level")
    if size is not None and manifest.size != size:
        raise DecodeError("a manifest of another size")
    return manifest


def _entry(row: object, level: int) -> Entry:
    match row:
        case [int() as size, None] if level == 0 and size > 0 and not isinstance(size, bool):
            return Entry(size, None)
        case [int() as size, bytes() as link] if size > 0 and not isinstance(size, bool):
            if level == 0 and size > CHUNK_MAX:
                raise DecodeError("a chunk that is too large")
            return Entry(size, link_from(link))
        case _:
            raise DecodeError("an entry of a manifest is [size, link]")
