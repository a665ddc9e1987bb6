"""What the sync service tells the app: frozen facts, on the app's loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.facts.change import EntryId
from sync.ports import Card, Heads
from sync.protocol.session import Standing


@dataclass(frozen=True, slots=True)
class Listening:
    """Others can reach this device at that port now."""

    port: int


@dataclass(frozen=True, slots=True)
class PeerMet:
    """A device is near: it proved who it is, and a conversation with it is open."""

    card: Card
    host: str
    port: int
    dialled: bool
    """We dialled it: (host, port) is where it can be dialled again."""


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """The conversation with a device is over."""

    did: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeadsMoved:
    """A device said how a space stands there."""

    space: bytes
    did: str
    heads: Heads


@dataclass(frozen=True, slots=True)
class ThingsAccepted:
    """Records or rights came from a device."""

    space: bytes
    did: str
    records: int
    entries: frozenset[EntryId]
    refused: tuple[tuple[bytes, str], ...]
    waiting: int
    forked: frozenset[str] = frozenset()
    """The devices whose records lie on another line of theirs than what is here."""


@dataclass(frozen=True, slots=True)
class ContentCame:
    """Blocks that were missing came from a device, and are safe."""

    space: bytes
    did: str
    blocks: int
    size: int


@dataclass(frozen=True, slots=True)
class TransferMoved:
    """How a space stands between us and a device changed. At most a few times a second."""

    space: bytes
    did: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class ReceiptCame:
    """Devices said anew, signed, what they hold of a space."""

    space: bytes
    did: str
    """Who brought the word; not always whose it is."""


@dataclass(frozen=True, slots=True)
class LiveArrived:
    """Someone types in a note that is open here."""

    space: bytes
    entry: bytes
    update: bytes
    by: str


@dataclass(frozen=True, slots=True)
class ReaderCame:
    """A device opened a note that is open here: what is typed and not committed is news to it."""

    space: bytes
    entry: bytes
    did: str


@dataclass(frozen=True, slots=True)
class RedeemDone:
    """A device redeemed an invite that we gave."""

    space: bytes
    invite: bytes
    card: Card


@dataclass(frozen=True, slots=True)
class SpaceTrouble:
    """The store of a space failed while talking with a device; it is tried again later."""

    space: bytes
    did: str
    code: str


@dataclass(frozen=True, slots=True)
class DiscoveryTrouble:
    """Devices nearby cannot be searched for; empty: they can be again. Dialling still works."""

    code: str


SyncEvent = (
    Listening
    | PeerMet
    | PeerLeft
    | HeadsMoved
    | ThingsAccepted
    | ContentCame
    | TransferMoved
    | ReceiptCame
    | LiveArrived
    | ReaderCame
    | RedeemDone
    | SpaceTrouble
    | DiscoveryTrouble
)
SyncListener = Callable[[SyncEvent], None]


@dataclass(frozen=True, slots=True)
class SpaceState:
    """How one space stands between us and a device."""

    space: bytes
    standing: Standing


@dataclass(frozen=True, slots=True)
class Peer:
    """A device that we talk with now."""

    did: str
    name: str
    host: str
    port: int
    dialled: bool
    since: float
    """Unix seconds, by our clock."""
    spaces: tuple[SpaceState, ...]
