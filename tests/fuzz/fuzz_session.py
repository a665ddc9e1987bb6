"""Any bytes said by a stranger, or by a friend who is already met: one kind of refusal."""

from __future__ import annotations

from storage.facts.dots import Writer
from sync.errors import PeerRefused, RemoteProtocolError
from sync.protocol import bounds
from sync.protocol.frames import frame
from sync.protocol.hello import Role
from tests.fuzz.fuzz_frames import SEEDS as FRAMES
from tests.sim.ends import BINDING, Device, End, connect
from tests.sim.network import CALM, Network, Wire
from tests.sim.people import friends
from tests.sim.spaces import FakeSpace

SEEDS = (b"".join(FRAMES), frame(b"\xf6"), *FRAMES)
_SEEN_BY_STRANGERS = 300


def check(data: bytes) -> None:
    """Raise if anything but a refusal comes of it."""
    network = Network(1)
    one, other = (Device(network, known) for known in friends(network, "a", "b"))
    for device in (one, other):
        device.hold(FakeSpace(Writer(device.known.name.encode() * 8))).commit(
            [device.known.name.encode()]
        )
    _stranger(network, one, data)
    _, victim = connect(network, other, one, CALM)
    network.run(network.now + 2)
    before = one.spaces[bytes(32)].seen
    victim.hear(data)
    network.run(network.now + 2)
    assert all(isinstance(error, RemoteProtocolError) for error in victim.errors)
    assert len(one.spaces[bytes(32)].blocks) == 2
    assert one.spaces[bytes(32)].seen.covers(before)


def _stranger(network: Network, device: Device, data: bytes) -> None:
    end = End(device, Wire(network, CALM), Role.ANSWERING, device.secrets(), BINDING)
    end.wire.join(lambda _: None, lambda: None)
    end.hear(data)
    network.run(network.now + bounds.HELLO_PATIENCE + 1)
    assert end.session.ended and end.session.peer is None
    assert all(isinstance(error, RemoteProtocolError | PeerRefused) for error in end.errors)
    assert sum(map(len, end.frames)) < _SEEN_BY_STRANGERS
    if end in device.ends:
        device.ends.remove(end)
