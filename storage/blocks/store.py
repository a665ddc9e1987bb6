"""The block store port, and its keeper in memory.

A store keeps things by the address of their bytes. It knows nothing of what they mean,
never opens one, and never returns bytes that do not hash to the address asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Protocol

from storage.crypto.sealed import address
from storage.errors import BlockNotFound, CorruptBlock, DecodeError

MAX_BLOCK: Final = (1 << 20) + 64
"""The plaintext of a block is at most 1 MiB; its format byte and its seal come on top."""


class Kind(IntEnum):
    """What a thing is. The numbers are written to disk and sent to peers."""

    BLOCK = 1
    RECORD = 2
    TOKEN = 3
    EPOCH = 4
    INVITE = 5
    RECEIPT = 6
    KEYRING = 7
    """This device's own secrets, sealed to it. Never sent, never taken from a peer."""
    ASIDE = 8
    """Which records of these packs count no more. Never sent, never taken from a peer."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Bytes and what they are. `digest` is their address, whatever the kind."""

    kind: Kind
    data: bytes
    digest: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.data) > MAX_BLOCK:
            raise DecodeError("a thing that is too large")
        object.__setattr__(self, "digest", address(self.data))


Walked = Callable[[int, int], None]
"""Hears how many bytes were looked at, and of how many. May raise to stop."""


def unheard(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


class BlockStore(Protocol):
    """Keeps things by address. Adding one that is held does nothing.

    The one exception: bytes first added as a BLOCK and then as another kind become that
    kind. Else whoever gets us to fetch a record's bytes as content could hide the record.
    """

    def add(self, thing: Thing) -> bytes:
        """Keep a thing: readable at once, promised only once `sync` returns.

        Raises:
            StoreFull: the disk took no more. Open the store again to go on writing.
            StoreUnusable: the disk failed, or the store is only for reading.
        """
        ...

    def sync(self) -> None:
        """Make all that was added survive a power cut. Raises like `add`."""
        ...

    def get(self, digest: bytes) -> bytes:
        """Return the bytes of a thing.

        Raises:
            BlockNotFound: it is not held.
            CorruptBlock: what is held does not hash to its address.
        """
        ...

    def expect(self, digests: Iterable[bytes]) -> None:
        """Hear what will be asked for soon, in case that asking for all at once is quicker."""
        ...

    def has(self, digest: bytes) -> bool:
        """Say whether a thing is held. Its bytes are not looked at."""
        ...

    def kind_of(self, digest: bytes) -> Kind:
        """Return the kind of a thing held, else raise BlockNotFound."""
        ...

    def forget(self, digest: bytes) -> None:
        """Hold a thing no longer, so that a good copy of a damaged one can be added."""
        ...

    def remove(self, digests: Iterable[bytes]) -> None:
        """Hold content no longer, on purpose. It may be added again, by whoever has it.

        Only what is a BLOCK goes; what is of another kind stays, whoever asks. What was added
        and not synced yet goes too. Raises like `add`.
        """
        ...

    def scan(self, kind: Kind | None = None) -> Iterator[Thing]:
        """Walk the things held when this began, in the order added.

        Records may come after all that was synced with them. Damaged ones are left out:
        `verify` names them.
        """
        ...

    def verify(self, walked: Walked = unheard) -> Iterator[tuple[bytes, str]]:
        """Walk what is damaged: its digest, and where. Reads everything; tells of each block."""
        ...

    def close(self) -> None:
        """Let go of the disk. What was not synced was not promised."""
        ...


def replaces(held: Kind, new: Kind) -> bool:
    """Say whether bytes held as one kind are to be kept anew as another."""
    return held is Kind.BLOCK and new is not Kind.BLOCK


class MemoryBlocks:
    """Things in a dict, for tests and for previews."""

    def __init__(self) -> None:
        self._things: dict[bytes, Thing] = {}

    def add(self, thing: Thing) -> bytes:
        """Keep a thing."""
        digest = thing.digest
        held = self._things.get(digest)
        if held is None:
            self._things[digest] = thing
        elif replaces(held.kind, thing.kind):
            del self._things[digest]  # its place in the order is the end
            self._things[digest] = thing
        return digest

    def sync(self) -> None:
        """Do nothing: memory promises nothing."""

    def get(self, digest: bytes) -> bytes:
        """Return the bytes of a thing."""
        data = self._held(digest).data
        if address(data) != digest:
            raise CorruptBlock(digest, "memory")
        return data

    def expect(self, digests: Iterable[bytes]) -> None:
        """Do nothing: all is at hand."""

    def has(self, digest: bytes) -> bool:
        """Say whether a thing is held."""
        return digest in self._things

    def kind_of(self, digest: bytes) -> Kind:
        """Return the kind of a thing held."""
        return self._held(digest).kind

    def forget(self, digest: bytes) -> None:
        """Hold a thing no longer."""
        self._things.pop(digest, None)

    def remove(self, digests: Iterable[bytes]) -> None:
        """Hold content no longer."""
        for digest in digests:
            held = self._things.get(digest)
            if held is not None and held.kind is Kind.BLOCK:
                del self._things[digest]

    def scan(self, kind: Kind | None = None) -> Iterator[Thing]:
        """Walk the things held when this began, in the order added."""
        for digest, thing in list(self._things.items()):
            if kind in {None, thing.kind} and address(thing.data) == digest:
                yield thing

    def verify(self, walked: Walked = unheard) -> Iterator[tuple[bytes, str]]:
        """Walk what is damaged."""
        total, done = sum(len(thing.data) for thing in self._things.values()), 0
        for digest, thing in list(self._things.items()):
            done += len(thing.data)
            walked(done, total)
            if address(thing.data) != digest:
                yield digest, "memory"

    def close(self) -> None:
        """Do nothing."""

    def _held(self, digest: bytes) -> Thing:
        try:
            return self._things[digest]
        except KeyError:
            raise BlockNotFound(digest) from None
