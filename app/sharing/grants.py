"""Giving access: a code that lets somebody in, and the file that works while we are away."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from app.accounts import Account
from app.devices import Devices
from app.errors import BadUsage
from app.opened import OpenSpace
from app.spaces import Spaces
from app.standing import role_from, role_to
from app.state import Address, InviteRow
from app.values import InviteInfo, Role
from storage.access.invite import (
    MAX_HINTS,
    InviteCode,
    code_from_text,
    fitting,
    handover_bytes,
    handover_from,
)
from storage.blocks.store import Thing
from storage.errors import NotFound
from storage.facts.dots import Seen
from storage.ports import Clock
from storage.vault import Vault

HANDOVER_BUDGET = 8 << 20
"""Bytes of history and small files that a hand-over file carries, so that it shows something."""
MAX_PORT = 65_535


class Grants:
    """Makes codes, and says what codes offer."""

    def __init__(self, account: Account, devices: Devices, spaces: Spaces, clock: Clock) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces
        self._clock = clock

    async def share(
        self, space: str, role: Role, until: int | None, hints: Sequence[Address]
    ) -> InviteInfo:
        """Make a code that gives access.

        Raises:
            NotAllowed: we may not give that.
            BadUsage: `until` has passed.
        """
        if until is not None and until <= self._clock.now():
            raise BadUsage("the end of the access has passed already")
        opened = self._spaces.get(space).opened
        invited = await opened.run(lambda vault: vault.invite(role_to(role), until))
        self._spaces.committed(opened)
        code = InviteCode(
            role_to(role),
            self._account.keys.signing.public,
            opened.key,
            invited.secret.secret,
            until,
            fitting(await opened.run(lambda vault: vault.name)),
            fitting(self._account.name),
            tuple(hints[:MAX_HINTS]),
        )
        row = InviteRow(code.keys.id, space, code.text(), until)
        await self._account.state.put_invite(row)
        self._devices.gave(row.code, until)
        return info_of_code(code)

    async def file(self, text: str) -> bytes:
        """Return the hand-over file for a code made here.

        Raises:
            BadToken: no code. NotFound: it was made elsewhere.
        """
        code = code_from_text(text)
        if code.keys.id not in self._account.state.invites:
            raise NotFound("this code was not made on this device")
        opened = self._spaces.get(code.space.hex()).opened
        things = await opened.run(
            lambda vault: _all_for(vault, opened.guard.outward(), code.keys.id)
        )
        return handover_bytes(code, [(int(thing.kind), thing.data) for thing in things])

    async def invitation(self, space: str, invite: bytes) -> Sequence[Thing]:
        """Return what an invite promises, for somebody who proved to have its code."""
        opened: OpenSpace = self._spaces.get(space).opened
        return await opened.run(lambda vault: vault.invite_things(invite))


def _all_for(vault: Vault, upto: Seen | None, invite: bytes) -> list[Thing]:
    things = list(vault.invite_things(invite))
    had = {thing.digest for thing in things}
    parcel = vault.things_after(Seen(), vault.auth, HANDOVER_BUDGET, upto)
    return things + [thing for thing in parcel.things if thing.digest not in had]


def info_of_code(code: InviteCode) -> InviteInfo:
    """Return what a code offers, as people read it."""
    return InviteInfo(
        code.text(),
        code.name,
        code.by,
        role_from(code.role),
        code.until,
        tuple(f"{host}:{port}" for host, port in code.hints),
    )


def read_invite(given: str | bytes, now: float) -> InviteInfo:
    """Say what a code or a hand-over file offers.

    Raises:
        BadToken, AccessExpired: it is damaged, or its time is over.
    """
    code = code_from_text(given) if isinstance(given, str) else handover_from(given)[0]
    code.check_time(now)
    return info_of_code(code)


def address_of(text: str) -> Address:
    """Return HOST:PORT as an address.

    Raises:
        BadUsage: it is none.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise BadUsage("an address is HOST:PORT, like 192.168.1.20:4242")
    return host.strip("[]"), int(port)


def hint_of(text: str) -> Address:
    """Return an address as a code can carry it: an IPv4 address and a port.

    Raises:
        BadUsage: it is none.
    """
    host, port = address_of(text)
    try:
        return str(IPv4Address(host)), port
    except ValueError as error:
        raise BadUsage("a code can only carry addresses like 192.168.1.20:4242") from error
