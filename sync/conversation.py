"""Joins one session to one stream: the only place where protocol and network meet.

Bytes go to the session as they come; frames leave as the stream has room, the most urgent
first. What the session asks of a replica goes into the lanes; the rest is told to the host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from storage.blocks.store import Thing
from storage.errors import AtollError
from sync.errors import PeerRefused, PeerUnreachable, RemoteProtocolError
from sync.lanes import Keeper, Lanes
from sync.ports import Card
from sync.protocol import events as tell
from sync.protocol.session import Session
from sync.transport.stream import Stream

SMALL_WRITES = 64 * 1024
"""Small frames are gathered up to this size for one write."""
LAST_WORDS = 1.0
GONE = "gone"


class Host(Keeper, Protocol):
    """The one who holds all conversations."""

    def happened(self, conversation: Conversation, event: tell.Event) -> None:
        """Hear what the session tells."""
        ...

    async def redeem(self, invite: bytes, card: Card) -> Sequence[Thing]:
        """Return what an invite of ours promises, or raise an AtollError."""
        ...


class Conversation:
    """One session on one stream."""

    def __init__(self, stream: Stream, session: Session, host: Host) -> None:
        self.stream = stream
        self.session = session
        self.reason = GONE
        self.error: AtollError | None = None
        """What ended it, if it was nobody's wish."""
        self._host = host
        self._lanes = Lanes(session, host, self.pump)
        self._over = asyncio.Event()
        self._to_write = asyncio.Event()
        self._redeem_asked = asyncio.Queue[bytes]()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._leaving: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Talk until it is over, for whatever reason; then close the stream."""
        works = (self._read(), self._write(), self._redeem(), *self._lanes.works())
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(work) for work in works]
                self.pump()
                await self._over.wait()
                for task in running:
                    task.cancel()
        finally:
            for timer in (self._timer, self._leaving):
                if timer is not None:
                    timer.cancel()
            try:
                await self._say_last_words()
            finally:
                await self.stream.close()

    def pump(self) -> None:
        """Carry on what the session has to say. Called after everything that it was told."""
        self._pass_on()
        self._to_write.set()
        self._arm()

    def leave(self, reason: str) -> None:
        """End it politely."""
        self.session.leave(reason)
        self.pump()

    def leave_in(self, seconds: float, reason: str) -> None:
        """End it politely, later."""
        if self._leaving is None:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(seconds, self.leave, reason)

    @property
    def now(self) -> float:
        """The time that sessions count in."""
        return self._host.clock.monotonic()

    def _pass_on(self) -> None:
        for event in self.session.take_events():
            match event:
                case (
                    tell.HeadsWanted()
                    | tell.ThingsWanted()
                    | tell.ThingsCame()
                    | tell.MissingWanted()
                    | tell.BlocksWanted()
                    | tell.BlocksCame()
                    | tell.ReceiptsCame()
                ):
                    self._lanes.put(event)
                case tell.RedeemWanted(invite):
                    self._redeem_asked.put_nowait(invite)
                case tell.Ended(reason):
                    self._finish(reason)
                case _:
                    self._host.happened(self, event)

    async def _redeem(self) -> None:
        while True:
            invite = await self._redeem_asked.get()
            card = self.session.peer
            assert card is not None, "an invite is asked for only once it is known who asks"
            try:
                things = await self._host.redeem(invite, card)
            except AtollError as error:
                self.session.refuse_invite(error.code)
            else:
                self.session.give_invitation(things)
            self.pump()

    # -- the stream --------------------------------------------------------------------

    async def _read(self) -> None:
        while data := await self.stream.read():
            try:
                self.session.receive(data, self.now)
            except (RemoteProtocolError, PeerRefused) as error:
                self.error = error
            self.pump()
            await asyncio.sleep(0)  # a fast peer must not hold up everything else
        self._finish(GONE)

    async def _write(self) -> None:
        while True:
            await self._to_write.wait()
            self._to_write.clear()
            while frames := self._next_frames():
                try:
                    await self.stream.write(frames)
                except PeerUnreachable:
                    self._finish(GONE)
                    return

    def _next_frames(self) -> bytes:
        frames: list[bytes] = []
        size = 0
        while size < SMALL_WRITES and (frame := self.session.next_frame()) is not None:
            frames.append(frame)
            size += len(frame)
        self._pass_on()
        return b"".join(frames)

    async def _say_last_words(self) -> None:
        """Tell why, if anybody still listens."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                if self.session.ended and (frames := self._next_frames()):
                    await self.stream.write(frames)
        except (PeerUnreachable, TimeoutError):
            pass

    def _arm(self) -> None:
        """Be woken when the session wants it. A timer that rings too early does no harm."""
        deadline = self.session.deadline
        if deadline is None or (self._timer is not None and self._timer_at <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        pause = max(0.0, deadline - self.now)
        self._timer = asyncio.get_running_loop().call_later(pause, self._wake)

    def _wake(self) -> None:
        self._timer = None
        try:
            self.session.wake(self.now)
        except RemoteProtocolError as error:
            self.error = error
        self.pump()

    def _finish(self, reason: str) -> None:
        if not self._over.is_set():
            self.reason = reason
            self._over.set()
