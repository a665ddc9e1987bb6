"""Receipts: a device signs what it holds, so that "everywhere" is never a guess.

Canonical CBOR [body, signature]; body = [1, space, device public key, seen, complete, at];
Ed25519 over b"atoll/receipt/1" ‖ body bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.blocks.store import Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.codec.shape import items_of
from storage.crypto.primitives import SigningKey, verify
from storage.errors import BadToken, DecodeError
from storage.facts.dots import Seen, seen_from_cbor
from storage.identity.did import did_of

_CONTEXT = b"atoll/receipt/1"
_VERSION = 1
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a device says it holds."""

    space: bytes
    device: bytes
    """Its Ed25519 public key."""
    seen: Seen
    complete: bool
    """All content that these commits name is stored there; of a plain folder it says nothing."""
    at: int
    """What its clock said, Unix seconds: the later of two receipts has the larger `seen`."""

    @property
    def did(self) -> str:
        """The device's did:key."""
        return did_of(self.device)


def write_receipt(key: SigningKey, space: bytes, seen: Seen, at: int, *, complete: bool) -> Thing:
    """Sign what this device holds."""
    body = encode([_VERSION, space, key.public, seen.to_cbor(), complete, at])
    return Thing(Kind.RECEIPT, encode([body, key.sign(_CONTEXT + body)]))


def read_receipt(token: bytes) -> Receipt:
    """Return a receipt whose signature holds.

    Raises:
        BadToken: malformed or forged.
    """
    try:
        return _read(token)
    except DecodeError as error:
        raise BadToken("a receipt that is malformed") from error


def _read(token: bytes) -> Receipt:
    match items_of(decode(token)):
        case [bytes() as body, bytes() as signature]:
            pass
        case _:
            raise DecodeError("not a receipt")
    match items_of(decode(body)):
        case [
            int() as version,
            bytes() as space,
            bytes() as device,
            seen,
            bool() as complete,
            int() as at,
        ] if version == _VERSION and len(space) == len(device) == _KEY_SIZE:
            found = Receipt(space, device, seen_from_cbor(seen), complete, at)
        case _:
            raise DecodeError("not a receipt")
    if not verify(device, signature, _CONTEXT + body):
        raise BadToken("a receipt whose signature does not hold")
    return found
