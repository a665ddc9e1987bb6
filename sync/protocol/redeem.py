"""Redeeming an invite: the joiner asks once, and gets the things that make it a member."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from storage.blocks.store import Thing
from sync.errors import RemoteProtocolError
from sync.protocol import messages as say
from sync.protocol.bounds import MAX_INVITATION, SOFT_FRAME
from sync.protocol.desk import Desk
from sync.protocol.events import Redeemed, RedeemWanted, Refused
from sync.protocol.messages import Channel

_REQUEST = 1
_OVERHEAD = 16


class Redeeming:
    """Either side of it, in one session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked = False
        self._answering: int | None = None
        self._came: list[Thing] = []
        self._size = 0
        self._answers: deque[say.Redeemed] = deque()

    def ask(self, invite: bytes) -> None:
        """Ask for what an invite promises."""
        self._asked = True
        self._came, self._size = [], 0
        self._desk.say(say.Redeem(_REQUEST, invite))

    def hear_redeem(self, message: say.Redeem, proved: bytes | None) -> None:
        """Take a joiner's request; `proved` is the invite that its HELLO was made with.

        Raises:
            RemoteProtocolError: it asks for another invite, or twice.
        """
        if message.invite != proved or self._answering is not None:
            raise RemoteProtocolError("an invite that it did not come by")
        self._answering = message.rid
        self._desk.tell(RedeemWanted(message.invite))

    def give(self, things: Sequence[Thing]) -> None:
        """Answer the request."""
        if self._answering is None:
            return
        rid, self._answering = self._answering, None
        parts: list[list[Thing]] = [[]]
        size = 0
        for thing in things:
            size += len(thing.data) + _OVERHEAD
            if size > SOFT_FRAME and parts[-1]:
                parts.append([])
                size = len(thing.data) + _OVERHEAD
            parts[-1].append(thing)
        last = len(parts) - 1
        self._answers.extend(
            say.Redeemed(rid, tuple(part), more=place < last) for place, part in enumerate(parts)
        )

    def refuse(self, code: str) -> None:
        """Answer that there is nothing (any more)."""
        if self._answering is not None:
            self._desk.say(say.Error(self._answering, code))
            self._answering = None

    def next_frame(self) -> bytes | None:
        """Return the next part of an answer, or None: there is none, or no credit."""
        if not self._answers:
            return None
        made = self._desk.pay(Channel.RECORDS, self._answers[0])
        if made is not None:
            self._answers.popleft()
        return made

    def hear_redeemed(self, message: say.Redeemed, size: int) -> None:
        """Take a part of the answer.

        Raises:
            RemoteProtocolError: it was not asked for, or is too much.
        """
        self._desk.grants[Channel.RECORDS].spend(size)
        self._size += size
        if not self._asked or message.rid != _REQUEST or self._size > MAX_INVITATION:
            raise RemoteProtocolError("an answer that was not asked for")
        self._came += message.things
        self._desk.give_back(Channel.RECORDS, size)
        if not message.more:
            self._asked = False
            self._desk.tell(Redeemed(tuple(self._came)))

    def hear_error(self, message: say.Error) -> None:
        """Take a refusal."""
        if not self._asked or message.rid != _REQUEST:
            raise RemoteProtocolError("a refusal of what was not asked for")
        self._asked = False
        self._desk.tell(Refused(message.code))
