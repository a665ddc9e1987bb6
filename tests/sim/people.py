"""Devices that know each other, for tests of sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.blocks.store import Thing
from storage.crypto.primitives import hkdf
from storage.errors import NotAllowed
from storage.identity.device import DeviceKeys, create_device
from storage.ports import Entropy
from sync.ports import Card, InviteKey


@dataclass
class FakeKnown:
    """Who one device is, and whom it knows."""

    keys: DeviceKeys
    name: str
    pairs: dict[str, bytes] = field(default_factory=dict)
    given: dict[bytes, InviteKey] = field(default_factory=dict)
    invitations: dict[bytes, Sequence[Thing]] = field(default_factory=dict)
    last: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    banned: set[tuple[str, bytes]] = field(default_factory=set)

    @property
    def did(self) -> str:
        """This device."""
        return self.keys.did

    def card(self) -> Card:
        """Who we are."""
        return Card(self.keys.did, self.keys.agreement_public, self.name)

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return self.keys.signing.sign(message)

    def pair_keys(self) -> Mapping[str, bytes]:
        """Whom we know."""
        return self.pairs

    def invites(self) -> Iterable[InviteKey]:
        """What we gave."""
        return self.given.values()

    def admits(self, did: str, space: bytes) -> bool:
        """Everyone not banned."""
        return (did, space) not in self.banned

    def addresses(self, did: str) -> Sequence[tuple[str, int]]:
        """Where it was met."""
        return self.last.get(did, ())

    async def redeem(self, invite: bytes, card: Card) -> Sequence[Thing]:
        """Give what was promised."""
        if invite not in self.invitations:
            raise NotAllowed("no such invite")
        self.meet(card)
        return self.invitations[invite]

    def meet(self, card: Card) -> None:
        """Know a device from now on."""
        secret = self.keys.agreement.exchange(card.agreement_public)
        self.pairs[card.did] = hkdf(secret, b"atoll/pair/1")


def strangers(entropy: Entropy, *names: str) -> list[FakeKnown]:
    """Make devices that do not know each other."""
    return [FakeKnown(create_device(entropy), name) for name in names]


def friends(entropy: Entropy, *names: str) -> list[FakeKnown]:
    """Make devices that all know each other."""
    made = strangers(entropy, *names)
    for one in made:
        for other in made:
            if one is not other:
                one.meet(other.card())
    return made
