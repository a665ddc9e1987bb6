"""The errors that storage raises on purpose.

AtollError                       a person or a peer may meet this
└── StorageError
    ├── DecodeError              bytes are not what they claim to be
    ├── BlockNotFound            we do not hold it; a peer may
    ├── CorruptBlock             bytes do not match their address, or do not open
    ├── StoreLocked              another process has the store open
    ├── StoreFull                the disk took no more
    ├── StoreUnusable            the store cannot be read or written; what to look at is said
    ├── BackupUnusable           a backup is none, is damaged, or ends too early
    │   ├── WrongPassphrase      this passphrase does not open it
    │   └── BackupNotGood        it was opened from its place alone, and lacks something
    ├── KeysUnusable             the device's keys are missing, damaged or open to others
    ├── NotFound                 nothing of that name is here
    ├── NameTaken                something of that name is here already
    ├── Overtaken                what a change was made of has changed meanwhile
    ├── BadName                  a name that no folder may hold
    └── AccessError
        ├── BadToken             a token or invite is malformed or forged
        │   └── NewerCode        an invite was made by a newer version of the program
        ├── AccessExpired        it was good until a moment that has passed
        └── NotAllowed           the right shown does not reach that far

A bug is not an AtollError. It is whatever Python raises, and it is never caught
on the way up, except by the crash report.
"""

from __future__ import annotations

from typing import ClassVar


class AtollError(Exception):
    """Something the outside world did. `code` is stable: CLI, wire and UI use it."""

    code: ClassVar[str] = "error"


class StorageError(AtollError):
    """The store cannot do what was asked."""

    code = "storage"


class DecodeError(StorageError):
    """The bytes are not what they claim to be."""

    code = "storage.decode"


class BlockNotFound(StorageError):
    """No block is held under this address."""

    code = "storage.block-not-found"

    def __init__(self, digest: bytes) -> None:
        super().__init__(f"no block {digest.hex()[:12]}")
        self.digest = digest


class NotKept(BlockNotFound):
    """It was part of an older version that is not kept on this device any more."""

    code = "storage.not-kept"


class CorruptBlock(StorageError):
    """The bytes found under an address do not hash to it, or do not open."""

    code = "storage.corrupt-block"

    def __init__(self, digest: bytes, where: str) -> None:
        super().__init__(f"block {digest.hex()[:12]} in {where} is damaged")
        self.digest = digest
        self.where = where


class StoreLocked(StorageError):
    """Another process has this store open."""

    code = "storage.locked"


class StoreFull(StorageError):
    """The disk took no more. What was saved before is safe."""

    code = "storage.full"


class StoreUnusable(StorageError):
    """The store cannot be read or written."""

    code = "storage.unusable"


class BackupUnusable(StorageError):
    """A backup is none, is damaged, or ends too early."""

    code = "storage.backup"


class WrongPassphrase(BackupUnusable):
    """This passphrase does not open the backup."""

    code = "storage.backup.passphrase"


class BackupNotGood(BackupUnusable):
    """What was written was opened from there alone, and does not hold what it should."""

    code = "storage.backup.not-good"


class KeysUnusable(StorageError):
    """The device's keys are missing, damaged, or readable by others."""

    code = "storage.keys"


class NotFound(StorageError):
    """Nothing of that name is here."""

    code = "storage.not-found"


class NameTaken(StorageError):
    """Something of that name is here already."""

    code = "storage.name-taken"


class Overtaken(StorageError):
    """What a change was made of has changed meanwhile. Made again, it keeps what came since."""

    code = "storage.overtaken"


class BadName(StorageError):
    """A name that no folder may hold."""

    code = "storage.bad-name"


class AccessError(StorageError):
    """The right to do this was not shown."""

    code = "access"


class BadToken(AccessError):
    """A token or an invite is malformed, forged, or does not fit."""

    code = "access.bad-token"


class NewerCode(BadToken):
    """An invite was made by a newer version of the program."""

    code = "access.newer-code"


class AccessExpired(AccessError):
    """It was good until a moment that has passed."""

    code = "access.expired"

    def __init__(self, message: str, until: int) -> None:
        super().__init__(message)
        self.until = until


class NotAllowed(AccessError):
    """The right shown does not reach that far."""

    code = "access.not-allowed"
