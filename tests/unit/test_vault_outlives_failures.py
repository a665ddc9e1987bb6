"""Kills, full disks, lost and damaged files: what was acknowledged is there, and only once."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import copytree, rmtree
from subprocess import run

import pytest

from storage.access.roles import Role
from storage.blocks.disk import RealDisk
from storage.blocks.frames import FRAME_SIZE
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind
from storage.errors import AtollError, StoreFull
from storage.facts.change import TOP
from storage.index.sealed_db import open_sealed
from storage.records.record import parse_record
from storage.vault import Vault
from tests.helpers.tripping import Fuse, PowerCut, fuse
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    dice,
    exchange,
    pure_root,
    save,
    shown,
    tell,
    write,
)

__all__ = ["fuse"]
KILLS = 50


# ---------------------------------------------------------------- kills


def commit_for_ever(place: Place, pipe: int, seed: int) -> None:
    """Commit, and say so each time, until killed."""
    vault, random = place.open("owner", f"run {seed}"), dice(seed)
    note = vault.tree().find(("note.md",))
    assert note is not None
    while True:
        change = vault.change()
        if random.random() < 0.5:
            data = random.randbytes(random.choice([10, 3000, 300_000]))
            content = core_of(vault).contents.store_bytes(data)
            entry = change.add_file(TOP, f"file {random.random()}", content, META)
        else:
            entry, base = note.id, vault.text(note.id)
            change.write(entry, f"{base.text}{random.random()}\n".encode(), META, base.base)
        record = vault.commit(change, "more")
        assert record is not None
        os.write(pipe, f"{record.cid.hex()} {entry.hex()}\n".encode())


def kill_one(place: Place, seed: int) -> list[tuple[bytes, bytes]]:
    """Let a child commit until it is killed at some moment; return what it acknowledged."""
    random = dice(seed)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        with suppress(BaseException):
            commit_for_ever(place, theirs, seed)
        os._exit(1)
    os.close(theirs)
    said, enough = b"", random.randint(0, 8)
    while said.count(b"\n") < enough and (more := os.read(ours, 4096)):
        said += more
    select.select([ours], [], [], random.random() * 0.008)
    os.kill(child, signal.SIGKILL)
    while more := os.read(ours, 4096):
        said += more
    os.close(ours)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself"
    lines = [line.split() for line in said.decode().split("\n")[:-1]]
    return [(bytes.fromhex(cid), bytes.fromhex(entry)) for cid, entry in lines]


@pytest.mark.crash
@pytest.mark.slow
def test_whatever_was_acknowledged_survives_kill_after_kill(tmp_path: Path) -> None:
    """The promise that the word "saved" makes: fifty kills, each at another moment."""
    place = Place(tmp_path)
    vault = place.create()
    write(vault, "note.md", b"begun\n", TOP)
    vault.close()
    acknowledged: set[bytes] = set()
    for seed in range(KILLS):
        fresh = kill_one(place, seed)
        acknowledged |= {cid for cid, _ in fresh}
        vault = place.open("owner", f"after {seed}")
        steps = vault.history(limit=-1)
        assert acknowledged <= {step.cid for step in steps}
        for cid, entry in fresh:
            assert b"".join(vault.read_at(entry, cid))  # type: ignore[arg-type]
        if seed % 10 == 9:
            assert vault.check().found == ()
            assert vault.root.to_bytes() == pure_root(vault)
        vault.close()
        no_number_twice(place, "owner")
    assert len(acknowledged) > KILLS


def no_number_twice(place: Place, name: str) -> None:
    """Read the packs alone: every number of a line stands for one record."""
    connection = open_sealed(place.folder / "scan.db", bytes(32))
    connection.execute("BEGIN")
    packs = RealDisk(place.folder / name / "packs")
    blocks = PackedBlocks(packs, Locator(connection))
    found: dict[object, bytes] = {}
    for thing in blocks.scan(Kind.RECORD):
        record = parse_record(thing.data)
        assert found.setdefault(record.dot, record.cid) == record.cid
    connection.close()
    blocks.close()
    for path in place.folder.glob("scan.db*"):
        path.unlink()


# ---------------------------------------------------------------- failures at every step


class Ground:
    """Two vaults in step, one of them with news and content that the other lacks."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder / "base")
        owner = self.place.create()
        editor = self.place.join(owner, "editor")
        self.note = write(owner, "note.md", b"one\n", TOP)
        exchange(owner, editor)
        save(editor, self.note, b"one\ntwo\n")
        write(editor, "long", Random(1).randbytes(100_000), TOP)  # noqa: S311
        self.parcel = editor.things_after(owner.seen, owner.auth, 1 << 20).things
        owner.accept(self.parcel[:4])
        self.rest = self.parcel[4:]
        self.blocks = [b for b in editor.get_blocks(owner.missing(64)) if b is not None]
        owner.close()
        editor.close()
        self._tries = folder / "tries"

    def fresh(self) -> tuple[Place, Vault]:
        """Return a copy to fail on."""
        rmtree(self._tries, ignore_errors=True)
        copytree(self.place.folder / "owner", self._tries / "owner")
        place = Place(self._tries)
        return place, place.open()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Make the ground once."""
    return Ground(tmp_path_factory.mktemp("ground"))


def commit(ground: Ground, vault: Vault) -> None:
    """Change a text and add a file, in one record."""
    change = vault.change()
    change.write(ground.note, b"one\nours\n", META)
    content = core_of(vault).contents.store_bytes(b"\0new")
    change.add_file(TOP, "new", content, META)
    vault.commit(change, "both")


OPERATIONS: dict[str, Callable[[Ground, Vault], object]] = {
    "commit": commit,
    "accept": lambda ground, vault: vault.accept([*ground.rest, *ground.parcel]),
    "put blocks": lambda ground, vault: vault.put_blocks(ground.blocks),
    "invite": lambda _ground, vault: vault.invite(Role.EDIT, None),
    "checkpoint": lambda _ground, vault: vault.checkpoint(),
}


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [False, True])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_failure_at_any_step_leaves_before_or_after_never_between(
    ground: Ground, fuse: Fuse, name: str, *, cuts: bool
) -> None:
    """A full disk or a power cut may come at every single write."""
    operation = OPERATIONS[name]
    place, vault = ground.fresh()
    before = standing(vault)
    operation(ground, vault)
    after = standing(vault)
    vault.close()
    for step in range(1000):
        place, vault = ground.fresh()
        fuse.left, fuse.cuts, fuse.blown = step, cuts, False
        failed = False
        try:
            operation(ground, vault)
        except (AtollError, PowerCut):
            failed = True
        fuse.cuts = False
        blown, fuse.left = fuse.blown, -1
        vault = settle(place, vault, cut=cuts)
        assert standing(vault) in {before, after} if failed else standing(vault) == after
        assert vault.root.to_bytes() == pure_root(vault)
        assert not [f for f in vault.check().found if f.severity == "damaged"]
        write(vault, "works again", b"yes", TOP)
        vault.close()
        no_number_twice(place, "owner")
        if not blown:
            assert step > 3
            return
    pytest.fail("it never came to an end")


def settle(place: Place, vault: Vault, *, cut: bool) -> Vault:
    """After a power cut open anew; else the vault has mended itself."""
    if not cut:
        return vault
    with suppress(AtollError):
        core_of(vault).connection.execute("ROLLBACK")
    vault.close()
    return place.open()


def standing(vault: Vault) -> tuple[object, ...]:
    """Return all that an operation changes."""
    return (
        vault.seen,
        vault.root.to_bytes(),
        frozenset(vault.missing(100)) if vault.tree().find(("new",)) is None else None,
        len(vault.history(limit=-1)),
    )


def test_after_a_failure_a_change_that_names_what_got_lost_is_refused(
    ground: Ground, fuse: Fuse
) -> None:
    """Else the record would be saved, and the bytes that it names would be nowhere."""
    _, vault = ground.fresh()
    change = vault.change()
    content = core_of(vault).contents.store_bytes(b"\0will be lost")
    change.add_file(TOP, "lost", content, META)
    fuse.left = 2
    with pytest.raises(StoreFull):
        vault.invite(Role.EDIT, None)
    with pytest.raises(AtollError):
        vault.commit(change, "added")
    again = vault.change()
    kept = core_of(vault).contents.store_bytes(b"\0will be lost")
    again.add_file(TOP, "kept", kept, META)
    vault.commit(again, "added")
    node = vault.tree().find(("kept",))
    assert node is not None
    assert b"".join(vault.read(node)) == b"\0will be lost"
    vault.close()


def fill(vault: Vault, saved: dict[tuple[str, ...], bytes], seed: int) -> None:
    """Add files until the disk is full."""
    for number in range(seed, seed + 100):
        data = dice(number).randbytes(500_000)
        try:
            write(vault, f"f{number}", data, TOP)
        except StoreFull:
            return
        saved[f"f{number}",] = data
    pytest.fail("the disk was never full")


def test_a_full_disk_loses_nothing_and_room_heals_it(tmp_path: Path) -> None:
    """The commonest trouble of all: it must be said, and be over once there is room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = run(
        ["mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.fail(f"a small disk cannot be mounted here: {mounted.stderr.decode()}")
    place = Place(disk)
    vault = place.create()
    saved: dict[tuple[str, ...], bytes] = {}
    try:
        for seed in (0, 1000):  # mending may free a little; then that is filled, too
            fill(vault, saved, seed)
            assert shown(vault) == saved
        run(["mount", "-o", "remount,size=140m", str(disk)], check=True)
        write(vault, "more", b"now it goes", TOP)
        saved["more",] = b"now it goes"
        vault.close()
        vault = place.open()
        assert shown(vault) == saved
        assert vault.check().found == ()
    finally:
        vault.close()
        run(["umount", str(disk)], check=True)


# ---------------------------------------------------------------- lost and damaged files


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a closed vault of some files, made once."""
    place = Place(tmp_path_factory.mktemp("original"))
    vault = place.create()
    for number in range(200):
        write(vault, f"file {number}.md", f"number {number}\n".encode(), TOP)
    note = write(vault, "note.md", b"begun\n", TOP)
    save(vault, note, b"begun\nedited\n")
    while vault.index_some():
        pass
    vault.close()
    return place.folder


@pytest.fixture
def kept(original: Path, tmp_path: Path) -> Place:
    """Return a place with a copy of it, to be harmed."""
    copytree(original, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path)


def damage_nothing(_path: Path) -> None:
    """Take the file away."""
    _path.unlink()


def halve(path: Path) -> None:
    """Cut the file in half."""
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    """Leave nothing in it."""
    os.truncate(path, 0)


def flip(at: float) -> Callable[[Path], None]:
    """Flip a bit at a part of its length."""

    def do(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(len(data) * at)] ^= 1
        path.write_bytes(data)

    return do


def seal_otherwise(path: Path) -> None:
    """Put a database under another key there."""
    path.unlink()
    connection = open_sealed(path, b"k" * 32)
    connection.execute("CREATE TABLE entry (x)")
    connection.close()


HARM = [damage_nothing, halve, empty, seal_otherwise, *(flip(n / 23) for n in range(23))]


@pytest.mark.parametrize("harm", HARM)
def test_a_lost_or_damaged_index_is_built_anew_from_the_packs(
    kept: Place, harm: Callable[[Path], None]
) -> None:
    """The packs are the truth; a cache that is gone costs time, nothing else."""
    vault = kept.open()
    seen, root, everything, members = vault.seen, vault.root, shown(vault), vault.members()
    vault.close()
    harm(kept.folder / "owner" / "index.db")
    vault = kept.open()
    with suppress(AtollError):  # damage deep inside is found when it is met, and then mended
        shown(vault)
    assert shown(vault) == everything
    assert (vault.seen, vault.root, vault.members()) == (seen, root, members)
    assert {found.severity for found in vault.check().found} <= {"note"}
    for _ in range(2):  # the second meets what only names that collide need
        with suppress(AtollError):
            write(vault, "goes on", b"yes", TOP)
    write(vault, "goes on", b"yes", TOP)
    assert vault.check().found == ()
    vault.close()
    no_number_twice(kept, "owner")


@pytest.mark.parametrize("harm", HARM)
def test_a_lost_or_damaged_search_index_is_made_anew(
    kept: Place, harm: Callable[[Path], None]
) -> None:
    """Searching must not end for ever, nor stop anything else, for a broken file."""
    harm(kept.folder / "owner" / "search.db")
    vault = kept.open()
    vault.search("edited")
    while vault.index_some():
        pass
    assert len(vault.search("edited")) == 1
    assert len(vault.search("number", 500)) == 200
    vault.close()


def test_one_flipped_bit_in_a_pack_is_named_and_all_else_can_be_read(kept: Place) -> None:
    """A bad sector must cost what lay there, not the space."""
    vault = kept.open()
    digest = core_of(vault).blocks
    node = vault.tree().find(("file 7.md",))
    assert node is not None
    content = next(iter(vault.facts(node.id)["content"].values()))
    spot = Locator(core_of(vault).connection).find(content.link.digest)  # type: ignore[union-attr]
    assert spot is not None
    del digest
    vault.close()
    pack = kept.folder / "owner" / "packs" / f"{spot.pack:06}.pack"
    data = bytearray(pack.read_bytes())
    data[spot.offset + 3] ^= 0x10
    pack.write_bytes(data)
    vault = kept.open()
    found = vault.check().found
    assert {(f.what, f.severity) for f in found} == {("a block", "damaged"), ("a file", "damaged")}
    assert "file 7.md" in {f.where for f in found}
    readable = 0
    for _, other in vault.tree().walk():
        with suppress(AtollError):
            readable += bool(b"".join(vault.read(other)))
    assert readable == 200
    vault.close()


@pytest.mark.parametrize("kind", [Kind.TOKEN, Kind.EPOCH, Kind.KEYRING, Kind.RECORD])
def test_a_damaged_frame_of_any_kind_lets_the_rest_be_opened(kept: Place, kind: Kind) -> None:
    """Even a lost token or key must not lock a person out of all that can still be read."""
    vault = kept.open()
    thing = next(core_of(vault).blocks.scan(kind))
    spot = Locator(core_of(vault).connection).find(thing.digest)
    assert spot is not None
    vault.close()
    pack = kept.folder / "owner" / "packs" / f"{spot.pack:06}.pack"
    data = bytearray(pack.read_bytes())
    assert data[spot.offset - FRAME_SIZE : spot.offset - FRAME_SIZE + 1]
    data[spot.offset + spot.length // 2] ^= 1
    pack.write_bytes(data)
    vault = kept.open()
    assert shown(vault)[("note.md",)] == b"begun\nedited\n"
    assert vault.check().found
    vault.close()


def test_a_damaged_record_holds_back_its_line_and_nothing_else(kept: Place) -> None:
    """A peer still gets all that does not build on it."""
    owner = kept.open()
    editor = kept.join(owner, "editor")
    write(editor, "editor's", b"x", TOP)
    exchange(owner, editor)
    joiner = kept.join(owner, "joiner")
    step = owner.history(limit=1)[0]
    spot = Locator(core_of(owner).connection).find(step.digest)
    assert spot is not None
    owner.close()
    pack = kept.folder / "owner" / "packs" / f"{spot.pack:06}.pack"
    data = bytearray(pack.read_bytes())
    data[spot.offset + 40] ^= 1
    pack.write_bytes(data)
    owner = kept.open("owner", "third")
    write(owner, "owner's", b"y", TOP)
    before = joiner.seen
    tell(owner, joiner)
    assert before.covers(joiner.seen) or joiner.seen.covers(before)
    for vault in (owner, editor, joiner):
        vault.close()
