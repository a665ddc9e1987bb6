"""What a capture of the network shows: nothing about who, whose or what."""

from __future__ import annotations

import base64

from storage.facts.dots import Writer
from storage.identity.did import public_of
from sync.discovery.mdns import to_text
from sync.discovery.peers import tags_for
from sync.protocol.messages import Type
from tests.sim.ends import Device, connect
from tests.sim.network import CALM, Network
from tests.sim.people import FakeKnown, friends
from tests.sim.spaces import FakeSpace

SPACE = b"the public key of one space, 32."
MEETING = b"what all who share it know, 32 b"


def secrets_of(*people: FakeKnown) -> list[bytes]:
    """Return everything that tells who somebody is, in all its spellings."""
    found: list[bytes] = [SPACE, MEETING]
    for known in people:
        card = known.card()
        found += [card.did.encode(), public_of(card.did), card.agreement_public]
        found += [card.name.encode(), *known.pairs.values()]
    return (
        found
        + [secret.hex().encode() for secret in found]
        + [base64.b64encode(secret)[:20] for secret in found]
    )


def test_a_greeting_says_nothing_before_the_proof() -> None:
    """TLS hides it from the network; this hides it from whoever answers."""
    network = Network(1)
    people = friends(network, "Mina's laptop", "Jonas' laptop")
    a, b = (Device(network, known) for known in people)
    for device in (a, b):
        device.hold(FakeSpace(Writer(b"writer_x"), SPACE, MEETING))
    one, other = connect(network, a, b, CALM)
    hello = one.frames[0]
    assert hello[5] == Type.HELLO
    assert not [secret for secret in secrets_of(*people) if secret in hello]
    network.run(network.now + 1)
    answer = other.frames[0]
    assert answer[5] == Type.HELLO_OK
    assert not [secret for secret in secrets_of(*people) if secret in answer]


def test_a_stranger_gets_no_answer_but_a_refusal() -> None:
    """No name, no card, no hint of whom we know."""
    network = Network(2)
    people = friends(network, "Mina's laptop", "Jonas' laptop")
    others = friends(network, "Eve's laptop", "Mallory's laptop")
    a, b = Device(network, people[0]), Device(network, others[0])
    others[0].pairs[people[0].did] = bytes(32)
    _, other = connect(network, b, a, CALM)
    network.run(network.now + 1)
    said = b"".join(other.frames)
    assert [frame[5] for frame in other.frames] == [Type.ERROR]
    assert not [secret for secret in secrets_of(*people) if secret in said]


def test_a_space_is_never_named_in_clear() -> None:
    """Even a friend sees tags that are good on this connection only."""
    network = Network(3)
    people = friends(network, "a", "b")
    a, b = (Device(network, known) for known in people)
    a.hold(FakeSpace(Writer(b"writer_x"), SPACE, MEETING))
    one, _ = connect(network, a, b, CALM)
    again, _ = connect(network, a, b, CALM)
    network.run(network.now + 1)
    said = b"".join(one.frames)
    assert SPACE not in said and MEETING not in said
    tags = [next(f for f in end.frames if f[5] == Type.SPACES) for end in (one, again)]
    assert tags[0] != tags[1]


def test_what_is_shown_to_the_whole_network_names_nobody() -> None:
    """The TXT record holds a version, an epoch, and noise to all but friends."""
    network = Network(4)
    people = friends(network, "Mina's laptop", "Jonas' laptop", "Bea's laptop")
    tags = tags_for(people[0].pairs.values(), 7, "instance", network)
    shown = b"".join(
        value if isinstance(value, bytes) else str(value).encode()
        for value in to_text(7, tags).values()
    )
    assert not [secret for secret in secrets_of(*people) if secret in shown]
    assert len(shown) == 1 + 1 + 24 * 8
