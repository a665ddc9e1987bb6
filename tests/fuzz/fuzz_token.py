"""Any bytes as a token, signed or not: a token, or BadToken; never anything allowed."""

from __future__ import annotations

import contextlib

from storage.access.chain import Signatures, verify
from storage.access.container import pack, unpack
from storage.access.grants import agreement_of
from storage.access.revoke import revocations_in
from storage.access.token import parse_delegation, parse_invocation
from storage.crypto.primitives import SigningKey
from storage.errors import AccessError, BadToken
from tests.golden import samples_access as samples

_KEY = SigningKey(bytes(32))

SEEDS = (
    samples.root().data,
    samples.root().data[67:],
    samples.write().data,
    samples.write().data[67:],
    pack([samples.root().data]),
)


def check(data: bytes) -> None:
    """Raise if a token is taken that is none, or refused in another way."""
    signed = b"\x82\x58\x40" + _KEY.sign(data) + data  # gets behind the envelope
    for token in (data, signed):
        with contextlib.suppress(BadToken):
            delegation = parse_delegation(token)
            assert delegation.data == token
            agreement_of(delegation)
        with contextlib.suppress(AccessError):
            invocation = parse_invocation(token)
            revocations_in(invocation)
            verify(invocation, {}, 0, signatures=Signatures())
            assert invocation.issuer == invocation.subject
            assert invocation.is_signed()
    with contextlib.suppress(BadToken):
        tokens = unpack(data)
        assert len(set(tokens)) == len(tokens)
