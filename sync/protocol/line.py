"""One space in one session: what each end has of it, and what is on its way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from storage.blocks.store import Thing
from storage.facts.dots import Seen
from sync.ports import Heads
from sync.protocol.bounds import HEADS_A_SECOND, HEADS_BURST


class Stand(Enum):
    """How a space stands between two devices, as far as this end knows."""

    COMPARING = "comparing"
    SENDING = "sending"
    RECEIVING = "receiving"
    EQUAL = "equal"


@dataclass(slots=True)
class Line:
    """A space that both ends have."""

    space: bytes
    number: int
    """How we number it; messages that we send name it so."""
    ours: Heads | None = None
    theirs: Heads | None = None
    subscribed: bool = False
    offered: Seen = field(default_factory=Seen)
    """What the other end has, or was sent on this connection: it is never sent again."""
    auth_sent: bytes = b""
    """Our set of rights, as it was when all of it was last sent."""
    asked: Heads | None = None
    """How it stood here when things were last asked for."""
    asking: bool = False
    """A ThingsWanted is not answered yet."""
    sending: bool = False
    """What is in the queue, if anything, and its end, were not sent yet."""
    again: bool = False
    """Something new came meanwhile."""
    queue: deque[Thing] = field(default_factory=deque[Thing])
    advance: Seen = field(default_factory=Seen)
    """How far the queue leads; said with its end."""
    held: list[Thing] = field(default_factory=list[Thing])
    """Blocks that came before the record that needs them."""
    held_credit: int = 0
    pushed_at: float = float("-inf")
    push_at: float | None = None
    asking_heads: bool = False
    heads_given_at: float = float("-inf")
    heads_at: float | None = None
    said: Heads | None = None
    bucket: float = HEADS_BURST
    bucket_at: float = 0.0

    @property
    def base(self) -> bytes:
        """Return which set of rights the other end has, as far as we know."""
        if self.theirs is None:
            return b""
        if self.ours is not None and self.auth_sent == self.ours.auth:
            return self.auth_sent
        return self.theirs.auth

    @property
    def owes(self) -> bool:
        """Say whether the other end lacks something that we have."""
        if self.ours is None or self.theirs is None:
            return False
        return self.again or not self.offered.covers(self.ours.seen) or self.base != self.ours.auth

    @property
    def busy(self) -> bool:
        """Say whether things are asked for or wait to be sent."""
        return self.asking or self.sending

    @property
    def equal(self) -> bool:
        """Say whether both have the same, by their own words."""
        return self.ours is not None and self.theirs is not None and self.ours.equals(self.theirs)

    def stand(self, queued: int, wanted: int) -> Stand:
        """Say how it stands: so many bytes wait to go, so many blocks are asked for."""
        if self.ours is None or self.theirs is None:
            return Stand.COMPARING
        if wanted or not self.ours.seen.covers(self.theirs.seen):
            return Stand.RECEIVING
        if queued or self.busy or not self.theirs.seen.covers(self.ours.seen):
            return Stand.SENDING
        return Stand.EQUAL if self.equal else Stand.COMPARING

    def admit(self, now: float) -> bool:
        """Say whether one more message of heads is bearable now."""
        gained = (now - self.bucket_at) * HEADS_A_SECOND
        self.bucket = min(float(HEADS_BURST), self.bucket + gained)
        self.bucket_at = now
        self.bucket -= 1
        return self.bucket >= 0
