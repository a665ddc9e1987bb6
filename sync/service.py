"""Brings the spaces of this device together with those of others, for as long as it runs.

It listens, finds and dials the devices that we know, keeps one conversation with each, and
carries on what comes from one to all others. It stores nothing: what is true lives behind the
replicas, and who is known behind `Known`. All of it lives on one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Mapping
from typing import assert_never

from storage.access.invite import InviteCode
from storage.blocks.store import Thing
from storage.identity.did import did_of
from storage.ports import Clock, Entropy
from sync import events as told
from sync.conversation import Conversation
from sync.dialling import MAX_SIGHTINGS, Dialling
from sync.discovery.peers import Sighting, recognised, tags_for
from sync.discovery.port import Discovery, Found, Lost, NetworkChanged, Trouble
from sync.errors import LocalProtocolError, PeerRefused, SyncError
from sync.joining import Joining
from sync.news import News
from sync.ports import InviteKey, Known, Replica
from sync.protocol.greeting import Setting
from sync.protocol.hello import Role, Shared
from sync.protocol.messages import Note
from sync.protocol.session import Session
from sync.talks import DOUBLE, Talk
from sync.transport.stream import Address, Listening, Stream, Transport

LOOK_EVERY = 5.0
WOKE = 30.0
"""The wall clock ran so much further than the other: this machine slept."""
GOODBYE = 2.0
REDEEM_PATIENCE = 60.0
REFUSED_PATIENCE = 10.0
"""Who answers where the giver should be, and still does not take the code, is not waited for."""
_BYE = "bye"
_LEFT = "left"


class SyncService:
    """Sync, as the app sees it."""

    def __init__(
        self,
        replicas: Iterable[Replica],
        known: Known,
        transport: Transport,
        discovery: Discovery,
        *,
        clock: Clock,
        entropy: Entropy,
        listener: told.SyncListener,
        port: int = 0,
    ) -> None:
        self.port = port
        """Where others reach us; once it runs, the port that was chosen."""
        self._known = known
        self._transport = transport
        self._discovery = discovery
        self._clock = clock
        self._entropy = entropy
        self._listener = listener
        self._news = News(replicas, known, clock, listener)
        self._dialling = Dialling(known.card().did, entropy)
        self._sightings: dict[str, Sighting] = {}
        self._sighted = asyncio.Event()
        self._dial_now = asyncio.Event()
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._one_ended = asyncio.Event()
        self._stopping = False
        self._tasks: asyncio.TaskGroup | None = None
        self._shown: tuple[bytes, ...] = ()
        self._spawned: set[asyncio.Task[None]] = set()

    # -- running -----------------------------------------------------------------------

    async def run(self) -> None:
        """Run until `stop` is called, or this is cancelled.

        Raises:
            PortInUse: another program listens on our port.
        """
        listening = await self._transport.listen(self.port)
        with contextlib.closing(listening):
            await self._run_on(listening)

    async def _run_on(self, listening: Listening) -> None:
        self.port = listening.port
        self._dialling.know(self._known.pair_keys(), self._now)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            works = (
                listening.serve(self._welcome),
                self._discovery.run(self.port, self._tags, self._found),
                self._news.receipts.run(),
                self._keep_dialling(),
                self._watch_clock(),
            )
            running = [tasks.create_task(work) for work in works]
            self._ready.set()
            self._listener(told.Listening(self.port))
            await self._stop.wait()
            for task in (*running, *self._spawned):
                task.cancel()
        self._tasks = None

    async def ready(self) -> None:
        """Return once others can reach us."""
        await self._ready.wait()

    async def stop(self) -> None:
        """Say goodbye to everyone, and let `run` return."""
        self._stopping = True
        for talk in self._news.talks:
            talk.conversation.leave(_BYE)
        while tuple(self._news.talks):
            self._one_ended.clear()
            if not await _wait(self._one_ended, GOODBYE):
                break
        self._stop.set()

    # -- what the app tells ------------------------------------------------------------

    def add(self, replica: Replica) -> None:
        """A space is here from now on."""
        self._news.add(replica)

    def forget(self, space: bytes) -> None:
        """A space is here no more: conversations about it end, and begin anew without it."""
        for talk in self._news.forget(space):
            talk.conversation.leave(_LEFT)

    def announce(self, space: bytes) -> None:
        """Something was committed here: send it to everyone who shares the space."""
        self._news.announce(space)

    def live(self, space: bytes, entry: bytes, update: bytes) -> None:
        """Someone types here, in a note that is open."""
        self._news.live(space, entry, Note.UPDATE, update)

    def open_note(self, space: bytes, entry: bytes) -> None:
        """A note was opened here: hear of it what others type."""
        self._news.open_note(space, entry)

    def close_note(self, space: bytes, entry: bytes) -> None:
        """A note was closed here."""
        self._news.close_note(space, entry)

    def hurry(self, space: bytes, digests: Iterable[bytes]) -> None:
        """Someone opens a file: fetch its blocks before all others."""
        self._news.hurry(space, tuple(digests))

    def wanted(self, space: bytes) -> None:
        """Content is wanted that was not, or was asked for in vain: ask everyone."""
        self._news.wanted(space)

    def known_changed(self) -> None:
        """Whom we know, or what we gave, changed."""
        self._dialling.know(self._known.pair_keys(), self._now)
        for sighting in self._sightings.values():
            self._recognise(sighting)
        for talk in self._news.offer():
            talk.conversation.leave(_LEFT)
        if self._keys() != self._shown:
            self._discovery.refresh()
        self._dial_now.set()

    def network_changed(self) -> None:
        """This machine woke, or has other addresses: look for everyone anew."""
        for talk in self._news.talks:
            talk.session.probe(self._now)
            talk.conversation.pump()
        self._dialling.reset(self._now)
        self._dial_now.set()

    def peers(self) -> tuple[told.Peer, ...]:
        """Return the devices that are near now."""
        return self._news.peers()

    async def dial(self, host: str, port: int) -> told.Peer:
        """Meet whoever is at an address; return who it is.

        Raises:
            PeerUnreachable: nobody answers there.
            PeerRefused: it is nobody we know, or does not know us.
            RemoteProtocolError: it is no Atoll, or one that lies.
        """
        secrets = tuple(Shared(key, did) for did, key in self._known.pair_keys().items())
        if not secrets:
            raise PeerRefused("no device is known here yet")
        talk = await self._begin((host, port), secrets)
        await talk.met
        return self._news.peer(talk)

    async def redeem(
        self, code: InviteCode, patience: float = REDEEM_PATIENCE
    ) -> tuple[Thing, ...]:
        """Meet the giver of an invite; return what makes us a member.

        The conversation stays open: once the space is here (`add`), all else comes by it.

        Raises:
            PeerUnreachable: the giver was not found in time.
            AccessError: it says that the invite is not good.
        """
        key = InviteKey(code.keys.id, code.keys.mac, code.space)
        giver = Shared(key.mac, did_of(code.giver), key)
        joining = Joining(self._news.talks, key)
        begun = self._now
        while True:
            self._sighted.clear()
            places = (*code.hints, *self._places_of(key))
            for place in dict.fromkeys(places):
                try:
                    talk = await self._begin(place, (giver,))
                    return await joining.ask(talk)
                except SyncError as error:  # not the giver, or an impostor: another place may do
                    joining.failed(error)
            longest = min(patience, REFUSED_PATIENCE) if joining.refused else patience
            left = begun + longest - self._now
            if left <= 0:
                raise joining.error
            await _wait(self._sighted, min(left, joining.pause))

    # -- conversations -----------------------------------------------------------------

    async def _welcome(self, stream: Stream) -> None:
        """Talk with someone who dialled us."""
        if self._stopping:
            return
        pairs = [Shared(key, did) for did, key in self._known.pair_keys().items()]
        invites = [Shared(key.mac, None, key) for key in self._known.invites()]
        talk = self._talk(stream, Role.ANSWERING, (*pairs, *invites), stream.remote)
        await self._converse(talk)

    async def _begin(self, place: Address, secrets: tuple[Shared, ...]) -> Talk:
        """Dial, and let the conversation run by itself."""
        stream = await self._transport.dial(place)
        talk = self._talk(stream, Role.DIALLING, secrets, place)
        self._run(self._converse(talk))
        return talk

    def _talk(
        self, stream: Stream, role: Role, secrets: tuple[Shared, ...], remote: Address
    ) -> Talk:
        setting = Setting(
            role, stream.binding, self._known, secrets, self._spaces_for, self._entropy
        )
        conversation = Conversation(stream, Session(setting, self._now), self._news)
        return Talk(conversation, role is Role.DIALLING, remote)

    def _spaces_for(self, shared: Shared) -> Mapping[bytes, bytes]:
        if shared.invite is not None or shared.did is None:
            return {}
        return self._news.spaces_for(shared.did)

    async def _converse(self, talk: Talk) -> None:
        self._news.begin(talk)
        try:
            await talk.conversation.run()
        finally:
            if talk.did:
                conversation = talk.conversation
                well = conversation.error is None and conversation.reason != DOUBLE
                self._dialling.ended(talk.did, self._now, well=well)
            self._news.end(talk)
            self._dial_now.set()
            self._one_ended.set()

    async def _keep_dialling(self) -> None:
        while not self._stopping:
            near = self._news.talks.near
            for did in self._dialling.due(self._now, near):
                self._run(self._reach(did))
            deadline = self._dialling.deadline(near)
            self._dial_now.clear()
            await _wait(self._dial_now, None if deadline is None else deadline - self._now)

    async def _reach(self, did: str) -> None:
        """Try everywhere a device may be."""
        places = (*self._dialling.places(did), *self._known.addresses(did))
        for place in dict.fromkeys(places):
            key = self._known.pair_keys().get(did)
            if key is None:
                break
            try:
                talk = await self._begin(place, (Shared(key, did),))
                await talk.met
            except SyncError:
                continue
            return
        self._dialling.failed(did, self._now)
        self._dial_now.set()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        if self._tasks is None:
            work.close()
            raise LocalProtocolError("nobody can be reached before the service runs")
        task = self._tasks.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    # -- discovery and time ------------------------------------------------------------

    def _keys(self) -> tuple[bytes, ...]:
        """Return the keys of all who may recognise us."""
        return (*self._known.pair_keys().values(), *(key.mac for key in self._known.invites()))

    def _tags(self, epoch: int, instance: str) -> tuple[bytes, ...]:
        self._shown = self._keys()
        return tags_for(self._shown, epoch, instance, self._entropy)

    def _found(self, found: Found) -> None:
        match found:
            case Sighting():
                self._sightings.pop(found.instance, None)
                self._sightings[found.instance] = found
                while len(self._sightings) > MAX_SIGHTINGS:
                    del self._sightings[next(iter(self._sightings))]
                self._recognise(found)
                self._sighted.set()
            case Lost(instance):
                self._sightings.pop(instance, None)
                self._dialling.lost(instance)
            case NetworkChanged():
                self.network_changed()
            case Trouble(code):
                self._listener(told.DiscoveryTrouble(code))
            case _:
                assert_never(found)

    def _recognise(self, sighting: Sighting) -> None:
        for did in recognised(sighting, self._known.pair_keys()):
            self._dialling.sighted(did, sighting.instance, sighting.places, self._now)
            self._dial_now.set()

    def _places_of(self, key: InviteKey) -> tuple[Address, ...]:
        """Return where somebody shows that it gave this invite."""
        return tuple(
            place
            for sighting in self._sightings.values()
            if recognised(sighting, {"": key.mac})
            for place in sighting.places
        )

    async def _watch_clock(self) -> None:
        """Notice that the machine slept."""
        ahead = self._clock.now() - self._now
        while True:
            await asyncio.sleep(LOOK_EVERY)
            before, ahead = ahead, self._clock.now() - self._now
            if ahead - before > WOKE:
                self._discovery.refresh()
                self.network_changed()

    @property
    def _now(self) -> float:
        return self._clock.monotonic()


async def _wait(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, but not for ever; say whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
            return await event.wait()
    return False
