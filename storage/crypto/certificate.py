"""A certificate for one run of the program: it hides what is said, and names nobody.

Who is there is proved inside the channel; the certificate only gives it a fingerprint. So it
has no name, no time of making, and a key that nobody else uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from storage.crypto.primitives import SEED_SIZE
from storage.ports import Entropy

_ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_PASSWORD_SIZE = 16
_SERIAL_SIZE = 16


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a TLS server shows, and the key that goes with it."""

    pem: bytes
    key_pem: bytes = field(repr=False)
    """Sealed with the password, because it must pass through a file."""
    password: bytes = field(repr=False)
    der: bytes = field(repr=False)
    """What the other end sees; its hash binds what is proved to this channel."""


def make_certificate(entropy: Entropy) -> Certificate:
    """Make a self-signed Ed25519 certificate."""
    key = Ed25519PrivateKey.from_private_bytes(entropy.take(SEED_SIZE))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "-")])
    since, until = _ALWAYS
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(entropy.take(_SERIAL_SIZE), "big") + 1)
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(key, None)
    )
    password = entropy.take(_PASSWORD_SIZE).hex().encode()
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    pem = made.public_bytes(Encoding.PEM)
    return Certificate(pem, sealed, password, made.public_bytes(Encoding.DER))
