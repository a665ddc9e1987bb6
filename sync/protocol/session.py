"""One conversation with one peer, as a machine without I/O.

    greeting --both proved who they are--> open --bye, error, silence--> ended

Bytes and answers go in; events and frames come out. `receive` and `wake` take the time;
`deadline` says when to wake it. A peer that breaks the protocol ends the session with a
RemoteProtocolError, and nothing else happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NoReturn, assert_never

from storage.blocks.store import Kind, Thing
from storage.facts.dots import Writer
from sync.errors import LocalProtocolError, PeerRefused, RemoteProtocolError
from sync.ports import Card, Heads, Parcel
from sync.protocol import events as tell
from sync.protocol import messages as say
from sync.protocol.bounds import (
    DEAD_AFTER,
    HELLO_PATIENCE,
    MAX_FRAME,
    MAX_OPEN_NOTES,
    MAX_RECEIPT,
    MAX_RECEIPTS_A_MESSAGE,
    MAX_STRANGER_FRAME,
    MAX_UNSENT,
    MAX_UPDATE,
    PING_EVERY,
    PROBE_PATIENCE,
    SLOW_AFTER,
    SLOW_BYTES,
)
from sync.protocol.desk import DATA, Desk
from sync.protocol.exchange import queued
from sync.protocol.fetch import Fetch
from sync.protocol.frames import FrameReader
from sync.protocol.greeting import Greeting, Setting
from sync.protocol.line import Line, Stand
from sync.protocol.messages import Channel, Message, Note
from sync.protocol.redeem import Redeeming
from sync.protocol.serve import Serve
from sync.protocol.wire import decode


@dataclass(frozen=True, slots=True)
class Standing:
    """How a space stands between the two ends."""

    stand: Stand
    bytes_to_send: int
    blocks_to_send: int
    blocks_to_come: int


class Session:
    """One end of a conversation."""

    def __init__(self, setting: Setting, now: float) -> None:
        self.ended = False
        self.received = 0
        """Bytes that came."""
        self._desk = Desk(say.Limits())
        self._greeting = Greeting(setting, self._desk)
        self._reader = FrameReader(MAX_STRANGER_FRAME)
        self._began_at = self._slow_at = now
        self._slow_mark = 0
        self._ping_at = now + PING_EVERY
        self._alive_by = now + DEAD_AFTER
        self._fetch = Fetch(self._desk)
        self._serve = Serve(self._desk)
        self._redeeming = Redeeming(self._desk)
        self._live: deque[bytes] = deque()
        self._notes: set[tuple[bytes, bytes]] = set()
        """(space, entry) that the other end has open."""

    # -- driving -----------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the peer.

        Raises:
            RemoteProtocolError: it said what the protocol does not allow.
            PeerRefused: it is nobody we know, or does not know us.
        """
        if self.ended:
            return
        if not self._reader.waiting:
            self._slow_at, self._slow_mark = now, self.received
        self.received += len(data)
        self._alive_by = now + DEAD_AFTER
        try:
            for body in self._reader.feed(data):
                self._hear(decode(body), len(body), now)
                if self._is_over():
                    return
        except (RemoteProtocolError, PeerRefused) as error:
            self._fail(error)

    def wake(self, now: float) -> None:
        """Do what is due.

        Raises:
            RemoteProtocolError: the peer is too slow, or silent.
        """
        if self.ended:
            return
        if not self.open and now >= self._began_at + HELLO_PATIENCE:
            self._fail(RemoteProtocolError("it did not say who it is in time"))
        if now >= self._alive_by:
            self._fail(RemoteProtocolError("it was silent for too long"))
        if self._reader.waiting and now >= self._slow_at + SLOW_AFTER:
            if self.received - self._slow_mark < SLOW_BYTES:
                self._fail(RemoteProtocolError("it sends too slowly"))
            self._slow_at, self._slow_mark = now, self.received
        if self.open:
            if now >= self._ping_at:
                self._ping_at = now + PING_EVERY
                self._desk.say(say.Ping(0, answer=False))
            self._greeting.exchange.wake(now)
            self._fetch.wake(now)

    @property
    def open(self) -> bool:
        """Both ends know who is there, and talk."""
        return self._greeting.done and not self.ended

    @property
    def peer(self) -> Card | None:
        """Who is there, once that is proved."""
        return self._greeting.peer

    @property
    def deadline(self) -> float | None:
        """When `wake` wants to be called, whatever happens until then."""
        if self.ended:
            return None
        times = [self._alive_by]
        if self._reader.waiting:
            times.append(self._slow_at + SLOW_AFTER)
        if self.open:
            times.append(self._ping_at)
            due = (self._greeting.exchange.deadline, self._fetch.deadline)
            times += [at for at in due if at is not None]
        else:
            times.append(self._began_at + HELLO_PATIENCE)
        return min(times)

    def take_events(self) -> list[tell.Event]:
        """Return what happened since the last time."""
        taken, self._desk.events = self._desk.events, []
        return taken

    def next_frame(self) -> bytes | None:
        """Return the frame that should go now, or None: there is none, or no credit for it."""
        if self._desk.control:
            return self._desk.control.popleft()
        if not self.open:
            return None
        if self._live:
            return self._live.popleft()
        made = self._redeeming.next_frame() or self._greeting.exchange.next_frame()
        for channel in DATA:
            made = made or self._serve.next_frame(channel)
        return made

    def probe(self, now: float) -> None:
        """Find out soon whether the peer is still there: this machine slept, or moved."""
        if self.open:
            self._desk.say(say.Ping(0, answer=False))
            self._alive_by = now + PROBE_PATIENCE

    def leave(self, reason: str) -> None:
        """End it politely."""
        if not self.ended:
            self._desk.say(say.Bye(reason))
            self._end(reason)

    # -- what the driver may ask -------------------------------------------------------

    def offer(self, spaces: Mapping[bytes, bytes]) -> None:
        """Name more spaces (public key to meeting key) to the other end."""
        if self.open:
            self._greeting.exchange.offer(spaces)

    def announce(self, space: bytes, now: float) -> None:
        """Send what is new here."""
        if self.open:
            self._greeting.exchange.announce(space, now)

    def moved(self, space: bytes, now: float) -> None:
        """Say anew how a space stands here, before long."""
        if self.open:
            self._greeting.exchange.moved(space, now)

    def look(self, space: bytes) -> None:
        """Look again for content that is missing here and may be there."""
        line = self._line(space)
        if line is not None and line.theirs is not None:
            self._fetch.look(space, line.number)

    def lacking(self, space: bytes) -> AbstractSet[bytes]:
        """Return what the other end said it does not have."""
        return self._fetch.lacking(space)

    def look_again(self, space: bytes) -> None:
        """Look again, and ask once more for what the other end did not have."""
        self._fetch.refresh(space)
        self.look(space)

    def hurry(self, space: bytes, digests: Sequence[bytes], now: float) -> tuple[bytes, ...]:
        """Ask for blocks of something that a person opens, before all others."""
        line = self._line(space)
        if line is None or line.theirs is None:
            return ()
        return self._fetch.want((space, line.number), digests, Channel.OPENED, now)

    def send_receipts(self, space: bytes, receipts: Sequence[Thing]) -> None:
        """Tell who holds what."""
        line = self._line(space)
        words = [thing.data for thing in receipts if len(thing.data) <= MAX_RECEIPT]
        while line is not None and words:
            # few messages, because they are counted
            count = max(1, min(MAX_RECEIPTS_A_MESSAGE, MAX_RECEIPT // max(map(len, words))))
            self._desk.say(say.Have(line.number, tuple(words[:count])))
            del words[:count]

    def live(self, space: bytes, entry: bytes, what: Note, update: bytes = b"") -> None:
        """Tell what is opened, closed or typed here. Dropped when there is no room for it."""
        line = self._line(space)
        if line is None or len(update) > MAX_UPDATE or len(self._live) > MAX_OPEN_NOTES:
            return
        if what is Note.UPDATE and (space, entry) not in self._notes:
            return
        message = say.Live(line.number, entry, what, update)
        if (made := self._desk.pay(Channel.RECORDS, message)) is not None:
            self._live.append(made)

    def redeem(self, invite: bytes) -> None:
        """Ask for what our invite promises."""
        if not self.open:
            raise LocalProtocolError("an invite before it is known who is there")
        self._redeeming.ask(invite)

    # -- answers to the driver's replicas ----------------------------------------------

    def give_heads(self, space: bytes, heads: Heads, now: float) -> None:
        """Answer HeadsWanted."""
        if self.open:
            self._greeting.exchange.give_heads(space, heads, now)

    def give_things(self, space: bytes, parcel: Parcel) -> None:
        """Answer ThingsWanted."""
        if self.open:
            self._greeting.exchange.give_things(space, parcel)

    def took_things(self, came: tell.ThingsCame, now: float) -> None:
        """Answer ThingsCame."""
        if self.open:
            self._greeting.exchange.took_things(came, now)
            self.look(came.space)

    def refused(self, space: bytes, doubted: Mapping[Writer, int], now: float) -> None:
        """Something that came was not taken; of the doubted writers both hold different lines."""
        if self.open:
            self._greeting.exchange.refused(space, doubted, now)

    def give_missing(self, space: bytes, digests: Sequence[bytes], now: float) -> None:
        """Answer MissingWanted."""
        if self.open:
            self._fetch.give_missing(space, digests, now)

    def give_blocks(self, asked: tell.BlocksWanted, blocks: Sequence[bytes | None]) -> None:
        """Answer BlocksWanted."""
        if self.open:
            self._serve.give_blocks(asked, blocks)

    def took_blocks(self, came: tell.BlocksCame, now: float) -> None:
        """Answer BlocksCame."""
        if self.open:
            self._fetch.took_blocks(came)
            self._greeting.exchange.moved(came.space, now)

    def give_invitation(self, things: Sequence[Thing]) -> None:
        """Answer RedeemWanted: it is good."""
        if self.open:
            self._redeeming.give(things)

    def refuse_invite(self, code: str) -> None:
        """Answer RedeemWanted: it is not good (any more)."""
        if self.open:
            self._redeeming.refuse(code)

    # -- looking -----------------------------------------------------------------------

    @property
    def spaces(self) -> tuple[bytes, ...]:
        """Return the spaces that both ends have."""
        return self._greeting.exchange.spaces if self.open else ()

    def theirs(self, space: bytes) -> Heads | None:
        """Return how a space stands there, if it was said."""
        line = self._line(space)
        return None if line is None else line.theirs

    def standing(self, space: bytes) -> Standing | None:
        """Return how a space stands between the ends; None when they do not share it."""
        line = self._line(space)
        if line is None:
            return None
        coming, going = self._fetch.outstanding(space), queued(line)
        waiting = self._serve.waiting(space)
        return Standing(line.stand(going + waiting, coming), going, waiting, coming)

    def has_open(self, space: bytes, entry: bytes) -> bool:
        """Say whether the other end has that note open."""
        return (space, entry) in self._notes

    # -- inside ------------------------------------------------------------------------

    def _line(self, space: bytes) -> Line | None:
        return self._greeting.exchange.line(space) if self.open else None

    def _is_over(self) -> bool:
        return self.ended

    def _end(self, reason: str) -> None:
        self.ended = True
        self._desk.tell(tell.Ended(reason))

    def _fail(self, error: RemoteProtocolError | PeerRefused) -> NoReturn:
        self._desk.say(say.Error(0, error.code))
        self._end(error.code)
        raise error

    def _hear(self, message: Message, size: int, now: float) -> None:
        if len(self._desk.control) > MAX_UNSENT:
            raise RemoteProtocolError("it asks, and does not listen")
        match message:
            case say.Bye(reason):
                self._end(reason)
            case _ if not self._greeting.done:
                self._greeting.hear(message)
                if self._greeting.proved:
                    self._reader.limit = MAX_FRAME
            case say.Spaces() | say.Heads() | say.Records() | say.Have() | say.Live():
                self._hear_of_space(message, size, now)
            case say.Want() | say.Cancel() | say.Blocks() | say.Piece() | say.NotHave():
                self._hear_of_blocks(message, size, now)
            case say.Redeem() | say.Redeemed() | say.Error():
                self._hear_of_invite(message, size)
            case say.Credit() | say.Ping():
                self._hear_control(message)
            case say.Hello() | say.HelloOk() | say.Proof() | say.Card():
                raise RemoteProtocolError("a greeting after its turn")
            case _:
                assert_never(message)

    def _hear_control(self, message: say.Credit | say.Ping) -> None:
        match message:
            case say.Credit(channel, granted):
                self._desk.purses[channel].add(granted)
            case say.Ping(rid, answer=False):
                self._desk.say(say.Ping(rid, answer=True))
            case say.Ping():
                pass
            case _:
                assert_never(message)

    def _hear_of_space(
        self,
        message: say.Spaces | say.Heads | say.Records | say.Have | say.Live,
        size: int,
        now: float,
    ) -> None:
        lines = self._greeting.exchange
        match message:
            case say.Spaces():
                lines.hear_spaces(message)
            case say.Heads():
                line = lines.hear_heads(message, now)
                self._fetch.refresh(line.space)
                self._fetch.look(line.space, line.number)
            case say.Records():
                lines.hear_records(message, size)
            case say.Have(number, receipts):
                things = tuple(Thing(Kind.RECEIPT, data) for data in receipts)
                self._desk.tell(tell.ReceiptsCame(lines.hear_often(number, now).space, things))
            case say.Live():
                self._hear_live(message, size)
            case _:
                assert_never(message)

    def _hear_of_blocks(
        self,
        message: say.Want | say.Cancel | say.Blocks | say.Piece | say.NotHave,
        size: int,
        now: float,
    ) -> None:
        match message:
            case say.Want():
                line = self._greeting.exchange.hear(message.line)
                self._serve.hear_want(message, line.space)
            case say.Cancel():
                self._serve.hear_cancel(message)
            case say.Blocks():
                self._fetch.hear_blocks(message, size, now)
            case say.Piece() if message.channel is Channel.RECORDS:
                self._greeting.exchange.hear_piece(message, size)
            case say.Piece():
                self._fetch.hear_piece(message, size, now)
            case say.NotHave():
                self._fetch.hear_not_have(message, now)
            case _:
                assert_never(message)

    def _hear_of_invite(self, message: say.Redeem | say.Redeemed | say.Error, size: int) -> None:
        match message:
            case say.Redeem():
                invite = self._greeting.agreed.shared.invite
                self._redeeming.hear_redeem(message, None if invite is None else invite.id)
            case say.Redeemed():
                self._redeeming.hear_redeemed(message, size)
            case say.Error(0, code):
                self._desk.tell(tell.Refused(code))
                self._end(code)
            case say.Error():
                self._redeeming.hear_error(message)
            case _:
                assert_never(message)

    def _hear_live(self, message: say.Live, size: int) -> None:
        self._desk.grants[Channel.RECORDS].spend(size)
        self._desk.give_back(Channel.RECORDS, size)
        space = self._greeting.exchange.hear(message.line).space
        note = (space, message.entry)
        match message.what:
            case Note.OPENED if len(self._notes) >= MAX_OPEN_NOTES and note not in self._notes:
                raise RemoteProtocolError("more notes open than anybody has")
            case Note.OPENED:
                self._notes.add(note)
            case Note.CLOSED:
                self._notes.discard(note)
            case Note.UPDATE:
                pass
            case _:
                assert_never(message.what)
        self._desk.tell(tell.LiveCame(space, message.entry, message.what, message.update))
