"""Any bytes as a backup: its file, its envelope, and the table in it that the passphrase opened."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from storage.backup.places import FILE_MAGIC, open_file
from storage.backup.table import MAGIC, Member, SpaceKept, Table, open_table, seal_table
from storage.crypto.link import Link
from storage.crypto.passphrase import SALT_SIZE, SIZE, Slowness, slowness_of
from storage.crypto.primitives import aead_open, aead_seal
from storage.errors import BackupUnusable, WrongPassphrase
from storage.facts.dots import Dot, Seen, Writer
from tests.access import NOW, device

_KEY = bytes(range(32))
_SALT = bytes(SALT_SIZE)
_HEAD = MAGIC + slowness_of(_SALT).to_bytes()
_PACKS = (Member(1, "", 16, 4096), Member(2, f"{'a' * 64}/000002-1.pack", 0, 99))
_SPACE = SpaceKept(
    b"s" * 32,
    "Ours",
    "/home/ana/Ours",
    Link(b"d" * 32, b"k" * 32),
    Seen().with_dot(Dot(Writer(b"writer_x"), 1)),
    _PACKS,
)
_TABLES = (
    Table(NOW, "Desk", device("backup"), b"memory", (_SPACE,)),
    Table(0, "", device("backup"), b"", ()),
)
_WHERE = TemporaryDirectory(prefix="atoll-fuzz-backup-")


def _quick() -> contextlib.AbstractContextManager[object]:
    """A key takes half a second to make, on purpose: here it is there already."""
    return patch.object(Slowness, "key", lambda *_: _KEY)


def _envelope(table: Table) -> bytes:
    with _quick():
        return seal_table(table, "", _SALT)


SEEDS = (
    *map(_envelope, _TABLES),
    *(aead_open(_KEY, _envelope(table)[len(_HEAD) :], _HEAD) for table in _TABLES),
    MAGIC,
    _HEAD,
    FILE_MAGIC,
)


def check(data: bytes) -> None:
    """Raise if anything else comes out than a table that would be written so, or our error."""
    with _quick():
        for envelope in (data, MAGIC + data, _HEAD + data):
            with contextlib.suppress(BackupUnusable, WrongPassphrase):
                open_table(envelope, "")
        envelope = _HEAD + aead_seal(_KEY, data, _HEAD)
        with contextlib.suppress(BackupUnusable):
            assert seal_table(open_table(envelope, ""), "", _SALT) == envelope
    assert len(_HEAD) == len(MAGIC) + SIZE
    path = Path(_WHERE.name, "backup")
    for file in (data, FILE_MAGIC + data):
        path.write_bytes(file)
        with contextlib.suppress(BackupUnusable):
            open_file(path)
