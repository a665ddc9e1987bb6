"""Content identifiers, version 1: how a thing names another by the hash of its bytes."""

from __future__ import annotations

import hashlib
from base64 import b32decode, b32encode
from dataclasses import dataclass
from functools import lru_cache

from storage.codec.base58 import base58_from, base58_of
from storage.errors import DecodeError

RAW = 0x55
DAG_CBOR = 0x71
SHA2_256 = 0x12
BLAKE3_256 = 0x1E

_VERSION = 1
_MAX_DIGEST = 64
_FIXED_SIZES = {SHA2_256: 32, BLAKE3_256: 32}
_MAX_VARINT = 9
_MAX_TEXT = 200
_TOKEN_PREFIX = b"\x01\x71\x12\x20"


@dataclass(frozen=True, slots=True)
class Cid:
    """What kind of bytes, which hash, and the hash. Compared as a value, never as text."""

    codec: int
    hash_code: int
    digest: bytes

    def to_bytes(self) -> bytes:
        """Return the binary form, without the zero byte that a link carries."""
        head = _varint(_VERSION) + _varint(self.codec) + _varint(self.hash_code)
        return head + _varint(len(self.digest)) + self.digest

    def text(self) -> str:
        """Return the base32 spelling, `b…`, the one most programs print."""
        return "b" + b32encode(self.to_bytes()).decode().rstrip("=").lower()

    def text58(self) -> str:
        """Return the base58btc spelling, `z…`, the one the UCAN specification prints."""
        return "z" + base58_of(self.to_bytes())


def cid_of_token(data: bytes) -> Cid:
    """Return the identifier of a token: DAG-CBOR, SHA2-256, of the whole envelope."""
    return Cid(DAG_CBOR, SHA2_256, hashlib.sha256(data).digest())


def token_digest(cid: bytes) -> bytes:
    """Return the digest in a token's identifier: a record is named by the beginning of it."""
    return cid[len(_TOKEN_PREFIX) :]


def parse_cid(data: object) -> Cid:
    """Return the identifier that these bytes spell.

    Raises:
        DecodeError: not version 1, a number not in its shortest form, or a wrong length.
    """
    if not isinstance(data, bytes):
        raise DecodeError("an identifier is bytes")
    if data[:4] == _TOKEN_PREFIX and len(data) == 36:  # noqa: PLR2004  (by far the most common)
        return Cid(DAG_CBOR, SHA2_256, data[4:])
    version, at = _read_varint(data, 0)
    codec, at = _read_varint(data, at)
    hash_code, at = _read_varint(data, at)
    size, at = _read_varint(data, at)
    digest = data[at:]
    if version != _VERSION or len(digest) != size or not 0 < size <= _MAX_DIGEST:
        raise DecodeError("not an identifier of version 1")
    if _FIXED_SIZES.get(hash_code, size) != size:
        raise DecodeError("an identifier whose hash has the wrong size")
    return Cid(codec, hash_code, digest)


@lru_cache(maxsize=512)
def parse_cid_text(text: str) -> Cid:
    """Return the identifier spelled in base32 (`b…`) or base58btc (`z…`).

    Raises:
        DecodeError: another spelling, or not an identifier.
    """
    if len(text) > _MAX_TEXT:
        raise DecodeError("an identifier that is too long")
    if text[:1] == "z":
        return parse_cid(base58_from(text[1:]))
    if text[:1] != "b" or not text.isascii() or text != text.lower():
        raise DecodeError("an identifier in a spelling that is not known")
    body = text[1:].upper()
    try:
        data = b32decode(body + "=" * (-len(body) % 8))
    except ValueError as error:
        raise DecodeError("an identifier that is no base32") from error
    cid = parse_cid(data)
    if cid.text() != text:  # else unused bits could hide in the last letter
        raise DecodeError("an identifier that is no base32")
    return cid


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for step, byte in enumerate(data[at : at + _MAX_VARINT]):
        number |= (byte & 0x7F) << 7 * step
        if byte < 0x80:  # noqa: PLR2004
            if byte == 0 and step:
                raise DecodeError("an identifier with a number in a long form")
            return number, at + step + 1
    raise DecodeError("an identifier that is cut off")
