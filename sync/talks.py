"""All conversations that are open: exactly one with each device that is near."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.blocks.store import Thing
from storage.errors import AtollError
from sync.conversation import Conversation
from sync.ports import Card
from sync.protocol.session import Session
from sync.transport.stream import Address

AT_ONCE = 10.0
"""Two conversations that began within so many seconds came from dialling each other at once."""
DOUBLE = "double"
"""Why one of two conversations with one device ends."""


@dataclass(eq=False, slots=True)
class Talk:
    """One conversation, and what is known about it."""

    conversation: Conversation
    dialled: bool
    """We dialled."""
    remote: Address
    card: Card | None = None
    invite: bytes | None = None
    since: float = 0.0
    """Unix seconds."""
    met_at: float = 0.0
    met: asyncio.Future[Card] = field(default_factory=asyncio.Future[Card])
    """Done once it is known who is there, or that nobody is."""

    redeemed: asyncio.Future[tuple[Thing, ...]] = field(
        default_factory=asyncio.Future[tuple[Thing, ...]]
    )
    """Done once our invite was answered."""

    @property
    def session(self) -> Session:
        """The machine inside."""
        return self.conversation.session

    @property
    def did(self) -> str:
        """Who is there; empty while that is not known."""
        return "" if self.card is None else self.card.did

    def fail(self, error: AtollError) -> None:
        """Tell those who still wait for an answer that none will come."""
        for future in (self.met, self.redeemed):
            if not future.done():
                future.set_exception(error)
                future.exception()  # it is no fault if nobody waited


class Talks:
    """Finds a conversation by who is there, or by its session."""

    def __init__(self, ours: str) -> None:
        self._ours = ours
        self._all: dict[Session, Talk] = {}
        self._near: dict[str, Talk] = {}

    def __iter__(self) -> Iterator[Talk]:
        return iter(tuple(self._all.values()))

    @property
    def near(self) -> dict[str, Talk]:
        """The one conversation with each device, by its DID."""
        return dict(self._near)

    def add(self, talk: Talk) -> None:
        """A conversation begins; who is there is not known yet."""
        self._all[talk.session] = talk

    def of(self, session: Session) -> Talk:
        """Return the conversation of a session."""
        return self._all[session]

    def met(self, talk: Talk) -> tuple[bool, Talk | None]:
        """It is known who is there. Return whether that is news, and who must leave."""
        old = self._near.get(talk.did)
        if old is None:
            self._near[talk.did] = talk
            return True, None
        if talk.invite is not None and old.invite is None:
            return False, None  # to redeem an invite, beside the conversation that is open
        if not self._keeps(old, talk):
            return False, talk
        self._near[talk.did] = talk
        return False, old

    def _keeps(self, old: Talk, new: Talk) -> bool:
        """Say whether a new conversation takes the place of an old one. Both ends agree on it."""
        if (
            old.invite is not None
            or new.met_at - old.met_at > AT_ONCE
            or old.dialled == new.dialled
        ):
            return True  # the old one is lost at the other end, or is about to be
        smaller_is_ours = self._ours < new.did
        return new.dialled == smaller_is_ours

    def remove(self, talk: Talk) -> bool:
        """A conversation is over. Say whether the device is gone with it."""
        del self._all[talk.session]
        if self._near.get(talk.did) is talk:
            del self._near[talk.did]
            return True
        return False
