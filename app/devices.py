"""The devices that we know: who they are, where they were met, and how we prove ourselves.

What sync asks about people is answered here, at once and from memory: pair keys come from
the members of all spaces, invites from what this device gave.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from app.accounts import Account
from app.refusals import Refusals
from app.sending import Sending
from app.state import MAX_ADDRESSES, Address, Admitted, DeviceRow
from app.values import DeviceInfo
from storage.access.invite import code_from_text
from storage.blocks.store import Thing
from storage.crypto.primitives import hkdf
from storage.errors import AccessExpired, AtollError, NotAllowed
from storage.members import Member
from storage.ports import Clock
from sync.ports import Card, InviteKey

_PAIR = b"atoll/pair/1"
Invitation = Callable[[str, bytes], Awaitable[Sequence[Thing]]]
"""Returns the things that an invite to a space promises."""
REMEMBERED = 30 * 24 * 3600
"""Seconds for which who comes with an invite that ended is told that, and not 'unknown'."""


class Devices:
    """Knows the others. Lives on the app's loop."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._state = account.state
        self._clock = clock
        self.changed: Callable[[], None] | None = None
        """Hears that whom we know, or what we gave, changed."""
        self.invitation: Invitation = _none_given
        """Set once there are spaces to invite to."""
        self._members: dict[bytes, dict[str, Member]] = {}
        self._names: dict[str, str] = {}
        """What devices call themselves in the spaces."""
        self._pair_keys: dict[str, bytes] = {}
        self._agreements: dict[str, bytes] = {}
        self._near: dict[str, str] = {}
        self.sending = Sending()
        self.refusals = Refusals()
        """How far those near are with what we send."""
        self._invites: dict[bytes, tuple[InviteKey, int | None]] = {}
        for row in self._state.devices.values():
            self._learn(row.did, row.agreement)
        for invite in self._state.invites.values():
            self.gave(invite.code, invite.until)

    # -- what sync asks ------------------------------------------------------------------
    def card(self) -> Card:
        """Return who we are."""
        keys = self._account.keys
        return Card(keys.did, keys.agreement_public, self._account.name)

    def sign(self, message: bytes) -> bytes:
        """Sign with this device's key."""
        return self._account.keys.signing.sign(message)

    def pair_keys(self) -> Mapping[str, bytes]:
        """Return what each device that we know shares with us alone."""
        return self._pair_keys

    def invites(self) -> Iterable[InviteKey]:
        """Return the invites that we gave; also those that just ended, so that we can say so."""
        then = self._clock.now() - REMEMBERED
        return [key for key, until in self._invites.values() if _is_good(until, then)]

    def admits(self, did: str, space: bytes) -> bool:
        """Say whether that device may have what is in that space."""
        now = self._clock.now()
        member = self._members.get(space, {}).get(did)
        if member is not None and not _is_over(member, now):
            return True
        admitted = self._state.admitted.get((did, space.hex()))
        return admitted is not None and _is_good(admitted.until, now)

    def addresses(self, did: str) -> Sequence[Address]:
        """Return where that device was met, last first."""
        row = self._state.devices.get(did)
        return () if row is None else row.addresses

    async def redeem(self, invite: bytes, card: Card) -> Sequence[Thing]:
        """Return what an invite of ours promises, and let its bearer in from now on.

        Raises:
            AccessExpired: its time is over.
            NotAllowed: it is none of ours.
        """
        row = self._state.invites.get(invite)
        if row is None:
            raise NotAllowed("this invite was not given here")
        if not _is_good(row.until, self._clock.now()):
            raise AccessExpired("this invite has ended", row.until or 0)
        things = await self.invitation(row.space, invite)
        await self._state.admit(Admitted(card.did, row.space, row.until))
        await self.met(card, None)
        return things

    # -- what we learn -------------------------------------------------------------------
    def gave(self, code: str, until: int | None) -> None:
        """An invite of ours is out."""
        try:
            found = code_from_text(code)
        except AtollError:
            return  # written by a newer version; its joiners will be told that it is unknown
        key = InviteKey(found.keys.id, found.keys.mac, found.space)
        self._invites[found.keys.id] = (key, until)
        self._tell()

    def members_of(self, space: bytes, members: Sequence[Member], names: Mapping[str, str]) -> None:
        """A space says who its members are, and what they call themselves there."""
        self._names.update(names)
        known = self._members.get(space, {})
        self._members[space] = {member.did: member for member in members}
        if known.keys() != self._members[space].keys():
            self._tell()
        for member in members:
            if member.agreement_public is not None:
                self._learn(member.did, member.agreement_public)

    def members(self, space: bytes) -> tuple[str, ...]:
        """Return the devices that may use a space, as far as was said."""
        return tuple(self._members.get(space, ()))

    def lapsed(self) -> frozenset[bytes]:
        """Return the spaces where somebody's access ended since their members were heard of."""
        now = self._clock.now()
        found = frozenset(
            space
            for space, members in self._members.items()
            if any(_is_over(member, now) for member in members.values())
        )
        if found:
            self._tell()  # nothing more is given to them from now on
        return found

    def forget_space(self, space: bytes) -> None:
        """A space is here no more."""
        self._members.pop(space, None)
        self.sending.forget(space)
        self.refusals.forget(space)

    async def met(self, card: Card, address: Address | None) -> None:
        """A device proved who it is; an address is kept when it can be dialled."""
        self._learn(card.did, card.agreement_public)
        before = self._state.devices.get(card.did)
        addresses = before.addresses if before is not None else ()
        if address is not None:
            others = tuple(known for known in addresses if known != address)
            addresses = (address, *others)[:MAX_ADDRESSES]
        name = card.name or (before.name if before is not None else "")
        await self._state.put_device(
            DeviceRow(card.did, name, card.agreement_public, addresses, self._clock.now())
        )

    def near(self, did: str, address: str) -> None:
        """A conversation with a device is open."""
        self._near[did] = address

    async def gone(self, did: str) -> None:
        """The conversation with a device ended."""
        self._near.pop(did, None)
        self.sending.gone(did)
        self.refusals.gone(did)
        row = self._state.devices.get(did)
        if row is not None:
            await self._state.put_device(replace(row, seen=self._clock.now()))

    # -- what people see -----------------------------------------------------------------
    def forked(self, space: bytes) -> tuple[str, ...]:
        """Return the names of devices of which two histories of a space are about."""
        return tuple(self.name(did) for did in self.refusals.forked(space))

    def name(self, did: str) -> str:
        """Return what a device is called."""
        if did == self._account.did:
            return self._account.name
        row = self._state.devices.get(did)
        if row is not None and row.name:
            return row.name
        return self._names.get(did) or f"device {did[-4:]}"

    def device(self, did: str) -> DeviceInfo:
        """Return a device as it stands."""
        row = self._state.devices.get(did)
        is_this = did == self._account.did
        return DeviceInfo(
            did,
            self.name(did),
            is_this=is_this,
            near=is_this or did in self._near,
            last_seen=None if row is None or is_this else row.seen,
            address=self._near.get(did, ""),
        )

    def all(self) -> tuple[DeviceInfo, ...]:
        """Return this device first, then the others by name."""
        others = {did for members in self._members.values() for did in members}
        others |= set(self._state.devices)
        others.discard(self._account.did)
        found = sorted((self.device(did) for did in others), key=lambda device: device.name)
        return (self.device(self._account.did), *found)

    def near_now(self) -> frozenset[str]:
        """Return the devices with which a conversation is open."""
        return frozenset(self._near)

    def _learn(self, did: str, agreement: bytes) -> None:
        if did == self._account.did or self._agreements.get(did) == agreement:
            return
        shared = self._account.keys.agreement.exchange(agreement)
        self._agreements[did] = agreement
        self._pair_keys[did] = hkdf(shared, _PAIR)
        self._tell()

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()


def _is_over(member: Member, now: float) -> bool:
    """Say so as the vault does: to the very end it is good."""
    return member.until is not None and now > member.until


def _is_good(until: int | None, now: float) -> bool:
    return until is None or until > now


async def _none_given(space: str, invite: bytes) -> Sequence[Thing]:
    raise NotAllowed(f"no invite {invite.hex()} to {space} was given here")
