"""Drives sessions over a simulated network, the way a conversation does over a real one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.errors import AtollError
from sync.ports import Accepted
from sync.protocol import events as tell
from sync.protocol.greeting import Setting
from sync.protocol.hello import Role, Shared
from sync.protocol.session import Session
from tests.sim.network import Network, Weather, Wire
from tests.sim.people import FakeKnown
from tests.sim.spaces import FakeSpace

BINDING = b"c" * 32


@dataclass
class Device:
    """One device: who it is, what it holds, whom it talks with."""

    network: Network
    known: FakeKnown
    spaces: dict[bytes, FakeSpace] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)

    def hold(self, held: FakeSpace) -> FakeSpace:
        """Have a space."""
        self.spaces[held.space] = held
        return held

    def keys(self, shared: Shared) -> Mapping[bytes, bytes]:
        """Name all spaces to those whom we know."""
        if shared.invite is not None:
            return {}
        return {space: held.meeting_key for space, held in self.spaces.items()}

    def secrets(self) -> tuple[Shared, ...]:
        """What a greeting can be proved with."""
        pairs = [Shared(key, did) for did, key in self.known.pairs.items()]
        return (*pairs, *(Shared(key.mac, None, key) for key in self.known.given.values()))

    def announce(self, space: bytes, but: End | None = None) -> None:
        """Tell everyone that something is new."""
        for end in tuple(self.ends):
            if end is not but:
                end.session.announce(space, self.network.now)
                end.settle()


class End:
    """A session at one end of a wire."""

    def __init__(
        self, device: Device, wire: Wire, role: Role, secrets: tuple[Shared, ...], binding: bytes
    ) -> None:
        setting = Setting(role, binding, device.known, secrets, device.keys, device.network)
        self.device = device
        self.wire = wire
        self.session = Session(setting, device.network.now)
        self.heard: list[tell.Event] = []
        self.errors: list[AtollError] = []
        self.frames: list[bytes] = []
        self.gone = False
        self.slow_store = 0.0
        """Seconds that a replica takes to keep blocks."""
        self.gives = True
        """It answers wants."""
        device.ends.append(self)
        self.number = wire.join(self.hear, self.lose)

    def hear(self, data: bytes) -> None:
        """Take what arrived; a peer that breaks the protocol is dropped."""
        try:
            self.session.receive(data, self.device.network.now)
        except AtollError as error:
            self.errors.append(error)
        self.settle()

    def lose(self) -> None:
        """See the stream break."""
        self.gone = True
        if self in self.device.ends:
            self.device.ends.remove(self)

    def settle(self) -> None:
        """Answer what the session asks, and send what it has to say."""
        while events := self.session.take_events():
            for event in events:
                self.heard.append(event)
                self._answer(event)
        while (frame := self.session.next_frame()) is not None:
            self.frames.append(frame)
            self.wire.send(self.number, frame)
            if more := self.session.take_events():
                self.heard += more
                for event in more:
                    self._answer(event)
        if self.session.ended:
            # the last words are on their way: closing a stream does not take them back
            self.device.network.at(self.device.network.now + 0.5, self.wire.cut)
        elif (deadline := self.session.deadline) is not None and not self.gone:
            self.device.network.at(deadline, self._wake)

    def _wake(self) -> None:
        now = self.device.network.now
        deadline = self.session.deadline
        if self.gone or deadline is None or deadline > now:
            return
        try:
            self.session.wake(now)
        except AtollError as error:
            self.errors.append(error)
        self.settle()

    def _answer(self, event: tell.Event) -> None:
        session, now = self.session, self.device.network.now
        match event:
            case tell.HeadsWanted(space):
                session.give_heads(space, self._held(space).heads(), now)
            case tell.ThingsWanted(space, after, auth, budget):
                session.give_things(space, self._held(space).things_after(after, auth, budget))
            case tell.ThingsCame(space, things, _):
                accepted = self._held(space).accept(things)
                session.took_things(event, now)
                self._accepted(space, accepted)
            case tell.MissingWanted(space, limit):
                session.give_missing(space, self._held(space).missing(limit), now)
            case tell.BlocksWanted(space, _, digests) if self.gives:
                session.give_blocks(event, self._held(space).get_blocks(digests))
            case tell.BlocksCame():
                self._keep(event)
            case tell.ReceiptsCame(space, things):
                self._held(space).receipts += things
            case tell.RedeemWanted(invite):
                self._redeem(invite)
            case _:
                pass

    def _accepted(self, space: bytes, accepted: Accepted) -> None:
        if accepted.records:
            self.device.announce(space, but=self)
        if accepted.refused:
            doubted = dict(accepted.disputed)
            self.session.refused(space, doubted, self.device.network.now)
        if accepted.gave_way:
            for end in tuple(self.device.ends):
                end.session.leave("again")
                end.settle()

    def _keep(self, came: tell.BlocksCame) -> None:
        if self.slow_store:
            later = self.device.network.now + self.slow_store
            self.device.network.at(later, lambda: self._put(came, settle=True))
        else:
            self._put(came, settle=False)

    def _put(self, came: tell.BlocksCame, *, settle: bool) -> None:
        held = self._held(came.space)
        pairs = zip(came.digests, came.blocks, strict=True)
        held.put_blocks([block for digest, block in pairs if held.wants(digest)])
        self.session.took_blocks(came, self.device.network.now)
        if settle:
            self.settle()

    def _redeem(self, invite: bytes) -> None:
        known = self.device.known
        if invite in known.invitations:
            self.session.give_invitation(known.invitations[invite])
            self.session.offer(self.device.keys(Shared(b"", None)))
        else:
            self.session.refuse_invite("access.not-allowed")

    def _held(self, space: bytes) -> FakeSpace:
        return self.device.spaces[space]


def connect(
    network: Network,
    dialling: Device,
    answering: Device,
    weather: Weather,
    binding: bytes = BINDING,
) -> tuple[End, End]:
    """Let one device dial another that it knows."""
    wire = Wire(network, weather)
    key = dialling.known.pairs[answering.known.did]
    greeting = (Shared(key, answering.known.did),)
    one = End(dialling, wire, Role.DIALLING, greeting, binding)
    other = End(answering, wire, Role.ANSWERING, answering.secrets(), binding)
    one.settle()
    other.settle()
    return one, other
