"""A small cast for tests of access: dice that can be replayed, devices, and a space."""

from __future__ import annotations

from blake3 import blake3

from storage.access.grants import role_grant, root_grant
from storage.access.invite import InviteSecret
from storage.access.roles import Role
from storage.access.token import Delegation
from storage.crypto.primitives import SigningKey
from storage.identity.device import DeviceKeys, create_device

NOW = 1_790_000_000
LATER = NOW + 1000


class Dice:
    """Bytes that look random and are the same in each run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed.encode()
        self._rolls = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        self._rolls += 1
        return blake3(self._seed + self._rolls.to_bytes(4)).digest(length=size)


def device(name: str) -> DeviceKeys:
    """Return a device that is always the same."""
    return create_device(Dice(name))


class Cast:
    """A space, its owner, and who else a test wants."""

    def __init__(self) -> None:
        self.dice = Dice("cast")
        self.space = SigningKey(self.dice.take(32))
        self.owner = device("owner")
        self.held: dict[bytes, Delegation] = {}
        self.root = self.hold(
            root_grant(
                self.space, self.owner.signing.public, self.owner.agreement_public, self.dice
            )
        )

    def hold(self, delegation: Delegation) -> Delegation:
        """Remember a delegation."""
        self.held[delegation.cid] = delegation
        return delegation

    def give(
        self,
        giver: DeviceKeys | InviteSecret,
        to: DeviceKeys | InviteSecret,
        role: Role,
        until: int | None = None,
    ) -> Delegation:
        """Let one give a role to another."""
        return self.hold(
            role_grant(
                giver.signing,
                audience=to.signing.public,
                space=self.space.public,
                role=role,
                until=until,
                entropy=self.dice,
                agreement=to.agreement.public,
            )
        )
