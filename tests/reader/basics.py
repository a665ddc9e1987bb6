"""What FORMAT.md says of bytes: the codec, packs, seals, tokens. Pure."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

import cbor2
import zstandard
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER = b"ATOLL-PACK\n\x01"
MAX_DEPTH = 32
LINK = 42
MARK = bytes.fromhex("a7f50eb1")
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Damaged(Exception):
    """Something is not what FORMAT.md says."""


def digest(data: bytes) -> bytes:
    """Return H."""
    return blake3(data).digest()


def hkdf(secret: bytes, info: bytes, salt: bytes = b"") -> bytes:
    """Return 32 derived bytes."""
    return HKDF(SHA256(), 32, salt or None, info).derive(secret)


def aead_open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Open what was sealed once under this key."""
    return AESGCM(key).decrypt(bytes(12), sealed, aad)


def decode(data: bytes) -> Any:
    """Decode canonical CBOR, and nothing else."""
    try:
        value = cbor2.loads(data)
        plain(value)
        if encode(value) != data:
            raise Damaged("not canonical")
    except (cbor2.CBORError, RecursionError, OverflowError, AttributeError) as error:
        raise Damaged("not CBOR") from error
    return value


def encode(value: Any) -> bytes:
    """Encode canonically."""
    return cbor2.dumps(value, canonical=True)


def plain(value: Any, depth: int = 0) -> None:
    """Check that a value is one of the codec's."""
    inside: list[Any] = []
    match value:
        case None | bool() | str() | bytes():
            good = True
        case int():
            good = -(2**63) <= value < 2**63
        case list():
            good, inside = depth < MAX_DEPTH, value
        case dict():
            good, inside = depth < MAX_DEPTH, list(value.values())
            good = good and all(isinstance(key, str) for key in value)
        case cbor2.CBORTag():
            good = value.tag == LINK and isinstance(value.value, bytes) and value.value[:1] == b"\0"
        case _:
            good = False
    if not good:
        raise Damaged("a value that the codec does not have")
    for item in inside:
        plain(item, depth + 1)


def frames(data: bytes, name: str, problems: list[str]) -> Iterator[tuple[int, bytes]]:
    """Walk a pack; name what does not count, and go on at the next mark."""
    if data[:16] != HEADER + zlib.crc32(HEADER).to_bytes(4, "big"):
        problems.append(f"{name}: the header is damaged")
    at = 16
    while at < len(data):
        head = data[at : at + 45]
        size = int.from_bytes(head[5:9], "big")
        body = data[at + 45 : at + 45 + size]
        whole = head[:4] == MARK and zlib.crc32(head[:41]).to_bytes(4, "big") == head[41:]
        if whole and size <= (1 << 20) + 64 and digest(body) == head[9:41]:
            yield head[4], body
            at += 45 + size
        else:
            problems.append(f"{name}: damaged at byte {at}")
            found = data.find(MARK, at + 1)
            at = found if found > 0 else len(data)


def public_of(did: str) -> Ed25519PublicKey:
    """Return the key that a did:key spells."""
    number = 0
    for letter in did.removeprefix("did:key:z"):
        number = number * 58 + BASE58.index(letter)
    raw = number.to_bytes(34, "big")
    if raw[:2] != b"\xed\x01":
        raise Damaged("not an Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(raw[2:])


def did_of(public: bytes) -> str:
    """Spell a key as did:key."""
    number, letters = int.from_bytes(b"\xed\x01" + public, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = BASE58[digit] + letters
    return f"did:key:z{letters}"


def cid_of(token: bytes) -> bytes:
    """Return a token's name."""
    return b"\x01\x71\x12\x20" + hashlib.sha256(token).digest()


def links(value: list[Any]) -> list[bytes]:
    """Return the CIDs that a list links to."""
    return [link.value[1:] for link in value]


def token_of(data: bytes, tag: str) -> dict[str, Any]:
    """Read a token and check its signature."""
    signature, signed = decode(data)
    if set(signed) != {"h", tag} or signed["h"] != bytes.fromhex("3401ed01ed011371"):
        raise Damaged("not such a token")
    payload: dict[str, Any] = signed[tag]
    public_of(payload["iss"]).verify(signature, encode(signed))
    return payload


def unpack(packed: bytes, size: int) -> bytes:
    """Return what a chunk or a payload holds."""
    if packed[:1] == b"\1":
        if zstandard.get_frame_parameters(packed[1:]).content_size != size:
            raise Damaged("another size than it says")
        plaintext = zstandard.ZstdDecompressor().decompress(packed[1:])
    else:
        plaintext = packed[1:]
    if packed[:1] not in (b"\0", b"\1") or len(plaintext) != size:
        raise Damaged("a form that is not known")
    return plaintext
