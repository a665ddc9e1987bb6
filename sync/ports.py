"""What sync needs from the app: spaces to bring together, and who we and the others are.

All of it lives on the app's loop. A `Replica` hands its work to the space's own thread; what
it raises as an AtollError ends the conversation about that space, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from storage.blocks.store import Thing
from storage.facts.change import EntryId
from storage.facts.dots import Seen, Writer

ROOT_SIZE = 32
UNTOLD = bytes(ROOT_SIZE)
"""The root of who does not tell all of what is there: it can be compared with none."""
AUTH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Heads:
    """How a space stands on one device."""

    seen: Seen
    root: bytes
    """The digest of the root's link, 32 bytes. Never its key. UNTOLD: not all is told."""
    auth: bytes
    """Digest of the set of tokens, epochs and invites held, 32 bytes."""
    complete: bool
    """All content is here, not only names."""
    files: int = 0
    """How many files are not whole there: their content is on its way."""
    size: int = 0
    """How many bytes of these are still to come."""
    said: bytes = field(default=b"", compare=False)
    """What else our receipt says now. Not sent, and no part of how things stand: it only tells
    when to sign anew."""

    def __post_init__(self) -> None:
        if len(self.root) != ROOT_SIZE or len(self.auth) != AUTH_SIZE:
            raise ValueError("root and auth are digests of 32 bytes")

    def equals(self, other: Heads) -> bool:
        """Say whether both hold the same facts, records and rights."""
        same = (self.seen, self.auth) == (other.seen, other.auth)
        return same and self.may_be_of(other)

    def may_be_of(self, other: Heads) -> bool:
        """Say whether both roots may be of one tree, as far as they are told."""
        return self.root == other.root or UNTOLD in {self.root, other.root}


class Parcel(Protocol):
    """Things in the order in which they build on each other."""

    @property
    def things(self) -> Sequence[Thing]:
        """Tokens, epochs, payload blocks, records, small content blocks."""
        ...

    @property
    def seen_after(self) -> Seen:
        """What someone who had what was asked after has seen once these are taken."""
        ...

    @property
    def more(self) -> bool:
        """There is more than the budget allowed."""
        ...


class Accepted(Protocol):
    """What became of things that came from a peer."""

    @property
    def records(self) -> int:
        """How many records are new here."""
        ...

    @property
    def entries(self) -> frozenset[EntryId]:
        """Which entries they changed."""
        ...

    @property
    def refused(self) -> Sequence[tuple[bytes, str]]:
        """(digest, error code) of each thing that was not taken."""
        ...

    @property
    def waiting(self) -> int:
        """How many are kept until what they build on is here."""
        ...

    @property
    def disputed(self) -> Sequence[tuple[Writer, int]]:
        """Writers of whom the peer has another line than ours, and where it may begin."""
        ...

    @property
    def forked(self) -> frozenset[str]:
        """The devices (DIDs) whose records were refused because they lie on another line."""
        ...

    @property
    def gave_way(self) -> bool:
        """Records held here were replaced: what was said of the space before is void."""
        ...


class Replica(Protocol):
    """One space on this device."""

    @property
    def space(self) -> bytes:
        """The space's public key, 32 bytes."""
        ...

    @property
    def meeting_key(self) -> bytes:
        """What all who share the space know, and nobody else. It gives no right in itself."""
        ...

    async def heads(self) -> Heads:
        """Return how the space stands here."""
        ...

    async def things_after(self, seen: Seen, auth: bytes, budget: int) -> Parcel:
        """Return what someone lacks who has seen that much, of about `budget` bytes."""
        ...

    async def accept(self, things: Sequence[Thing], peer: str) -> Accepted:
        """Verify and keep things that the device `peer` (a DID) sent. Durable on return."""
        ...

    async def missing(self, limit: int) -> Sequence[bytes]:
        """Return the addresses of content that is wanted and not here, most wanted first."""
        ...

    async def get_blocks(self, digests: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return blocks in the order asked; None for what is not here or not to be given."""
        ...

    async def put_blocks(self, blocks: Sequence[bytes]) -> object:
        """Keep blocks that were wanted. Durable on return."""
        ...

    async def receipt(self) -> Thing:
        """Return a signed word of ours: all up to here is held."""
        ...

    async def take_receipts(self, things: Sequence[Thing]) -> None:
        """Take such words of others."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """Who a device is, as it tells those who proved that they may know."""

    did: str
    agreement_public: bytes
    name: str


@dataclass(frozen=True, slots=True)
class InviteKey:
    """What two devices know of one invite: the giver, and whoever has the code."""

    id: bytes
    """16 bytes."""
    mac: bytes = field(repr=False)
    """32 bytes, derived from the invite's secret."""
    space: bytes
    """The public key of the space that it opens."""


class Known(Protocol):
    """Who we are, whom we know, and what we gave. Answers at once, from memory."""

    def card(self) -> Card:
        """Return who we are."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign with this device's key."""
        ...

    def pair_keys(self) -> Mapping[str, bytes]:
        """Return, for each device we know, the 32 bytes that only it and we can derive."""
        ...

    def invites(self) -> Iterable[InviteKey]:
        """Return the invites that we gave and that are still good."""
        ...

    def admits(self, did: str, space: bytes) -> bool:
        """Say whether that device may have what is in that space."""
        ...

    def addresses(self, did: str) -> Sequence[tuple[str, int]]:
        """Return (host, port) where that device was met before, last first."""
        ...

    async def redeem(self, invite: bytes, card: Card) -> Sequence[Thing]:
        """Return the things that an invite of ours promises, for the device with that card.

        Raises:
            AccessError: it is not good any more.
        """
        ...
