r"""Where backups lie: a folder that grows with each, or one file that is written anew.

    folder: atoll-backup                    the envelope in force
            packs/<space, hex>/000001-1.pack   the beginning of a pack, of the first making
    file:   "ATOLL-BACKUP-FILE-1\n" ‖ packs, one after the other ‖ envelope
            ‖ where the envelope begins u64 ‖ its length u64 ‖ its BLAKE3, 16 B ‖ "ATOLLEND"

What is in force is never written over: files of a folder only get longer than the envelope says,
and the envelope, or the whole file, is put in its place by one rename, once it was proved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final, Protocol

from storage.backup.table import MAX_ENVELOPE, Member
from storage.crypto.sealed import address
from storage.errors import BackupUnusable, StoreUnusable
from storage.lasting import make_folder, sync_folder
from storage.system import in_our_words, read_all

ENVELOPE: Final = "atoll-backup"
PACKS: Final = "packs"
NEW: Final = ".part"
FILE_MAGIC: Final = b"ATOLL-BACKUP-FILE-1\n"
PIECE: Final = 4 << 20
_MAX_OPEN: Final = 16
_END: Final = b"ATOLLEND"
_TAIL: Final = Struct(">QQ16s8s")
_READING: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_WRITING: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

ReadAt = Callable[[int, int], bytes]
"""Returns bytes of a pack: where from, how many."""


def holds_backup(folder: Path) -> bool:
    """Say whether a backup lies in a folder already.

    Raises:
        StoreUnusable: it cannot be looked at.
    """
    with in_our_words(f"look at {folder}"):
        return (folder / ENVELOPE).is_file()


class Target(Protocol):
    """Where a backup is written to. Nothing of it is in force until `publish`."""

    def put(self, space: bytes, number: int, size: int, old: Member | None, read: ReadAt) -> Member:
        """Write the beginning of a pack; what `old` holds of it already is not written again."""
        ...

    def finish(self, envelope: bytes) -> Source:
        """Write the envelope, durably, and open what was written as whoever restores it does."""
        ...

    def publish(self, members: Iterable[Member]) -> None:
        """Let it be in force. Of a folder all that is not named by it goes."""
        ...

    def give_up(self) -> None:
        """Take away what was written and is not in force."""
        ...


class Source:
    """A backup that is read: its envelope, and parts of its files."""

    def __init__(self, envelope: bytes, open_file: Callable[[str], int]) -> None:
        self.envelope = envelope
        self._open_file = open_file
        self._files: dict[str, int] = {}

    def read(self, member: Member, at: int, size: int) -> bytes:
        """Return bytes of a pack, fewer where it ends or the backup does."""
        size = min(size, member.size - at)
        if size <= 0:
            return b""
        with in_our_words("read the backup"):
            if member.file not in self._files:
                if len(self._files) >= _MAX_OPEN:
                    self.close()
                self._files[member.file] = self._open_file(member.file)
            return read_all(self._files[member.file], member.at + at, size)

    def close(self) -> None:
        """Let go of all files."""
        files, self._files = list(self._files.values()), {}
        for file in files:
            with suppress(OSError):
                os.close(file)


class BackupDisk:
    """The packs of one space in a backup, for whoever reads packs."""

    def __init__(self, source: Source, members: Iterable[Member]) -> None:
        self._source = source
        self._members = {f"{member.number:06}.pack": member for member in members}

    def append(self, name: str, data: bytes) -> None:
        """Refuse."""
        del data
        raise StoreUnusable(f"{name} lies in a backup")

    def size(self, name: str) -> int:
        """Return how long a pack is, as the backup says."""
        return self._members[name].size

    def read(self, name: str, at: int, size: int) -> bytes:
        """Return bytes of a pack."""
        return self._source.read(self._members[name], at, size)

    def sync(self, name: str) -> None:
        """Refuse: nothing was written."""
        raise StoreUnusable(f"{name} lies in a backup")

    def sync_folder(self) -> None:
        """Do nothing: nothing was written."""

    def settle(self, name: str) -> None:
        """Do nothing: it was synced when it was written."""

    def names(self) -> list[str]:
        """List the packs."""
        return sorted(self._members)

    def remove(self, name: str) -> None:
        """Refuse."""
        raise StoreUnusable(f"{name} lies in a backup")

    def close(self) -> None:
        """The source is closed by whoever opened it."""


class FolderTarget:
    """A folder that holds one backup, and grows with the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with in_our_words("look at the place"):
            self._made = not folder.exists()
        self._new: list[Path] = []

    def put(self, space: bytes, number: int, size: int, old: Member | None, read: ReadAt) -> Member:
        """Write the beginning of a pack, at the end of what is there of it."""
        file, begin = self._place_of(space, number, size, old, read)
        path = self._folder / PACKS / file
        with in_our_words("write the backup"):
            make_folder(path.parent)
            if not begin:
                self._new.append(path)
            if begin < size or not begin:
                _write_at(path, begin, _pieces(read, begin, size), sync_name=not begin)
        return Member(number, file, 0, size)

    def finish(self, envelope: bytes) -> Source:
        """Write the envelope beside the one in force."""
        path = self._folder / (ENVELOPE + NEW)
        with in_our_words("write the backup"):
            make_folder(self._folder)
            path.unlink(missing_ok=True)
            _write_at(path, 0, [envelope], sync_name=True)
        return open_folder(self._folder, new=True)

    def publish(self, members: Iterable[Member]) -> None:
        """Let the new envelope be in force; then what none names goes."""
        with in_our_words("write the backup"):
            (self._folder / (ENVELOPE + NEW)).replace(self._folder / ENVELOPE)
            sync_folder(self._folder)
        named = {member.file for member in members}
        with suppress(OSError):  # a file too many harms nothing
            for path in (self._folder / PACKS).glob("*/*.pack"):
                if path.relative_to(self._folder / PACKS).as_posix() not in named:
                    path.unlink()

    def give_up(self) -> None:
        """Take away what no envelope in force names."""
        with suppress(OSError):
            (self._folder / (ENVELOPE + NEW)).unlink(missing_ok=True)
            for path in self._new:
                path.unlink(missing_ok=True)
            for folder in (*{path.parent for path in self._new}, self._folder / PACKS):
                with suppress(OSError):
                    folder.rmdir()
            if self._made:
                self._folder.rmdir()

    def _place_of(
        self, space: bytes, number: int, size: int, old: Member | None, read: ReadAt
    ) -> tuple[str, int]:
        """Return the file of a pack, and how much of it is there already."""
        if old is not None and old.size <= size and self._is_same(old, read):
            return old.file, old.size
        begin = f"{space.hex()}/{number:06}-"
        there = (self._folder / PACKS).glob(f"{begin}*.pack")
        taken = [int(path.stem.rpartition("-")[2]) for path in there]
        return f"{begin}{max(taken, default=0) + 1}.pack", 0

    def _is_same(self, old: Member, read: ReadAt) -> bool:
        """Compare both ends of what is there with the pack; the rest is proved afterwards."""
        try:
            file = os.open(self._folder / PACKS / old.file, _READING)
        except OSError:
            return False
        try:
            last = max(0, old.size - (64 << 10))
            return all(
                read_all(file, at, min(64 << 10, old.size - at))
                == read(at, min(64 << 10, old.size - at))
                for at in (0, last)
            )
        except OSError:
            return False
        finally:
            os.close(file)


class FileTarget:
    """One file, written beside the one that it replaces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + NEW)
        self._at = len(FILE_MAGIC)
        with in_our_words("write the backup"):
            self._part.unlink(missing_ok=True)
            _write_at(self._part, 0, [FILE_MAGIC], sync_name=False)

    def put(self, space: bytes, number: int, size: int, old: Member | None, read: ReadAt) -> Member:
        """Write the beginning of a pack."""
        del space, old
        begin, self._at = self._at, self._at + size
        with in_our_words("write the backup"):
            _write_at(self._part, begin, _pieces(read, 0, size), sync_name=False)
        return Member(number, "", begin, size)

    def finish(self, envelope: bytes) -> Source:
        """Write the envelope, and where it begins."""
        tail = _TAIL.pack(self._at, len(envelope), address(envelope)[:16], _END)
        with in_our_words("write the backup"):
            _write_at(self._part, self._at, [envelope, tail], sync_name=True)
        return open_file(self._part)

    def publish(self, members: Iterable[Member]) -> None:
        """Put the file in its place."""
        del members
        with in_our_words("write the backup"):
            self._part.replace(self._path)
            sync_folder(self._path.parent)

    def give_up(self) -> None:
        """Take away what was written."""
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def open_backup(path: Path) -> Source:
    """Open a backup, a folder or a file.

    Raises:
        BackupUnusable: it is none, or ends too early.
        StoreUnusable: it cannot be read.
    """
    with in_our_words("read the backup"):
        is_folder = path.is_dir()
    return open_folder(path) if is_folder else open_file(path)


def open_folder(folder: Path, *, new: bool = False) -> Source:
    """Open a backup in a folder; with `new` the one that is not in force yet."""
    path = folder / (ENVELOPE + NEW if new else ENVELOPE)
    try:
        file = os.open(path, _READING)
    except FileNotFoundError as error:
        raise BackupUnusable("there is no backup in this folder") from error
    except OSError as error:
        raise StoreUnusable(f"cannot read the backup: {error.strerror}") from error
    with in_our_words("read the backup"):
        try:
            envelope = read_all(file, 0, MAX_ENVELOPE)
        finally:
            os.close(file)
    return Source(envelope, lambda name: os.open(folder / PACKS / name, _READING))


def open_file(path: Path) -> Source:
    """Open a backup that is one file."""
    with in_our_words("read the backup"):
        file = os.open(path, _READING)
        try:
            size = os.fstat(file).st_size
            begin = read_all(file, 0, len(FILE_MAGIC))
            if begin != FILE_MAGIC:
                raise BackupUnusable("this file is no backup of Atoll, or of a newer one")
            tail = read_all(file, max(0, size - _TAIL.size), _TAIL.size)
            envelope = _envelope_in(file, size, tail)
        finally:
            os.close(file)
    return Source(envelope, lambda _name: os.open(path, _READING))


def _envelope_in(file: int, size: int, tail: bytes) -> bytes:
    if len(tail) != _TAIL.size or tail[-len(_END) :] != _END:
        raise BackupUnusable("the file ends too early")
    at, length, digest, _end = _TAIL.unpack(tail)
    if length > MAX_ENVELOPE or at + length + _TAIL.size != size:
        raise BackupUnusable("the file does not end as it says")
    envelope = read_all(file, at, length)
    if address(envelope)[:16] != digest:
        raise BackupUnusable("its table is damaged")
    return envelope


def _pieces(read: ReadAt, begin: int, size: int) -> Iterator[bytes]:
    while begin < size:
        piece = read(begin, min(PIECE, size - begin))
        if not piece:
            raise StoreUnusable("a pack is shorter than it was; back up once more")
        yield piece
        begin += len(piece)


def _write_at(path: Path, begin: int, pieces: Iterable[bytes], *, sync_name: bool) -> None:
    """Write at a place of a file, over whatever lies behind it, and make that last."""
    file = os.open(path, _WRITING, 0o600)
    try:
        os.ftruncate(file, begin)
        at = begin
        for piece in pieces:
            left = memoryview(piece)
            while left:
                done = os.pwrite(file, left, at)
                at += done
                left = left[done:]
        os.fsync(file)
    finally:
        os.close(file)
    if sync_name:
        sync_folder(path.parent)
