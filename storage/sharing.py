"""Who else may use a vault: members, invites, keys for newcomers."""

from __future__ import annotations

from storage.access.roles import Role
from storage.blocks.store import Thing
from storage.facts.dots import Writer
from storage.members import Invited, Member
from storage.opened import Opened


class Sharing(Opened):
    """The door to members and invites."""

    @property
    def access(self) -> Member | None:
        """What this device may do now."""
        return self._core.members.role_of(self._core.device.did, self._core.clock.now())

    def ended(self) -> int | None:
        """Return when this device's access ended, if it did."""
        return self._core.members.ended(self._core.device.did, self._core.clock.now())

    def members(self) -> tuple[Member, ...]:
        """Return every device that may use the space now."""
        return self._core.members.all(self._core.clock.now())

    def device_name(self, writer: Writer) -> str:
        """Return what the device behind a writer is called."""
        return self._core.device_name(writer)

    def device_names(self) -> dict[str, str]:
        """Return the names that devices gave themselves here, by did:key."""
        return self._core.card_names()

    def invite(self, role: Role, until: int | None) -> Invited:
        """Make an invite.

        Raises:
            NotAllowed, AccessExpired: this device may not invite.
        """
        core = self._ready()
        core.members.proofs_to(Role.MANAGE, core.clock.now())
        return self._whole(lambda: core.members.invite(role, until, core.entropy, core.clock.now()))

    def invite_things(self, invite_id: bytes) -> tuple[Thing, ...]:
        """Return what to hand to whoever redeems an invite.

        Raises:
            NotFound: no such invite.
            BadToken, AccessExpired, NotAllowed: it is not good any more.
        """
        core = self._core
        core.members.check_invite(invite_id, core.clock.now())
        return tuple(core.members.things())

    def welcome(self) -> bool:
        """Wrap the keys to members who came by an invite; say whether there was anything to do."""
        core = self._ready()
        if not core.members.lacking_wraps(core.clock.now()):
            return False
        return self._whole(lambda: core.members.wrap_to_members(core.clock))
