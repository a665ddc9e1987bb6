"""One space in one session: what each end has of it, and what is on its way."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from storage.blocks.store import Thing
from storage.facts.dots import Seen, Writer
from sync.ports import Heads
from sync.protocol.bounds import HEADS_A_SECOND, HEADS_BURST


class Stand(Enum):
    """How a space stands between two devices, as far as this end knows."""

    COMPARING = "comparing"
    SENDING = "sending"
    RECEIVING = "receiving"
    REFUSED = "refused"
    """One end does not take what the other has: nothing is on its way."""
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
    doubted: dict[Writer, int] = field(default_factory=dict[Writer, int])
    """Writers of whom the other end has another line: its word of what it has of them means
    nothing. With the number after which ours was sent once more."""
    doubts: dict[Writer, int] = field(default_factory=dict[Writer, int])
    """Doubts that came while things were being gathered."""
    compared: bool = False
    """Our last records were sent once more, because roots differ."""
    says_again: bool = False
    """Our heads are to be said though they are as they were: something was refused."""
    refuses: bool = False
    """We refused something of theirs; it is behind only what we will not take."""
    declined: dict[Writer, int] = field(default_factory=dict[Writer, int])
    """Writers of whom the other end had less than we when it said its heads again, unchanged,
    and how much: it refused what follows."""
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
    def refused(self) -> bool:
        """Say whether the other end does not take something that we have."""
        return self.theirs is not None and any(
            self.theirs.seen.of(writer) == n for writer, n in self.declined.items()
        )

    @property
    def busy(self) -> bool:
        """Say whether things are asked for or wait to be sent."""
        return self.asking or self.sending

    @property
    def equal(self) -> bool:
        """Say whether both have the same, by their own words."""
        return self.ours is not None and self.theirs is not None and self.ours.equals(self.theirs)

    def heard(self, heads: Heads) -> None:
        """Take how it stands there."""
        if heads == self.theirs and self.ours is not None:
            theirs, ours = heads.seen, self.ours.seen
            self.declined = {w: theirs.of(w) for w, n in ours.items() if n > theirs.of(w)}
        self.theirs = heads
        self.offer(heads.seen)

    def offer(self, seen: Seen) -> None:
        """The other end has that much, by its own word."""
        trusted = ((writer, n) for writer, n in seen.items() if writer not in self.doubted)
        self.offered = self.offered.join(Seen(trusted))

    def doubt(self, after: Mapping[Writer, int]) -> None:
        """Send our line of these writers once more, from those numbers on, if that is news."""
        if self.asking:
            self.doubts |= {w: min(n, self.doubts.get(w, n)) for w, n in after.items()}
            return
        news = {w: n for w, n in after.items() if n < self.doubted.get(w, n + 1)}
        if news:
            self.doubted |= news
            self.offered = Seen((w, min(n, news.get(w, n))) for w, n in self.offered.items())
            self.again = True

    def stand(self, queued: int, wanted: int) -> Stand:
        """Say how it stands: so many bytes wait to go, so many blocks are asked for."""
        if self.ours is None or self.theirs is None:
            return Stand.COMPARING
        lacking = not self.ours.seen.covers(self.theirs.seen)
        if wanted or (lacking and not self.refuses):
            return Stand.RECEIVING
        owing = not self.theirs.seen.covers(self.ours.seen)
        if queued or self.busy or (owing and not self.refused):
            return Stand.SENDING
        if lacking or owing:
            return Stand.REFUSED
        return Stand.EQUAL if self.equal else Stand.COMPARING

    def admit(self, now: float) -> bool:
        """Say whether one more message of heads is bearable now."""
        gained = (now - self.bucket_at) * HEADS_A_SECOND
        self.bucket = min(float(HEADS_BURST), self.bucket + gained)
        self.bucket_at = now
        self.bucket -= 1
        return self.bucket >= 0
