"""The file that holds a device's keys: one small CBOR map that only its owner can read.

It is written beside itself and renamed, so there is the whole file or none. `kdf` says how
the secrets inside are protected: "none" now, so the disk's own protection counts; a
passphrase later.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from blake3 import blake3

from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.crypto.primitives import SEED_SIZE, AgreementKey, SigningKey
from storage.errors import DecodeError, KeysUnusable
from storage.identity.device import DeviceKeys
from storage.lasting import replace_file

_VERSION = 1
_MAGIC = "atoll keys"
_NO_KDF = "none"
_MAX_SIZE = 4096
_SUM_SIZE = 16
_OTHERS = 0o077


def save(path: Path, keys: DeviceKeys) -> None:
    """Write the keys to path, durably, readable by their owner alone.

    Raises:
        KeysUnusable: the file could not be written; what stood there before is unharmed.
    """
    try:
        replace_file(path, keyfile_bytes(keys))
    except OSError as error:
        raise KeysUnusable(f"the key file {path} could not be written: {error.strerror}") from error


def load(path: Path) -> DeviceKeys:
    """Read the keys from path.

    Raises:
        KeysUnusable: missing, open to others, another user's, damaged, or of a newer version.
    """
    try:
        data = _read(path)
    except FileNotFoundError as error:
        raise KeysUnusable(f"there is no key file {path}") from error
    except OSError as error:
        raise KeysUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
    return keys_from(data, str(path))


def keyfile_bytes(keys: DeviceKeys) -> bytes:
    """Return what a key file holds."""
    secrets = keys.signing.seed + keys.agreement.seed + keys.storage_secret
    return encode(
        {
            "atoll": _MAGIC,
            "v": _VERSION,
            "kdf": _NO_KDF,
            "keys": secrets,
            "sum": blake3(secrets).digest()[:_SUM_SIZE],
        }
    )


def keys_from(data: bytes, where: str) -> DeviceKeys:
    """Return the keys that `keyfile_bytes` wrote; `where` is said when it cannot be.

    Raises:
        KeysUnusable: damaged, or of a newer version.
    """
    try:
        fields = Fields(decode(data, limit=_MAX_SIZE), "a key file")
        magic, version, kdf = fields.text("atoll"), fields.number("v"), fields.text("kdf")
        if magic == _MAGIC and (version != _VERSION or kdf != _NO_KDF):
            raise KeysUnusable(f"the key file {where} was written by a newer Atoll")
        secrets, total = fields.raw("keys", 3 * SEED_SIZE), fields.raw("sum", _SUM_SIZE)
        fields.end()
    except DecodeError as error:
        raise KeysUnusable(f"the key file {where} is damaged") from error
    if magic != _MAGIC or blake3(secrets).digest()[:_SUM_SIZE] != total:
        raise KeysUnusable(f"the key file {where} is damaged")
    signing, agreement, storage = (
        secrets[at : at + SEED_SIZE] for at in range(0, 3 * SEED_SIZE, SEED_SIZE)
    )
    return DeviceKeys(SigningKey(signing), AgreementKey(agreement), storage)


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.open(path, flags)
    try:
        _check_owner(path, os.fstat(file))
        return os.read(file, _MAX_SIZE + 1)
    finally:
        os.close(file)


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeysUnusable(f"the key file {path} is not a plain file")
    if sys.platform == "win32":  # rights are kept elsewhere there; the profile folder is private
        return
    if status.st_uid != os.geteuid():
        raise KeysUnusable(f"the key file {path} belongs to another user")
    if status.st_mode & _OTHERS:
        raise KeysUnusable(f"the key file {path} can be read by others; run: chmod 600 '{path}'")
