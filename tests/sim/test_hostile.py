"""Whatever a peer sends: one kind of error, bounded memory, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import Kind, Thing
from storage.errors import AtollError
from storage.facts.dots import Seen, Writer
from sync.errors import PeerRefused, RemoteProtocolError
from sync.protocol import bounds
from sync.protocol import messages as say
from sync.protocol.frames import frame
from sync.protocol.hello import Role, Shared
from sync.protocol.messages import Channel, Message, Mode
from sync.protocol.wire import encode
from tests.sim.ends import BINDING, Device, End, connect
from tests.sim.network import CALM, Network, Wire
from tests.sim.people import friends, strangers
from tests.sim.spaces import FakeSpace
from tests.sim.test_converge import SPACE, World

DIGEST = b"d" * 32
ENTRY = b"e" * 16


def met(seed: int = 1) -> tuple[World, End]:
    """Return a world where the first device has met a peer that now turns hostile."""
    world = World(seed, 2)
    world.commit(0, 2, 100)
    _, victim = world.link(1, 0)
    world.run(3)
    assert world.agree() and not victim.errors
    return world, victim


def say_to(victim: End, *messages: Message) -> None:
    """Send messages as the peer."""
    victim.hear(b"".join(frame(encode(message)) for message in messages))


def unharmed(world: World, victim: End) -> None:
    """Only our own error type came out, and nothing was taken in."""
    assert all(isinstance(error, RemoteProtocolError) for error in victim.errors)
    assert len(world.spaces[0].blocks) == 2
    assert world.spaces[0].seen == world.spaces[1].seen


things = st.builds(Thing, st.sampled_from(Kind), st.binary(max_size=60))
blobs = st.binary(min_size=32, max_size=32)
data_channels = st.sampled_from([Channel.OPENED, Channel.BULK])
refs = st.integers(0, 5)
seens = st.dictionaries(
    st.binary(min_size=8, max_size=8).map(Writer), st.integers(1, 9), max_size=3
).map(Seen)
messages = st.one_of(
    st.builds(
        say.Hello,
        st.integers(1, 9),
        st.just(say.Limits()),
        blobs,
        st.sampled_from(Mode),
        st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(say.Proof, blobs),
    st.builds(say.Spaces, st.lists(st.binary(min_size=16, max_size=16), max_size=3).map(tuple)),
    st.builds(say.Heads, refs, seens, blobs, blobs, st.booleans(), st.booleans()),
    st.builds(say.Records, refs, seens, st.lists(things, max_size=3).map(tuple), st.booleans()),
    st.builds(say.Live, refs, st.just(ENTRY), st.just(say.Note.UPDATE), st.binary(max_size=9)),
    st.builds(say.Live, refs, st.just(ENTRY), st.just(say.Note.OPENED), st.just(b"")),
    st.builds(
        say.Want, data_channels, refs, refs, st.lists(blobs, min_size=1, max_size=4).map(tuple)
    ),
    st.builds(
        say.Blocks,
        data_channels,
        refs,
        st.lists(st.binary(max_size=50), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        say.Piece,
        st.sampled_from([Channel.RECORDS, Channel.BULK]),
        refs,
        st.sampled_from(Kind),
        st.just(100),
        st.integers(0, 50),
        st.binary(min_size=1, max_size=50),
    ),
    st.builds(say.NotHave, data_channels, refs, st.lists(blobs, min_size=1, max_size=3).map(tuple)),
    st.builds(say.Have, refs, st.lists(st.binary(max_size=50), min_size=1, max_size=2).map(tuple)),
    st.builds(
        say.Credit, st.sampled_from([Channel.RECORDS, Channel.BULK]), st.integers(1, 1 << 26)
    ),
    st.builds(say.Cancel, refs),
    st.builds(say.Redeem, refs, st.binary(min_size=16, max_size=16)),
    st.builds(say.Redeemed, refs, st.lists(things, max_size=2).map(tuple), st.booleans()),
    st.builds(say.Ping, refs, st.booleans()),
    st.builds(say.Error, st.integers(1, 5), st.just("sync.refused")),
)


@given(st.binary(max_size=300))
def test_noise_from_a_stranger_is_refused(noise: bytes) -> None:
    """Before anybody proved anything, hardly anything is listened to."""
    network = Network(1)
    (known,) = strangers(network, "a")
    device = Device(network, known)
    held = device.hold(FakeSpace(Writer(b"a" * 8)))
    end = End(device, Wire(network, CALM), Role.ANSWERING, device.secrets(), BINDING)
    end.wire.join(lambda _: None, lambda: None)
    end.hear(noise)
    network.run(network.now + 60)
    assert end.session.ended
    assert all(isinstance(error, RemoteProtocolError | PeerRefused) for error in end.errors)
    assert not held.lines and not end.session.peer


@given(st.binary(max_size=300))
def test_noise_from_a_friend_is_refused(noise: bytes) -> None:
    """A peer can send anything; only our own error type comes out."""
    world, victim = met()
    victim.hear(noise)
    world.run(60)
    unharmed(world, victim)


@given(st.lists(messages, max_size=8))
def test_valid_messages_out_of_order_change_nothing(told: Sequence[Message]) -> None:
    """Each could be said by somebody at some time; nobody asked for any of it now."""
    world, victim = met()
    say_to(victim, *told)
    world.run(1)
    assert all(isinstance(error, RemoteProtocolError) for error in victim.errors)
    assert len(world.spaces[0].blocks) == 2


@given(st.lists(messages, min_size=1, max_size=4))
def test_nothing_but_a_greeting_is_heard_first(told: Sequence[Message]) -> None:
    """A stranger learns nothing, and changes nothing."""
    network = Network(1)
    known, _ = friends(network, "a", "b")
    device = Device(network, known)
    held = device.hold(FakeSpace(Writer(b"a" * 8)))
    end = End(device, Wire(network, CALM), Role.ANSWERING, device.secrets(), BINDING)
    end.wire.join(lambda _: None, lambda: None)
    say_to(end, *told)
    network.run(network.now + 6)
    assert end.session.ended and end.errors and not held.lines
    assert sum(map(len, end.frames)) < 200


@pytest.mark.parametrize("place", range(0, 350, 7))
def test_a_changed_byte_ends_the_greeting(place: int) -> None:
    """A version, a limit, a hint, a proof, a card: all of it lies in what is proved."""
    network = Network(5)
    devices = [Device(network, known) for known in friends(network, "a", "b")]
    for device in devices:
        device.hold(FakeSpace(Writer(device.known.name.encode() * 8)))
    one, other = connect(network, devices[0], devices[1], CALM)
    count = 0

    def change(data: bytes) -> bytes:
        nonlocal count
        start, count = count, count + len(data)
        if start <= place < count:
            at = place - start
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        return data

    hear = other.hear
    other.wire._ends[1] = lambda data: hear(change(data))  # noqa: SLF001
    network.run(network.now + 10)
    assert count > place
    assert not (one.session.open and other.session.open)


def test_a_man_in_the_middle_fails_at_the_first_step() -> None:
    """He shows another certificate; the hint that he passes on means nothing any more."""
    network = Network(6)
    a, b = (Device(network, known) for known in friends(network, "a", "b"))
    wire = Wire(network, CALM)
    key = a.known.pairs[b.known.did]
    one = End(a, wire, Role.DIALLING, (Shared(key, b.known.did),), b"his certificate" + bytes(17))
    other = End(b, wire, Role.ANSWERING, b.secrets(), BINDING)
    one.settle()
    network.run(network.now + 10)
    assert isinstance(one.errors[0], PeerRefused) and isinstance(other.errors[0], PeerRefused)
    assert b.known.did.encode() not in b"".join(other.frames)


def test_an_older_version_cannot_be_talked_into() -> None:
    """Who strips the version from a greeting gets none of it accepted."""
    network = Network(7)
    a, b = (Device(network, known) for known in friends(network, "a", "b"))
    one, other = connect(network, a, b, CALM)
    network.run(network.now + 1)
    assert one.session.open and other.session.open
    agreed = one.session._greeting.agreed  # noqa: SLF001
    lower = say.HelloOk(1, say.Limits(records=1 << 18), bytes(32), 0, agreed.proof(Role.ANSWERING))
    again, _ = connect(network, a, b, CALM)
    again.hear(frame(encode(lower)))
    assert isinstance(again.errors[0], RemoteProtocolError)


def test_someone_else_cannot_show_a_friends_card() -> None:
    """The secret says who it must be; the card must be signed by that device."""
    network = Network(8)
    a, b, c = (Device(network, known) for known in friends(network, "a", "b", "c"))
    b.known.keys = c.known.keys
    one, _ = connect_as(network, a, b, a.known.pairs[c.known.did])
    network.run(network.now + 1)
    assert one.errors and not one.session.open


def connect_as(network: Network, a: Device, b: Device, key: bytes) -> tuple[End, End]:
    """Let a greet b with a secret that it shares with another."""
    wire = Wire(network, CALM)
    one = End(a, wire, Role.DIALLING, (Shared(key, "did:key:another"),), BINDING)
    other = End(b, wire, Role.ANSWERING, (Shared(key, None),), BINDING)
    one.settle()
    return one, other


def test_unasked_blocks_are_three_strikes() -> None:
    """A confused peer is borne with; one that goes on is not."""
    world, victim = met()
    gift = say.Blocks(Channel.BULK, 1, (b"never asked for",))
    say_to(victim, gift, gift)
    assert not victim.errors
    say_to(victim, gift)
    assert isinstance(victim.errors[0], RemoteProtocolError)
    unharmed(world, victim)


def test_wrong_bytes_for_a_want_are_not_taken() -> None:
    """What does not hash to what was asked for is a strike, and stays missing."""
    world, victim = met()
    victim.device.spaces[SPACE].wanted[DIGEST] = None
    victim.session.look(SPACE)
    victim.settle()
    rid = next(iter(victim.session._fetch._requests))  # noqa: SLF001
    say_to(victim, say.Blocks(Channel.BULK, rid, (b"something else",)))
    assert DIGEST in victim.device.spaces[SPACE].wanted and not victim.errors
    unharmed(world, victim)


@pytest.mark.parametrize(
    "flood",
    [
        [
            say.Heads(0, Seen(), bytes(32), bytes([n]) * 32, complete=True, subscribe=True)
            for n in range(40)
        ],
        [say.Have(0, (b"word",))] * 40,
        [say.Want(Channel.BULK, n, 0, (DIGEST,) * 1024) for n in range(9)],
        [say.Ping(n, answer=False) for n in range(5000)],
        [say.Credit(Channel.BULK, bounds.MAX_CREDIT)],
        [say.Spaces(tuple(bytes([n, k]) * 8 for k in range(200))) for n in range(9)],
        [say.Spaces((b"s" * 16, b"s" * 16))],
        [say.Live(0, n.to_bytes(16, "big"), say.Note.OPENED, b"") for n in range(300)],
        [say.Records(0, Seen(), (Thing(Kind.BLOCK, bytes(90_000)),), whole=False)] * 20,
        [say.Records(99, Seen(), (), whole=True)],
        [say.Piece(Channel.RECORDS, 0, Kind.RECORD, 100, 50, bytes(50))],
        [say.Redeem(1, bytes(16))],
        [say.Redeemed(1, (), more=False)],
        [say.Error(5, "access")],
        [say.Proof(bytes(32))],
    ],
    ids=lambda flood: type(flood[0]).__name__,
)
def test_floods_end_the_conversation(flood: list[Message]) -> None:
    """Every bound is enforced, and what was kept until then is small."""
    world, victim = met()
    victim.settle = lambda: None  # type: ignore[method-assign]
    say_to(victim, *flood)
    assert isinstance(victim.errors[0], RemoteProtocolError)
    unharmed(world, victim)


def test_pieces_without_their_record_do_not_pile_up() -> None:
    """Long blocks before a record cost credit only once: their number is bounded by itself."""
    world, victim = met()
    for _ in range(8):
        data = bytes(1 << 20)
        for offset in range(0, len(data), 1 << 16):
            part = data[offset : offset + (1 << 16)]
            piece = say.Piece(Channel.RECORDS, 0, Kind.BLOCK, len(data), offset, part)
            if not victim.session.ended:
                say_to(victim, piece)
    assert isinstance(victim.errors[0], RemoteProtocolError)
    unharmed(world, victim)


def test_frames_that_are_too_long_are_refused_before_they_come() -> None:
    """By their first four bytes."""
    world, victim = met()
    victim.hear((bounds.MAX_FRAME + 1).to_bytes(4, "big"))
    assert isinstance(victim.errors[0], RemoteProtocolError)
    unharmed(world, victim)


def test_a_stranger_may_send_only_short_frames() -> None:
    """Nobody makes us wait for a megabyte before saying who he is."""
    network = Network(9)
    (known,) = strangers(network, "a")
    end = End(Device(network, known), Wire(network, CALM), Role.ANSWERING, (), BINDING)
    end.wire.join(lambda _: None, lambda: None)
    end.hear((5000).to_bytes(4, "big"))
    assert isinstance(end.errors[0], RemoteProtocolError)


def test_one_who_drips_bytes_is_dropped() -> None:
    """A frame that has begun must come at a kilobyte in ten seconds."""
    world, victim = met()
    victim.hear((100_000).to_bytes(4, "big"))
    for _ in range(30):
        world.run(1)
        victim.hear(b"x")
    assert isinstance(victim.errors[0], RemoteProtocolError)


def test_one_who_says_nothing_is_dropped_after_five_seconds() -> None:
    """An open connection proves nothing."""
    network = Network(10)
    (known,) = strangers(network, "a")
    end = End(Device(network, known), Wire(network, CALM), Role.ANSWERING, (), BINDING)
    end.wire.join(lambda _: None, lambda: None)
    end.settle()
    network.run(network.now + 5.1)
    assert end.session.ended and isinstance(end.errors[0], AtollError)


def test_tags_cannot_be_echoed() -> None:
    """Who says our own tags back to us does not have the space."""
    network = Network(11)
    a, b = (Device(network, known) for known in friends(network, "a", "b"))
    a.hold(FakeSpace(Writer(b"a" * 8)))
    one, other = connect(network, a, b, CALM)
    network.run(network.now + 1)
    assert one.session.open
    spoken = next(f for f in one.frames if f[5] == say.Type.SPACES)
    one.hear(spoken)
    assert one.session.spaces == () and not other.session.spaces


def test_a_conversation_cannot_be_replayed() -> None:
    """Every byte that a friend said once is worth nothing on another connection."""
    network = Network(12)
    a, b = (Device(network, known) for known in friends(network, "a", "b"))
    b.hold(FakeSpace(Writer(b"b" * 8)))
    one, _ = connect(network, a, b, CALM)
    network.run(network.now + 1)
    said = b"".join(one.frames)
    again = End(b, Wire(network, CALM), Role.ANSWERING, b.secrets(), BINDING)
    again.wire.join(lambda _: None, lambda: None)
    again.hear(said)
    assert again.errors and not again.session.open
