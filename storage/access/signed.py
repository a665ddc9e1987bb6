"""Signed maps of our own: canonical CBOR, signed for one purpose, the signature inside.

Epoch records and invitations are such maps. They are no UCAN tokens: those only say who may
do what, these carry secrets wrapped to who may.
"""

from __future__ import annotations

from collections.abc import Mapping

from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.codec.shape import is_map
from storage.crypto.primitives import SIGNATURE_SIZE, SigningKey, verify
from storage.errors import BadToken, DecodeError

_SIGNATURE = "sig"


def sign_map(key: SigningKey, purpose: bytes, fields: Mapping[str, object]) -> bytes:
    """Return the bytes of a map with its signature in it."""
    signature = key.sign(_signed(purpose, fields))
    return encode({**fields, _SIGNATURE: signature})


def open_map(data: bytes, what: str, limit: int) -> Fields:
    """Return the fields of a signed map; the signature was not looked at.

    Raises:
        DecodeError: not a map with a signature.
    """
    fields = Fields(decode(data, limit=limit), what)
    fields.raw(_SIGNATURE, SIGNATURE_SIZE)
    return fields


def is_signed_by(public: bytes, purpose: bytes, data: bytes, limit: int) -> bool:
    """Say whether the owner of an Ed25519 key signed this map for this purpose.

    Raises:
        BadToken: not a signed map at all.
    """
    try:
        fields = decode(data, limit=limit)
    except DecodeError as error:
        raise BadToken("not a signed map") from error
    if not is_map(fields):
        raise BadToken("not a signed map")
    signature = fields.pop(_SIGNATURE, None)
    if not isinstance(signature, bytes):
        raise BadToken("not a signed map")
    return verify(public, signature, _signed(purpose, fields))


def _signed(purpose: bytes, fields: Mapping[str, object]) -> bytes:
    return purpose + b"\0" + encode(fields)
