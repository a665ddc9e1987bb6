"""Whatever the network does, all devices end with the same records and the same content."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import Kind, Thing
from storage.facts.dots import Writer
from sync.protocol.events import BlocksCame, HeadsCame, Met
from sync.protocol.line import Stand
from tests.sim.ends import Device, End, connect
from tests.sim.network import CALM, Network, Weather
from tests.sim.people import friends
from tests.sim.spaces import FakeSpace

SPACE = bytes(32)
LONG_AFTER = 600.0


@dataclass
class World:
    """Some devices that all know each other, and who talks with whom."""

    seed: int
    count: int
    weather: Weather = CALM
    network: Network = field(init=False)
    devices: list[Device] = field(init=False)

    def __post_init__(self) -> None:
        self.network = Network(self.seed)
        people = friends(self.network, *"abcdef"[: self.count])
        self.devices = [Device(self.network, known) for known in people]
        for device in self.devices:
            device.hold(FakeSpace(Writer(device.known.keys.signing.public[:8])))

    @property
    def spaces(self) -> list[FakeSpace]:
        """What each device holds."""
        return [device.spaces[SPACE] for device in self.devices]

    def link(self, one: int, other: int) -> tuple[End, End]:
        """Let two devices talk."""
        return connect(self.network, self.devices[one], self.devices[other], self.weather)

    def keep_linked(self, one: int, other: int, until: float) -> None:
        """Dial again whenever the stream breaks."""
        ends = self.link(one, other)

        def look() -> None:
            nonlocal ends
            if ends[0].wire.broken:
                ends = self.link(one, other)
            if self.network.now < until:
                self.network.at(self.network.now + 0.3, look)

        self.network.at(self.network.now + 0.3, look)

    def commit(self, device: int, blocks: int, size: int) -> None:
        """Write something, and tell everyone."""
        make = self.network.random.randbytes
        self.devices[device].spaces[SPACE].commit([make(size) for _ in range(blocks)], make(20))
        self.devices[device].announce(SPACE)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.network.run(self.network.now + seconds)

    def agree(self) -> bool:
        """Say whether all hold the same."""
        return all(held.same(self.spaces[0]) for held in self.spaces)


commits = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(1, 3000), st.floats(0, 5)),
    max_size=12,
)


@given(st.integers(0, 2**32), commits, st.integers(1, 6))
def test_two_devices_converge_however_packets_are_cut(
    seed: int, what: list[tuple[int, int, int, float]], pieces: int
) -> None:
    """Before, while and after they meet; nothing is accepted twice."""
    world = World(seed, 2, Weather(pieces=pieces))
    for device, blocks, size, when in what:
        commit = partial(world.commit, device % 2, blocks, size)
        world.network.at(world.network.now + when, commit)
    world.run(2)
    world.link(0, 1)
    world.run(60)
    assert world.agree()
    assert not sum(held.accepted_twice for held in world.spaces)
    for one in world.devices:
        standing = one.ends[0].session.standing(SPACE)
        assert standing is not None and standing.stand is Stand.EQUAL


@given(st.integers(0, 2**32), commits, st.floats(0.01, 0.3))
def test_three_devices_converge_over_a_network_that_breaks(
    seed: int, what: list[tuple[int, int, int, float]], breaks: float
) -> None:
    """Heads travel on through the third: the outer two never talk with each other."""
    world = World(seed, 3, Weather(breaks=breaks, pieces=3))
    calm = world.network.now + 20
    for device, blocks, size, when in what:
        commit = partial(world.commit, device, blocks, size)
        world.network.at(world.network.now + when, commit)
    world.keep_linked(0, 1, calm)
    world.keep_linked(1, 2, calm)
    world.run(20)
    world.weather = CALM
    for one in world.devices:
        for end in tuple(one.ends):
            end.wire.cut()
    world.run(1)
    world.link(0, 1)
    world.link(1, 2)
    world.run(60)
    assert world.agree()
    assert not [error for one in world.devices for end in one.ends for error in end.errors]


def test_a_break_in_the_middle_costs_nothing_twice() -> None:
    """Resuming is free: what is missing is looked up anew, what came is there."""
    world = World(3, 2, Weather(bytes_a_second=2e6))
    for _ in range(10):
        world.commit(0, 50, 4000)
    one, _ = world.link(0, 1)
    world.run(0.6)
    held = len(world.spaces[1].blocks)
    assert 0 < held < 500
    one.wire.cut()
    world.run(1)
    before = len(world.spaces[0].asked)
    world.link(1, 0)
    world.run(30)
    assert world.agree()
    assert len(world.spaces[0].asked) - before == 500 - held
    assert not world.spaces[1].accepted_twice


def test_an_edit_reaches_a_third_device_at_once() -> None:
    """A line of devices carries it on, without anybody asking."""
    world = World(4, 4)
    for one in range(3):
        world.link(one, one + 1)
    world.run(5)
    world.commit(0, 0, 0)
    world.run(3 * 0.025 + 0.001)
    assert world.agree()


def test_large_things_and_blocks_travel_in_pieces() -> None:
    """One longer than any frame arrives whole, together with the record that needs it."""
    world = World(5, 2)
    held = world.spaces[0]
    held.commit([world.network.random.randbytes(1 << 20)], bytes(900_000))
    token = Thing(Kind.TOKEN, bytes(300))
    held.tokens[token.digest] = token
    ends = world.link(0, 1)
    world.run(10)
    assert world.agree()
    assert max(len(frame) for end in ends for frame in end.frames) < 128 * 1024


def test_several_peers_share_the_work() -> None:
    """What one peer does not have, another is asked for."""
    world = World(6, 3)
    for device in (0, 1):
        world.spaces[device].commit([bytes([device]) * 500 for _ in range(1)])
    world.link(0, 1)
    world.run(3)
    lost = next(iter(world.spaces[0].blocks))
    del world.spaces[0].blocks[lost]
    world.link(2, 0)
    world.run(3)
    assert lost not in world.spaces[2].blocks
    world.link(2, 1)
    world.run(3)
    assert lost in world.spaces[2].blocks


def test_rights_travel_before_what_needs_them() -> None:
    """A new token goes to everyone, without a record."""
    world = World(7, 2)
    ends = world.link(0, 1)
    world.run(2)
    token = Thing(Kind.TOKEN, b"a new right")
    world.spaces[0].tokens[token.digest] = token
    world.devices[0].announce(SPACE)
    world.run(2)
    assert world.spaces[1].tokens == world.spaces[0].tokens
    assert ends[0].session.standing(SPACE) == ends[1].session.standing(SPACE)


def test_a_refused_record_is_not_sent_again_and_again() -> None:
    """A peer that refuses something would refuse it each time."""
    world = World(8, 2)
    world.spaces[1].refuses = True
    for _ in range(5):
        world.commit(0, 0, 1)
    one, _ = world.link(0, 1)
    world.run(120)
    records = [frame for frame in one.frames if frame[5] == 7]
    assert 0 < len(records) < 3


def test_what_is_refused_is_on_its_way_for_ever_at_neither_end() -> None:
    """One end was sending and the other receiving, for as long as both ran."""
    world = World(8, 2)
    world.spaces[1].refuses = True
    world.commit(0, 0, 1)
    one, other = world.link(0, 1)
    world.run(5)
    stands = [end.session.standing(SPACE) for end in (one, other)]
    assert [it.stand for it in stands if it] == [Stand.REFUSED, Stand.REFUSED]
    world.commit(1, 0, 1)
    world.run(5)
    stands = [end.session.standing(SPACE) for end in (one, other)]
    assert [it.stand for it in stands if it] == [Stand.REFUSED, Stand.REFUSED], "whatever it writes"
    world.spaces[1].refuses = False
    one.wire.cut()
    world.run(1)
    one, other = world.link(0, 1)
    world.run(5)
    stands = [end.session.standing(SPACE) for end in (one, other)]
    assert [it.stand for it in stands if it] == [Stand.EQUAL, Stand.EQUAL]


def test_ends_that_say_the_same_of_different_lines_show_each_other_theirs() -> None:
    """Numbers are equal and roots are not: nothing else would ever tell them which differ."""
    world = World(9, 2)
    one, other = world.spaces
    other.writer = one.writer
    one.commit(words=b"one")
    other.commit(words=b"other")
    ends = world.link(0, 1)
    world.run(5)
    assert (one.accepted_twice, other.accepted_twice) == (1, 1)
    for end in ends:
        end.session.refused(SPACE, {one.writer: 0}, world.network.now)
        end.settle()
    world.run(5)
    assert (one.accepted_twice, other.accepted_twice) == (1, 1), "the whole line was sent already"


def test_only_shared_spaces_become_known() -> None:
    """What else a device has stays its own business."""
    world = World(9, 2)
    own = FakeSpace(Writer(b"private!"), space=b"p" * 32, meeting_key=b"q" * 32)
    world.devices[0].hold(own)
    own.commit([b"mine"])
    one, other = world.link(0, 1)
    world.run(5)
    assert one.session.spaces == other.session.spaces == (SPACE,)
    assert b"p" * 32 not in b"".join(one.frames)


def test_a_silent_peer_is_given_up() -> None:
    """Forty-five seconds without a sign of life; a living one is asked every fifteen."""
    world = World(10, 2)
    one, other = world.link(0, 1)
    world.run(100)
    assert not one.session.ended
    one.wire.deafen()
    world.run(50)
    for end in (one, other):
        assert end.session.ended and end.errors


def test_wants_that_nobody_answers_go_to_others() -> None:
    """A peer that is alive but gives nothing holds nobody up for ever."""
    world = World(11, 2)
    world.commit(0, 3, 100)
    one, other = world.link(0, 1)
    one.gives = False
    world.run(40)
    assert not world.agree()
    from_stall = [event for event in other.heard if type(event).__name__ == "Lacking"]
    assert from_stall and not other.errors


def test_slow_stores_slow_the_sender_down() -> None:
    """Credit comes back only once blocks are safe: nothing piles up in memory."""
    world = World(12, 2)
    world.spaces[0].commit([world.network.random.randbytes(64_000) for _ in range(400)])
    _, other = world.link(0, 1)
    other.slow_store = 0.5
    waiting = 0

    def look() -> None:
        nonlocal waiting
        came = sum(event.size for event in other.heard if isinstance(event, BlocksCame))
        kept = sum(map(len, world.spaces[1].blocks.values()))
        waiting = max(waiting, came - kept)
        if world.network.now < begin + 20:
            world.network.at(world.network.now + 0.05, look)

    begin = world.network.now
    look()
    world.run(60)
    assert world.agree()
    assert waiting <= 4 << 20


def test_the_same_seed_gives_the_same_run() -> None:
    """A failure can be replayed."""

    def once() -> list[bytes]:
        world = World(13, 2, Weather(breaks=0.05, pieces=4))
        world.commit(0, 9, 900)
        one, other = world.link(0, 1)
        world.run(30)
        return one.frames + other.frames

    assert once() == once()


def test_each_learns_who_the_other_is() -> None:
    """By its own card, signed over this very conversation."""
    world = World(14, 2)
    one, other = world.link(0, 1)
    world.run(1)
    assert [e.card.name for e in one.heard if isinstance(e, Met)] == ["b"]
    assert [e.card.name for e in other.heard if isinstance(e, Met)] == ["a"]
    assert any(isinstance(event, HeadsCame) for event in one.heard)


def test_many_receipts_at_once_are_no_flood() -> None:
    """A device that was away hears from all others what they hold."""
    world = World(15, 2)
    one, other = world.link(0, 1)
    world.run(2)
    words = [Thing(Kind.RECEIPT, bytes([n]) * 1500) for n in range(200)]
    one.session.send_receipts(SPACE, [*words, Thing(Kind.RECEIPT, bytes(200_000))])
    one.settle()
    world.run(2)
    assert world.spaces[1].receipts == words and not other.errors
