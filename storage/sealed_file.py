"""A small file that only this device can read, replaced as a whole and durably."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from storage.crypto.primitives import aead_open, aead_seal
from storage.errors import DecodeError
from storage.lasting import replace_file
from storage.ports import Entropy
from storage.system import in_our_words, our_error

NONCE_SIZE = 12
MAX_SIZE = 1 << 20
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
            raise our_error(f"read {self._path.name}", error) from error
        with suppress(DecodeError, ValueError):
            return aead_open(self._key, data[NONCE_SIZE:], _KIND, data[:NONCE_SIZE])
        return None

    def save(self, plain: bytes) -> None:
        """Let the file hold these bytes; they last when this returns.

        Raises:
            StoreFull, StoreUnusable: it holds what it held.
        """
        nonce = self._entropy.take(NONCE_SIZE)
        sealed = nonce + aead_seal(self._key, plain, _KIND, nonce)
        with in_our_words(f"write {self._path.name}"):
            replace_file(self._path, sealed)
