r"""What a backup says of itself: which packs of which spaces, and the device's keys, sealed.

    envelope = "ATOLL-BACKUP-1\n" ‖ how the key is made (28 B) ‖ aead(key, table, all before it)
    table    = {v 1, at, name, keys (96 B), memory, spaces: [space, …]}
    space    = [public key, name, folder, root link, seen, [[number, file, at, size], …]]

The key is made from the passphrase and a salt of this one envelope, so it seals nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.codec.shape import items_of
from storage.crypto.link import Link, link_from
from storage.crypto.passphrase import SIZE, slowness_from, slowness_of
from storage.crypto.primitives import AgreementKey, SigningKey, aead_open, aead_seal
from storage.errors import BackupUnusable, DecodeError, WrongPassphrase
from storage.facts.dots import Seen, seen_from_cbor
from storage.identity.device import DeviceKeys

MAGIC: Final = b"ATOLL-BACKUP-1\n"
MAX_ENVELOPE: Final = 64 << 20
_HEAD: Final = len(MAGIC) + SIZE
_KEY: Final = 32
_MAX_NUMBER: Final = 10**12
_MAX_SIZE: Final = 1 << 50
FILE_NAME: Final = re.compile(r"[0-9a-f]{64}/[0-9]{6,12}-[0-9]{1,6}\.pack\Z")


@dataclass(frozen=True, slots=True)
class Member:
    """Where the beginning of a pack lies in a backup."""

    number: int
    file: str
    """In a folder; empty in a backup that is one file."""
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class SpaceKept:
    """One space in a backup."""

    space: bytes
    name: str
    folder: str
    """Where its plain folder lay: a remark for whoever restores it."""
    root: Link
    seen: Seen
    packs: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All that a backup says of itself."""

    at: int
    name: str
    """What the device is called."""
    keys: DeviceKeys = field(repr=False)
    memory: bytes = field(repr=False)
    """What the device remembers besides; whoever restores it knows its form."""
    spaces: tuple[SpaceKept, ...]


def seal_table(table: Table, passphrase: str, salt: bytes) -> bytes:
    """Return the envelope that only the passphrase opens."""
    slowness = slowness_of(salt)
    head = MAGIC + slowness.to_bytes()
    return head + aead_seal(slowness.key(passphrase), encode(_to_cbor(table)), head)


def open_table(envelope: bytes, passphrase: str) -> Table:
    """Open an envelope.

    Raises:
        BackupUnusable: it is none, or damaged.
        WrongPassphrase: this passphrase does not open it; or it is damaged inside.
    """
    if not envelope.startswith(MAGIC):
        raise BackupUnusable("this is no backup of Atoll, or of a newer one")
    head, sealed = envelope[:_HEAD], envelope[_HEAD:]
    try:
        key = slowness_from(head[len(MAGIC) :]).key(passphrase)
    except DecodeError as error:
        raise BackupUnusable(f"its beginning is damaged: {error}") from error
    try:
        plain = aead_open(key, sealed, head)
    except DecodeError as error:
        raise WrongPassphrase("this passphrase does not open the backup") from error
    try:
        return _from_cbor(plain)
    except (DecodeError, ValueError) as error:
        raise BackupUnusable(f"its table is malformed: {error}") from error


def _to_cbor(table: Table) -> dict[str, object]:
    keys = table.keys
    return {
        "v": 1,
        "at": table.at,
        "name": table.name,
        "keys": keys.signing.seed + keys.agreement.seed + keys.storage_secret,
        "memory": table.memory,
        "spaces": [
            [
                kept.space,
                kept.name,
                kept.folder,
                kept.root.to_bytes(),
                kept.seen.to_cbor(),
                [[pack.number, pack.file, pack.at, pack.size] for pack in kept.packs],
            ]
            for kept in table.spaces
        ],
    }


def _from_cbor(plain: bytes) -> Table:
    fields = Fields(decode(plain, limit=MAX_ENVELOPE), "the table of a backup")
    if fields.number("v") != 1:
        raise DecodeError("another version")
    at, name = fields.number("at"), fields.text("name")
    secrets = fields.raw("keys", 3 * _KEY)
    memory = fields.raw("memory")
    spaces = tuple(_space(each) for each in fields.items("spaces"))
    fields.end()
    signing, agreement, storage = (secrets[at : at + _KEY] for at in range(0, 3 * _KEY, _KEY))
    keys = DeviceKeys(SigningKey(signing), AgreementKey(agreement), storage)
    if len({kept.space for kept in spaces}) != len(spaces):
        raise DecodeError("a space twice")
    return Table(at, name, keys, memory, spaces)


def _space(value: object) -> SpaceKept:
    match items_of(value):
        case [bytes() as space, str() as name, str() as folder, bytes() as root, seen, packs]:
            if len(space) != _KEY:
                raise DecodeError("a space that is none")
            members = tuple(_member(each) for each in items_of(packs))
            _check_members(members)
            return SpaceKept(space, name, folder, link_from(root), seen_from_cbor(seen), members)
        case _:
            raise DecodeError("a space that is malformed")


def _member(value: object) -> Member:
    match items_of(value):
        case [int() as number, str() as file, int() as at, int() as size]:
            if not (1 <= number < _MAX_NUMBER and 0 <= at < _MAX_SIZE and 0 <= size < _MAX_SIZE):
                raise DecodeError("a pack that cannot be")
            if file and not FILE_NAME.match(file):
                raise DecodeError("a pack under a name that none has")
            return Member(number, file, at, size)
        case _:
            raise DecodeError("a pack that is malformed")


def _check_members(members: Iterable[Member]) -> None:
    numbers = [member.number for member in members]
    if numbers != sorted(set(numbers)):
        raise DecodeError("packs out of order")
