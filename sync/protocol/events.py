"""What a session tells the one who drives it: news, and questions that only a replica answers.

A class whose docstring begins with "Asks" is a question; the method of `Session` that
takes the answer stands in it. An answer may come late, in any order, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.blocks.store import Thing
from storage.facts.dots import Seen
from sync.ports import Card, Heads
from sync.protocol.messages import Channel, Note


@dataclass(frozen=True, slots=True)
class Met:
    """The other end has proved who it is."""

    card: Card
    invite: bytes | None
    """The id of the invite it came by."""


@dataclass(frozen=True, slots=True)
class SpaceMet:
    """Both ends have this space."""

    space: bytes


@dataclass(frozen=True, slots=True)
class HeadsWanted:
    """Asks how a space stands here: `Session.give_heads`."""

    space: bytes


@dataclass(frozen=True, slots=True)
class HeadsCame:
    """How a space stands there."""

    space: bytes
    heads: Heads


@dataclass(frozen=True, slots=True)
class ThingsWanted:
    """Asks for what the other end lacks: `Session.give_things`."""

    space: bytes
    after: Seen
    auth: bytes
    budget: int


@dataclass(frozen=True, slots=True)
class ThingsCame:
    """Asks to verify and keep things: `Session.took_things`."""

    space: bytes
    things: tuple[Thing, ...]
    size: int
    """Bytes of credit to give back."""


@dataclass(frozen=True, slots=True)
class MissingWanted:
    """Asks what content is wanted: `Session.give_missing`."""

    space: bytes
    limit: int


@dataclass(frozen=True, slots=True)
class BlocksWanted:
    """Asks for blocks that the other end wants: `Session.give_blocks`."""

    space: bytes
    channel: Channel
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class BlocksCame:
    """Asks to keep blocks that we wanted: `Session.took_blocks`."""

    space: bytes
    channel: Channel
    digests: tuple[bytes, ...]
    blocks: tuple[bytes, ...]
    size: int
    """Bytes of credit to give back."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """The other end does not have, or does not give, these: others may be asked."""

    space: bytes
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReceiptsCame:
    """Signed words about who holds what."""

    space: bytes
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class LiveCame:
    """The other end opened or closed a note, or somebody types there."""

    space: bytes
    entry: bytes
    what: Note
    update: bytes


@dataclass(frozen=True, slots=True)
class RedeemWanted:
    """Asks for what an invite of ours promises: `Session.give_invitation` or `refuse_invite`."""

    invite: bytes


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Our invite was good: these things make us a member."""

    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """What we asked for is refused, or the other end ends the conversation with an error."""

    code: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over."""

    reason: str


Event = (
    Met
    | SpaceMet
    | HeadsWanted
    | HeadsCame
    | ThingsWanted
    | ThingsCame
    | MissingWanted
    | BlocksWanted
    | BlocksCame
    | Lacking
    | ReceiptsCame
    | LiveCame
    | RedeemWanted
    | Redeemed
    | Refused
    | Ended
)
