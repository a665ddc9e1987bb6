"""Services that find, meet and keep each other in step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from storage.access.invite import InviteCode
from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.errors import AccessExpired, NotAllowed, StoreFull
from storage.identity.did import public_of
from sync import events as told
from sync.discovery.fake import Air, FakeDiscovery
from sync.errors import PeerRefused, PeerUnreachable, PortInUse, RemoteProtocolError
from sync.ports import Card, InviteKey
from sync.protocol.line import Stand
from sync.transport.memory import MemoryNet, MemoryTransport
from tests.integration.devices import SPACE, Dice, Node, in_memory, node, running
from tests.sim.people import FakeKnown, friends, strangers
from tests.sim.spaces import FakeAccepted, FakeReplica

NOTE = b"n" * 16


def equal(one: Node, count: int = 1) -> bool:
    """Say whether a device has the same as that many others, by all their words."""
    states = [state for peer in one.service.peers() for state in peer.spaces]
    return len(states) == count and all(s.standing.stand is Stand.EQUAL for s in states)


def code_for(giver: FakeKnown, secret: bytes = b"s" * 16, *hints: tuple[str, int]) -> InviteCode:
    """Return the code of an invite."""
    return InviteCode(
        Role.EDIT, public_of(giver.did), SPACE, secret, None, "Notes", giver.name, hints
    )


def gave(giver: FakeKnown, *things: Thing) -> InviteCode:
    """Let a device give an invite."""
    code = code_for(giver)
    giver.given[code.keys.id] = InviteKey(code.keys.id, code.keys.mac, SPACE)
    giver.invitations[code.keys.id] = things
    return code


async def test_two_that_know_each_other_find_each_other_and_become_equal() -> None:
    """Nobody types an address, and nobody asks."""
    one, other = in_memory(friends(Dice(1), "a", "b"))
    one.held.commit([b"x" * 5000])
    other.held.commit([b"y" * 100])
    async with running(one, other):
        await one.until(lambda: equal(one))
        await other.until(lambda: equal(other))
        assert one.held.same(other.held)
        assert (await one.event(told.PeerMet)).card.name == "b"
        assert len(one.service.peers()) == len(other.service.peers()) == 1
    assert one.heard(told.PeerLeft)[0].reason == "bye"


async def test_what_is_committed_is_there_at_once() -> None:
    """And every device that shares the space signs that it holds it."""
    one, other = in_memory(friends(Dice(2), "a", "b"))
    async with running(one, other):
        await one.until(lambda: equal(one))
        one.held.commit([b"content"], b"words")
        one.service.announce(SPACE)
        accepted = await other.event(told.ThingsAccepted)
        assert (accepted.records, accepted.did) == (1, one.known.did)
        await other.event(told.ContentCame)
        await one.until(lambda: one.held.receipts and one.held.receipts[-1] == other.held.receipt())
        assert one.held.same(other.held)


async def test_what_one_does_not_keep_is_asked_of_another_who_comes_later() -> None:
    """A device that keeps names only answers first; that must bar nobody from answering."""
    newcomer, names, whole = in_memory(friends(Dice(21), "new", "names", "whole"))
    whole.held.commit([b"a film" * 900])
    names.held.accept(whole.held.things_after(names.held.seen, b"", 1 << 20).things)
    names.held.wanted.clear()  # it does not keep it
    async with running(newcomer, names):
        await newcomer.until(lambda: equal(newcomer))
        await newcomer.until(lambda: newcomer.held.wanted and not names.held.asked)
        async with running(whole):
            await newcomer.until(lambda: newcomer.held.same(whole.held))
    assert not names.held.blocks


async def test_news_travel_on_through_a_third_device() -> None:
    """The outer two do not know each other."""
    a, b, c = strangers(Dice(3), "a", "b", "c")
    for one, other in ((a, b), (b, c)):
        one.meet(other.card())
        other.meet(one.card())
    first, middle, last = in_memory([a, b, c])
    async with running(first, middle, last):
        await middle.until(lambda: equal(middle, 2))
        first.held.commit([b"content"])
        first.service.announce(SPACE)
        await last.until(lambda: last.held.same(first.held))
        await first.until(lambda: last.held.receipt() in first.held.receipts)
        assert len(first.service.peers()) == 1


@pytest.mark.parametrize("round_", range(5))
async def test_of_two_that_dial_at_once_one_conversation_survives(round_: int) -> None:
    """And both keep the same one."""
    one, other = in_memory(friends(Dice(40 + round_), "a", "b"), near=False)
    async with running(one, other):
        await asyncio.gather(
            one.service.dial("b", other.service.port), other.service.dial("a", one.service.port)
        )
        await one.until(lambda: equal(one))
        await other.until(lambda: equal(other))
        (seen,), (see) = one.service.peers(), other.service.peers()
        assert seen.dialled != see[0].dialled
        assert seen.dialled == (one.known.did < other.known.did)
        assert len(one.heard(told.PeerMet)) == 1 and not one.heard(told.PeerLeft)


async def test_an_address_can_be_typed() -> None:
    """When nothing else finds a device."""
    one, other = in_memory(friends(Dice(5), "a", "b"), near=False)
    async with running(one, other):
        peer = await one.service.dial("b", other.service.port)
        assert (peer.did, peer.name, peer.dialled) == (other.known.did, "b", True)
        await one.until(lambda: equal(one))


async def test_last_known_addresses_are_tried() -> None:
    """Discovery may be blocked; where it was yesterday it may be today."""
    people = friends(Dice(6), "a", "b")
    one, other = in_memory(people, near=False)
    async with running(other):
        people[0].last[people[1].did] = (("gone", 1), ("b", other.service.port))
        async with running(one):
            await one.until(lambda: equal(one))


async def test_strangers_refuse_each_other() -> None:
    """Neither learns who the other is."""
    (a,), (b,) = strangers(Dice(7), "a"), strangers(Dice(8), "b")
    one, other = in_memory([a, b], near=False)
    async with running(one, other):
        with pytest.raises(PeerRefused):
            await one.service.dial("b", other.service.port)
        a.meet(b.card())
        with pytest.raises(PeerRefused):
            await one.service.dial("b", other.service.port)
        with pytest.raises(PeerUnreachable):
            await one.service.dial("nowhere", 1)
        assert not one.heard(told.PeerMet) and not other.heard(told.PeerMet)


async def test_a_device_that_may_not_gets_nothing() -> None:
    """It is known, but the space is none of its business (any more)."""
    people = friends(Dice(9), "a", "b")
    people[0].banned.add((people[1].did, SPACE))
    one, other = in_memory(people)
    one.held.commit([b"secret"])
    async with running(one, other):
        await other.event(told.PeerMet)
        await one.event(told.PeerMet)
        people[0].banned.clear()
        one.service.known_changed()
        await other.until(lambda: other.held.same(one.held))


async def test_a_device_that_was_let_go_hears_nothing_more() -> None:
    """Even in a conversation that is open: it ends, and begins anew without the space."""
    people = friends(Dice(24), "a", "b")
    one, other = in_memory(people)
    async with running(one, other):
        await one.until(lambda: equal(one))
        people[0].banned.add((people[1].did, SPACE))
        one.service.known_changed()
        await other.event(told.PeerMet, 2)
        await one.event(told.PeerMet, 2)
        one.held.commit(words=b"not for you")
        one.service.announce(SPACE)
        assert not one.service.peers()[0].spaces
    assert not other.held.lines


async def test_an_invite_makes_a_member() -> None:
    """Things first; then, in the same conversation, records like for anyone, and the token back."""
    giver, joiner = strangers(Dice(10), "giver", "joiner")
    promised = Thing(Kind.TOKEN, b"from giver to invite")
    code = gave(giver, promised)
    net, air = MemoryNet(), Air()
    one = node(giver, MemoryTransport(net, "giver"), FakeDiscovery(air, "giver", Dice(1)))
    other = node(
        joiner, MemoryTransport(net, "joiner"), FakeDiscovery(air, "joiner", Dice(2)), shares=False
    )
    one.held.commit([b"content" * 100])
    async with running(one, other):
        assert await other.service.redeem(code) == (promised,)
        done = await one.event(told.RedeemDone)
        assert done.card == joiner.card() and done.space == SPACE
        mine = Thing(Kind.TOKEN, b"from invite to joiner")
        for token in (promised, mine):
            other.held.tokens[token.digest] = token
        one.held.tokens[promised.digest] = promised
        joiner.meet(Card(giver.did, giver.keys.agreement_public, giver.name))
        other.service.add(FakeReplica(other.held))
        other.service.known_changed()
        await other.until(lambda: equal(other))
        await one.until(lambda: equal(one))
        assert mine.digest in one.held.tokens
        assert one.held.same(other.held)
        assert len(one.service.peers()) == len(other.service.peers()) == 1
        other.held.commit(words=b"hello")
        other.service.announce(SPACE)
        await one.until(lambda: one.held.same(other.held))


async def test_an_invite_works_beside_an_open_conversation() -> None:
    """Friends who share one folder already share a second one."""
    people = friends(Dice(11), "giver", "joiner")
    code = gave(people[0], Thing(Kind.TOKEN, b"welcome"))
    one, other = in_memory(people)
    async with running(one, other):
        await one.until(lambda: equal(one))
        assert len(await other.service.redeem(code)) == 1
        await one.event(told.RedeemDone)
        assert len(one.service.peers()) == len(other.service.peers()) == 1
        assert not other.heard(told.PeerLeft)


async def test_a_hint_in_the_code_is_enough() -> None:
    """Without any discovery."""
    giver, joiner = strangers(Dice(12), "giver", "joiner")
    gave(giver, Thing(Kind.TOKEN, b"welcome"))
    net = MemoryNet()
    one = node(giver, MemoryTransport(net, "10.0.0.1"), FakeDiscovery(Air(), "x", Dice(1)))
    other = node(joiner, MemoryTransport(net, "10.0.0.2"), FakeDiscovery(Air(), "y", Dice(2)))
    async with running(one, other):
        code = code_for(giver, b"s" * 16, ("10.0.0.1", one.service.port))
        assert len(await other.service.redeem(code)) == 1


async def test_an_invite_that_is_not_good_is_refused_with_its_reason() -> None:
    """Ended, unknown, or nobody there: three different things to tell a person."""
    giver, joiner = strangers(Dice(13), "giver", "joiner")
    code = gave(giver)
    one, other = in_memory([giver, joiner])
    giver.invitations.clear()
    async with running(one, other):
        with pytest.raises(NotAllowed):
            await other.service.redeem(code)

        async def ended(invite: bytes, card: Card) -> Sequence[Thing]:
            raise AccessExpired(f"{card.name} {len(invite)}", 7)

        giver.redeem = ended  # type: ignore[method-assign]
        with pytest.raises(AccessExpired):
            await other.service.redeem(code)
        with pytest.raises(PeerUnreachable):
            await other.service.redeem(code_for(giver, b"t" * 16), patience=0.0)


async def test_someone_who_has_the_code_cannot_play_the_giver() -> None:
    """The code says whose signature must stand under the card."""
    giver, thief, joiner = strangers(Dice(14), "giver", "thief", "joiner")
    code = gave(giver)
    thief.given = dict(giver.given)
    thief.invitations = dict.fromkeys(giver.invitations, (Thing(Kind.TOKEN, b"fake"),))
    one, other = in_memory([thief, joiner])
    async with running(one, other):
        with pytest.raises(RemoteProtocolError):
            await other.service.redeem(code, patience=1.0)
        assert not other.heard(told.PeerMet)


async def test_an_impostor_at_an_address_harms_nothing() -> None:
    """Who cannot prove the secret is not talked with; the search goes on."""
    a, b, fake = friends(Dice(22), "a", "b", "fake")
    fake.keys = strangers(Dice(23), "other")[0].keys
    a.pairs[b.did] = fake.pairs[a.did] = bytes(32)
    one, other = in_memory([a, fake], near=False)
    async with running(one, other):
        a.last[b.did] = (("fake", other.service.port),)
        one.service.known_changed()
        with pytest.raises(RemoteProtocolError):
            await one.service.dial("fake", other.service.port)
        assert not one.heard(told.PeerMet)


async def test_typing_reaches_those_who_have_the_note_open() -> None:
    """And nobody else; nothing of it is kept."""
    one, other = in_memory(friends(Dice(15), "a", "b"))
    async with running(one, other):
        await one.until(lambda: equal(one))
        await other.until(lambda: equal(other))
        one.service.live(SPACE, NOTE, b"nobody hears this")
        other.service.open_note(SPACE, NOTE)
        one.service.open_note(SPACE, NOTE)
        await one.until(lambda: talks_about(one, NOTE))
        one.service.live(SPACE, NOTE, b"h")
        one.service.live(SPACE, NOTE, b"i")
        await other.event(told.LiveArrived, 2)
        assert [event.update for event in other.heard(told.LiveArrived)] == [b"h", b"i"]
        assert other.heard(told.LiveArrived)[0].by == one.known.did


def talks_about(one: Node, entry: bytes) -> bool:
    """Say whether the other end has a note open; asks the machine, as no event tells it."""
    one.news.set()
    talks = one.service._news.talks  # noqa: SLF001
    asyncio.get_running_loop().call_later(0.001, one.news.set)
    return any(talk.session.has_open(SPACE, entry) for talk in talks)


async def test_a_failing_store_stops_nobody_else() -> None:
    """The trouble is told; the conversation stays open for all other spaces."""
    one, other = in_memory(friends(Dice(16), "a", "b"))
    broken = other.service._news.replica(SPACE)  # noqa: SLF001
    assert isinstance(broken, FakeReplica)

    async def full(things: Sequence[Thing], peer: str) -> FakeAccepted:
        raise StoreFull(f"{len(things)} {peer}")

    broken.accept = full  # type: ignore[method-assign]
    one.held.commit([b"content"])
    async with running(one, other):
        trouble = await other.event(told.SpaceTrouble)
        assert (trouble.code, trouble.did) == (StoreFull.code, one.known.did)
        assert len(one.service.peers()) == 1 and not one.heard(told.PeerLeft)


async def test_a_space_that_is_left_is_spoken_of_no_more() -> None:
    """The conversation begins anew without it."""
    one, other = in_memory(friends(Dice(17), "a", "b"))
    async with running(one, other):
        await one.until(lambda: equal(one))
        other.service.forget(SPACE)
        await one.event(told.PeerMet, 2)
        await other.event(told.PeerMet, 2)
        assert not [state for peer in one.service.peers() for state in peer.spaces]


async def test_a_file_that_is_opened_comes_first() -> None:
    """It is asked for on a channel of its own, and by nobody twice."""
    one, other = in_memory(friends(Dice(18), "a", "b"))
    one.held.commit([bytes([n]) * 500 for n in range(50)])
    async with running(one, other):
        await other.until(lambda: len(other.held.lines) == 1)
        wanted = tuple(one.held.blocks)[40:]
        other.service.hurry(SPACE, wanted)
        await other.until(lambda: equal(other))
        assert sorted(one.held.asked) == sorted(one.held.blocks)


async def test_a_taken_port_is_said() -> None:
    """Another program, or another of us, listens there."""
    net = MemoryNet()
    (a,) = strangers(Dice(19), "a")
    first = node(a, MemoryTransport(net, "a"), FakeDiscovery(Air(), "a", Dice(1)))
    async with running(first):
        second = node(a, MemoryTransport(net, "a"), FakeDiscovery(Air(), "a", Dice(2)))
        second.service.port = first.service.port
        with pytest.raises(PortInUse):
            await second.service.run()


async def test_after_a_change_of_network_everyone_is_looked_for_anew() -> None:
    """Conversations that still live go on."""
    one, other = in_memory(friends(Dice(20), "a", "b"))
    async with running(one, other):
        await one.until(lambda: equal(one))
        one.service.network_changed()
        one.held.commit(words=b"still here")
        one.service.announce(SPACE)
        await other.until(lambda: other.held.same(one.held))
        assert len(one.heard(told.PeerMet)) == 1


async def test_cancelling_closes_everything() -> None:
    """A node that ends in a hurry leaves no task behind."""
    one, other = in_memory(friends(Dice(21), "a", "b"))
    async with running(other):
        task = asyncio.create_task(one.service.run())
        await one.until(lambda: equal(one))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await other.event(told.PeerLeft)
        assert len(asyncio.all_tasks()) < 40
