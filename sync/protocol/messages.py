"""The messages: frozen values, and the one array that each is on the wire.

Every array begins `[type, channel, ref, ...]`. `ref` is the number of a request, or the
sender's number of a space (its *line*), or 0. What PROTOCOL.md says, this module enforces:
a value that breaks a bound is never built from a peer's bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from storage.blocks.store import Kind, Thing
from storage.facts.dots import Seen
from sync.protocol.bounds import BLOCKS_CREDIT, MAX_FRAME, RECORDS_CREDIT


class Type(IntEnum):
    """The first number of each message."""

    HELLO = 1
    HELLO_OK = 2
    PROOF = 3
    CARD = 4
    SPACES = 5
    HEADS = 6
    RECORDS = 7
    LIVE = 8
    WANT = 9
    BLOCKS = 10
    PIECE = 11
    NOTHAVE = 12
    HAVE = 13
    CREDIT = 14
    CANCEL = 15
    REDEEM = 16
    REDEEMED = 17
    PING = 18
    ERROR = 19
    BYE = 20


class Channel(IntEnum):
    """What goes first: the smaller number."""

    CONTROL = 0
    RECORDS = 1
    OPENED = 2
    BULK = 3


class Mode(IntEnum):
    """What a HELLO proves."""

    KNOWN = 1
    INVITE = 2


class Note(IntEnum):
    """What a LIVE message says."""

    CLOSED = 0
    OPENED = 1
    UPDATE = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What an end can take. The other keeps to it."""

    frame: int = MAX_FRAME
    records: int = RECORDS_CREDIT
    blocks: int = BLOCKS_CREDIT


@dataclass(frozen=True, slots=True)
class Hello:
    """The dialling end begins. Each hint may tell the other, and nobody else, who this is."""

    version: int
    limits: Limits
    nonce: bytes
    mode: Mode
    hints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HelloOk:
    """The answering end found the hint at that place, and proves that it has the key."""

    version: int
    limits: Limits
    nonce: bytes
    hint: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The dialling end proves it too."""

    proof: bytes


@dataclass(frozen=True, slots=True)
class Card:
    """Who is speaking, signed with the device's key over this very conversation."""

    did: str
    agreement: bytes
    name: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Spaces:
    """Tags that only someone with the same space recognises. Their order gives the lines."""

    tags: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Heads:
    """How a space stands at the sender."""

    line: int
    seen: Seen
    root: bytes
    auth: bytes
    complete: bool
    subscribe: bool
    files: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Records:
    """Things in the order in which they build on each other; `advance` is how far they lead.

    Not `whole`: what came so far ends with blocks of a record that is still to come.
    """

    line: int
    advance: Seen
    things: tuple[Thing, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Live:
    """What someone types in a note that both have open. Kept nowhere."""

    line: int
    entry: bytes
    what: Note
    update: bytes


@dataclass(frozen=True, slots=True)
class Want:
    """Blocks that the sender lacks, to be sent on that channel."""

    channel: Channel
    rid: int
    line: int
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Wanted blocks, whole."""

    channel: Channel
    rid: int
    blocks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one thing or block too long for a frame; parts follow each other in order.

    On the channel of records `ref` is the line, else the number of the want.
    """

    channel: Channel
    ref: int
    kind: Kind
    total: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class NotHave:
    """Wanted blocks that are not here."""

    channel: Channel
    rid: int
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Have:
    """Signed receipts: who holds which version."""

    line: int
    receipts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """So many more bytes may be sent on that channel: the earlier ones are safe."""

    target: Channel
    size: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """What is not yet sent for that want is not needed any more."""

    rid: int


@dataclass(frozen=True, slots=True)
class Redeem:
    """A joiner asks for what its invite promises."""

    rid: int
    invite: bytes


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The things that make a joiner a member; the last message has no `more`."""

    rid: int
    things: tuple[Thing, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life, or the answer to one."""

    rid: int
    answer: bool


@dataclass(frozen=True, slots=True)
class Error:
    """A request, or with 0 the whole conversation, cannot go on."""

    rid: int
    code: str


@dataclass(frozen=True, slots=True)
class Bye:
    """The sender leaves, on purpose."""

    reason: str


Message = (
    Hello
    | HelloOk
    | Proof
    | Card
    | Spaces
    | Heads
    | Records
    | Live
    | Want
    | Blocks
    | Piece
    | NotHave
    | Have
    | Credit
    | Cancel
    | Redeem
    | Redeemed
    | Ping
    | Error
    | Bye
)
