"""Grants, epochs, invitations and invites: how somebody gets in, and what they then hold."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.access.chain import Signatures, missing_proofs, removal_from, verify
from storage.access.container import MAX_CONTAINER, MAX_INFLATED, Form, pack, unpack
from storage.access.epoch import Epoch, EpochKeys, build_epoch, parse_epoch, verify_epoch
from storage.access.grants import agreement_of, best_grant
from storage.access.invitation import (
    Invitation,
    build_invitation,
    join_grant,
    parse_invitation,
    verify_invitation,
)
from storage.access.invite import InviteSecret
from storage.access.policy import holds, parse_policy
from storage.access.roles import Role, role_of, role_of_chain
from storage.access.token import MAX_DELEGATION, build_delegation, build_invocation
from storage.codec.cid import Cid
from storage.codec.dagcbor import encode
from storage.errors import AccessExpired, BadToken, DecodeError, NotAllowed
from tests.access import LATER, NOW, Cast, Dice, device

ANN, BOB = device("ann"), device("bob")
KEYS = EpochKeys(b"e" * 32, b"m" * 32)
SECRET = InviteSecret(bytes(range(16)))


# -- roles and grants ------------------------------------------------------------------
def test_roles_include_the_smaller_ones() -> None:
    """Who may manage may edit, who may edit may look."""
    assert [role_of(role.command) for role in Role] == list(Role)
    assert role_of("/fs/write") is None
    assert role_of_chain(["/", "/fs"]) is Role.EDIT
    assert role_of_chain(["/fs", "/fs/read"]) is Role.VIEW
    assert role_of_chain(["/fs/write"]) is None


def test_the_best_grant_is_the_highest_role_that_lasts_longest() -> None:
    """Several may have let somebody in."""
    cast = Cast()
    space, signatures = cast.root.issuer, Signatures()
    assert best_grant(space, ANN.did, cast.held, NOW, signatures=signatures) is None
    view = cast.give(cast.owner, ANN, Role.VIEW)
    cast.give(cast.owner, ANN, Role.EDIT, until=NOW + 10)
    longer = cast.give(cast.owner, ANN, Role.EDIT, until=LATER)
    cast.give(cast.owner, BOB, Role.EDIT)
    cast.give(BOB, ANN, Role.MANAGE)  # more than Bob has
    now = best_grant(space, ANN.did, cast.held, NOW, signatures=signatures)
    through_bob = best_grant(space, ANN.did, cast.held, LATER + 61, signatures=signatures)
    assert now is not None and through_bob is not None
    assert (now.role, now.until, len(now.proofs)) == (Role.EDIT, None, 3)
    assert through_bob.role is Role.EDIT
    del cast.held[now.proofs[1]]
    now = best_grant(space, ANN.did, cast.held, NOW, signatures=signatures)
    after = best_grant(space, ANN.did, cast.held, LATER + 61, signatures=signatures)
    assert now is not None and after is not None
    assert (now.until, now.proofs[-1]) == (LATER, longer.cid)
    assert (after.role, after.until, after.proofs) == (Role.VIEW, None, (cast.root.cid, view.cid))


def test_what_has_ended_is_remembered_as_ended() -> None:
    """So that words can say "ended on …"."""
    cast = Cast()
    cast.give(cast.owner, ANN, Role.EDIT, until=NOW)
    grant = best_grant(cast.root.issuer, ANN.did, cast.held, NOW + 61, signatures=Signatures())
    assert grant is not None
    assert (grant.expired, grant.until, grant.role) == (True, NOW, Role.EDIT)


def test_an_end_has_no_minute_after_it_and_a_beginning_has_one_before_it() -> None:
    """The end is what the loser is told; only a giver's clock that runs ahead is borne with."""
    cast = Cast()
    signatures = Signatures()
    cast.give(cast.owner, ANN, Role.EDIT, until=NOW)
    for late in (0.001, 1, 30, 59):
        grant = best_grant(cast.root.issuer, ANN.did, cast.held, NOW + late, signatures=signatures)
        assert grant is not None
        assert grant.expired
    grant = best_grant(cast.root.issuer, ANN.did, cast.held, NOW, signatures=signatures)
    assert grant is not None
    assert not grant.expired


def test_a_grant_that_was_taken_back_is_none() -> None:
    """Whether by its giver or by a removal; the owner stays."""
    cast = Cast()
    link = cast.give(cast.owner, ANN, Role.EDIT)
    space, signatures = cast.root.issuer, Signatures()
    for by in (cast.owner.did, removal_from(space)):
        revoked = {link.cid: {by}, cast.root.cid: {removal_from(space)}}
        found = best_grant(space, ANN.did, cast.held, NOW, signatures=signatures, revoked=revoked)
        owner = best_grant(
            space, cast.owner.did, cast.held, NOW, signatures=signatures, revoked=revoked
        )
        assert found is None
        assert owner is not None and owner.role is Role.MANAGE


def test_a_forged_grant_is_none() -> None:
    """Parsing looks at no signature, so finding must."""
    cast = Cast()
    link = cast.give(cast.owner, ANN, Role.EDIT)
    spoiled = bytearray(link.data)
    spoiled[10] ^= 1
    forged = type(link)(
        **{
            **{name: getattr(link, name) for name in link.__slots__},
            "data": bytes(spoiled),
        }
    )
    cast.held[link.cid] = forged
    found = best_grant(cast.root.issuer, ANN.did, cast.held, NOW, signatures=Signatures())
    assert found is None


def test_a_chain_ends_after_eight() -> None:
    """Else a loop of friends could cost any amount of work."""
    cast = Cast()
    crowd = [device(f"friend {n}") for n in range(9)]
    for giver, taker in zip([cast.owner, *crowd], crowd, strict=False):
        cast.give(giver, taker, Role.VIEW)
    space, signatures = cast.root.issuer, Signatures()
    eighth = best_grant(space, crowd[6].did, cast.held, NOW, signatures=signatures)
    assert eighth is not None and len(eighth.chain) == 8
    assert best_grant(space, crowd[7].did, cast.held, NOW, signatures=signatures) is None


def test_a_delegation_brings_its_audiences_key() -> None:
    """Epoch secrets are wrapped to it."""
    cast = Cast()
    assert agreement_of(cast.root) == cast.owner.agreement_public
    bare = build_delegation(
        ANN.signing, audience=BOB.did, subject=None, command="/", nonce=b"n" * 12, expires=None
    )
    assert agreement_of(bare) is None
    for wrong in ("text", b"short"):
        odd = build_delegation(
            ANN.signing,
            audience=BOB.did,
            subject=None,
            command="/",
            nonce=b"n" * 12,
            expires=None,
            meta={"x": wrong},
        )
        with pytest.raises(BadToken):
            agreement_of(odd)


def test_what_makes_no_token_is_not_built() -> None:
    """We refuse to write what others would refuse to read."""

    def build(**changed: object) -> object:
        fields = {"audience": BOB.did, "subject": None, "command": "/", "expires": None}
        return build_delegation(ANN.signing, **{"nonce": b"n" * 12, **fields, **changed})  # type: ignore[arg-type]

    build()
    for changed in (
        {"nonce": b"short"},
        {"audience": "did:web:example.org"},
        {"command": "fs"},
        {"expires": 2**53},
        {"policy": [["regex", ".", "x"]]},
        {"meta": {"x": 1.5}},
        {"meta": {"x": "x" * MAX_DELEGATION}},
    ):
        with pytest.raises(BadToken):
            build(**changed)


def test_proofs_that_are_not_here_yet_are_named() -> None:
    """A record may come before the tokens that it needs, and waits for them."""
    cast = Cast()
    invocation = build_invocation(
        cast.owner.signing,
        subject=cast.root.issuer,
        command="/fs/write",
        args={"k": [Cid(0x55, 0x1E, bytes(32))] * 1000},
        proofs=[cast.root.cid],
        nonce=b"n" * 12,
    )
    assert missing_proofs(invocation, {}) == (cast.root.cid,)
    assert missing_proofs(invocation, cast.held) == ()
    with pytest.raises(BadToken, match="not here"):
        verify(invocation, {}, NOW, signatures=Signatures())
    assert verify(invocation, cast.held, NOW, signatures=Signatures()).role is Role.MANAGE


def test_a_policy_that_asks_too_much_is_refused() -> None:
    """Two kilobytes of policy over a long list could take seconds."""
    policy = parse_policy([["any", ".l", ["or", [["==", ".", n] for n in range(30)]]]])
    with pytest.raises(NotAllowed):
        holds(policy, {"l": [99] * 2000})


@pytest.mark.parametrize("selector", ["", "a", "..a", ".[", ".[x]", ".a??", ".a ", ".[1.5]", 5])
def test_a_selector_that_is_none_is_refused(selector: object) -> None:
    """When reading the token."""
    with pytest.raises(BadToken):
        parse_policy([["==", selector, 1]])


def test_a_nest_of_statements_is_refused() -> None:
    """Deeper than anybody needs."""
    policy: object = ["==", ".", 1]
    for _ in range(16):
        policy = ["not", policy]
    with pytest.raises(BadToken):
        parse_policy([policy])


# -- containers ------------------------------------------------------------------------
def test_a_spoiled_container_is_refused() -> None:
    """Each way in which two texts could mean one thing, or a small one a huge one."""
    good = pack([b"one", b"two"], Form.BASE64URL)
    zipped = pack([b"one" * 50, b"two"], Form.GZIP)
    body = encode({"ctn-v1": [b"one"]})
    bomb = b"M" + gzip.compress(bytes(MAX_INFLATED * 20))
    for data in (
        b"",
        b"X" + good[1:],
        good + b"=",
        b"B" + good[1:],
        good[:-1] + b"!",
        zipped[:-4],
        zipped + b"more",
        zipped[:20],
        bomb,
        b"@" + encode({"ctn-v1": [b"one", b"one"]}),
        b"@" + encode({"ctn-v1": [b"one"], "more": 1}),
        b"@" + encode({"ctn-v1": ["text"]}),
        b"@" + encode({"ctn-v2": []}),
        b"@" + body + b"\x00",
        b"@" + bytes(MAX_CONTAINER),
    ):
        with pytest.raises(BadToken):
            unpack(data)
    assert unpack(b"@" + encode({"ctn-v1": [b"two", b"one"]})) == (b"two", b"one")


# -- epochs ----------------------------------------------------------------------------
def epoch(cast: Cast, number: int = 3, earlier: bytes | None = None) -> Epoch:
    """Let the owner begin an epoch for itself and Ann."""
    return build_epoch(
        cast.owner.signing,
        space=cast.space.public,
        number=number,
        at=NOW,
        recipients=[cast.owner.agreement_public, ANN.agreement_public],
        keys=KEYS,
        proofs=[cast.root.cid],
        earlier=earlier,
    )


def test_an_epoch_opens_for_its_recipients_alone() -> None:
    """That is who can read."""
    cast = Cast()
    record = parse_epoch(epoch(cast).data)
    assert record.unwrap(ANN.agreement) == KEYS
    assert record.unwrap(cast.owner.agreement) == KEYS
    assert record.is_for(ANN.agreement_public) and not record.is_for(BOB.agreement_public)
    with pytest.raises(NotAllowed):
        record.unwrap(BOB.agreement)
    verify_epoch(record, cast.held, NOW, signatures=Signatures())


def test_an_epoch_may_open_the_one_before() -> None:
    """History is shared, or it is not."""
    cast = Cast()
    record = epoch(cast, earlier=b"d" * 32)
    assert record.earlier_secret(KEYS.secret) == b"d" * 32
    assert epoch(cast).earlier_secret(KEYS.secret) is None
    with pytest.raises(DecodeError):
        record.earlier_secret(b"x" * 32)


def test_a_wrap_is_for_one_epoch_of_one_space() -> None:
    """Moved into another record it does not open."""
    cast = Cast()
    one, other = epoch(cast, 3), epoch(cast, 4)
    moved = Epoch(one.space, 3, one.at, one.by, one.proofs, other.wraps, one.earlier, one.data)
    with pytest.raises(NotAllowed):
        moved.unwrap(ANN.agreement)


def test_only_who_may_write_begins_an_epoch() -> None:
    """A viewer could otherwise lock everybody out."""
    cast = Cast()
    view = cast.give(cast.owner, ANN, Role.VIEW)
    edit = cast.give(cast.owner, BOB, Role.EDIT)

    def by(who: object, link: bytes) -> Epoch:
        keys = ANN if who is ANN else BOB
        return build_epoch(
            keys.signing,
            space=cast.space.public,
            number=1,
            at=NOW,
            recipients=[ANN.agreement_public],
            keys=EpochKeys(b"e" * 32, None),
            proofs=[cast.root.cid, link],
        )

    verify_epoch(by(BOB, edit.cid), cast.held, NOW, signatures=Signatures())
    assert by(BOB, edit.cid).unwrap(ANN.agreement).meeting is None
    with pytest.raises(NotAllowed):
        verify_epoch(by(ANN, view.cid), cast.held, NOW, signatures=Signatures())
    with pytest.raises(BadToken):
        verify_epoch(by(ANN, edit.cid), cast.held, NOW, signatures=Signatures())


@given(st.data())
def test_a_changed_epoch_record_is_refused(data: st.DataObject) -> None:
    """Every byte is signed."""
    cast = Cast()
    spoiled = bytearray(epoch(cast).data)
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadToken):
        verify_epoch(parse_epoch(bytes(spoiled)), cast.held, NOW, signatures=Signatures())


# -- invitations -----------------------------------------------------------------------
def invited(cast: Cast, role: Role = Role.EDIT, until: int | None = LATER) -> Invitation:
    """Let the owner leave an invitation."""
    link = cast.give(cast.owner, SECRET, role, until)
    return build_invitation(
        cast.owner.signing,
        SECRET,
        space=cast.space.public,
        role=role,
        until=until,
        meeting_key=b"m" * 32,
        proofs=[cast.root.cid, link.cid],
    )


def test_an_invite_lets_a_device_in_with_nobody_there() -> None:
    """The joiner gives itself what the invite was given, and reads what was wrapped to it."""
    cast = Cast()
    invitation = parse_invitation(invited(cast).data)
    found = verify_invitation(invitation, cast.held, NOW, signatures=Signatures())
    assert (found.role, found.until) == (Role.EDIT, LATER)
    assert invitation.meeting_key(SECRET) == b"m" * 32
    cast.hold(join_grant(SECRET, invitation, ANN.signing.public, ANN.agreement_public, cast.dice))
    grant = best_grant(cast.root.issuer, ANN.did, cast.held, NOW, signatures=Signatures())
    assert grant is not None
    assert (grant.role, grant.until, len(grant.chain)) == (Role.EDIT, LATER, 3)
    assert agreement_of(grant.chain[-1]) == ANN.agreement_public


def test_another_secret_opens_nothing() -> None:
    """The invitation itself is public to the members."""
    invitation = invited(Cast())
    other = InviteSecret(b"o" * 16)
    with pytest.raises(NotAllowed):
        invitation.meeting_key(other)
    with pytest.raises(NotAllowed):
        join_grant(other, invitation, ANN.signing.public, ANN.agreement_public, Dice())


def test_an_invitation_ends() -> None:
    """With the invite itself."""
    cast = Cast()
    invitation = invited(cast)
    with pytest.raises(AccessExpired):
        verify_invitation(invitation, cast.held, LATER + 61, signatures=Signatures())


def test_only_a_manager_invites() -> None:
    """An editor's invitation is refused, though the chain itself would hold."""
    cast = Cast()
    edit = cast.give(cast.owner, BOB, Role.EDIT)
    link = cast.give(BOB, SECRET, Role.VIEW)
    invitation = build_invitation(
        BOB.signing,
        SECRET,
        space=cast.space.public,
        role=Role.VIEW,
        until=None,
        meeting_key=b"m" * 32,
        proofs=[cast.root.cid, edit.cid, link.cid],
    )
    with pytest.raises(NotAllowed):
        verify_invitation(invitation, cast.held, NOW, signatures=Signatures())


@given(st.data())
def test_a_changed_invitation_is_refused(data: st.DataObject) -> None:
    """Every byte is signed."""
    cast = Cast()
    spoiled = bytearray(invited(cast).data)
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadToken):
        verify_invitation(parse_invitation(bytes(spoiled)), cast.held, NOW, signatures=Signatures())
