"""Heads and records: whoever is ahead on a line sends what the other lacks, unasked.

Each end names its spaces by tags that only someone with the same space recognises. For the
spaces that both have, each says its heads at once; what one end has seen and the other has
not travels as RECORDS inside the credit, and what is committed later is pushed when it
happens. Nothing is sent twice on one connection: a receiver that refuses a record would
refuse it again. The one exception are lines of which the ends hold different records.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from storage.blocks.store import Kind, Thing
from storage.facts.dots import Seen, Writer
from storage.ports import Entropy
from sync.errors import RemoteProtocolError
from sync.ports import Heads, Parcel
from sync.protocol import messages as say
from sync.protocol.bounds import (
    HEADS_PAUSE,
    MAX_COUNT,
    MAX_HELD,
    MAX_TAGS,
    MAX_THINGS_A_MESSAGE,
    PUSH_PAUSE,
    SOFT_FRAME,
    TAG_PAD,
)
from sync.protocol.desk import Desk
from sync.protocol.events import HeadsCame, HeadsWanted, SpaceMet, ThingsCame, ThingsWanted
from sync.protocol.hello import Agreed, Role
from sync.protocol.line import Line
from sync.protocol.messages import Channel
from sync.protocol.pieces import Assembly, cut
from sync.protocol.wire import TAG_SIZE

BUDGET = 256 * 1024
"""Bytes of things that are asked of a replica at a time."""
MAX_BUSY = 8
"""Spaces whose things are gathered at the same time."""
_OVERHEAD = 16


class Exchange:
    """All lines of one session."""

    def __init__(self, desk: Desk, role: Role, agreed: Agreed, entropy: Entropy) -> None:
        self._desk = desk
        self._role = role
        self._agreed = agreed
        self._entropy = entropy
        self._said = 0
        self._expected: dict[bytes, bytes] = {}
        """The tag that the other end would say, to the space."""
        self._heard: dict[bytes, int] = {}
        """Tags that it said, to its number."""
        self._lines: dict[bytes, Line] = {}
        self._by_theirs: dict[int, bytes] = {}
        self._numbers: dict[bytes, int] = {}
        self._due: dict[bytes, None] = {}
        self._pieces: deque[say.Piece] = deque()
        self._assembly = Assembly()

    # -- which spaces both have --------------------------------------------------------

    def offer(self, spaces: Mapping[bytes, bytes]) -> None:
        """Name spaces (public key to meeting key) to the other end, as far as room is."""
        tags: list[bytes] = []
        for space, key in spaces.items():
            if space in self._numbers or self._said + len(tags) >= MAX_TAGS:
                continue
            self._numbers[space] = self._said + len(tags)
            tags.append(self._agreed.tag(key, self._role))
            self._expected[self._agreed.tag(key, self._role.other)] = space
        if not tags:
            return
        room = min(-len(tags) % TAG_PAD, MAX_TAGS - self._said - len(tags))
        tags += [self._entropy.take(TAG_SIZE) for _ in range(room)]
        self._desk.say(say.Spaces(tuple(tags)))
        self._said += len(tags)
        self._match()

    def hear_spaces(self, message: say.Spaces) -> None:
        """Take the other end's tags."""
        if len(self._heard) + len(message.tags) > MAX_TAGS:
            raise RemoteProtocolError("more spaces than anybody has")
        for tag in message.tags:
            if tag in self._heard:
                raise RemoteProtocolError("one space named twice")
            self._heard[tag] = len(self._heard)
        self._match()

    def _match(self) -> None:
        for tag in self._expected.keys() & self._heard.keys():
            space, theirs = self._expected.pop(tag), self._heard[tag]
            self._lines[space] = Line(space, self._numbers[space])
            self._by_theirs[theirs] = space
            self._desk.tell(SpaceMet(space))
            self._want_heads(self._lines[space])

    # -- looking -----------------------------------------------------------------------

    @property
    def spaces(self) -> tuple[bytes, ...]:
        """Return the spaces that both ends have."""
        return tuple(self._lines)

    def line(self, space: bytes) -> Line | None:
        """Return a space's line, unless it is not shared."""
        return self._lines.get(space)

    def hear(self, number: int) -> Line:
        """Return the line that the other end calls by that number.

        Raises:
            RemoteProtocolError: it is no space that both have.
        """
        space = self._by_theirs.get(number)
        if space is None:
            raise RemoteProtocolError("a space that was not agreed on")
        return self._lines[space]

    def hear_often(self, number: int, now: float) -> Line:
        """Return that line, for a message that may not come too often.

        Raises:
            RemoteProtocolError: it came too often, or it is no space that both have.
        """
        line = self.hear(number)
        if not line.admit(now):
            raise RemoteProtocolError("heads or receipts without end")
        return line

    @property
    def deadline(self) -> float | None:
        """When `wake` has something to do."""
        times = [at for line in self._lines.values() for at in (line.push_at, line.heads_at)]
        return min((at for at in times if at is not None), default=None)

    # -- heads -------------------------------------------------------------------------

    def hear_heads(self, message: say.Heads, now: float) -> Line:
        """Take how a space stands there."""
        line = self.hear_often(message.line, now)
        heads = heads_in(message)
        line.heard(heads)
        line.subscribed = message.subscribe
        self._compare(line)
        self._desk.tell(HeadsCame(line.space, heads))
        self._look(line)
        return line

    def give_heads(self, space: bytes, heads: Heads, now: float) -> None:
        """Answer HeadsWanted."""
        if (line := self._lines.get(space)) is None:
            return
        line.asking_heads = False
        line.heads_given_at = now
        line.ours = heads
        if heads != line.said or line.says_again:
            line.said, line.says_again = heads, False
            self._desk.say(heads_message(line.number, heads))
        self._compare(line)
        self._look(line)

    def refused(self, space: bytes, doubted: Mapping[Writer, int], now: float) -> None:
        """Something that the other end sent was not taken: say so by saying our heads again.

        Of the doubted writers it has another line; ours goes to it, from those numbers on.
        """
        if (line := self._lines.get(space)) is None:
            return
        line.refuses = line.says_again = True
        line.doubt(doubted)
        self.moved(space, now)
        self._look(line)

    def _compare(self, line: Line) -> None:
        """Find out of whom the ends have different lines, when only that can be the reason."""
        ours, theirs = line.ours, line.theirs
        if ours is None or theirs is None or line.compared or ours.may_be_of(theirs):
            return
        if (ours.seen, ours.auth) == (theirs.seen, theirs.auth):
            line.compared = True
            line.doubt({writer: n - 1 for writer, n in ours.seen.items()})

    def moved(self, space: bytes, now: float) -> None:
        """Say anew, before long, how a space stands here: it changed."""
        line = self._lines.get(space)
        if line is None or line.heads_at is not None:
            return
        line.heads_at = max(now, line.heads_given_at + HEADS_PAUSE)
        if line.heads_at <= now:
            self._want_heads(line)

    def _want_heads(self, line: Line) -> None:
        line.heads_at = None
        if not line.asking_heads:
            line.asking_heads = True
            self._desk.tell(HeadsWanted(line.space))

    # -- sending records ---------------------------------------------------------------

    def announce(self, space: bytes, now: float) -> None:
        """Send what is new here: at once, or with what follows within moments."""
        line = self._lines.get(space)
        if line is None:
            return
        self.moved(space, now)
        if line.theirs is None or not line.subscribed:
            return  # the heads, when they come, say what is lacking
        line.again = True
        if line.push_at is None:
            line.push_at = max(now, line.pushed_at + PUSH_PAUSE)
            self.wake(now)

    def wake(self, now: float) -> None:
        """Do what is due."""
        for line in self._lines.values():
            if line.push_at is not None and line.push_at <= now:
                line.push_at = None
                line.pushed_at = now
                self._look(line)
            if line.heads_at is not None and line.heads_at <= now:
                self._want_heads(line)

    def give_things(self, space: bytes, parcel: Parcel) -> None:
        """Answer ThingsWanted."""
        if (line := self._lines.get(space)) is None:
            return
        line.asking = False
        doubts, line.doubts = line.doubts, {}
        line.queue.extend(parcel.things)
        after = line.offered.join(parcel.seen_after)
        line.advance = Seen((w, n) for w, n in after.items() if n > line.offered.of(w))
        line.sending = bool(line.queue) or bool(line.advance)
        more = parcel.more and line.sending  # else a replica that has nothing is asked for ever
        line.again = line.again or more
        if line.asked is not None:
            line.auth_sent = line.asked.auth
            after = after if more else after.join(line.asked.seen)
        line.offered = after
        line.doubt(doubts)
        self._look(line)

    def _look(self, line: Line) -> None:
        """Ask for what the other end lacks, when there is something and it is time."""
        if line.owes and not line.busy and line.push_at is None:
            self._due[line.space] = None
        self._ask()

    def _ask(self) -> None:
        busy = sum(line.busy for line in self._lines.values())
        while self._due and busy < MAX_BUSY:
            space = next(iter(self._due))
            del self._due[space]
            line = self._lines[space]
            line.asking = True
            line.asked = line.ours
            line.again = False
            busy += 1
            self._desk.tell(ThingsWanted(space, line.offered, line.base, BUDGET))

    def next_frame(self) -> bytes | None:
        """Return the next frame of records, or None: nothing to send, or no credit."""
        if self._pieces:
            return self._next_piece()
        for line in tuple(self._lines.values()):
            if not line.sending:
                continue
            if line.queue and len(line.queue[0].data) > SOFT_FRAME:
                thing = line.queue.popleft()
                self._pieces.extend(cut(Channel.RECORDS, line.number, thing.kind, thing.data))
                return self._next_piece()
            return self._next_records(line)
        return None

    def _next_piece(self) -> bytes | None:
        made = self._desk.pay(Channel.RECORDS, self._pieces[0])
        if made is None:
            return None
        self._pieces.popleft()
        return made

    def _next_records(self, line: Line) -> bytes | None:
        things = _first_of(line.queue)
        ends = len(things) == len(line.queue)
        advance = line.advance if ends else Seen()
        whole = ends or things[-1].kind is not Kind.BLOCK
        made = self._desk.pay(Channel.RECORDS, say.Records(line.number, advance, things, whole))
        if made is None:
            return None
        for _ in things:
            line.queue.popleft()
        # the others' turn: this one goes to the end
        self._lines[line.space] = self._lines.pop(line.space)
        if ends:
            line.advance = Seen()
            line.sending = False
            self._look(line)
        return made

    # -- receiving records -------------------------------------------------------------

    def hear_records(self, message: say.Records, size: int) -> None:
        """Take things."""
        self._desk.grants[Channel.RECORDS].spend(size)
        line = self.hear(message.line)
        line.offer(message.advance)
        self._hold(line, message.things, size)
        if not message.whole:
            return
        things, line.held = tuple(line.held), []
        credit, line.held_credit = line.held_credit, 0
        if things:
            self._desk.tell(ThingsCame(line.space, things, credit))
        else:
            self._desk.give_back(Channel.RECORDS, credit)

    def hear_piece(self, message: say.Piece, size: int) -> None:
        """Take a part of a long thing."""
        self._desk.grants[Channel.RECORDS].spend(size)
        line = self.hear(message.ref)
        data = self._assembly.add(message)
        if data is None:
            # what lies in the assembly is bounded by itself, so that a long thing cannot
            # use up the credit that its own end needs
            self._desk.give_back(Channel.RECORDS, size)
        else:
            self._hold(line, (Thing(message.kind, data),), size)

    def _hold(self, line: Line, things: tuple[Thing, ...], size: int) -> None:
        """Keep things until they can be taken: a record and its blocks belong together."""
        line.held += things
        line.held_credit += size
        if sum(len(thing.data) for thing in line.held) > MAX_HELD:
            raise RemoteProtocolError("blocks without their record")

    def took_things(self, came: ThingsCame, now: float) -> None:
        """Answer ThingsCame: they are safe, or refused."""
        self._desk.give_back(Channel.RECORDS, came.size)
        self.moved(came.space, now)


def heads_in(message: say.Heads) -> Heads:
    """Return how a space stands at the other end."""
    seen, root, auth = message.seen, message.root, message.auth
    return Heads(seen, root, auth, message.complete, message.files, message.size)


def heads_message(number: int, heads: Heads) -> say.Heads:
    """Return what says how a space stands here; new records are wanted as they come."""
    return say.Heads(
        number,
        heads.seen,
        heads.root,
        heads.auth,
        heads.complete,
        subscribe=True,
        files=min(heads.files, MAX_COUNT),
        size=min(heads.size, MAX_COUNT),
    )


def queued(line: Line) -> int:
    """Return how many bytes of things wait to be sent."""
    return sum(len(thing.data) for thing in line.queue)


def _first_of(queue: deque[Thing]) -> tuple[Thing, ...]:
    """Return what fits into one frame. Long things travel in pieces."""
    chosen: list[Thing] = []
    size = 0
    for thing in queue:
        cost = len(thing.data) + _OVERHEAD
        if len(thing.data) > SOFT_FRAME or len(chosen) >= MAX_THINGS_A_MESSAGE:
            break
        if chosen and size + cost > SOFT_FRAME:
            break
        chosen.append(thing)
        size += cost
    return tuple(chosen)
