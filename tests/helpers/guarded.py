"""Devices with a vault, a real folder and a guard each, that tell each other what they may."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from app.clock import SystemClock
from app.entropy import SystemEntropy
from app.folder.agreed import Agreed
from app.folder.ground import Looked
from app.folder.mirror import Mirror
from app.folder.real import RealFolder
from app.guard import Guard
from app.guard_memory import GuardMemory
from app.guard_undo import undo
from app.guard_values import Harm, PutBack
from app.progress import silent
from storage.vault import Vault
from tests.helpers.mirrored import disk
from tests.helpers.vaults import BUDGET, Clock, Place


class Small:
    """A small file that outlives a program."""

    def __init__(self) -> None:
        self.held: bytes | None = None

    def load(self) -> bytes | None:
        """Return what was saved last."""
        return self.held

    def save(self, plain: bytes) -> None:
        """Keep these bytes instead."""
        self.held = plain


class Guarded:
    """One device. Its clocks stand still until they are moved."""

    def __init__(self, place: Place, name: str, vault: Vault, *, guards: bool = True) -> None:
        self.place, self.name, self.vault = place, name, vault
        self.clock: Clock = place.clock
        self.root = place.folder / f"{name}'s folder"
        self.root.mkdir()
        self.agreed = Agreed(sqlite3.connect(":memory:"))
        self.file = Small()
        self.guards = guards
        """Else it is of an older version, or means ill."""
        self._begin()

    def _begin(self) -> None:
        self.mirror = Mirror(
            self.vault,
            RealFolder(self.root),
            self.agreed,
            space_id=self.vault.space,
            device=self.name,
            clock=SystemClock(),
            entropy=SystemEntropy(),
            grace=0.0,
        )
        self.mirror.attach()
        did = self.place.device(self.name).did
        self.guard = Guard(self.vault, did, GuardMemory(self.file), self.clock)
        self.guard.lie = lambda entries: self.agreed.get_some(entries).keys()
        self.guard.lying = self.agreed.count
        if self.guards:
            self.mirror.waiting = self.guard.waiting

    def start_again(self) -> None:
        """End the program, and start it again."""
        self.mirror.close()
        self.vault.close()
        self.vault = self.place.open(self.name, again=f"again {self.clock.at}")
        self._begin()

    def look(self) -> Looked:
        """Take in what changed in the folder."""
        return self.mirror.look(silent)

    def bring(self) -> None:
        """Write to the folder what is new, and take in what came of it."""
        for _ in range(20):
            brought, looked = self.mirror.bring(silent), self.look()
            again = brought.again or looked.again or looked.changed
            if not (again or brought.written or brought.moved or brought.removed):
                return
        raise AssertionError("it does not end")

    def tell(self, other: Guarded) -> int:
        """Give another device what it lacks, as far as the guard lets; return how many records."""
        seen, auth, count = other.vault.seen, other.vault.auth, 0
        while True:
            upto = self.guard.outward() if self.guards else None
            parcel = self.vault.things_after(seen, auth, BUDGET, upto)
            count += other.vault.accept(parcel.things).records
            other.guard.judge()
            seen, auth = parcel.seen_after, self.vault.auth
            if not parcel.more:
                break
        while wanted := other.vault.missing(64):
            blocks = [block for block in self.vault.get_blocks(wanted) if block is not None]
            other.vault.put_blocks(blocks)
            other.guard.judge(blocks)
            if not blocks:
                break
        return count

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files as any program would, and take them in."""
        for path, data in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(data)
        self.look()

    def delete(self, *paths: str) -> None:
        """Delete files as any program would, and take that in."""
        for path in paths:
            (self.root / path).unlink()
        self.look()

    def disk(self) -> dict[str, bytes]:
        """Return what a person sees in the folder."""
        return disk(self.root)

    def held(self) -> dict[Harm, int]:
        """Return how many files are held, by what befell them."""
        self.guard.judge()
        found: dict[Harm, int] = {}
        for batch in self.guard.batches:
            for harm in batch.harms.values():
                found[harm] = found.get(harm, 0) + 1
        return found

    def undo(self) -> PutBack:
        """Take back what is held, and write it to the folder."""
        told = PutBack(0, 0)
        for batch in self.guard.batches:
            with self.guard.meant():
                told = told.and_(undo(self.vault, batch, "somebody")[0])
        self.bring()
        return told


def two(folder: Path, files: Mapping[str, bytes], *, guards: bool = True) -> list[Guarded]:
    """Return two devices whose folders hold the same files; the first may be without guard."""
    ours, theirs = Place(folder), Place(folder)
    one = Guarded(ours, "owner", ours.create(), guards=guards)
    one.write(files)
    other = Guarded(theirs, "other", theirs.join(one.vault, "other"))
    other.bring()
    later(one, other)
    one.tell(other)
    other.tell(one)
    later(one, other)
    assert one.disk() == other.disk()
    return [one, other]


def later(*devices: Guarded, seconds: float = 3600.0) -> None:
    """Let time pass."""
    for device in devices:
        device.clock.at += seconds


def files(count: int, folder: str = "") -> dict[str, bytes]:
    """Return files with a content of their own each: every other one is a text."""
    return {
        f"{folder}{number:04}.{'md' if number % 2 else 'bin'}": _content(number)
        for number in range(count)
    }


def _content(number: int) -> bytes:
    words = " ".join(f"word{number}x{n}" for n in range(30))
    return words.encode() if number % 2 else b"\0" + number.to_bytes(4) * 40
