"""A small file that only this device can read, replaced as a whole and durably."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from storage.crypto.primitives import aead_open, aead_seal
from storage.errors import DecodeError, StoreFull, StoreUnusable
from storage.lasting import sync_folder
from storage.ports import Entropy

NONCE_SIZE = 12
MAX_SIZE = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_KIND = b"atoll/sealed-file/1"


class SealedFile:
    """Bytes under one name on the disk."""

    def __init__(self, path: Path, key: bytes, entropy: Entropy) -> None:
        self._path = path
        self._key = key
        self._entropy = entropy

    def load(self) -> bytes | None:
        """Return what was saved last, None when nothing was or it is damaged.

        Raises:
            StoreUnusable: the disk does not give it.
        """
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_SIZE)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnusable(f"cannot read {self._path.name}: {error.strerror}") from error
        with suppress(DecodeError, ValueError):
            return aead_open(self._key, data[NONCE_SIZE:], _KIND, data[:NONCE_SIZE])
        return None

    def save(self, plain: bytes) -> None:
        """Let the file hold these bytes; they last when this returns.

        Raises:
            StoreFull, StoreUnusable: it holds what it held.
        """
        nonce = self._entropy.take(NONCE_SIZE)
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(nonce + aead_seal(self._key, plain, _KIND, nonce))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            kind = StoreFull if error.errno in _FULL else StoreUnusable
            raise kind(f"cannot write {self._path.name}") from error
