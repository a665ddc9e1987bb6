"""What sync may cost: round trips and bytes, counted on a wire that takes 25 ms each way."""

from __future__ import annotations

from collections.abc import Callable

from storage.facts.dots import Writer
from sync.protocol.bounds import PING_EVERY
from sync.protocol.messages import Type
from tests.sim.ends import End
from tests.sim.network import Weather
from tests.sim.spaces import FakeSpace
from tests.sim.test_converge import World

ROUND_TRIP = 0.050
INSTANT = 0.001


def seconds_until(world: World, happened: Callable[[], bool]) -> float:
    """Let time pass until something is so; return how long it took."""
    began = world.network.now
    while not happened() and world.network.now < began + 100:
        world.run(INSTANT)
    assert happened()
    return world.network.now - began


def sent(end: End, *types: Type) -> int:
    """Return how many bytes an end sent, of those types or of all."""
    frames = (frame for frame in end.frames if not types or frame[5] in types)
    return sum(map(len, frames))


def test_one_edit_takes_half_a_round_trip() -> None:
    """It is pushed unasked, with at most 1.5 kB around what was written."""
    world = World(1, 2)
    ends = world.link(0, 1)
    world.run(5)
    before = [sent(end) for end in ends]
    world.commit(0, 0, 0)
    took = seconds_until(world, world.agree)
    assert took <= ROUND_TRIP / 2 + 2 * INSTANT
    world.run(5)
    cost = [sent(end) - earlier for end, earlier in zip(ends, before, strict=True)]
    content = 300  # the record and its payload
    assert sum(cost) - content <= 1500


def test_two_that_wrote_apart_need_one_round_trip() -> None:
    """From the moment that they know each other: heads, and what lacks right behind them.

    At most 60 kB each way.
    """
    world = World(2, 2)
    for device in (0, 1):
        for _ in range(100):
            world.commit(device, 0, 0)
    ends = world.link(0, 1)
    greeting = seconds_until(world, lambda: ends[0].session.open and ends[1].session.open)
    assert greeting <= 1.5 * ROUND_TRIP + INSTANT
    took = seconds_until(world, world.agree)
    assert took <= ROUND_TRIP + INSTANT
    assert max(sent(end) for end in ends) <= 60_000


def test_nothing_new_takes_one_round_trip_and_few_bytes() -> None:
    """400 bytes a space, both ways together, besides the greeting."""
    world = World(3, 2)
    for device in (0, 1):
        world.commit(device, 0, 0)
    first, _ = world.link(0, 1)
    world.run(5)
    first.wire.cut()
    world.run(1)
    ends = world.link(0, 1)
    world.run(5)
    cost = sum(sent(end, Type.SPACES, Type.HEADS, Type.RECORDS, Type.WANT) for end in ends)
    assert cost <= 400
    assert not any(sent(end, Type.RECORDS, Type.WANT) for end in ends)


def test_many_spaces_cost_no_more_each() -> None:
    """A hundred of them, still in the same round trips."""
    world = World(4, 2)
    for number in range(100):
        for device in world.devices:
            name = bytes([number]) * 32
            device.hold(FakeSpace(Writer(device.known.keys.signing.public[:8]), name, name))
            device.spaces[name].commit(words=b"here")
    ends = world.link(0, 1)

    def all_agree() -> bool:
        one, other = world.devices
        return all(one.spaces[s].same(other.spaces[s]) for s in one.spaces)

    took = seconds_until(world, all_agree)
    assert took <= 2.5 * ROUND_TRIP + 4 * INSTANT
    assert sum(sent(end, Type.SPACES, Type.HEADS) for end in ends) <= 101 * 400


def test_a_newcomer_streams_from_the_third_round_trip_on() -> None:
    """10,000 small blocks: at most six round trips with TCP and TLS, then the bare stream."""
    world = World(5, 2, Weather(fastest=0.025, slowest=0.025, bytes_a_second=100e6))
    make = world.network.random.randbytes
    for _ in range(100):
        world.spaces[0].commit([make(2600) for _ in range(100)])
    content = 10_000 * 2600
    ends = world.link(1, 0)
    took = seconds_until(world, world.agree)
    stream = content / 100e6
    in_front = 2 * ROUND_TRIP  # TCP and TLS, which are not simulated
    assert in_front + took <= 6 * ROUND_TRIP + stream + 4 * content / (4 << 20) * ROUND_TRIP
    assert in_front + took < 3
    assert sum(sent(end) for end in ends) <= 1.3 * content


def test_the_stream_is_full_at_fifty_milliseconds() -> None:
    """Credit of 4 MiB never runs dry at what one core can handle: 30 MB/s and more."""
    world = World(6, 2)
    world.spaces[0].commit([world.network.random.randbytes(2600) for _ in range(10_000)])
    world.link(1, 0)
    took = seconds_until(world, world.agree)
    assert 10_000 * 2600 / took > 30e6


def test_a_commit_does_not_stand_behind_a_large_file() -> None:
    """Control and records go before blocks: what was typed overtakes what is copied."""
    world = World(7, 2, Weather(fastest=0.025, slowest=0.025, bytes_a_second=10e6))
    world.spaces[0].commit([world.network.random.randbytes(1 << 19) for _ in range(40)])
    ends = world.link(1, 0)
    world.run(1)
    assert not world.agree()
    del ends[1].frames[:]
    world.commit(0, 0, 0)
    kinds = [frame[5] for frame in ends[1].frames]
    assert kinds.index(Type.RECORDS) < [*kinds, Type.PIECE].index(Type.PIECE)


def test_an_idle_conversation_costs_its_pings_and_nothing_else() -> None:
    """Nothing else moves while nothing happens."""
    world = World(8, 2)
    ends = world.link(0, 1)
    world.run(5)
    before = sum(len(end.frames) for end in ends)
    world.run(600)
    assert sum(len(end.frames) for end in ends) - before <= 4 * (600 / PING_EVERY + 1)
