"""Byte credit: who sends never runs ahead of what the other end has made safe."""

from __future__ import annotations

from sync.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.bounds import MAX_CREDIT

_PART = 8


class Purse:
    """What we may still send on a channel."""

    def __init__(self, size: int) -> None:
        self.left = size

    def spend(self, size: int) -> None:
        """Use some of it, for a frame that is about to go."""
        if size > self.left:
            raise LocalProtocolError("more sent than was granted")
        self.left -= size

    def add(self, size: int) -> None:
        """Take what the other end grants.

        Raises:
            RemoteProtocolError: more than anybody may have.
        """
        self.left += size
        if self.left > MAX_CREDIT:
            raise RemoteProtocolError("more credit than anybody may have")


class Grant:
    """What the other end may still send to us on a channel."""

    def __init__(self, window: int) -> None:
        self.left = window
        self._window = window
        self._safe = 0

    @property
    def in_hand(self) -> int:
        """Bytes that came and are not safe yet."""
        return self._window - self.left - self._safe

    def spend(self, size: int) -> None:
        """Take a frame of that size.

        Raises:
            RemoteProtocolError: it is more than was granted.
        """
        if size > self.left:
            raise RemoteProtocolError("more than was granted")
        self.left -= size

    def give_back(self, size: int) -> int:
        """Note that so much is safe now; return what to grant anew, or 0: not worth a message."""
        self._safe += size
        if self._safe < self._window // _PART:
            return 0
        due, self._safe = self._safe, 0
        self.left += due
        return due
