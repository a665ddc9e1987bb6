"""Tries of repair and backup, for whichever call fails: see test_crash_kth_call."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from blake3 import blake3

from app.places import Places, prepare
from app.progress import silent
from app.restoring import Restoring, Wished
from app.statecopy import plain_of
from storage.backup.places import FileTarget, FolderTarget, Target, holds_backup, open_backup
from storage.backup.table import SpaceKept, Table, open_table, seal_table
from storage.backup.taking import Tools, prove, take
from storage.blocks.disk import RealDisk
from storage.checking import untold
from storage.crypto import passphrase
from storage.errors import AtollError, BackupUnusable
from storage.identity.keyfile import load
from storage.vault import Vault
from tests.access import Dice
from tests.crash.stories import fingerprint
from tests.helpers.vaults import Place

WORDS = "four words that nobody guesses"
NAME = "owner"


class _Quick:
    """Makes keys at once: how long it takes is not what is tried here."""

    def __init__(self, *, salt: bytes, **_how: int) -> None:
        self._salt = salt

    def derive(self, typed: bytes) -> bytes:
        """Return a key."""
        return blake3(self._salt + typed).digest()


@contextmanager
def quick_keys() -> Generator[None]:
    """Let keys be made from passphrases at once."""
    names = vars(passphrase)
    slow = names["Argon2id"]
    names["Argon2id"] = _Quick
    try:
        yield
    finally:
        names["Argon2id"] = slow


class Gives(Protocol):
    """What gives a fresh copy to fail on."""

    def fresh(self) -> Place:
        """Return it."""
        ...


class Mending:
    """A store in which one bit was turned over is made whole again."""

    def __init__(self, ground: Gives) -> None:
        self.place = ground.fresh()
        whole = self.place.open()
        self._root, self.shown = whole.root, fingerprint(whole)
        whole.close()
        pack = self.place.folder / NAME / "packs" / "000001.pack"
        body = bytearray(pack.read_bytes())
        body[len(body) // 3] ^= 1
        pack.write_bytes(body)
        self._vault = self.place.open(NAME, "damaged")

    def work(self) -> None:
        """Mend it."""
        self._vault.repair()

    def judge(self) -> None:
        """Look that it is as it was, and can be opened without its index."""
        assert (self._vault.root, fingerprint(self._vault)) == (self._root, self.shown)
        assert [it for it in self._vault.check().found if it.severity == "damaged"] == []
        self._vault.close()
        for path in (self.place.folder / NAME).glob("index.db*"):
            path.unlink()
        self._vault = self.place.open(NAME, "after")
        assert (self._vault.root, fingerprint(self._vault)) == (self._root, self.shown)

    def close(self) -> None:
        """Let go."""
        self._vault.close()


class BackingUp:
    """A second backup is made over a first; the first is good until the second is."""

    def __init__(self, ground: Gives, *, in_one_file: bool) -> None:
        self.place = ground.fresh()
        self.into = self.place.folder / "backup"
        self._in_one_file = in_one_file
        self._vault = self.place.open()
        self.shown = fingerprint(self._vault)
        self.work()

    def work(self) -> None:
        """Make one, and try it."""
        target: Target = FileTarget(self.into) if self._in_one_file else FolderTarget(self.into)
        try:
            with quick_keys():
                self._write(target)
        except BaseException:
            target.give_up()
            raise

    def _write(self, target: Target) -> None:
        place, snapshot = self.place, self._vault.snapshot()
        disk = RealDisk(place.folder / NAME / "packs")
        try:
            kept = take(snapshot, "", disk, target, old=self._old(), copied=lambda _n: None)
        finally:
            disk.close()
        table = Table(1, "Desk", place.device(NAME), plain_of({}), (kept,))
        source = target.finish(seal_table(table, WORDS, bytes(16)))
        try:
            tools = Tools(place.clock, Dice("tools"), place.folder, untold)
            if prove(source, table, [snapshot], tools):
                raise BackupUnusable("it lacks something")
        finally:
            source.close()
        target.publish(kept.packs)

    def _old(self) -> SpaceKept | None:
        if self._in_one_file or not holds_backup(self.into):
            return None
        return open_table(open_backup(self.into).envelope, WORDS).spaces[0]

    def judge(self) -> None:
        """Look that what is in force comes back whole."""
        self.close()
        home = self.place.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        come_back(self.into, home)
        places = Places(home / "data")
        (store,) = [path for path in places.spaces.iterdir() if "-" not in path.name]
        vault = Vault.open(store, load(places.device_key), self.place.clock, Dice("back"))
        assert fingerprint(vault) == self.shown
        vault.close()

    def close(self) -> None:
        """Let go; what is in force is good whatever failed."""
        self._vault.close()
        source = open_backup(self.into)
        with quick_keys():
            assert open_table(source.envelope, WORDS).spaces
        source.close()


class ComingBack:
    """A device is brought back from a backup."""

    def __init__(self, ground: Gives) -> None:
        made = BackingUp(ground, in_one_file=False)
        self._made = made
        self._home = made.place.folder / "home"

    def work(self) -> None:
        """Bring it back, unless that is done."""
        if not Places(self._home / "data").is_set_up():
            come_back(self._made.into, self._home)

    def judge(self) -> None:
        """Look that it is the same device, and all is there."""
        places = Places(self._home / "data")
        assert load(places.device_key).did == self._made.place.device(NAME).did
        (store,) = [path for path in places.spaces.iterdir() if "-" not in path.name]
        keys, clock = load(places.device_key), self._made.place.clock
        vault = Vault.open(store, keys, clock, Dice("judge"))
        assert fingerprint(vault) == self._made.shown
        vault.close()

    def close(self) -> None:
        """Let go."""
        with suppress(AtollError):
            self._made.close()


def come_back(source: Path, home: Path) -> None:
    """Bring a device back."""
    places = Places(home / "data")
    prepare(places)
    clock = Place(home).clock
    restoring = Restoring(places, clock, Dice("restore"), silent)
    wished = Wished(home / "folders", {}, merge=True)
    with quick_keys():
        asyncio.run(restoring.restore(source, WORDS, wished))
