"""How a space stands: what its vault says at one moment, and how a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from app.delivering import Held, Standing, delivery_of
from app.devices import Devices
from app.folder.agreed import Agreed
from app.keep_setting import keep_word
from app.opened import OpenSpace
from app.state import SpaceRow
from app.values import Delivery, MemberInfo, Mirroring, Reach, Role, SpaceInfo
from storage.access import roles
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.keeping import Keep, Keeping
from storage.members import Member
from storage.vault import Vault

_ROLES = {
    roles.Role.VIEW: Role.VIEW,
    roles.Role.EDIT: Role.EDIT,
    roles.Role.MANAGE: Role.MANAGE,
}
_STORED = {role: stored for stored, role in _ROLES.items()}


def role_from(stored: roles.Role) -> Role:
    """Return a role as people know it."""
    return _ROLES[stored]


def role_to(role: Role) -> roles.Role:
    """Return a role as tokens know it."""
    return _STORED[role]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a vault says of its space, taken at once on its thread."""

    name: str
    role: Role
    until: int | None
    members: tuple[Member, ...]
    names: Mapping[str, str]
    standing: Standing
    entries: int
    size: int
    missing_blocks: int
    missing_files: int
    missing_bytes: int
    missing_older: int
    drafts: int
    keeping: Keeping
    here: tuple[int, int]
    """How many files are here whole, and their bytes."""


def standing_of(opened: OpenSpace, this: str, *, of_entries: bool = False) -> Standing:
    """Take what receipts and members say, also of entries if asked. On the vault's thread."""
    vault, held = opened.vault, opened.guard.counts()
    receipts = {
        did: Held(
            its.seen,
            complete=its.complete,
            keeps=Keep(its.keeps),
            lacks=_lacked(vault, its.seen) if of_entries else None,
        )
        for did, its in vault.receipts().items()
    }
    members = tuple(member.did for member in vault.members())
    ended = vault.ended() is not None
    complete, keeps = vault.is_complete(), vault.keeping.how
    return Standing(vault.seen, complete, this, members, receipts, ended, keeps, held)


def _lacked(vault: Vault, seen: Seen) -> AbstractSet[EntryId]:
    """Return the entries that were touched since, and the folders that they lie in."""
    found = level = vault.touched_since(seen)
    while level:
        level = {node.parent for node in vault.nodes(level).values()} - found
        found |= level
    return found


def tell(opened: OpenSpace, this: str) -> Told:
    """Take all that `info_of` shows. On the vault's thread."""
    vault = opened.vault
    entries, size = vault.counts()
    blocks, (files, to_come) = vault.missing_blocks(), vault.to_come()
    access = vault.access
    return Told(
        vault.name,
        Role.VIEW if access is None else role_from(access.role),
        vault.ended() if access is None else access.until,
        vault.members(),
        vault.device_names(),
        standing_of(opened, this),
        entries,
        size,
        blocks,
        files,
        to_come,
        vault.missing_older(),
        len(opened.ask_agreed(Agreed.drafts)),
        vault.keeping,
        (entries, size) if vault.keeping.is_whole else vault.amount(),
    )


def info_of(opened: OpenSpace, told: Told, devices: Devices, this: str) -> SpaceInfo:
    """Return the space as people see it. On the app's loop."""
    known = {did: devices.device(did) for did in told.standing.members}
    ways = devices.sending.ways(opened.key, told.standing.seen)
    declining = devices.refusals.declined(opened.key).by(told.standing.seen)
    delivery = delivery_of(
        told.standing, None, known, ways, here=told.standing.complete, declining=declining
    )
    return SpaceInfo(
        opened.id,
        told.name,
        opened.folder,
        told.role,
        told.until,
        told.entries,
        told.size,
        opened.mirroring,
        tuple(_members(told.members, devices, this)),
        replace(delivery, forked=devices.forked(opened.key)),
        told.drafts,
        told.missing_blocks,
        told.missing_files,
        told.missing_bytes,
        told.missing_older,
        opened.watched,
        opened.skipped,
        opened.unwritten,
        opened.why,
        keep_word(told.keeping.how),
        told.keeping.budget,
        *told.here,
    )


def info_of_shut_out(row: SpaceRow, why: str) -> SpaceInfo:
    """Return a space that could not be opened, as people see it."""
    return SpaceInfo(
        row.id,
        row.name,
        row.folder,
        Role.VIEW,
        None,
        entries=0,
        size=0,
        mirroring=Mirroring.NONE,
        members=(),
        delivery=Delivery(Reach.CANNOT, (), reason=why),
    )


def _members(members: Iterable[Member], devices: Devices, this: str) -> Iterable[MemberInfo]:
    for member in members:
        yield MemberInfo(
            member.did,
            devices.name(member.did),
            role_from(member.role),
            member.until,
            is_this=member.did == this,
        )
