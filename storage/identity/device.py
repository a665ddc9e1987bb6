"""A device's own keys, and the writers it writes as."""

from __future__ import annotations

from dataclasses import dataclass, field

from blake3 import blake3

from storage.crypto.primitives import SEED_SIZE, AgreementKey, SigningKey, hkdf
from storage.facts.dots import WRITER_SIZE, Writer
from storage.identity.did import did_of
from storage.ports import Entropy

_WRITER_PURPOSE = b"atoll/writer/1"


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """Who this device is. They never leave it."""

    signing: SigningKey
    agreement: AgreementKey
    storage_secret: bytes = field(repr=False)

    @property
    def did(self) -> str:
        """The device's public name."""
        return did_of(self.signing.public)

    @property
    def agreement_public(self) -> bytes:
        """The X25519 key that others wrap secrets to."""
        return self.agreement.public

    def derive(self, purpose: str) -> bytes:
        """Return 32 secret bytes for one purpose on this device, such as an index's key."""
        return hkdf(self.storage_secret, b"atoll/device/1/" + purpose.encode())


def create_device(entropy: Entropy) -> DeviceKeys:
    """Make the keys of a new device."""
    return DeviceKeys(
        SigningKey(entropy.take(SEED_SIZE)),
        AgreementKey(entropy.take(SEED_SIZE)),
        entropy.take(SEED_SIZE),
    )


def writer_of(public: bytes, incarnation: bytes) -> Writer:
    """Return who a device writes as in one incarnation of its store."""
    return Writer(blake3(_WRITER_PURPOSE + public + incarnation).digest()[:WRITER_SIZE])
