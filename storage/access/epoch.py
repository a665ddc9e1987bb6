"""Epochs: who can read. A record wraps an epoch's secret to each device that may.

Together with the epoch's secret travels the meeting key, by which members of a space find
each other; a device that lost its index finds both again here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from blake3 import blake3

from storage.access.chain import (
    NOT_REVOKED,
    Authority,
    Claim,
    Revoked,
    Signatures,
    check_claim,
    gather,
)
from storage.access.command import REKEY
from storage.access.signed import is_signed_by, open_map, sign_map
from storage.access.token import MAX_PROOFS, MAX_TIME, Delegation
from storage.codec.cid import parse_cid
from storage.codec.fields import Fields
from storage.crypto.primitives import (
    PUBLIC_SIZE,
    WRAP_OVERHEAD,
    AgreementKey,
    SigningKey,
    aead_open,
    aead_seal,
    hkdf,
    hpke_wrap,
)
from storage.errors import BadToken, DecodeError, NotAllowed
from storage.identity.did import did_of

SECRET_SIZE: Final = 32
MAX_EPOCH: Final = 1 << 20
MAX_WRAPS: Final = 4096
MAX_NUMBER: Final = 2**53 - 1

_VERSION = 1
_PURPOSE = b"atoll/epoch/1"
_HISTORY = b"atoll/epoch/1/hist"
_HINT_SIZE = 8
_SEALED_SECRET = SECRET_SIZE + 16
_WRAP_SIZES = frozenset({SECRET_SIZE + WRAP_OVERHEAD, 2 * SECRET_SIZE + WRAP_OVERHEAD})


@dataclass(frozen=True, slots=True)
class EpochKeys:
    """What a wrap holds."""

    secret: bytes = field(repr=False)
    meeting: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One record: epoch `number` of a space, made by a member who may."""

    space: bytes
    number: int
    at: int
    """The moment its maker says it was made; the maker's right is judged for it."""
    by: bytes
    proofs: tuple[bytes, ...] = field(repr=False)
    wraps: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """(hint of the recipient's key, what only that key opens)."""
    earlier: bytes | None = field(repr=False)
    """The secret of the epoch before, sealed under this one's, when history is shared."""
    data: bytes = field(repr=False)

    def is_for(self, recipient: bytes) -> bool:
        """Say whether there is a wrap for this X25519 key, by its hint."""
        return any(hint == _hint(recipient) for hint, _ in self.wraps)

    def unwrap(self, key: AgreementKey) -> EpochKeys:
        """Return the secrets, for a device that has a wrap.

        Raises:
            NotAllowed: there is none for this key, or it does not open.
        """
        info = _info(self.space, self.number, key.public)
        for hint, sealed in self.wraps:
            if hint != _hint(key.public):
                continue
            try:
                plain = key.unwrap(info, sealed)
            except DecodeError:  # eight bytes of hint may be shared; look at the next
                continue
            return EpochKeys(plain[:SECRET_SIZE], plain[SECRET_SIZE:] or None)
        raise NotAllowed(f"epoch {self.number} was not made for this device")

    def earlier_secret(self, secret: bytes) -> bytes | None:
        """Return the secret of the epoch before, None if history is not shared.

        Raises:
            DecodeError: the secret is not this epoch's.
        """
        if self.earlier is None:
            return None
        return aead_open(hkdf(secret, _HISTORY), self.earlier, self.space)


def build_epoch(
    key: SigningKey,
    *,
    space: bytes,
    number: int,
    at: int,
    recipients: Iterable[bytes],
    keys: EpochKeys,
    proofs: Iterable[bytes],
    earlier: bytes | None = None,
) -> Epoch:
    """Wrap an epoch's secrets to X25519 keys, and sign that.

    Args:
        key: the member who makes it; `proofs` are the CIDs of its chain, the root first.
        space: the space's public key.
        number: from 0; one more than the epoch before.
        at: now.
        recipients: the X25519 keys of all who shall read, invites among them.
        keys: what they get.
        proofs: see key.
        earlier: the secret of the epoch before, if history shall stay readable.

    Raises:
        BadToken: a recipient's key is none, or there are too many.
    """
    plain = keys.secret + (keys.meeting or b"")
    try:
        wraps = [
            [_hint(public), hpke_wrap(public, _info(space, number, public), plain)]
            for public in sorted(set(recipients))
        ]
    except DecodeError as error:
        raise BadToken("an epoch for a key that is none") from error
    sealed = None if earlier is None else aead_seal(hkdf(keys.secret, _HISTORY), earlier, space)
    fields = {
        "v": _VERSION,
        "space": space,
        "n": number,
        "at": at,
        "by": key.public,
        "proofs": [parse_cid(proof) for proof in proofs],
        "wraps": wraps,
        "hist": sealed,
    }
    return parse_epoch(sign_map(key, _PURPOSE, fields))


def parse_epoch(data: bytes) -> Epoch:
    """Return the epoch record that these bytes are.

    Raises:
        BadToken: anything but one well-formed record.
    """
    try:
        fields = open_map(data, "an epoch record", MAX_EPOCH)
        fields.number("v", _VERSION, _VERSION)
        epoch = Epoch(
            space=fields.raw("space", PUBLIC_SIZE),
            number=fields.number("n", 0, MAX_NUMBER),
            at=fields.number("at", 0, MAX_TIME),
            by=fields.raw("by", PUBLIC_SIZE),
            proofs=tuple(cid.to_bytes() for cid in fields.cids("proofs", MAX_PROOFS)),
            wraps=_wraps(fields),
            earlier=_earlier(fields),
            data=data,
        )
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not an epoch record: {error}") from error
    return epoch


def verify_epoch(
    epoch: Epoch,
    held: Mapping[bytes, Delegation],
    now: float,
    *,
    signatures: Signatures,
    revoked: Revoked = NOT_REVOKED,
) -> Authority:
    """Return with which right the record was made, judged at `now`.

    Raises:
        BadToken: forged, or its proofs are not here or do not fit.
        AccessExpired: its maker's right had ended.
        NotAllowed: its maker may not begin an epoch.
    """
    claim = Claim(did_of(epoch.by), did_of(epoch.space), REKEY, {}, gather(epoch.proofs, held))
    authority = check_claim(claim, now, signatures=signatures, revoked=revoked)
    if not is_signed_by(epoch.by, _PURPOSE, epoch.data, MAX_EPOCH):
        raise BadToken("an epoch record that its maker did not sign")
    return authority


def _wraps(fields: Fields) -> tuple[tuple[bytes, bytes], ...]:
    wraps: list[tuple[bytes, bytes]] = []
    for wrap in fields.items("wraps", MAX_WRAPS):
        match wrap:
            case [bytes() as hint, bytes() as sealed] if (
                len(hint) == _HINT_SIZE and len(sealed) in _WRAP_SIZES
            ):
                wraps.append((hint, sealed))
            case _:
                raise DecodeError("a wrap is [hint, sealed]")
    return tuple(wraps)


def _earlier(fields: Fields) -> bytes | None:
    if fields.is_null("hist"):
        return None
    return fields.raw("hist", _SEALED_SECRET)


def _hint(recipient: bytes) -> bytes:
    return blake3(recipient).digest()[:_HINT_SIZE]


def _info(space: bytes, number: int, recipient: bytes) -> bytes:
    return _PURPOSE + space + number.to_bytes(8) + recipient
