"""Tokens: UCAN 1.0 delegations and invocations, built and taken apart strictly.

`parse_*` checks everything but the signature and the moment: those belong to a chain
(storage.access.chain), where they come last because they cost most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from storage.access.command import check_command
from storage.access.policy import Policy, parse_policy
from storage.codec.cid import Cid, cid_of_token, parse_cid
from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.codec.shape import is_map, items_of
from storage.crypto.primitives import SIGNATURE_SIZE, SigningKey, verify
from storage.errors import BadToken, DecodeError
from storage.identity.did import did_of, public_of

MAX_DELEGATION: Final = 2048
MAX_INVOCATION: Final = 1 << 16
MAX_PROOFS: Final = 8
MIN_NONCE: Final = 12
MAX_TIME: Final = 2**53 - 1

_VARSIG_ED25519 = bytes.fromhex("3401ed01ed011371")
_DELEGATION = "ucan/dlg@"
_INVOCATION = "ucan/inv@"
_WRITTEN_VERSION = "1.0.0"
_READ_VERSIONS = ("1.0.0", "1.0.0-rc.1")
_SIGNED_FROM = 3 + SIGNATURE_SIZE  # array of two, head of the signature, signature
_MAX_NONCE = 256
_MAX_DEPTH = 16
_MAX_DID = 200
_NOTHING: Mapping[str, object] = MappingProxyType({})


class _Token:
    """What both kinds share: equal when their bytes are."""

    __slots__ = ()
    data: bytes
    cid: bytes
    issuer: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Token) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.cid)

    @property
    def link(self) -> Cid:
        """The identifier as a value, as it stands in proofs."""
        return parse_cid(self.cid)

    def is_signed(self) -> bool:
        """Say whether the issuer signed these very bytes."""
        signature, signed = self.data[3:_SIGNED_FROM], self.data[_SIGNED_FROM:]
        return verify(public_of(self.issuer), signature, signed)


@dataclass(frozen=True, slots=True, eq=False)
class Delegation(_Token):
    """Issuer lets audience do `command` on subject. No subject: on all that issuer is given."""

    issuer: str
    audience: str
    subject: str | None
    command: str
    policy: Policy = field(repr=False)
    nonce: bytes = field(repr=False)
    expires: int | None
    not_before: int | None
    meta: Mapping[str, object] = field(repr=False)
    data: bytes = field(repr=False)
    cid: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Invocation(_Token):
    """Issuer does `command` with args on subject, and names the delegations that let it."""

    issuer: str
    subject: str
    audience: str
    command: str
    args: Mapping[str, object] = field(repr=False)
    proofs: tuple[bytes, ...] = field(repr=False)
    """CIDs of delegations, the root first."""
    nonce: bytes = field(repr=False)
    expires: int | None
    issued_at: int | None
    meta: Mapping[str, object] = field(repr=False)
    data: bytes = field(repr=False)
    cid: bytes = field(repr=False)


def build_delegation(
    key: SigningKey,
    *,
    audience: str,
    subject: str | None,
    command: str,
    nonce: bytes,
    expires: int | None,
    not_before: int | None = None,
    policy: Sequence[object] = (),
    meta: Mapping[str, object] = _NOTHING,
) -> Delegation:
    """Sign a delegation. The nonce is 12 random bytes or more.

    Raises:
        BadToken: what is asked for makes no delegation, or one of more than 2 KiB.
    """
    payload: dict[str, object] = {
        "iss": did_of(key.public),
        "aud": audience,
        "sub": subject,
        "cmd": command,
        "pol": list(policy),
        "nonce": _fresh(nonce),
        "exp": expires,
    }
    if not_before is not None:
        payload["nbf"] = not_before
    if meta:
        payload["meta"] = dict(meta)
    return parse_delegation(_sign(key, _DELEGATION, payload))


def build_invocation(
    key: SigningKey,
    *,
    subject: str,
    command: str,
    args: Mapping[str, object],
    proofs: Iterable[bytes],
    nonce: bytes,
    expires: int | None = None,
    issued_at: int | None = None,
    audience: str | None = None,
    meta: Mapping[str, object] = _NOTHING,
) -> Invocation:
    """Sign an invocation that shows these delegations (their CIDs, the root first).

    Raises:
        BadToken: what is asked for makes no invocation, or one of more than 64 KiB.
    """
    payload: dict[str, object] = {
        "iss": did_of(key.public),
        "sub": subject,
        "cmd": command,
        "args": dict(args),
        "prf": [parse_cid(proof) for proof in proofs],
        "nonce": _fresh(nonce),
        "exp": expires,
    }
    if issued_at is not None:
        payload["iat"] = issued_at
    if audience is not None:
        payload["aud"] = audience
    if meta:
        payload["meta"] = dict(meta)
    return parse_invocation(_sign(key, _INVOCATION, payload))


def parse_delegation(data: bytes) -> Delegation:
    """Return the delegation that these bytes are.

    Raises:
        BadToken: anything but one well-formed delegation of a version that is known.
    """
    try:
        fields = _open(data, _DELEGATION, MAX_DELEGATION)
        subject = fields.value("sub")
        delegation = Delegation(
            issuer=_did(fields.value("iss")),
            audience=_did(fields.value("aud")),
            subject=None if subject is None else _did(subject),
            command=check_command(fields.text("cmd")),
            policy=parse_policy(fields.value("pol")),
            nonce=_nonce(fields),
            expires=fields.number_or_none("exp", -MAX_TIME, MAX_TIME),
            not_before=_optional_time(fields, "nbf"),
            meta=_optional_map(fields, "meta"),
            data=data,
            cid=cid_of_token(data).to_bytes(),
        )
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not a delegation: {error}") from error
    return delegation


def parse_invocation(data: bytes) -> Invocation:
    """Return the invocation that these bytes are.

    Raises:
        BadToken: anything but one well-formed invocation of a version that is known.
    """
    try:
        fields = _open(data, _INVOCATION, MAX_INVOCATION)
        subject = _did(fields.value("sub"))
        _check_cause(fields)
        invocation = Invocation(
            issuer=_did(fields.value("iss")),
            subject=subject,
            audience=_did(fields.value("aud")) if fields.has("aud") else subject,
            command=check_command(fields.text("cmd")),
            args=MappingProxyType(fields.mapping("args")),
            proofs=tuple(cid.to_bytes() for cid in fields.cids("prf", MAX_PROOFS)),
            nonce=_nonce(fields),
            expires=fields.number_or_none("exp", -MAX_TIME, MAX_TIME),
            issued_at=_optional_time(fields, "iat"),
            meta=_optional_map(fields, "meta"),
            data=data,
            cid=cid_of_token(data).to_bytes(),
        )
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not an invocation: {error}") from error
    return invocation


def _sign(key: SigningKey, tag: str, payload: Mapping[str, object]) -> bytes:
    try:
        signed = encode({"h": _VARSIG_ED25519, tag + _WRITTEN_VERSION: payload})
    except ValueError as error:
        raise BadToken("a token cannot hold that") from error
    return b"\x82\x58\x40" + key.sign(signed) + signed


def _open(data: bytes, tag: str, limit: int) -> Fields:
    """Check the envelope, and return the fields of the payload."""
    match items_of(decode(data, limit=limit, depth=_MAX_DEPTH)):
        case [bytes() as signature, signed] if len(signature) == SIGNATURE_SIZE:
            pass
        case _:
            raise DecodeError("a token is [signature, payload]")
    if not is_map(signed):
        raise DecodeError("a token is [signature, payload]")
    if signed.get("h") != _VARSIG_ED25519:
        raise DecodeError("a token signed in a way that is not known")
    if len(signed) == 2:  # noqa: PLR2004
        for version in _READ_VERSIONS:
            if tag + version in signed:
                return Fields(signed[tag + version], "a token")
    raise DecodeError("a token of another kind or version")


def _did(value: object) -> str:
    """Return a did:key without its fragment, which counts for nothing."""
    if not isinstance(value, str) or len(value) > _MAX_DID:
        raise DecodeError("a did that is none")
    did, _, _ = value.partition("#")
    public_of(did)
    return did


def _fresh(nonce: bytes) -> bytes:
    if len(nonce) < MIN_NONCE:
        raise BadToken("a nonce that is too short")
    return nonce


def _nonce(fields: Fields) -> bytes:
    nonce = fields.raw("nonce")
    if len(nonce) > _MAX_NONCE:
        raise DecodeError("a nonce that is too long")
    return nonce


def _check_cause(fields: Fields) -> None:
    if fields.has("cause") and not isinstance(fields.value("cause"), Cid):
        raise DecodeError("an invocation has a cause that is no link")


def _optional_time(fields: Fields, name: str) -> int | None:
    return fields.number(name, -MAX_TIME, MAX_TIME) if fields.has(name) else None


def _optional_map(fields: Fields, name: str) -> Mapping[str, object]:
    return MappingProxyType(fields.mapping(name)) if fields.has(name) else _NOTHING
