"""What happens in all conversations, and whom it concerns: replicas, other peers, the app."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from storage.blocks.store import Kind, Thing
from storage.errors import AccessExpired, AtollError, NotAllowed
from storage.ports import Clock
from sync import events as told
from sync.claims import Claims
from sync.conversation import Conversation
from sync.errors import PeerRefused
from sync.ports import Accepted, Card, Known, Replica
from sync.protocol import events as tell
from sync.protocol.messages import Note
from sync.protocol.session import Session
from sync.receipts import Receipts
from sync.talks import DOUBLE, Talk, Talks

TRY_AGAIN = 30.0
"""A store that failed is tried again, with a new conversation, after so many seconds."""
TELL_EVERY = 0.2
_AGAIN = "again"
_CARRIED = frozenset({Kind.BLOCK, Kind.RECORD})


class News:
    """Holds all conversations, and carries on what comes from one to all others."""

    def __init__(
        self,
        replicas: Iterable[Replica],
        known: Known,
        clock: Clock,
        listener: told.SyncListener,
    ) -> None:
        self.talks = Talks(known.card().did)
        self.receipts = Receipts(self.replica, self._send_receipts, clock)
        self._known = known
        self._clock = clock
        self._tell = listener
        self._replicas = {replica.space: replica for replica in replicas}
        self._claims: defaultdict[bytes, Claims] = defaultdict(Claims)
        self._notes: set[tuple[bytes, bytes]] = set()
        self._moved: dict[tuple[Session, bytes], None] = {}
        self._tell_later: asyncio.TimerHandle | None = None

    # -- spaces ------------------------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._clock

    def replica(self, space: bytes) -> Replica | None:
        """Return a space, unless it was left."""
        return self._replicas.get(space)

    def claims(self, space: bytes) -> Claims:
        """Return who is asked for what of a space."""
        return self._claims[space]

    def spaces_for(self, did: str) -> Mapping[bytes, bytes]:
        """Return what may be named to a device: public key to meeting key."""
        return {
            space: replica.meeting_key
            for space, replica in self._replicas.items()
            if self._known.admits(did, space)
        }

    def add(self, replica: Replica) -> None:
        """A space is here from now on."""
        self._replicas[replica.space] = replica
        self.offer()

    def forget(self, space: bytes) -> tuple[Talk, ...]:
        """A space is here no more; return the conversations that were about it."""
        self._replicas.pop(space, None)
        self._claims.pop(space, None)
        self.receipts.forget(space)
        self._notes = {note for note in self._notes if note[0] != space}
        return tuple(talk for talk in self.talks if space in talk.session.spaces)

    def offer(self) -> tuple[Talk, ...]:
        """Name spaces to all who may have them and did not hear of them.

        Return the conversations about a space that the other end may have no more.
        """
        over: list[Talk] = []
        for talk in self.talks:
            if talk.did:
                spaces = self.spaces_for(talk.did)
                talk.session.offer(spaces)
                talk.conversation.pump()
                if not spaces.keys() >= set(talk.session.spaces):
                    over.append(talk)
        return tuple(over)

    # -- from the app ------------------------------------------------------------------

    def announce(self, space: bytes, but: Talk | None = None) -> None:
        """Send what is new of a space."""
        for talk in self._who_may_have(space):
            if talk is not but:
                talk.session.announce(space, self._now)
                talk.conversation.pump()
        self.receipts.moved(space)

    def live(self, space: bytes, entry: bytes, what: Note, update: bytes = b"") -> None:
        """Tell what is typed, opened or closed here."""
        for talk in self._who_may_have(space):
            talk.session.live(space, entry, what, update)
            talk.conversation.pump()

    def open_note(self, space: bytes, entry: bytes) -> None:
        """A note was opened here."""
        self._notes.add((space, entry))
        self.live(space, entry, Note.OPENED)

    def close_note(self, space: bytes, entry: bytes) -> None:
        """A note was closed here."""
        self._notes.discard((space, entry))
        self.live(space, entry, Note.CLOSED)

    def hurry(self, space: bytes, digests: Sequence[bytes]) -> None:
        """Fetch blocks before all others, from whoever may have them."""
        left = digests
        for talk in self.talks:
            asked = talk.session.hurry(space, left, self._now)
            self._claims[space].claim(talk.session, asked, len(asked))
            left = tuple(digest for digest in left if digest not in asked)
            talk.conversation.pump()

    def wanted(self, space: bytes) -> None:
        """Something is wanted that was not: ask everyone, also who did not have it before."""
        for talk in self.talks:
            talk.session.look_again(space)
            talk.conversation.pump()

    def peers(self) -> tuple[told.Peer, ...]:
        """Return the devices that are near now."""
        return tuple(self.peer(talk) for talk in self.talks.near.values())

    def peer(self, talk: Talk) -> told.Peer:
        """Return who is in a conversation, and how its spaces stand."""
        assert talk.card is not None, "asked only about those who proved who they are"
        states = tuple(
            told.SpaceState(space, standing)
            for space in talk.session.spaces
            if (standing := talk.session.standing(space)) is not None
        )
        host, port = talk.remote
        card = talk.card
        return told.Peer(card.did, card.name, host, port, talk.dialled, talk.since, states)

    # -- from conversations ------------------------------------------------------------

    def begin(self, talk: Talk) -> None:
        """A conversation begins."""
        self.talks.add(talk)

    def end(self, talk: Talk) -> None:
        """A conversation is over."""
        conversation = talk.conversation
        gone = self.talks.remove(talk)
        talk.fail(
            conversation.error or PeerRefused(f"the conversation ended: {conversation.reason}")
        )
        for space, claims in self._claims.items():
            if claims.leave(talk.session):
                self._look(space)
        if gone:
            self._tell(told.PeerLeft(talk.did, conversation.reason))

    def happened(self, conversation: Conversation, event: tell.Event) -> None:
        """Hear what a session tells."""
        talk = self.talks.of(conversation.session)
        match event:
            case tell.Met(card, invite):
                self._met(talk, card, invite)
            case tell.SpaceMet(space):
                self._space_met(talk, space)
            case tell.HeadsCame(space, heads):
                self._tell(told.HeadsMoved(space, talk.did, heads))
                self._note_move(talk.session, space)
            case tell.Lacking(space, digests):
                self._claims[space].drop(talk.session, digests)
                self._look(space, but=talk)
            case tell.LiveCame():
                self._live_came(talk.did, event)
            case tell.Redeemed(things):
                talk.redeemed.set_result(things)
            case tell.Refused(code):
                talk.fail(_refusal(code))
            case _:
                pass

    def _live_came(self, did: str, event: tell.LiveCame) -> None:
        if (event.space, event.entry) not in self._notes:
            return
        if event.what is Note.UPDATE:
            self._tell(told.LiveArrived(event.space, event.entry, event.update, did))
        elif event.what is Note.OPENED:
            self._tell(told.ReaderCame(event.space, event.entry, did))

    def _met(self, talk: Talk, card: Card, invite: bytes | None) -> None:
        talk.card, talk.invite = card, invite
        talk.since, talk.met_at = self._clock.now(), self._now
        talk.conversation.stream.known()
        news, leaves = self.talks.met(talk)
        if not talk.met.done():
            talk.met.set_result(card)
        if news:
            host, port = talk.remote
            self._tell(told.PeerMet(card, host, port, talk.dialled))
        if leaves is not None:
            leaves.conversation.leave(DOUBLE)

    def _space_met(self, talk: Talk, space: bytes) -> None:
        for its, entry in self._notes:
            if its == space:
                talk.session.live(space, entry, Note.OPENED)
        if (thing := self.receipts.last(space)) is not None:
            talk.session.send_receipts(space, [thing])
        self.receipts.moved(space)

    async def redeem(self, invite: bytes, card: Card) -> Sequence[Thing]:
        """Return what an invite of ours promises, and let its bearer in."""
        given = {key.id: key.space for key in self._known.invites()}
        if invite not in given:
            raise NotAllowed("an invite that was not given here, or has ended")
        things = await self._known.redeem(invite, card)
        self._tell(told.RedeemDone(given[invite], invite, card))
        asyncio.get_running_loop().call_soon(self.offer)
        return things

    # -- from the lanes ----------------------------------------------------------------

    def accepted(
        self, session: Session, space: bytes, things: Sequence[Thing], accepted: Accepted
    ) -> None:
        """Things were kept or refused: let all others know what is new."""
        talk = self.talks.of(session)
        rights = any(thing.kind not in _CARRIED for thing in things)
        if accepted.records or rights:
            self.announce(space, but=talk)
        if accepted.refused:
            session.refused(space, dict(accepted.disputed), self._now)
        self._tell(
            told.ThingsAccepted(
                space,
                talk.did,
                accepted.records,
                accepted.entries,
                tuple(accepted.refused),
                accepted.waiting,
                accepted.forked,
            )
        )
        self._note_move(session, space)
        if accepted.gave_way:
            for each in self.talks:  # what was said before is void: say and ask all of it anew
                if space in each.session.spaces:
                    each.conversation.leave(_AGAIN)

    def came(self, session: Session, space: bytes, blocks: Sequence[bytes]) -> None:
        """Blocks are safe."""
        for talk in self.talks:
            if talk.session is not session:
                talk.session.moved(space, self._now)
                talk.conversation.pump()
        size = sum(map(len, blocks))
        self._tell(told.ContentCame(space, self.talks.of(session).did, len(blocks), size))
        self.receipts.moved(space)
        self._note_move(session, space)

    def took_receipts(self, session: Session, space: bytes, things: Sequence[Thing]) -> None:
        """Signed words of others were taken: carry on what is new."""
        fresh = self.receipts.fresh(things)
        if fresh:
            self._send_receipts(space, fresh, self.talks.of(session))
            self.receipts.moved(space)  # a word may answer a word
            self._tell(told.ReceiptCame(space, self.talks.of(session).did))

    def sent(self, session: Session, space: bytes) -> None:
        """Something is on its way to a peer."""
        self._note_move(session, space)

    def troubled(self, session: Session, space: bytes, code: str) -> None:
        """A replica failed: try again with a new conversation, later."""
        talk = self.talks.of(session)
        self._tell(told.SpaceTrouble(space, talk.did, code))
        talk.conversation.leave_in(TRY_AGAIN, _AGAIN)

    # -- inside ------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    def _who_may_have(self, space: bytes) -> tuple[Talk, ...]:
        """Return the conversations with those whose access has not ended since they began."""
        return tuple(
            talk for talk in self.talks if talk.did and self._known.admits(talk.did, space)
        )

    def _look(self, space: bytes, but: Talk | None = None) -> None:
        """Ask others for what one peer did not give."""
        for talk in self.talks:
            if talk is not but:
                talk.session.look(space)
                talk.conversation.pump()

    def _send_receipts(
        self, space: bytes, things: Sequence[Thing], but: Talk | None = None
    ) -> None:
        for talk in self.talks:
            if talk is not but:
                talk.session.send_receipts(space, things)
                talk.conversation.pump()

    def _note_move(self, session: Session, space: bytes) -> None:
        """Tell before long how a space stands between us and a peer."""
        self._moved[session, space] = None
        if self._tell_later is None:
            loop = asyncio.get_running_loop()
            self._tell_later = loop.call_later(TELL_EVERY, self._tell_moves)

    def _tell_moves(self) -> None:
        self._tell_later = None
        moved, self._moved = self._moved, {}
        for talk in self.talks:
            for session, space in moved:
                if session is talk.session and (standing := session.standing(space)) is not None:
                    self._tell(told.TransferMoved(space, talk.did, standing))


def _refusal(code: str) -> AtollError:
    """Return the error that a peer's word means here."""
    if code == AccessExpired.code:
        return AccessExpired("the one who gave this invite says that its time is over", 0)
    if code.startswith("access."):
        return NotAllowed("the one who gave this invite says that it is not good")
    return PeerRefused(f"the other end says {code}")
