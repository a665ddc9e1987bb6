"""Questions to replicas, in lanes: a commit does not stand behind a large file.

Each lane answers in order, and gathers what can be kept in one go, so that a store makes
things durable once for many. A store that fails is asked nothing more in this conversation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Generic, Protocol, TypeVar, assert_never

from storage.blocks.store import Thing
from storage.errors import AtollError
from storage.ports import Clock
from sync.claims import Claims
from sync.ports import Accepted, Replica
from sync.protocol import events as tell
from sync.protocol.session import Session

MOST_BYTES = 512 * 1024
"""What is kept in one go."""

Question = (
    tell.HeadsWanted
    | tell.ThingsWanted
    | tell.ThingsCame
    | tell.MissingWanted
    | tell.BlocksWanted
    | tell.BlocksCame
    | tell.ReceiptsCame
)
_Q = TypeVar("_Q", bound=Question)


class Keeper(Protocol):
    """What the lanes need besides a session: replicas, and somebody to tell."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    def replica(self, space: bytes) -> Replica | None:
        """Return a space, unless it was left."""
        ...

    def claims(self, space: bytes) -> Claims:
        """Return who is asked for what of a space."""
        ...

    def accepted(
        self, session: Session, space: bytes, things: Sequence[Thing], accepted: Accepted
    ) -> None:
        """Hear that things were kept or refused."""
        ...

    def came(self, session: Session, space: bytes, blocks: Sequence[bytes]) -> None:
        """Hear that blocks are safe."""
        ...

    def took_receipts(self, session: Session, space: bytes, things: Sequence[Thing]) -> None:
        """Hear that signed words of others were taken."""
        ...

    def sent(self, session: Session, space: bytes) -> None:
        """Hear that something is on its way to the peer."""
        ...

    def troubled(self, session: Session, space: bytes, code: str) -> None:
        """Hear that a replica failed."""
        ...


class Lane(Generic[_Q]):
    """Questions of one kind, waiting."""

    def __init__(self) -> None:
        self._waiting: deque[_Q] = deque()
        self._some = asyncio.Event()

    def put(self, question: _Q) -> None:
        """Ask."""
        self._waiting.append(question)
        self._some.set()

    async def next(self) -> list[_Q]:
        """Wait for a question; return it with those after it that can be answered in one go."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        batch = [self._waiting.popleft()]
        size = _size(batch[0])
        while self._waiting and self._waiting[0].space == batch[0].space:
            cost = _size(self._waiting[0])
            if not cost or size + cost > MOST_BYTES:
                break
            size += cost
            batch.append(self._waiting.popleft())
        return batch


class Lanes:
    """All lanes of one session."""

    def __init__(self, session: Session, keeper: Keeper, pump: Callable[[], None]) -> None:
        self.stuck: set[bytes] = set()
        """Spaces whose store failed."""
        self._session = session
        self._keeper = keeper
        self._pump = pump
        self._heads = Lane[tell.HeadsWanted]()
        self._things_out = Lane[tell.ThingsWanted]()
        self._things_in = Lane[tell.ThingsCame]()
        self._missing = Lane[tell.MissingWanted]()
        self._blocks_out = Lane[tell.BlocksWanted]()
        self._blocks_in = Lane[tell.BlocksCame]()
        self._receipts = Lane[tell.ReceiptsCame]()

    def put(self, question: Question) -> None:
        """Ask."""
        match question:
            case tell.HeadsWanted():
                self._heads.put(question)
            case tell.ThingsWanted():
                self._things_out.put(question)
            case tell.ThingsCame():
                self._things_in.put(question)
            case tell.MissingWanted():
                self._missing.put(question)
            case tell.BlocksWanted():
                self._blocks_out.put(question)
            case tell.BlocksCame():
                self._blocks_in.put(question)
            case tell.ReceiptsCame():
                self._receipts.put(question)
            case _:
                assert_never(question)

    def works(self) -> tuple[Coroutine[None, None, None], ...]:
        """Return what has to run, until cancelled."""
        return (
            self._run(self._heads, self._give_heads),
            self._run(self._things_out, self._give_things),
            self._run(self._things_in, self._take_things),
            self._run(self._missing, self._give_missing),
            self._run(self._blocks_out, self._give_blocks),
            self._run(self._blocks_in, self._take_blocks),
            self._run(self._receipts, self._take_receipts),
        )

    async def _run(
        self, lane: Lane[_Q], answer: Callable[[Replica, list[_Q]], Awaitable[None]]
    ) -> None:
        while True:
            batch = await lane.next()
            space = batch[0].space
            replica = self._keeper.replica(space)
            if replica is None or space in self.stuck:
                self._decline(batch)
            else:
                try:
                    await answer(replica, batch)
                except AtollError as error:
                    self.stuck.add(space)
                    self._decline(batch)
                    self._keeper.troubled(self._session, space, error.code)
            self._pump()

    def _decline(self, batch: Sequence[Question]) -> None:
        """Give back the credit; say that nothing is here. All else stays unanswered."""
        for question in batch:
            match question:
                case tell.ThingsCame():
                    self._session.took_things(question, self._now)
                case tell.BlocksCame():
                    self._session.took_blocks(question, self._now)
                case tell.BlocksWanted():
                    self._session.give_blocks(question, [None] * len(question.digests))
                case _:
                    pass

    @property
    def _now(self) -> float:
        return self._keeper.clock.monotonic()

    # -- one answer each ---------------------------------------------------------------

    async def _give_heads(self, replica: Replica, batch: list[tell.HeadsWanted]) -> None:
        self._session.give_heads(batch[0].space, await replica.heads(), self._now)

    async def _give_things(self, replica: Replica, batch: list[tell.ThingsWanted]) -> None:
        asked = batch[0]
        parcel = await replica.things_after(asked.after, asked.auth, asked.budget)
        self._session.give_things(asked.space, parcel)
        self._keeper.sent(self._session, asked.space)

    async def _take_things(self, replica: Replica, batch: list[tell.ThingsCame]) -> None:
        peer = self._session.peer
        space = batch[0].space
        things = [thing for came in batch for thing in came.things]
        accepted = await replica.accept(things, "" if peer is None else peer.did)
        for came in batch:
            self._session.took_things(came, self._now)
        self._keeper.accepted(self._session, space, things, accepted)

    async def _give_missing(self, replica: Replica, batch: list[tell.MissingWanted]) -> None:
        asked = batch[0]
        claims = self._keeper.claims(asked.space)
        digests = await replica.missing(asked.limit + len(claims))
        # what this one does not have is left to others, who may come later
        lacks = self._session.lacking(asked.space)
        digests = [digest for digest in digests if digest not in lacks]
        mine = claims.claim(self._session, digests, asked.limit)
        self._session.give_missing(asked.space, mine, self._now)

    async def _give_blocks(self, replica: Replica, batch: list[tell.BlocksWanted]) -> None:
        self._session.give_blocks(batch[0], await replica.get_blocks(batch[0].digests))
        self._keeper.sent(self._session, batch[0].space)

    async def _take_blocks(self, replica: Replica, batch: list[tell.BlocksCame]) -> None:
        space = batch[0].space
        blocks = [block for came in batch for block in came.blocks]
        await replica.put_blocks(blocks)
        claims = self._keeper.claims(space)
        for came in batch:
            claims.drop(self._session, came.digests)
            self._session.took_blocks(came, self._now)
        self._keeper.came(self._session, space, blocks)

    async def _take_receipts(self, replica: Replica, batch: list[tell.ReceiptsCame]) -> None:
        things = [thing for came in batch for thing in came.things]
        await replica.take_receipts(things)
        self._keeper.took_receipts(self._session, batch[0].space, things)


def _size(question: Question) -> int:
    """Return what it costs to keep; 0: it is answered alone."""
    match question:
        case tell.ThingsCame() | tell.BlocksCame():
            return max(1, question.size)
        case tell.ReceiptsCame():
            return sum(len(thing.data) for thing in question.things)
        case _:
            return 0
