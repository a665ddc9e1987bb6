"""Which blocks are needed: everything that what is kept opens, marked block by block.

A mark is a bit beside the row of a block in the locator: a million blocks are 128 kB. Blocks
that came after marking began are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage.core import Core
from storage.crypto.link import Link
from storage.errors import AtollError, BadToken, BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import Add, Put
from storage.facts.values import Content, Edit
from storage.records.record import parse_record
from storage.retention import Held
from storage.tree.compress import CHUNK_MAX
from storage.tree.content import all_below, all_of

_AT_ONCE = 500


class Marks:
    """The blocks that are needed, as far as was looked."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._locator = core.blocks.locator
        self.upto = self._locator.last()
        self._bits = bytearray(self.upto // 8 + 1)
        self._waiting: list[bytes] = []
        self._whole: set[Held] = set()
        self._partly: dict[Held, bool] = {}
        self.size = 0
        """Bytes of the blocks that are marked."""
        self.needed: set[bytes] = set()
        """What is needed and not here, and is on its way or was let go of."""
        self.lost: list[bytes] = []
        """What is needed and not here, and nobody knows why."""

    def has(self, number: int) -> bool:
        """Say whether the block of a row of the locator is marked."""
        return bool(self._bits[number >> 3] & 1 << (number & 7))

    def add(self, held: Held, *, strict: bool) -> None:
        """Mark all that opens what a version held; `strict`: it has to be here."""
        if held in self._whole:
            return
        if isinstance(held, Content) and held.link is None and held.document is None:
            return
        complete = True
        try:
            for digest, here in self._blocks_of(held):
                if here:
                    self._waiting.append(digest)
                else:
                    complete = False
                    self._miss(digest, strict=strict)
        except (BlockNotFound, CorruptBlock, DecodeError):
            complete = False
            if strict:
                self.lost.append(_top(held))
        if not complete:
            self._partly[held] = strict
        elif isinstance(held, Link) or held.size > CHUNK_MAX or held.document is not None:
            self._whole.add(held)
        if len(self._waiting) >= _AT_ONCE:
            self.flush()

    def add_blocks(self, digests: Iterable[bytes], *, strict: bool) -> None:
        """Mark blocks as such."""
        for digest in digests:
            if self._core.blocks.has(digest):
                self._waiting.append(digest)
            else:
                self._miss(digest, strict=strict)
        self.flush()

    def here_of(self, held: Held) -> list[bytes]:
        """Return what is here of a version."""
        try:
            return [digest for digest, here in self._blocks_of(held) if here]
        except (BlockNotFound, CorruptBlock, DecodeError):
            return []

    def is_whole(self, held: Held) -> bool:
        """Say whether all of a version is here."""
        try:
            return all(here for _, here in self._blocks_of(held))
        except (BlockNotFound, CorruptBlock, DecodeError):
            return False

    def look_again(self) -> None:
        """Look again at what was not complete: more of it may have come."""
        partly, self._partly = self._partly, {}
        for held, strict in partly.items():
            self.add(held, strict=strict)
        self.flush()

    def flush(self) -> None:
        """Mark what was found."""
        waiting, self._waiting = self._waiting, []
        for number, size in self._locator.ids(waiting).values():
            if number <= self.upto and not self.has(number):
                self._bits[number >> 3] |= 1 << (number & 7)
                self.size += size

    def _blocks_of(self, held: Held) -> Iterator[tuple[bytes, bool]]:
        blocks = self._core.blocks
        return all_below(held, blocks) if isinstance(held, Link) else all_of(held, blocks)

    def _miss(self, digest: bytes, *, strict: bool) -> None:
        if strict and is_unaccounted(self._core, digest):
            self.lost.append(digest)
        else:
            self.needed.add(digest)


def is_wanted(core: Core, digest: bytes) -> bool:
    """Say whether a block is to come, for whatever."""
    ask = "SELECT 1 FROM want WHERE digest = ? LIMIT 1"
    return core.connection.execute(ask, (digest,)).fetchone() is not None


def is_unaccounted(core: Core, digest: bytes) -> bool:
    """Say of a block that is not here whether it was let go of by nobody, and is not to come."""
    return not core.let_go.holds(digest) and not is_wanted(core, digest)


def held_by_record(core: Core, digest: bytes) -> tuple[bytes | None, list[Held]]:
    """Return the payload of a record that does not count (yet), and what it needs, if it opens."""
    try:
        record = parse_record(core.blocks.get(digest))
    except (BlockNotFound, CorruptBlock, DecodeError, BadToken):
        return None, []
    try:
        operations = core.history.open(record).operations
    except AtollError:
        return record.payload_digest, []
    return record.payload_digest, list(held_in_operations(operations))


def held_in_operations(operations: Iterable[object]) -> Iterator[Held]:
    """Walk what operations need blocks for."""
    for operation in operations:
        match operation:
            case Put(_, _, Content() as content):
                yield content
            case Put(_, _, Edit(update=Link() as link)) | Add(_, _, Edit(update=Link() as link)):
                yield link
            case _:
                pass


def _top(held: Held) -> bytes:
    link = held if isinstance(held, Link) else held.link or held.document
    return b"" if link is None else link.digest
