"""Meeting other devices: sync on one side, what the app remembers and tells on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, assert_never

from app.devices import Devices
from app.errands import Errands
from app.events import DeliveryChanged, DevicesChanged, EventHub, NoteOpened, TextArrived, Trouble
from app.state import Address, DeviceState
from app.syncing import SpaceReplica
from storage.access.invite import InviteCode
from storage.blocks.store import Thing
from storage.facts.change import EntryId
from sync.errors import PeerUnreachable, PortInUse
from sync.events import (
    ContentCame,
    DiscoveryTrouble,
    HeadsMoved,
    Listening,
    LiveArrived,
    Peer,
    PeerLeft,
    PeerMet,
    ReaderCame,
    ReceiptCame,
    RedeemDone,
    SpaceTrouble,
    SyncEvent,
    ThingsAccepted,
    TransferMoved,
)
from sync.ports import Heads, Replica

PATIENCE = 30.0
"""Seconds without any news after which joining stops to wait; the rest comes by itself."""
REDEEM_PATIENCE = 60.0
"""Seconds in which the giver of a code has to be found."""
GOODBYE = 3.0
PORT = "port"


class Service(Protocol):
    """The part of `sync.service.SyncService` that the app uses."""

    port: int
    """Where to listen; 0: where the system chooses."""

    async def run(self) -> None:
        """Listen, look for others and talk with them, until cancelled."""
        ...

    def add(self, replica: Replica) -> None:
        """Bring a space together with others from now on."""
        ...

    def forget(self, space: bytes) -> None:
        """Stop that."""
        ...

    def known_changed(self) -> None:
        """Whom we know, or what we gave, changed."""
        ...

    def announce(self, space: bytes) -> None:
        """Tell others at once that something was committed."""
        ...

    def live(self, space: bytes, entry: EntryId, update: bytes) -> None:
        """Send what was typed to whoever has the note open."""
        ...

    def open_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of what others type in a note."""
        ...

    def close_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of it no more."""
        ...

    def hurry(self, space: bytes, digests: Sequence[bytes]) -> None:
        """Someone opens a file: fetch its blocks before all others."""
        ...

    def wanted(self, space: bytes) -> None:
        """Content is wanted that was not."""
        ...

    async def dial(self, host: str, port: int) -> Peer:
        """Meet the device at an address."""
        ...

    async def redeem(self, code: InviteCode, patience: float = ...) -> Sequence[Thing]:
        """Meet a giver, and return what its invite promises."""
        ...

    async def stop(self) -> None:
        """Say goodbye to everyone, and let `run` return."""
        ...


Build = Callable[[Sequence[Replica], Callable[[SyncEvent], None]], Service]
"""Makes the service, once the spaces are open and somebody listens."""


class Meeting:
    """Runs sync, and carries what it tells to where it belongs. Lives on the app's loop."""

    def __init__(
        self, state: DeviceState, devices: Devices, events: EventHub, build: Build | None
    ) -> None:
        self.port = 0
        self._state = state
        self._devices = devices
        self._events = events
        self._build = build
        self._service: Service | None = None
        self._replicas: dict[bytes, SpaceReplica] = {}
        self._heads: dict[tuple[bytes, str], Heads] = {}
        self._news = asyncio.Event()
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] | None = None
        self._stopping = False
        self._errands = Errands()

    # -- its life ------------------------------------------------------------------------
    def start(self, failed: asyncio.Future[None]) -> None:
        """Begin to meet others; `failed` hears of a fault of ours."""
        if self._build is None:
            return
        self._failed = failed
        self._service = self._build(tuple(self._replicas.values()), self._hear)
        self._devices.changed = self._service.known_changed
        self._task = asyncio.create_task(self._run(self._service), name="sync")
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Say goodbye."""
        self._stopping = True
        if self._task is not None and self._service is not None:
            self._devices.changed = None
            await self._service.stop()
            await asyncio.wait({self._task}, timeout=GOODBYE)
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._errands.end()

    async def _run(self, service: Service) -> None:
        """Run sync; when somebody else listens on our port, on another one."""
        try:
            await service.run()
        except PortInUse as error:
            if not service.port:
                raise
            self._events.tell(Trouble(error.code, str(service.port)))
            service.port = 0
            await service.run()
        if not self._stopping:
            raise RuntimeError("sync ended by itself")

    # -- what spaces ask -----------------------------------------------------------------
    def add(self, replica: SpaceReplica) -> None:
        """Bring a space together with others from now on."""
        self._replicas[replica.space] = replica
        if self._service is not None:
            self._service.add(replica)

    def remove(self, space: bytes) -> None:
        """Stop that."""
        self._replicas.pop(space, None)
        if self._service is not None:
            self._service.forget(space)

    def announce(self, space: bytes) -> None:
        """Tell others at once that something was committed."""
        if self._service is not None:
            self._service.announce(space)
        self._events.tell(DeliveryChanged(space.hex()))

    def wanted(self, space: bytes, first: Sequence[bytes] = ()) -> None:
        """Content is wanted that was not: ask everyone near, for `first` before all else."""
        if self._service is not None:
            self._service.hurry(space, first)
            self._service.wanted(space)

    # -- what typing asks ----------------------------------------------------------------
    def live(self, space: bytes, entry: EntryId, update: bytes) -> None:
        """Send what was typed to whoever has the note open."""
        if self._service is not None:
            self._service.live(space, entry, update)

    def open_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of what others type in a note."""
        if self._service is not None:
            self._service.open_note(space, entry)

    def close_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of it no more."""
        if self._service is not None:
            self._service.close_note(space, entry)

    # -- what people ask -----------------------------------------------------------------
    async def dial(self, address: Address) -> str:
        """Meet the device at an address; return its name."""
        peer = await self._needed().dial(*address)
        return self._devices.name(peer.did)

    async def redeem(self, code: InviteCode, patience: float = REDEEM_PATIENCE) -> Sequence[Thing]:
        """Meet a giver, and return what its invite promises."""
        return await self._needed().redeem(code, patience)

    def offer(self) -> None:
        """Show those near what we share with them now."""
        if self._service is not None:
            self._service.known_changed()

    @property
    def meets(self) -> bool:
        """Others are met at all."""
        return self._service is not None

    async def caught_up(self, space: bytes) -> None:
        """Wait until we have seen all that those near have; give up when nothing moves."""
        while not await self._has_all(space):
            self._news.clear()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._news.wait()
            except TimeoutError:
                return

    async def listening(self) -> int:
        """Return the port at which others reach us, once that is known."""
        if self._service is not None:
            await self._listening.wait()
        return self.port

    # -- steps ---------------------------------------------------------------------------
    async def _has_all(self, space: bytes) -> bool:
        theirs = [heads for (its, _), heads in self._heads.items() if its == space]
        if not theirs:
            return False
        ours = await self._replicas[space].heads()
        return all(ours.seen.covers(heads.seen) for heads in theirs)

    def _needed(self) -> Service:
        if self._service is None:
            raise PeerUnreachable("this command meets nobody")
        return self._service

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A fault of ours ends the app, loudly."""
        if task.cancelled() or self._failed is None or self._failed.done():
            return
        if (error := task.exception()) is not None:
            self._failed.set_exception(error)

    # -- what sync tells -----------------------------------------------------------------
    def _hear(self, event: SyncEvent) -> None:
        match event:
            case Listening(port):
                self.port = port
                self._listening.set()
                self._errands.run(self._state.set(PORT, str(port)))
            case PeerMet() | PeerLeft() | RedeemDone():
                self._hear_of_people(event)
            case HeadsMoved() | ThingsAccepted() | ContentCame() | TransferMoved() | ReceiptCame():
                self._hear_of_space(event)
            case LiveArrived() | ReaderCame():
                self._hear_of_typing(event)
            case SpaceTrouble(space, _, code):
                self._events.tell(Trouble(code, "", space.hex()))
            case DiscoveryTrouble(code):
                if code:
                    self._events.tell(Trouble(code, ""))
            case _:
                assert_never(event)

    def _hear_of_space(
        self, event: HeadsMoved | ThingsAccepted | ContentCame | TransferMoved | ReceiptCame
    ) -> None:
        match event:
            case HeadsMoved(space, did, heads):
                self._heads[space, did] = heads
                self._devices.sending.heard(space, did, heads.seen, heads.files, heads.size)
                self._devices.refusals.heard(event)
                self._settle_later(space)
                self._errands.run(self._note(space, did, heads))
                self._news.set()
                return
            case ThingsAccepted():
                self._hear_of_refused(event)
                self._news.set()
            case ContentCame():
                self._news.set()
            case TransferMoved() | ReceiptCame():
                pass
            case _:
                assert_never(event)
        self._events.tell(DeliveryChanged(event.space.hex()))

    def _hear_of_refused(self, event: ThingsAccepted) -> None:
        """Say once what of a device was not taken, and why."""
        for code, did in self._devices.refusals.accepted(event):
            name = self._devices.name(did)
            self._events.tell(Trouble(code, "", event.space.hex(), name))
        self._settle_later(event.space)

    def _settle_later(self, space: bytes) -> None:
        if self._devices.refusals.is_open(space):
            self._errands.run(self._settle(space))

    async def _settle(self, space: bytes) -> None:
        """What was refused is settled once both have the same."""
        replica = self._replicas.get(space)
        if replica is not None and self._devices.refusals.settle(space, await replica.heads()):
            self._events.tell(DeliveryChanged(space.hex()))

    async def _note(self, space: bytes, did: str, heads: Heads) -> None:
        if (replica := self._replicas.get(space)) is not None:
            await replica.hear(did, heads)

    def _hear_of_typing(self, event: LiveArrived | ReaderCame) -> None:
        space, entry = event.space.hex(), event.entry.hex()
        if isinstance(event, LiveArrived):
            self._events.tell(TextArrived(space, entry, event.update, event.by))
        else:
            self._events.tell(NoteOpened(space, entry))

    def _hear_of_people(self, event: PeerMet | PeerLeft | RedeemDone) -> None:
        match event:
            case PeerMet(card, host, port, dialled):
                shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
                self._devices.near(card.did, shown)
                self._errands.run(self._devices.met(card, (host, port) if dialled else None))
            case PeerLeft(did):
                for key in [key for key in self._heads if key[1] == did]:
                    del self._heads[key]
                self._news.set()
                self._errands.run(self._devices.gone(did))
            case RedeemDone(_, _, card):
                self._errands.run(self._devices.met(card, None))
            case _:
                assert_never(event)
        self._events.tell(DevicesChanged())
        for space in self._replicas:
            self._events.tell(DeliveryChanged(space.hex()))
