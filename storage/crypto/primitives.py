"""The only door to `cryptography`: signatures, agreement, derivation, sealing, wrapping."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import DecodeError

PUBLIC_SIZE = 32
SEED_SIZE = 32
SIGNATURE_SIZE = 64
ZERO_NONCE = bytes(12)
TAG_SIZE = 16
WRAP_OVERHEAD = 48
"""How much longer an HPKE wrap is than what it holds."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class SigningKey:
    """An Ed25519 key. Prints as its public half only."""

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and self.public == other.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex()[:12]})"

    def sign(self, data: bytes) -> bytes:
        """Return the signature of data, 64 bytes; the same each time."""
        return self._key.sign(data)


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Say whether the owner of an Ed25519 key signed data. Never raises for bad bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


class AgreementKey:
    """An X25519 key. Prints as its public half only."""

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AgreementKey) and self.public == other.public

    def __hash__(self) -> int:
        return hash(self.public)

    def __repr__(self) -> str:
        return f"AgreementKey({self.public.hex()[:12]})"

    def exchange(self, public: bytes) -> bytes:
        """Return the 32 bytes that only we and the owner of public can know.

        Raises:
            DecodeError: public is no key, or one made to give everybody the same answer.
        """
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise DecodeError("not a key to agree with") from error

    def unwrap(self, info: bytes, sealed: bytes) -> bytes:
        """Return what was wrapped to this key. See `hpke_unwrap`."""
        try:
            return _SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError) as error:
            raise DecodeError("a wrap that this key does not open") from error


def hkdf(secret: bytes, info: bytes, *, salt: bytes = b"", length: int = 32) -> bytes:
    """Derive bytes for one purpose, named by info (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info).derive(secret)


def hmac256(key: bytes, data: bytes) -> bytes:
    """Return the HMAC-SHA256 of data."""
    return hmac.digest(key, data, "sha256")


def same(one: bytes, other: bytes) -> bool:
    """Compare secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


def aead_seal(key: bytes, plain: bytes, aad: bytes, nonce: bytes = ZERO_NONCE) -> bytes:
    """Seal with AES-256-GCM. A zero nonce is right only where a key seals one plaintext."""
    return AESGCM(key).encrypt(nonce, plain, aad)


def aead_open(key: bytes, sealed: bytes, aad: bytes, nonce: bytes = ZERO_NONCE) -> bytes:
    """Open what `aead_seal` sealed.

    Raises:
        DecodeError: another key, other associated data, or changed bytes.
    """
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError) as error:
        raise DecodeError("sealed bytes that do not open") from error


def hpke_wrap(public: bytes, info: bytes, plain: bytes) -> bytes:
    """Seal plain so that only the owner of an X25519 key opens it, and only with this info.

    Raises:
        DecodeError: public is no key.
    """
    try:
        return _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info=info)
    except ValueError as error:
        raise DecodeError("not a key to wrap to") from error


def hpke_unwrap(key: AgreementKey, info: bytes, sealed: bytes) -> bytes:
    """Open what `hpke_wrap` sealed.

    Raises:
        DecodeError: another key, another info, or changed bytes.
    """
    return key.unwrap(info, sealed)
