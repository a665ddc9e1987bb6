"""Chains: whether what somebody does is covered by what they were given.

The power of a chain is the intersection of its links. Looked at from cheap to dear:
times, who gave to whom, commands, policies, what was taken back, and signatures last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from storage.access.command import covers
from storage.access.policy import holds
from storage.access.roles import Role, role_of_chain
from storage.access.token import MAX_PROOFS, Delegation, Invocation
from storage.errors import AccessExpired, BadToken, NotAllowed

SKEW: Final = 60
"""Seconds by which the clock of who gave a right may run ahead, so that it seems not begun.

An end needs no such thing: it and a record's own time are both numbers that somebody wrote.
"""
Revoked = Mapping[bytes, Collection[str]]
"""CID of a delegation, and who took it back. See storage.access.revoke."""

NOT_REVOKED: Revoked = MappingProxyType({})


class Signatures:
    """Remembers which delegations are signed as they say. A CID names bytes, so for good."""

    __slots__ = ("_good",)

    _MOST = 100_000

    def __init__(self) -> None:
        self._good: set[bytes] = set()

    def good(self, delegation: Delegation) -> bool:
        """Say whether its issuer signed it."""
        if delegation.cid in self._good:
            return True
        if not delegation.is_signed():
            return False
        if len(self._good) >= self._MOST:
            self._good.clear()
        self._good.add(delegation.cid)
        return True


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody wants to do something on a subject, and shows a chain for it, root first."""

    issuer: str
    subject: str
    command: str
    args: Mapping[str, object]
    chain: tuple[Delegation, ...]


@dataclass(frozen=True, slots=True)
class Authority:
    """What a chain gave. `role` is None when it is less than viewing, `until` when it stays."""

    role: Role | None
    until: int | None
    chain: tuple[Delegation, ...]


def missing_proofs(invocation: Invocation, held: Mapping[bytes, Delegation]) -> tuple[bytes, ...]:
    """Return the CIDs of the delegations that the invocation shows and nobody brought yet."""
    return tuple(proof for proof in invocation.proofs if proof not in held)


def verify(
    invocation: Invocation,
    proofs: Mapping[bytes, Delegation],
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
    early: int = SKEW,
    late: int = 0,
) -> Authority:
    """Return with which right the invocation was made.

    Args:
        invocation: what was done.
        proofs: the delegations that are held, by their CID.
        now: the moment for which the times count.
        signatures: the memory of what was verified before.
        revoked: what was taken back, and by whom.
        early: seconds by which a right may be used before it begins.
        late: seconds by which it may be used after its end.

    Raises:
        BadToken: the proofs are not here, do not fit together, or something is forged.
        AccessExpired: the right was good until a moment that has passed.
        NotAllowed: the right does not reach that far, not yet, or was taken back.
    """
    _check_times(None, invocation.expires, now, early, late)
    claim = Claim(
        invocation.issuer,
        invocation.subject,
        invocation.command,
        invocation.args,
        gather(invocation.proofs, proofs),
    )
    authority = check_claim(
        claim, now, signatures=signatures, revoked=revoked, early=early, late=late
    )
    if not invocation.is_signed():
        raise BadToken("the signature is not its issuer's")
    return authority


def gather(cids: Sequence[bytes], held: Mapping[bytes, Delegation]) -> tuple[Delegation, ...]:
    """Return the delegations of these CIDs.

    Raises:
        BadToken: one is not held, or is not what its CID says.
    """
    chain: list[Delegation] = []
    for cid in cids:
        link = held.get(cid)
        if link is None or link.cid != cid:
            raise BadToken("a proof that is not here")
        chain.append(link)
    return tuple(chain)


def check_claim(
    claim: Claim,
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
    early: int = SKEW,
    late: int = 0,
) -> Authority:
    """Return what the chain of a claim gives, if it covers the claim. Raises as `verify`."""
    chain = claim.chain
    for link in chain:
        _check_times(link.not_before, link.expires, now, early, late)
    _check_alignment(claim)
    for link in chain:
        if not covers(link.command, claim.command):
            raise NotAllowed(f"{link.command} does not cover {claim.command}")
    for link in chain:
        if not holds(link.policy, claim.args):
            raise NotAllowed("what was given does not hold for this")
    _check_revoked(chain, revoked)
    for link in chain:
        if not signatures.good(link):
            raise BadToken("the signature of a proof is not its issuer's")
    return Authority(role_of_chain(link.command for link in chain), until_of(chain), chain)


def until_of(chain: Sequence[Delegation]) -> int | None:
    """Return the moment at which the first link of a chain ends, None if none does."""
    return min((link.expires for link in chain if link.expires is not None), default=None)


def is_taken_back(chain: Sequence[Delegation], at: int, revoked: Revoked) -> bool:
    """Say whether the link at that place was revoked by its issuer or one nearer the root.

    A removal from a space counts as the space's own revocation, except of the root itself:
    nobody can lock the owner out.
    """
    by = revoked.get(chain[at].cid, ())
    if not by:
        return False
    if at and removal_from(chain[0].issuer) in by:
        return True
    return any(link.issuer in by for link in chain[: at + 1])


def removal_from(space: str) -> str:
    """Return how a removal from a space is told from what the space's own key revoked."""
    return "removed from " + space


def _check_times(
    not_before: int | None, expires: int | None, now: float, early: int, late: int
) -> None:
    if expires is not None and now > expires + late:
        raise AccessExpired("this right has ended", expires)
    if not_before is not None and now < not_before - early:
        raise NotAllowed("this right has not begun yet")


def _check_alignment(claim: Claim) -> None:
    chain = claim.chain
    if not chain:
        if claim.issuer != claim.subject:
            raise BadToken("no proof is shown")
        return
    if len(chain) > MAX_PROOFS:
        raise BadToken("a chain that is too long")
    if len({link.cid for link in chain}) != len(chain):
        raise BadToken("a chain that runs in a circle")
    if chain[0].subject is None:
        raise BadToken("a chain without a root")
    holder = claim.subject
    for link in chain:
        if link.issuer != holder:
            raise BadToken("a chain with a gap")
        if link.subject not in {None, claim.subject}:
            raise BadToken("a proof that is about something else")
        holder = link.audience
    if holder != claim.issuer:
        raise BadToken("a chain that ends at somebody else")


def _check_revoked(chain: tuple[Delegation, ...], revoked: Revoked) -> None:
    if revoked and any(is_taken_back(chain, at, revoked) for at in range(len(chain))):
        raise NotAllowed("this right was taken back")
