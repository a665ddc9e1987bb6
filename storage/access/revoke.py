"""Taking rights back: which delegations an invocation revokes, and in whose name."""

from __future__ import annotations

from collections.abc import Mapping

from storage.access.chain import NOT_REVOKED, Revoked, Signatures, removal_from, verify
from storage.access.command import REMOVE, REMOVE_DEVICE, REVOKE
from storage.access.token import Delegation, Invocation
from storage.codec.cid import Cid
from storage.codec.shape import is_list
from storage.errors import BadToken

_MOST = 1024


def revocations_of(
    invocation: Invocation,
    held: Mapping[bytes, Delegation],
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
) -> dict[bytes, str]:
    """Verify an invocation that takes rights back, and return what `revocations_in` does.

    Who gave something may take it back whatever else they may do, so `/ucan/revoke` needs
    its issuer's signature and no chain: whether the issuer stands above what is taken back
    is asked when a chain is looked at.

    Raises:
        BadToken: forged, malformed, or its proofs are not here or do not fit.
        AccessExpired: the right to remove had ended.
        NotAllowed: it did not reach that far.
    """
    if invocation.command != REVOKE:
        verify(invocation, held, now, signatures=signatures, revoked=revoked)
    elif not invocation.is_signed():
        raise BadToken("the signature is not its issuer's")
    return revocations_in(invocation)


def revocations_in(invocation: Invocation) -> dict[bytes, str]:
    """Return the CIDs that a verified invocation takes back, each with who does.

    `/ucan/revoke` counts as its issuer's, `/person/device/remove` as the person's.
    `/space/remove` counts as `removal_from` the space: who may do that may do it to
    everybody but the owner. No other command takes anything back.

    Raises:
        BadToken: such a command with arguments that are not its own.
    """
    if invocation.command == REVOKE:
        match invocation.args.get("revoke"):
            case Cid() as link:
                return {link.to_bytes(): invocation.issuer}
            case _:
                raise BadToken("a revocation of nothing")
    if invocation.command not in {REMOVE, REMOVE_DEVICE}:
        return {}
    links = invocation.args.get("revoke")
    if not is_list(links) or len(links) > _MOST:
        raise BadToken("a removal of nothing")
    by = invocation.subject
    if invocation.command == REMOVE:
        by = removal_from(by)
    found: dict[bytes, str] = {}
    for each in links:
        if not isinstance(each, Cid):
            raise BadToken("a removal of something that is no link")
        found[each.to_bytes()] = by
    return found
