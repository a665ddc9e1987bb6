"""Whatever a disk loses at once, a repair and one other device bring back: all, in any order."""

from __future__ import annotations

import faulthandler
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from storage.blocks.frames import FRAME_SIZE, HEADER_SIZE, Frame, walk
from storage.blocks.store import Kind
from storage.checking import DAMAGED, MISSING
from storage.facts.change import TOP, EntryId
from storage.vault import Vault
from tests.helpers.vaults import Place, dice, exchange, save, shown, text, write

TRIES = {"fast": 24, "full": 100, "night": 3_000}[os.environ.get("ATOLL_TESTS", "fast")]
"""A try takes a fifth of a second of a core."""
ROUNDS = 2_000
Versions = dict[tuple[EntryId, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Ground:
    """Two devices that share a space; one of them is copied and harmed again and again."""

    place: Place
    other: Vault
    files: dict[Path, bytes]
    frames: tuple[tuple[int, int], ...]
    """Where each record and each block of the pack begins and ends."""

    @property
    def store(self) -> Path:
        """Where what is harmed lies."""
        return self.place.folder / "owner"

    def harmed(self, thrown: Random, *, without_index: bool) -> None:
        """Lay the store out anew, with frames damaged beyond mending, most of them neighbours."""
        shutil.rmtree(self.store)
        frames = self.frames
        for path, body in self.files.items():
            if without_index and path.name.startswith("index.db"):
                continue
            data = bytearray(body)
            if path.suffix == ".pack":
                near = thrown.randrange(len(frames))
                for _ in range(thrown.randrange(1, 9)):
                    which = thrown.choice([near, near + 1, near + 2, thrown.randrange(10**6)])
                    begin, end = frames[which % len(frames)]
                    at = thrown.randrange(begin, end - 4)
                    data[at : at + 4] = thrown.randbytes(4)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Make a space with a long file, texts whose edits were long, and versions of all."""
    place = Place(tmp_path_factory.mktemp("repairs"))
    vault = place.create()
    vault.introduce("Ana")
    noise, lines = dice(1), [f"line {n} of many that are here\n" for n in range(900)]
    long = write(vault, "long.bin", noise.randbytes(1_200_000), TOP)
    note = write(vault, "note.md", "".join(lines).encode(), TOP)
    short = write(vault, "short.bin", noise.randbytes(9_000), TOP)
    other = place.join(vault, "editor")
    other.introduce("Mina")
    for turn in range(3):
        who = (vault, other)[turn % 2]
        save(who, short, noise.randbytes(9_000))
        for step in (2, 3):  # an edit as long as that is a block of its own
            begin = turn * 100
            for n in range(begin, begin + 90, step):
                lines[n] = f"{noise.randbytes(60).hex()}\n"
            save(who, note, "".join(lines).encode(), who.text(note).base)
        exchange(vault, other)
    save(vault, long, noise.randbytes(1_100_000))
    save(vault, note, text(vault, note).replace("line 8", "row 8").encode(), vault.text(note).base)
    gone = write(vault, "gone.bin", noise.randbytes(20_000), TOP)
    change = vault.change()
    change.remove(gone)
    vault.commit(change, "deleted gone.bin")
    exchange(vault, other)
    vault.close()
    store = place.folder / "owner"
    files = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    (pack,) = (body for path, body in files.items() if path.suffix == ".pack")
    frames = tuple(
        (it.offset - FRAME_SIZE, it.offset + it.head.length)
        for it in walk(lambda at, size: pack[at : at + size], HEADER_SIZE, len(pack))
        if isinstance(it, Frame) and it.head.kind in {Kind.BLOCK, Kind.RECORD}
    )
    yield Ground(place, other, files, frames)
    other.close()


def versions_of(vault: Vault) -> Versions:
    """Return all bytes that any file ever had, by entry and record."""
    found: Versions = {}
    for step in vault.history():
        for entry in vault.touched(step):
            if vault.facts_at(entry, step).get("content"):
                found[entry, step.cid] = b"".join(vault.read_at(entry, step.cid))
    return found


@dataclass(slots=True)
class Healing:
    """A harmed store on its way back."""

    ground: Ground
    vault: Vault
    thrown: Random

    def hear(self) -> None:
        """Take in the records that are new here; of the rest a few blocks, as chance has it."""
        vault, other = self.vault, self.ground.other
        vault.accept(other.things_after(vault.seen, vault.auth, 1 << 30).things)
        wanted = list(vault.missing(64))
        self.thrown.shuffle(wanted)
        some = wanted[: self.thrown.randrange(1, 5)]
        vault.put_blocks(block for block in other.get_blocks(some) if block is not None)

    def disturb(self) -> None:
        """Now and then the person repairs once more, or the program is started anew."""
        if self.thrown.random() < 0.1:
            self.vault.repair()
        if self.thrown.random() < 0.1:
            self.vault.close()
            self.vault = self.ground.place.open("owner", f"{self.thrown.random()}")

    def heal(self) -> None:
        """Go on until nothing is wanted."""
        for _ in range(ROUNDS):
            self.hear()
            if not self.vault.missing(1):
                return
            self.disturb()
        raise AssertionError("it does not end")


@pytest.fixture(autouse=True)
def patient() -> None:
    """Many tries take longer than what looks like a test that hangs."""
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.slow
def test_what_a_disk_lost_comes_back_and_nothing_is_forgotten(ground: Ground) -> None:
    """A record that was lost with what it names hid that anything else was missing.

    Then all said that it was whole, and the last copy elsewhere was nobody's any more.
    """
    other = ground.other
    whole, past = (other.root, shown(other)), versions_of(other)
    for seed in range(TRIES):
        thrown = dice(seed)
        ground.harmed(thrown, without_index=seed % 3 == 2)
        vault = ground.place.open("owner", f"{seed}")
        vault.repair()
        healing = Healing(ground, vault, thrown)
        try:
            healing.heal()
            vault = healing.vault
            found = [it for it in vault.check().found if it.severity in {DAMAGED, MISSING}]
            assert found == [], seed
            assert (vault.root, shown(vault)) == whole, seed
            assert versions_of(vault) == past, seed
            assert vault.repair().rebuilt, seed
            assert vault.missing(9) == (), seed
        finally:
            healing.vault.close()
