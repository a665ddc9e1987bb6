"""What the parts of one session share: events for the driver, frames to send, and credit."""

from __future__ import annotations

from collections import deque

from sync.errors import RemoteProtocolError
from sync.protocol.bounds import STRIKES
from sync.protocol.credit import Grant, Purse
from sync.protocol.events import Event
from sync.protocol.frames import frame
from sync.protocol.messages import Channel, Credit, Limits, Message
from sync.protocol.wire import encode

DATA = (Channel.OPENED, Channel.BULK)
CREDITED = (Channel.RECORDS, *DATA)


class Desk:
    """Gathers what goes out of a session, on either side."""

    def __init__(self, ours: Limits) -> None:
        self.events: list[Event] = []
        self.control: deque[bytes] = deque()
        """Frames that wait for nothing."""
        self.grants = {channel: Grant(_share(ours, channel)) for channel in CREDITED}
        self.purses = {channel: Purse(0) for channel in CREDITED}
        self._strikes = 0

    def meet(self, theirs: Limits) -> None:
        """Learn what the other end can take."""
        self.purses = {channel: Purse(_share(theirs, channel)) for channel in CREDITED}

    def tell(self, event: Event) -> None:
        """Tell the driver."""
        self.events.append(event)

    def say(self, message: Message) -> None:
        """Send a message of the control channel."""
        self.control.append(self.frame(message))

    def frame(self, message: Message) -> bytes:
        """Return a frame that needs no credit."""
        return frame(encode(message))

    def pay(self, channel: Channel, message: Message) -> bytes | None:
        """Return a frame and pay for it, or None: there is not enough credit now."""
        body = encode(message)
        purse = self.purses[channel]
        if len(body) > purse.left:
            return None
        purse.spend(len(body))
        return frame(body)

    def give_back(self, channel: Channel, size: int) -> None:
        """Grant anew what is safe."""
        if due := self.grants[channel].give_back(size):
            self.say(Credit(channel, due))

    def strike(self, what: str) -> None:
        """Bear with a peer that errs, but not for long.

        Raises:
            RemoteProtocolError: it was the third time.
        """
        self._strikes += 1
        if self._strikes >= STRIKES:
            raise RemoteProtocolError(what)


def _share(limits: Limits, channel: Channel) -> int:
    return limits.records if channel is Channel.RECORDS else limits.blocks
