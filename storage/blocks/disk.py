"""One folder of files that only ever grow: the port, and the real one.

Nothing here overwrites, truncates or renames, and a file is removed only whole, once all of
it that counts lies in another. Every trouble of the machine
becomes StoreFull or StoreUnusable. A sync that failed is never tried again: after one,
the system may call pages clean that never reached the disk.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from storage.errors import StoreFull
from storage.lasting import make_folder, sync_folder
from storage.system import in_our_words, our_error, read_all, write_all

HEADROOM: Final = 64 << 20
"""What is left free for the index: a store that fills the last byte cannot even say so."""

_MAX_OPEN: Final = 16
_READING: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_WRITING: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Disk(Protocol):
    """The few things packs ask of a file system.

    All raise StoreFull when there is no room, StoreUnusable for any other trouble.
    """

    def append(self, name: str, data: bytes) -> None:
        """Write at the end of a file, made if need be. A crash keeps some beginning of it."""
        ...

    def size(self, name: str) -> int:
        """Return how long a file is."""
        ...

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return bytes of a file: fewer than asked for only where it ends."""
        ...

    def sync(self, name: str) -> None:
        """Make what was appended to a file last."""
        ...

    def sync_folder(self) -> None:
        """Make the names of new files last."""
        ...

    def settle(self, name: str) -> None:
        """Make all that is in a file last, and let later reads come from the device."""
        ...

    def names(self) -> list[str]:
        """List the files."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file. Until the folder is synced, a crash may bring it back."""
        ...

    def close(self) -> None:
        """Let go of all files."""
        ...


class RealDisk:
    """A folder on this machine. It is made, for its owner alone, if it is not there."""

    def __init__(self, folder: Path, *, headroom: int = HEADROOM) -> None:
        self._folder = folder
        self._headroom = headroom
        self._readers: OrderedDict[str, int] = OrderedDict()
        self._writer: tuple[str, int] | None = None
        with in_our_words(f"make {folder.name}"):
            if not folder.is_dir():
                make_folder(folder)

    def append(self, name: str, data: bytes) -> None:
        """Write at the end of a file; what the system takes in parts is written in parts."""
        with in_our_words(f"write {name}"):
            writer = self._writer_of(name)
            room = os.fstatvfs(writer)
            if room.f_bavail * room.f_frsize < len(data) + self._headroom:
                raise StoreFull(f"too little room left to write {name}")
            write_all(writer, data)

    def size(self, name: str) -> int:
        """Return how long a file is."""
        with in_our_words(f"look at {name}"):
            return os.fstat(self._reader_of(name)).st_size

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return bytes of a file."""
        try:
            return read_all(self._reader_of(name), at, size)
        except OSError as error:
            raise our_error(f"read {name}", error) from error

    def sync(self, name: str) -> None:
        """Make what was appended to a file last."""
        with in_our_words(f"sync {name}"):
            os.fsync(self._writer_of(name))

    def sync_folder(self) -> None:
        """Make the names of new files last."""
        with in_our_words(f"sync {self._folder.name}"):
            sync_folder(self._folder)

    def settle(self, name: str) -> None:
        """Make all that is in a file last, and let later reads come from the device.

        An earlier run's sync may have failed and left pages that only look written.
        """
        with in_our_words(f"sync {name}"):
            reader = self._reader_of(name)
            os.fsync(reader)
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(reader, 0, 0, os.POSIX_FADV_DONTNEED)

    def names(self) -> list[str]:
        """List the files."""
        with in_our_words(f"list {self._folder.name}"):
            return sorted(path.name for path in self._folder.iterdir())

    def remove(self, name: str) -> None:
        """Remove a file; who reads from it meanwhile must not be using this."""
        reader = self._readers.pop(name, None)
        if reader is not None:
            os.close(reader)
        with in_our_words(f"remove {name}"):
            (self._folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of all files."""
        files = list(self._readers.values())
        if self._writer is not None:
            files.append(self._writer[1])
        self._readers.clear()
        self._writer = None
        for file in files:
            with suppress(OSError):  # nothing unsynced was promised
                os.close(file)

    def _writer_of(self, name: str) -> int:
        if self._writer is None or self._writer[0] != name:
            if self._writer is not None:
                os.close(self._writer[1])
                self._writer = None
            self._writer = (name, os.open(self._folder / name, _WRITING, 0o600))
        return self._writer[1]

    def _reader_of(self, name: str) -> int:
        reader = self._readers.get(name)
        if reader is None:
            if len(self._readers) >= _MAX_OPEN:
                os.close(self._readers.popitem(last=False)[1])
            reader = self._readers[name] = os.open(self._folder / name, _READING)
        else:
            self._readers.move_to_end(name)
        return reader
