"""The invitation that a space keeps for each invite that was given.

It holds no secret that opens without the invite's own: the meeting key is wrapped to the
invite. Whoever shows that they know the invite gets it, with the chain it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from storage.access.chain import (
    NOT_REVOKED,
    Authority,
    Claim,
    Revoked,
    Signatures,
    check_claim,
    gather,
)
from storage.access.command import INVITE
from storage.access.grants import AGREEMENT_FIELD
from storage.access.invite import INVITE_ID_SIZE, InviteSecret
from storage.access.roles import Role, role_of
from storage.access.signed import is_signed_by, open_map, sign_map
from storage.access.token import (
    MAX_PROOFS,
    MAX_TIME,
    MIN_NONCE,
    Delegation,
    build_delegation,
)
from storage.codec.cid import parse_cid
from storage.codec.fields import Fields
from storage.crypto.primitives import PUBLIC_SIZE, WRAP_OVERHEAD, SigningKey, hpke_wrap
from storage.errors import BadToken, DecodeError, NotAllowed
from storage.identity.did import did_of
from storage.ports import Entropy

MAX_INVITATION: Final = 4096
MEETING_KEY_SIZE: Final = 32

_VERSION = 1
_PURPOSE = b"atoll/invitation/1"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the giver left for whoever brings the invite's secret."""

    id: bytes
    space: bytes
    role: Role
    until: int | None
    giver: bytes
    proofs: tuple[bytes, ...] = field(repr=False)
    """CIDs of the chain from the space to the invite's key, the root first."""
    meeting: bytes = field(repr=False)
    """The meeting key, wrapped to the invite."""
    data: bytes = field(repr=False)

    def meeting_key(self, secret: InviteSecret) -> bytes:
        """Return the space's meeting key.

        Raises:
            NotAllowed: the secret is another invite's.
        """
        try:
            return secret.agreement.unwrap(_info(self.space, self.id), self.meeting)
        except DecodeError as error:
            raise NotAllowed("this invitation is for another invite") from error


def build_invitation(
    giver: SigningKey,
    secret: InviteSecret,
    *,
    space: bytes,
    role: Role,
    until: int | None,
    meeting_key: bytes,
    proofs: Iterable[bytes],
) -> Invitation:
    """Leave an invitation. The last of `proofs` gives the role to the invite's key."""
    if len(meeting_key) != MEETING_KEY_SIZE:
        raise ValueError("a meeting key has 32 bytes")
    info = _info(space, secret.id)
    fields = {
        "v": _VERSION,
        "id": secret.id,
        "space": space,
        "cmd": role.command,
        "until": until,
        "giver": giver.public,
        "meet": hpke_wrap(secret.agreement.public, info, meeting_key),
        "proofs": [parse_cid(proof) for proof in proofs],
    }
    return parse_invitation(sign_map(giver, _PURPOSE, fields))


def parse_invitation(data: bytes) -> Invitation:
    """Return the invitation that these bytes are.

    Raises:
        BadToken: anything but one well-formed invitation.
    """
    try:
        fields = open_map(data, "an invitation", MAX_INVITATION)
        fields.number("v", _VERSION, _VERSION)
        invitation = Invitation(
            id=fields.raw("id", INVITE_ID_SIZE),
            space=fields.raw("space", PUBLIC_SIZE),
            role=_role(fields),
            until=fields.number_or_none("until", 0, MAX_TIME),
            giver=fields.raw("giver", PUBLIC_SIZE),
            proofs=tuple(cid.to_bytes() for cid in fields.cids("proofs", MAX_PROOFS)),
            meeting=fields.raw("meet", MEETING_KEY_SIZE + WRAP_OVERHEAD),
            data=data,
        )
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not an invitation: {error}") from error
    if not invitation.proofs:
        raise BadToken("an invitation that gives nothing")
    return invitation


def verify_invitation(
    invitation: Invitation,
    held: Mapping[bytes, Delegation],
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
) -> Authority:
    """Return what the invite gives now.

    Raises:
        BadToken: forged, or its proofs are not here or do not fit.
        AccessExpired: the invite or the giver's right has ended.
        NotAllowed: the giver may not invite, or took it back.
    """
    chain = gather(invitation.proofs, held)
    space, giver, invite = did_of(invitation.space), did_of(invitation.giver), chain[-1]
    if invite.issuer != giver or invite.expires != invitation.until:
        raise BadToken("an invitation that says something else than its proof")
    asking = Claim(giver, space, INVITE, {}, chain[:-1])
    check_claim(asking, now, signatures=signatures, revoked=revoked)
    given = Claim(invite.audience, space, invitation.role.command, {}, chain)
    authority = check_claim(given, now, signatures=signatures, revoked=revoked)
    if not is_signed_by(invitation.giver, _PURPOSE, invitation.data, MAX_INVITATION):
        raise BadToken("an invitation that its giver did not sign")
    return authority


def join_grant(
    secret: InviteSecret,
    invitation: Invitation,
    joiner: bytes,
    agreement: bytes,
    entropy: Entropy,
) -> Delegation:
    """Pass what the invite gives on to the device that joins, with its X25519 key.

    Raises:
        NotAllowed: the secret is another invite's.
    """
    if secret.id != invitation.id:
        raise NotAllowed("this invitation is for another invite")
    return build_delegation(
        secret.signing,
        audience=did_of(joiner),
        subject=did_of(invitation.space),
        command=invitation.role.command,
        nonce=entropy.take(MIN_NONCE),
        expires=invitation.until,
        meta={AGREEMENT_FIELD: agreement},
    )


def _role(fields: Fields) -> Role:
    role = role_of(fields.text("cmd"))
    if role is None:
        raise DecodeError("an invitation to do something that is no role")
    return role


def _info(space: bytes, invite_id: bytes) -> bytes:
    return _PURPOSE + space + invite_id
