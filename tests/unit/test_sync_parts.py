"""The small parts of sync: whom to dial, whom to ask, where to look, who must leave."""

from __future__ import annotations

import pytest

from storage.blocks.store import Kind
from storage.codec.dagcbor import encode
from storage.facts.dots import Seen
from sync.claims import Claims
from sync.dialling import POLITE, Dialling
from sync.discovery.interfaces import choose, is_down
from sync.discovery.peers import EPOCH_SECONDS, epoch_of
from sync.errors import LocalProtocolError, RemoteProtocolError
from sync.ports import Heads
from sync.protocol.bounds import MAX_CREDIT
from sync.protocol.credit import Grant, Purse
from sync.protocol.frames import frame
from sync.protocol.messages import Channel, Piece
from sync.protocol.pieces import Assembly
from sync.protocol.wire import decode
from tests.sim.network import Network

PLACE = (("192.168.1.5", 4711),)


def test_several_peers_are_never_asked_for_the_same_block() -> None:
    """Until one of them does not have it, or goes."""
    claims = Claims()
    digests = [bytes([n]) * 32 for n in range(10)]
    assert claims.claim("one", digests, 4) == tuple(digests[:4])
    assert claims.claim("other", digests, 100) == tuple(digests[4:])
    claims.drop("one", digests[:2])
    claims.drop("other", digests[:3])
    assert claims.claim("other", digests, 100) == (*digests[:2], *digests[4:])
    assert claims.leave("one") and not claims.leave("one")
    assert claims.claim("other", digests, 100) == tuple(digests)
    assert len(claims) == 10


def test_the_smaller_did_dials_at_once_and_the_larger_waits() -> None:
    """So that two who see each other do not both dial; unless one of them cannot."""
    for ours, theirs, pause in (("a", "b", 0.0), ("b", "a", POLITE)):
        dialling = Dialling(ours, Network(1))
        dialling.know([theirs], 100.0)
        assert dialling.due(100.0, []) == (theirs,)
        dialling.failed(theirs, 100.0)
        dialling.sighted(theirs, "instance", PLACE, 200.0)
        assert dialling.deadline([]) == 200.0 + pause
        assert dialling.places(theirs) == PLACE


def test_nobody_is_dialled_twice_or_while_near() -> None:
    """A dial that is under way, and an open conversation, are enough."""
    dialling = Dialling("a", Network(2))
    dialling.know(["b", "c"], 0.0)
    assert dialling.due(0.0, ["c"]) == ("b",)
    assert dialling.due(0.0, ["c"]) == ()
    assert dialling.deadline(["c"]) is None
    assert dialling.due(0.0, []) == ("c",)
    dialling.ended("b", 10.0, well=True)
    assert dialling.due(9.0, []) == () and dialling.due(10.2, []) == ("b",)


def test_failures_make_the_pauses_longer_and_news_make_them_short() -> None:
    """A device that is away costs nothing; one that comes back is met at once."""
    dialling = Dialling("a", Network(3))
    dialling.know(["b"], 0.0)
    now = pause = 0.0
    for _ in range(12):
        assert dialling.due(now, []) == ("b",)
        dialling.failed("b", now)
        deadline = dialling.deadline([])
        assert deadline is not None
        pause, now = deadline - now, deadline
    assert pause > 15
    dialling.reset(now)
    assert dialling.due(now, []) == ("b",)
    dialling.know([], now)
    assert dialling.deadline([]) is None and not dialling.places("b")


def test_a_service_that_is_gone_is_no_place_any_more() -> None:
    """And what a flood of services says is forgotten first."""
    dialling = Dialling("a", Network(4))
    dialling.know(["b"], 0.0)
    dialling.sighted("b", "one", PLACE, 0.0)
    dialling.lost("one")
    assert not dialling.places("b")
    for number in range(50):
        dialling.sighted("b", str(number), ((f"10.0.0.{number}", 1),), 0.0)
    assert len(dialling.places("b")) <= 8
    assert dialling.places("b")[0] == ("10.0.0.49", 1)
    dialling.sighted("stranger", "x", PLACE, 0.0)
    assert not dialling.places("stranger")


@pytest.mark.parametrize(
    ("addresses", "loopback", "chosen"),
    [
        ([("eth0", "192.168.1.2"), ("lo", "127.0.0.1")], True, ("192.168.1.2",)),
        ([("lo", "127.0.0.1")], True, ("127.0.0.1",)),
        ([("lo", "127.0.0.1"), ("lo", "127.0.0.2")], True, ("127.0.0.1",)),
        ([("lo", "127.0.0.1")], False, ()),
        ([("docker0", "172.17.0.1"), ("br-5f", "172.18.0.1"), ("veth1", "10.1.1.1")], True, ()),
        ([("tun0", "10.8.0.2"), ("wg0", "10.9.0.2"), ("utun3", "10.7.0.1")], True, ()),
        ([("tailscale0", "100.64.0.1"), ("zt5u4", "10.147.0.1")], True, ()),
        ([("wlan0", "0.0.0.0"), ("wlan0", "fe80::1")], True, ()),  # noqa: S104  no socket
        ([("wlan0", "10.0.0.9"), ("eth0", "10.0.0.2")], True, ("10.0.0.2", "10.0.0.9")),
        ([("Wi-Fi", "192.168.178.20")], False, ("192.168.178.20",)),
    ],
)
def test_only_real_networks_are_looked_at(
    addresses: list[tuple[str, str]],
    *,
    loopback: bool,
    chosen: tuple[str, ...],
) -> None:
    """No tunnel and no bridge to containers; the machine itself only when there is no other."""
    assert choose(addresses, loopback=loopback) == chosen


def test_an_interface_that_is_not_known_is_taken_as_up() -> None:
    """Not every system says; better to look in vain than not at all."""
    assert not is_down("no-such-interface")


def test_epochs_are_quarters_of_an_hour() -> None:
    """A wrong clock does no harm: the epoch is said beside the tags."""
    assert epoch_of(EPOCH_SECONDS * 5 + 1.5) == 5
    assert epoch_of(-1e9) == 0


def test_credit_has_a_floor_and_a_ceiling() -> None:
    """Spending too much of ours is our bug; granting or using too much is theirs."""
    with pytest.raises(LocalProtocolError):
        Purse(10).spend(11)
    with pytest.raises(RemoteProtocolError):
        Purse(1).add(MAX_CREDIT)
    with pytest.raises(RemoteProtocolError):
        Grant(10).spend(11)


def test_pieces_come_in_order_and_one_thing_at_a_time() -> None:
    """Else somebody could make us keep many unfinished things."""
    assembly = Assembly()
    assert assembly.add(Piece(Channel.BULK, 1, Kind.BLOCK, 10, 0, b"12345")) is None
    for wrong in (
        Piece(Channel.BULK, 2, Kind.BLOCK, 10, 5, b"12345"),
        Piece(Channel.BULK, 1, Kind.RECORD, 10, 5, b"12345"),
        Piece(Channel.BULK, 1, Kind.BLOCK, 10, 4, b"12345"),
        Piece(Channel.BULK, 1, Kind.BLOCK, 10, 0, b"12345"),
    ):
        with pytest.raises(RemoteProtocolError):
            assembly.add(wrong)
    assert assembly.add(Piece(Channel.BULK, 1, Kind.BLOCK, 10, 5, b"67890")) == b"1234567890"


@pytest.mark.parametrize(
    "value",
    [
        [],
        [18, 0],
        [99, 0, 0],
        [18, 1, 0, False],
        [18, 0, -1, False],
        [18, 0, 2**40, False],
        [18, 0, 0, 0],
        [18, 0, 0, False, 1],
        [True, 0, 0, False],
        [18, False, 0, False],
        [14, 0, 0, 0, 5],
        [14, 0, 0, 3, 0],
        [20, 0, 1, "bye"],
        [20, 0, 0, "x" * 65],
        [11, 3, 1, 1, 10, 8, b"123"],
        [11, 3, 1, 1, 10, 0, b""],
        [11, 0, 1, 1, 10, 0, b"1"],
        [7, 1, 0, [], [[9, b""]], True],
        [7, 1, 0, [], [[1, b"", 0]], True],
        [7, 1, 0, [[bytes(8), 0]], [], True],
        [8, 1, 0, bytes(16), 1, b"x"],
        [8, 1, 0, bytes(16), 3, b""],
        [9, 1, 1, 0, [bytes(32)]],
        [9, 3, 1, 0, []],
        [9, 3, 1, 0, [bytes(32)] * 1025],
        [1, 0, 0, 1, [1, 1, 1], bytes(32), 1, [bytes(8)]],
        [1, 0, 0, 1, [1 << 20, 1 << 20], bytes(32), 1, [bytes(8)]],
        [1, 0, 0, 0, [1 << 20, 1 << 20, 1 << 20], bytes(32), 1, [bytes(8)]],
        {"type": 18},
        None,
    ],
)
def test_a_message_that_breaks_a_bound_is_never_built(value: object) -> None:
    """Each of these is canonical, and none of them is allowed."""
    with pytest.raises(RemoteProtocolError):
        decode(encode(value))


def test_our_own_mistakes_are_not_the_peers() -> None:
    """A frame that is too long, a digest that is none: bugs, said at once."""
    with pytest.raises(ValueError, match="a frame of"):
        frame(bytes((1 << 20) + 1))
    with pytest.raises(ValueError, match="digests of 32 bytes"):
        Heads(Seen(), bytes(64), bytes(32), complete=True)
