"""Laws of the wire: any message survives it, any bytes do no more than be refused."""

from __future__ import annotations

import contextlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import Kind
from sync.discovery.peers import MAX_TAGS, TAGS, Sighting, recognised, tags_for
from sync.errors import RemoteProtocolError
from sync.protocol.backoff import LONGEST, SHORTEST, Backoff
from sync.protocol.credit import Grant, Purse
from sync.protocol.frames import HEADER, FrameReader, frame
from sync.protocol.messages import Channel, Message
from sync.protocol.pieces import Assembly, cut
from sync.protocol.wire import decode, encode
from sync.transport.doorway import IN_ALL, PER_SOURCE, Doorway, Visitor
from tests.sim.network import Network
from tests.sim.test_hostile import messages


@given(messages)
def test_a_message_survives_the_wire(message: Message) -> None:
    """And has one encoding only."""
    body = encode(message)
    assert decode(body) == message
    assert encode(decode(body)) == body


@given(st.binary(max_size=200))
def test_noise_is_refused_with_one_error(noise: bytes) -> None:
    """Whatever a peer sends as a body."""
    with contextlib.suppress(RemoteProtocolError):
        assert encode(decode(noise)) == noise


@given(messages, st.data())
def test_a_damaged_message_is_another_or_none(message: Message, data: st.DataObject) -> None:
    """Never an error of another kind."""
    body = bytearray(encode(message))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(RemoteProtocolError):
        assert encode(decode(bytes(body))) == bytes(body)


@given(st.lists(st.binary(max_size=50), max_size=8), st.lists(st.integers(0, 450), max_size=8))
def test_frames_come_out_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    """TCP keeps the order of bytes, and nothing else."""
    wire = b"".join(map(frame, bodies))
    bounds = [0, *sorted(min(at, len(wire)) for at in cuts), len(wire)]
    reader = FrameReader(50)
    assert [b for x, y in pairwise(bounds) for b in reader.feed(wire[x:y])] == bodies
    assert not reader.waiting


@given(st.integers(1, 400_000), st.sampled_from(list(Channel)[1:]))
def test_what_was_cut_comes_together_again(size: int, channel: Channel) -> None:
    """A long thing in pieces is the same thing."""
    data = bytes(range(256)) * (size // 256 + 1)
    assembly = Assembly()
    parts = [assembly.add(piece) for piece in cut(channel, 1, Kind.BLOCK, data)]
    assert parts[-1] == data and not any(parts[:-1])


@given(st.integers(1 << 18, 1 << 22), st.lists(st.integers(1, 1 << 17), max_size=60))
def test_credit_is_neither_lost_nor_made(window: int, frames: list[int]) -> None:
    """What may be sent, what is on its way, and what is being kept add up to the window."""
    purse, grant = Purse(window), Grant(window)
    for size in frames:
        if size <= purse.left:
            purse.spend(size)
            grant.spend(size)
            if due := grant.give_back(size):
                purse.add(due)
        assert purse.left == grant.left
        assert purse.left > window - window // 8 - 1
        assert grant.in_hand == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=120))
def test_the_doorway_is_never_crowded_and_the_newest_gets_in(
    visits: list[tuple[str, bool]],
) -> None:
    """Whoever comes, and whoever proves itself."""
    doorway = Doorway()
    inside: list[Visitor] = []
    for source, proves in visits:
        visitor, must_go = doorway.enter(source)
        inside = [other for other in inside if other not in must_go] + [visitor]
        if proves:
            doorway.leave(visitor)
            inside.remove(visitor)
        assert len(doorway) == len(inside) <= IN_ALL
        assert all(sum(v.source == s for v in inside) <= PER_SOURCE for s in "abc")


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_pauses_grow_and_end(seed: int, failures: int) -> None:
    """Never shorter than a tenth of a second, never longer than half a minute."""
    backoff = Backoff(Network(seed))
    pauses = [backoff.fail() for _ in range(failures)]
    assert all(SHORTEST <= pause <= LONGEST for pause in pauses)
    assert failures < 12 or pauses[-1] >= LONGEST / 2
    backoff.reset()
    assert backoff.fail() == SHORTEST


@given(st.integers(0, 2**32), st.integers(0, 150), st.integers(0, 50))
def test_friends_recognise_each_other_and_nobody_else_does(
    seed: int, count: int, epoch: int
) -> None:
    """By tags that are padded, sorted, and good for one name only."""
    network = Network(seed)
    keys = {str(number): network.take(32) for number in range(count)}
    tags = tags_for(keys.values(), epoch, "name", network)
    assert list(tags) == sorted(tags) and len(tags) % TAGS == 0 and TAGS <= len(tags) <= MAX_TAGS
    seen = Sighting("name", (), epoch, frozenset(tags))
    expected = min(count, MAX_TAGS)
    assert len(recognised(seen, keys)) == expected
    assert not recognised(Sighting("other", (), epoch, frozenset(tags)), keys)
    assert not recognised(seen, {"stranger": network.take(32)})


def test_a_body_too_long_is_refused_by_its_header() -> None:
    """Before anything is kept of it."""
    reader = FrameReader(100)
    with contextlib.suppress(RemoteProtocolError):
        list(reader.feed((101).to_bytes(HEADER, "big")))
        raise AssertionError("it was waited for")
