"""Faults that the recorder has to find: each leaves out one step of "durable before told"."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app import compose, shelf, state
from app.folder import mirror, real
from app.folder.ignore import OWN_FOLDER
from app.folder.marker import MARKER, Marker
from app.folder.port import Folder
from storage import core, lasting, vaultlock
from storage.blocks.disk import RealDisk
from storage.blocks.packed import PackedBlocks
from storage.core import Core
from storage.identity import keyfile
from storage.index.sealed_db import open_guarded
from tests.crash import stories


def _nothing(*_given: object, **_named: object) -> None:
    """Do nothing."""


def _put(owner: object, **what: object) -> None:
    """Put something in place of the real one."""
    for name, value in what.items():
        assert hasattr(owner, name), name
        setattr(owner, name, value)


def _opening(how: str) -> Callable[..., Any]:
    def opened(path: Path, key: bytes, **named: Any) -> Any:
        connection = open_guarded(path, key, **named)
        connection.execute(f"PRAGMA synchronous = {how}")
        return connection

    return opened


def told_before_commit() -> None:
    """Every second transaction is told as done, and committed with the next."""
    whole, count = Core.transaction, [0]

    @contextmanager
    def transaction(self: Core) -> Generator[None]:
        count[0] += 1
        if count[0] % 2:
            with whole(self):
                yield
        else:
            if not self.connection.in_transaction:
                self.connection.execute("BEGIN IMMEDIATE")
            yield

    _put(Core, transaction=transaction)


def index_before_block() -> None:
    """The rows are committed, and then the bytes are synced that they point to."""
    whole, sync, sync_folder = Core.transaction, RealDisk.sync, RealDisk.sync_folder
    later = list[Callable[[], None]]()

    @contextmanager
    def transaction(self: Core) -> Generator[None]:
        with whole(self):
            yield
        while later:
            later.pop()()

    _put(Core, transaction=transaction)
    _put(RealDisk, sync=lambda self, name: later.append(lambda: sync(self, name)))
    _put(RealDisk, sync_folder=lambda self: later.append(lambda: sync_folder(self)))


def mark_in_place() -> None:
    """The mark is written under its own name."""

    def write_marker(folder: Folder, mark: Marker) -> None:
        with folder.enter(()) as root:
            root.make_folder(OWN_FOLDER)
            with root.enter(OWN_FOLDER) as own:
                pieces = [mark.to_bytes()]
                own.write(MARKER, pieces, executable=False, mode=None, mtime_ns=0, sync=True)
                own.sync()
            root.sync()

    _put(mirror, write_marker=write_marker)


def keys_without_a_name() -> None:
    """The name of the keys is never forced to the disk."""

    def replace_file(path: Path, data: bytes) -> None:
        beside = path.with_name(f"{path.name}.part")
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    _put(keyfile, replace_file=replace_file)


def keys_in_place() -> None:
    """The keys are written over, not beside."""

    def save(path: Path, keys: Any) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(file, keyfile.keyfile_bytes(keys))
        os.fsync(file)
        os.close(file)
        lasting.sync_folder(path.parent)

    _put(stories, save_keys=save)


def in_its_place_at_once() -> None:
    """A file is put in its place before its bytes are synced."""
    _put(real.RealPlace, sync_file=_nothing)
    _put(real.RealFolder, sync_disk=lambda _self: True)


def names_not_synced() -> None:
    """Files are agreed on before their names last."""
    _put(real.RealPlace, sync=_nothing)
    _put(real.RealFolder, sync_disk=lambda _self: False)


def records_at_once() -> None:
    """A record is written and synced together with what it brings."""

    def sync(self: PackedBlocks) -> None:
        if self._buffered or self._unsynced:
            self._write_out(records=False)
            self._write_out(records=True)
            self._make_last()

    _put(PackedBlocks, sync=sync)


def written_again_unsynced() -> None:
    """What counts of an old pack is written again, not synced, and the old one goes."""
    whole, sync = PackedBlocks.write_again, RealDisk.sync

    def write_again(self: PackedBlocks, pack: int, digests: Sequence[bytes]) -> int:
        _put(RealDisk, sync=_nothing)
        try:
            return whole(self, pack, digests)
        finally:
            _put(RealDisk, sync=sync)

    _put(PackedBlocks, write_again=write_again)


MUTANTS: dict[str, tuple[str, Callable[[], None]]] = {
    "no fsync of a pack": ("commit", lambda: _put(RealDisk, sync=_nothing)),
    "no fsync of the folder of packs": ("commit", lambda: _put(RealDisk, sync_folder=_nothing)),
    "record before what it brings": ("long commits", records_at_once),
    "state synchronous NORMAL": ("state", lambda: _put(state, open_sealed=_opening("NORMAL"))),
    "state synchronous OFF": ("state", lambda: _put(state, open_sealed=_opening("OFF"))),
    "told before commit": ("commit", told_before_commit),
    "index before block": ("commit", index_before_block),
    "no fsync of a new store's folder": ("commit", lambda: _put(vaultlock, make_folder=_made)),
    "no fsync of a store's new name": ("add", lambda: _put(shelf, sync_folder=_nothing)),
    "no fsync of the keys": ("keys", keys_without_a_name),
    "keys written in place": ("keys", keys_in_place),
    "mark written in place": ("attach", mark_in_place),
    "mirror's memory NORMAL": ("checkout", lambda: _put(compose, open_guarded=_opening("NORMAL"))),
    "files in place before fsync": ("checkout", in_its_place_at_once),
    "no fsync of what is written again": ("collection", written_again_unsynced),
    "no fsync of the person's folders": ("checkout", names_not_synced),
}
"""By name: the story in which it has to be found, and what puts it in."""
HARMLESS: dict[str, tuple[str, Callable[[], None]]] = {
    "index synchronous NORMAL": ("commit", lambda: _put(core, open_guarded=_opening("NORMAL"))),
    "index synchronous OFF": ("commit", lambda: _put(core, open_guarded=_opening("OFF"))),
}
"""Of these nothing may be found: the packs are the truth, and the index is caught up from them."""


def _made(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
