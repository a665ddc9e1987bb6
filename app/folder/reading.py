"""Reading a file that somebody may be writing: what is read is one version, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from blake3 import blake3

from app.folder.agreed import Row
from app.folder.port import Opened, Path, Place, Shape, Stat
from app.folder.space import Space
from storage.contents import text_in
from storage.errors import BlockNotFound
from storage.facts.node import Node
from storage.facts.values import Content
from storage.ports import Clock

Result = TypeVar("Result")
TRIES = 3
PIECE = 1 << 18
MAX_TEXT = 2 << 20
FRESH_NS = 20_000_000
"""A write so soon after the last one may carry the same time: longer than any clock's tick."""


class StillChanging(Exception):
    """The file changed each time it was read. It will settle, and be looked at again."""

    def __init__(self, path: Path) -> None:
        super().__init__("a file changed while it was read")
        self.path = path


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held at one moment: its bytes when they are few, else stored already."""

    stat: Stat
    digest: bytes
    data: bytes
    content: Content | None = None

    @property
    def text(self) -> str | None:
        """The text that it is, None when it is none."""
        return None if self.content is not None else text_in(self.data)

    def source(self) -> Bytes:
        """Return the bytes at hand as a source."""
        return Bytes(self.data)


class Bytes:
    """Bytes at hand, as a source."""

    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


class Stream:
    """An open file as a source."""

    def __init__(self, file: Opened) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        return self._file.read(min(size, MAX_TEXT))


def steadily(
    place: Place,
    path: Path,
    read: Callable[[Opened, Stat], Result],
    clock: Clock | None = None,
) -> tuple[Stat, Result]:
    """Read with `read` until the file did not change meanwhile; also return its stat.

    With a clock, a file that was written a moment ago is read twice, and not while somebody has
    it open for that: a write that followed at once may have left it the same times.

    Raises:
        StillChanging: it changed each time.
        OSError: it is gone, or cannot be read.
    """
    for _ in range(TRIES):
        with place.open(path[-1]) as file:
            before = file.stat()
            young = clock is not None and fresh(before, clock.now())
            result = read(file, before)
            if file.stat() != before:
                continue
        if not young:
            return before, result
        if place.is_written(path[-1]):
            continue  # perhaps in the middle of a write that began in that moment
        with place.open(path[-1]) as file:
            if file.stat() == before and read(file, before) == result and file.stat() == before:
                return before, result
    raise StillChanging(path)


def read_file(
    place: Place,
    path: Path,
    size: int,
    store: Callable[[Stream], Content],
    clock: Clock | None = None,
) -> Read:
    """Read a file: at once when it is small, else into the store."""
    if size <= MAX_TEXT:
        stat, data = steadily(place, path, lambda file, stat: _take(file, stat.size), clock)
        return Read(stat, blake3(data).digest(), data)
    stat, content = steadily(place, path, lambda file, _: store(Stream(file)), clock)
    return Read(stat, content.digest, b"", content)


def read_small(place: Place, path: Path) -> tuple[Stat, bytes]:
    """Read a file at once; of one that is longer than a text only so much that this is seen."""
    return steadily(place, path, lambda file, stat: _take(file, min(stat.size, MAX_TEXT)))


def holds(space: Space, node: Node, read: Read) -> bool:
    """Say whether what is there is what was read."""
    if not node.is_text and node.size != read.stat.size:
        return False
    digest = blake3()
    try:
        for piece in space.read(node):
            digest.update(piece)
    except BlockNotFound:
        return False
    return digest.digest() == read.digest


def digest_of(place: Place, path: Path) -> tuple[Stat, bytes]:
    """Return the digest of a file of any size."""
    return steadily(place, path, lambda file, _: _hash(file))


def fresh(stat: Stat, now: float) -> bool:
    """Say whether the file is so fresh that a later write could leave the same times."""
    return abs(int(now * 1e9) - max(stat.mtime_ns, 0)) < FRESH_NS


def unless_written(row: Row, before: Stat, after: Stat) -> Stat:
    """Return what to agree on of something that we moved: what the disk says now.

    If somebody wrote to it since it was looked at, or it was not sure before, it is to be read
    again: what they wrote is no version that we know.
    """
    same = before[2:5] == after[2:5] or after.shape is Shape.FOLDER  # inode, size, mtime
    return after if same and row.ctime_ns != -1 else before._replace(ctime_ns=-1, mode=after.mode)


def settled(stat: Stat, now: float) -> Stat:
    """Return what to agree on: a file that is fresh is read again next time."""
    return stat._replace(ctime_ns=-1) if fresh(stat, now) else stat


def _take(file: Opened, size: int) -> bytes:
    pieces: list[bytes] = []
    left = size + 1
    while left > 0 and (piece := file.read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _hash(file: Opened) -> bytes:
    state = blake3()
    while piece := file.read(PIECE):
        state.update(piece)
    return state.digest()
