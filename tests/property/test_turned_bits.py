"""Disks rot: of bits turned over anywhere each is found and named, or harms nothing; none lies."""

from __future__ import annotations

import faulthandler
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from storage.core import INDEX
from storage.crypto.link import Link
from storage.errors import AtollError
from storage.facts.change import TOP
from storage.facts.dots import Seen
from storage.vault import Vault
from tests.access import Dice
from tests.helpers.vaults import Place, dice, exchange, save, shown, write

FLIPS = {"fast": 100, "full": 5_000, "night": 40_000}
"""Bits turned over in packs and index. A try takes 30 ms of a core."""
INDEXES = {"fast": 20, "full": 500, "night": 5_000}
"""Indexes deleted or turned over, and made anew."""
LEVEL = os.environ.get("ATOLL_TESTS", "fast")
MEMORY = Path("/dev/shm")  # noqa: S108 - memory, not shared
Shown = dict[tuple[str, ...], bytes | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """A store as it is when it was closed whole."""

    place: Place
    store: Path
    again: Path
    files: tuple[tuple[Path, bytes], ...]
    root: Link
    seen: Seen
    shown: Shown
    history: frozenset[bytes]
    """Every version that any file ever had."""

    def knows(self, path: tuple[str, ...], data: bytes) -> bool:
        """Say whether somebody wrote that; of a text that is merged, whether each line."""
        if path[-1].endswith(".md"):
            lines = {line for body in self.history for line in body.split(b"\n")}
            return lines.issuperset(data.split(b"\n"))
        return data in self.history

    def harmed(self, path: Path, bit: int, *, without_index: bool = False) -> None:
        """Lay out the store anew, with one bit turned over."""
        shutil.rmtree(self.again, ignore_errors=True)
        (self.again / "packs").mkdir(parents=True)
        for name, body in self.files:
            if without_index and name.name == INDEX:
                continue
            data = body
            if name == path:
                turned = bytearray(body)
                turned[bit // 8] ^= 1 << bit % 8
                data = bytes(turned)
            (self.again / name).write_bytes(data)

    def open(self, seed: str) -> Vault:
        """Open what was laid out."""
        device = self.place.device("owner")
        return Vault.open(self.again, device, self.place.clock, Dice(seed))


@pytest.fixture(autouse=True)
def patient() -> None:
    """Ten thousand tries take longer than what looks like a test that hangs."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Make a store with all that is in one: versions, texts with edits, a long file, a bin."""
    base = tmp_path_factory.mktemp("bits")
    if MEMORY.is_dir():
        base = MEMORY / f"atoll-bits-{os.getpid()}"
    place = Place(base)
    vault = place.create()
    other = place.join(vault, "editor")
    note = write(vault, "note.md", b"one\n", TOP)
    versions = {b"one\n"}
    exchange(vault, other)
    for turn in range(3):
        for who, at in ((vault, b"ours"), (other, b"theirs")):
            body = (shown(who)[("note.md",)] or b"") + at + b" %d\n" % turn
            save(who, note, body)
            versions.add(body)
        exchange(vault, other)
    picture = write(vault, "picture.bin", dice(1).randbytes(6_000), TOP)
    save(vault, picture, dice(2).randbytes(6_000))
    write(vault, "long.bin", dice(3).randbytes(1_090_000), TOP)
    entry = write(vault, "gone.md", b"gone\n", TOP)
    gone = vault.change()
    gone.remove(entry)
    vault.commit(gone, "deleted")
    exchange(vault, other)
    truth = shown(vault)
    versions |= {
        b"gone\n",
        dice(1).randbytes(6_000),
        *(it for it in truth.values() if it is not None),
    }
    root, seen = vault.root, vault.seen
    vault.close()
    other.close()
    store = base / "owner"
    files = tuple(
        (path.relative_to(store), path.read_bytes())
        for path in sorted(store.rglob("*"))
        if path.is_file()
    )
    yield Ground(place, store, base / "again", files, root, seen, truth, frozenset(versions))
    shutil.rmtree(base, ignore_errors=True)


def places(ground: Ground, thrown: Random) -> tuple[Path, int]:
    """Choose a file and a bit: packs and index alike, and the short things as much as the long."""
    packs = [it for it in ground.files if it[0].suffix == ".pack"]
    index = [it for it in ground.files if it[0].name == INDEX]
    path, body = thrown.choice([*packs, *packs, *index])
    end = len(body) if thrown.random() < 0.5 else min(len(body), 30_000)
    return path, thrown.randrange(end * 8)


def judged(ground: Ground, seed: str) -> str:
    """Open and check what was harmed; say what became of it. Raises when anything is a lie."""
    try:
        vault = ground.open(seed)
    except AtollError:
        return "refused"
    try:
        found = vault.check().found
        for path, node in vault.tree().walk():
            try:
                data = b"".join(vault.read(node)) if node.version else None
            except AtollError:
                assert found, f"{path} cannot be read, and the check is silent"
                continue
            assert data is None or ground.knows(path, data), f"{path} shows what nobody wrote"
        whole = (vault.seen, vault.root) == (ground.seen, ground.root)
        assert whole or found, "something is missing, and the check is silent"
        return "named" if found else "harmless"
    finally:
        vault.close()


@pytest.mark.slow
def test_a_bit_turned_over_anywhere_is_named_or_harms_nothing(ground: Ground) -> None:
    """Silent damage is worse than damage: no wrong content is shown, and no loss is kept quiet."""
    thrown, became = Random(20_261_122), Counter[tuple[str, str]]()  # noqa: S311
    for number in range(FLIPS[LEVEL]):
        path, bit = places(ground, thrown)
        ground.harmed(path, bit, without_index=number % 10 == 0)
        try:
            became[path.suffix, judged(ground, f"{number}")] += 1
        except AssertionError as error:
            raise AssertionError(f"bit {bit} of {path}: {error}") from error
    assert became[".pack", "named"] > FLIPS[LEVEL] // 2
    assert {what for suffix, what in became if suffix == ".pack"} == {"named"}
    assert {what for _suffix, what in became} <= {"named", "harmless"}  # it is always opened


@pytest.mark.slow
def test_an_index_that_is_gone_or_harmed_is_made_anew_and_says_the_same(ground: Ground) -> None:
    """It is only a cache: the digest of the state that comes out of the packs is equal."""
    thrown = Random(15)  # noqa: S311
    index = next(body for name, body in ground.files if name.name == INDEX)
    for number in range(INDEXES[LEVEL]):
        bit = thrown.randrange(len(index) * 8)
        ground.harmed(Path(INDEX), bit)
        if number % 2:
            (ground.again / INDEX).unlink()
        vault = ground.open(f"index {number}")
        vault.repair()
        assert (vault.seen, vault.root) == (ground.seen, ground.root), f"bit {bit}"
        assert [it for it in vault.check(quick=True).found if it.severity != "note"] == []
        if number % 16 == 0:
            assert shown(vault) == ground.shown
        vault.close()
