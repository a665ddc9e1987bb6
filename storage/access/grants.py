"""Grants: giving a device a role in a space, and finding the best that a device was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from storage.access.chain import NOT_REVOKED, SKEW, Revoked, Signatures, is_taken_back, until_of
from storage.access.command import covers
from storage.access.roles import Role
from storage.access.token import MAX_PROOFS, MIN_NONCE, Delegation, build_delegation
from storage.crypto.primitives import PUBLIC_SIZE, SigningKey
from storage.errors import BadToken
from storage.identity.did import did_of
from storage.ports import Entropy

AGREEMENT_FIELD = "x"
"""Where a delegation's meta carries the X25519 key of its audience."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a device may do in a space, by the best chain it has, the root first."""

    role: Role
    until: int | None
    chain: tuple[Delegation, ...]
    expired: bool = False
    """It was good, until `until`."""

    @property
    def proofs(self) -> tuple[bytes, ...]:
        """The CIDs of the chain, the root first: what an invocation names."""
        return tuple(link.cid for link in self.chain)


def root_grant(space: SigningKey, owner: bytes, agreement: bytes, entropy: Entropy) -> Delegation:
    """Give a new space to the device that made it: everything, for good."""
    return build_delegation(
        space,
        audience=did_of(owner),
        subject=did_of(space.public),
        command=Role.MANAGE.command,
        nonce=entropy.take(MIN_NONCE),
        expires=None,
        meta={AGREEMENT_FIELD: agreement},
    )


def role_grant(
    giver: SigningKey,
    *,
    audience: bytes,
    space: bytes,
    role: Role,
    until: int | None,
    entropy: Entropy,
    agreement: bytes | None = None,
) -> Delegation:
    """Give a role to a key: a device's, with its X25519 key, or an invite's, without."""
    return build_delegation(
        giver,
        audience=did_of(audience),
        subject=did_of(space),
        command=role.command,
        nonce=entropy.take(MIN_NONCE),
        expires=until,
        meta={} if agreement is None else {AGREEMENT_FIELD: agreement},
    )


def agreement_of(delegation: Delegation) -> bytes | None:
    """Return the X25519 key of the audience, None if the delegation does not carry it.

    Raises:
        BadToken: it carries something else there.
    """
    key = delegation.meta.get(AGREEMENT_FIELD)
    if key is None:
        return None
    if not isinstance(key, bytes) or len(key) != PUBLIC_SIZE:
        raise BadToken("a delegation with an agreement key that is none")
    return key


def best_grant(
    subject: str,
    audience: str,
    delegations: Mapping[bytes, Delegation],
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
) -> Grant | None:
    """Return the best chain from subject to audience: the highest role, then the longest.

    When none is good now, the best that has ended, marked `expired`; None when there never
    was one. Delegations with a policy are left out: what they allow depends on what is done.
    """
    begun = [
        link
        for link in delegations.values()
        if not link.policy and (link.not_before is None or link.not_before - SKEW <= now)
    ]
    live = [link for link in begun if link.expires is None or now <= link.expires]
    for links, expired in ((live, False), (begun, True)):
        for role in sorted(Role, reverse=True):
            usable = [link for link in links if covers(link.command, role.command)]
            chain = _longest_lasting(subject, audience, usable, signatures, revoked)
            if chain is not None:
                return Grant(role, until_of(chain), chain, expired)
    return None


_Chains = dict[str, tuple[Delegation, ...]]


def _longest_lasting(
    subject: str,
    audience: str,
    links: Iterable[Delegation],
    signatures: Signatures,
    revoked: Revoked,
) -> tuple[Delegation, ...] | None:
    """Find the chain that ends last, then the shortest: one link more each round."""
    by_issuer: dict[str, list[Delegation]] = {}
    for link in sorted(links, key=lambda link: link.cid):
        by_issuer.setdefault(link.issuer, []).append(link)
    best: _Chains = {}
    newest: _Chains = {subject: ()}
    for _length in range(MAX_PROOFS):
        found: _Chains = {}
        for holder, chain in newest.items():
            for link in by_issuer.get(holder, ()):
                longer = (*chain, link)
                if not _fits(longer, subject, revoked):
                    continue
                known = found.get(link.audience, best.get(link.audience))
                if _lasts_longer(longer, known) and signatures.good(link):
                    found[link.audience] = longer
        if not found:
            break
        best |= found
        newest = found
    return () if subject == audience else best.get(audience)


def _fits(chain: tuple[Delegation, ...], subject: str, revoked: Revoked) -> bool:
    link = chain[-1]
    if link.subject != subject and (link.subject is not None or len(chain) == 1):
        return False
    return not (revoked and is_taken_back(chain, len(chain) - 1, revoked))


def _lasts_longer(one: tuple[Delegation, ...], other: tuple[Delegation, ...] | None) -> bool:
    return other is None or _end(one) > _end(other)


def _end(chain: tuple[Delegation, ...]) -> float:
    until = until_of(chain)
    return inf if until is None else until
