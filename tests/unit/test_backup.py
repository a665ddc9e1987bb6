"""Backups of vaults: proved, opened strictly, and gone on from with others without a fork."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.access.roles import Role
from storage.backup.places import (
    BackupDisk,
    FileTarget,
    FolderTarget,
    Source,
    Target,
    open_backup,
)
from storage.backup.table import MAGIC, SpaceKept, Table, open_table, seal_table
from storage.backup.taking import Snapshot, Tools, prove, take
from storage.blocks.disk import RealDisk
from storage.checking import DAMAGED, untold
from storage.crypto.passphrase import Slowness, is_weak, slowness_from, slowness_of
from storage.errors import AtollError, BackupUnusable, DecodeError, WrongPassphrase
from storage.facts.change import TOP
from storage.facts.dots import Seen
from storage.letgo import tops_of
from storage.vault import Vault
from tests.access import Dice
from tests.crash.collecting import collect
from tests.helpers.vaults import Place, core_of, dice, everyone, exchange, save, shown, write

WORDS = "four words that nobody guesses"
SALT = bytes(range(16))
TRIES = 24


def taken(place: Place, name: str, vault: Vault, target: Target) -> tuple[Table, Source, Snapshot]:
    """Take a backup of one vault."""
    snapshot = vault.snapshot()
    disk = RealDisk(place.folder / name / "packs")
    kept = take(snapshot, "/where/it/lay", disk, target, old=None, copied=lambda _n: None)
    disk.close()
    table = Table(1, name, place.device(name), b"memory", (kept,))
    return table, target.finish(seal_table(table, WORDS, SALT)), snapshot


def tools(place: Place) -> Tools:
    """Return with what it is tried."""
    return Tools(place.clock, Dice("tools"), place.folder / "scratch", untold)


def restored(place: Place, source: Source, name: str, into: str) -> Vault:
    """Put a vault in its place from a backup, as a new machine does."""
    table = open_table(source.envelope, WORDS)
    (kept,) = table.spaces
    packs = place.folder / into / "packs"
    packs.mkdir(parents=True)
    for member in kept.packs:
        (packs / f"{member.number:06}.pack").write_bytes(source.read(member, 0, member.size))
    (place.folder / into / "space").write_bytes(kept.space)
    return Vault.open(place.folder / into, table.keys, place.clock, Dice(f"restored {name}"))


@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_device_that_comes_back_converges_with_the_others_and_loses_nothing(
    tmp_path: Path, form: str
) -> None:
    """Work after the backup, by itself and by others; then it writes before it meets anybody."""
    place = Place(tmp_path)
    one = place.create("one")
    two = place.join(one, "two", Role.MANAGE)
    note = write(one, "note.md", b"one\n", TOP)
    exchange(one, two)
    target = FolderTarget(tmp_path / "b") if form == "folder" else FileTarget(tmp_path / "b")
    table, source, snapshot = taken(place, "one", one, target)
    assert prove(source, table, [snapshot], tools(place)) == ()
    target.publish(table.spaces[0].packs)
    source.close()
    save(one, note, b"one\nby one, later\n")
    write(one, "only told to two.md", b"x", TOP)
    save(two, note, b"one\nby two\n")
    exchange(one, two)
    save(one, note, b"one\nby one, later\nby two\nnever told\n")
    before = one.writer
    one.close()
    shutil.rmtree(tmp_path / "one")
    source = open_backup(tmp_path / "b")
    back = restored(place, source, "one", "new")
    assert back.writer != before
    assert (back.root, back.seen) == (snapshot.root, snapshot.seen)
    save(back, note, b"one\nby the one that came back\n")
    write(back, "new.md", b"new", TOP)
    everyone([back, two])
    assert back.root == two.root
    assert shown(back) == shown(two)
    text = shown(back)[("note.md",)]
    assert text is not None
    for line in (b"by one, later", b"by two", b"by the one that came back"):
        assert text.count(line) == 1
    assert ("only told to two.md",) in shown(two)
    assert [it for it in back.check().found if it.severity == DAMAGED] == []
    back.close()
    two.close()
    source.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Table, Snapshot, Path]:
    """Return a backup of a small space, in a folder and in a file."""
    place = Place(tmp_path_factory.mktemp("small"))
    vault = place.create("one")
    table: Table | None = None
    snapshot: Snapshot | None = None
    entry = write(vault, "old.bin", dice(1).randbytes(3000), TOP)
    save(vault, entry, dice(2).randbytes(3000))
    write(vault, "note.md", b"one\n", TOP)
    for made in (FileTarget(place.folder / "file"), FolderTarget(place.folder / "folder")):
        table, source, snapshot = taken(place, "one", vault, made)
        made.publish(table.spaces[0].packs)
        source.close()
    vault.close()
    assert table is not None
    assert snapshot is not None
    return place, table, snapshot, place.folder


def opened_wholly(path: Path, place: Place, snapshot: Snapshot) -> None:
    """Open a backup as far as it goes, and raise what is wrong with it."""
    source = open_backup(path)
    try:
        table = open_table(source.envelope, WORDS)
        if prove(source, table, [snapshot], tools(place)):
            raise BackupUnusable("it lacks something")
    finally:
        source.close()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_bit_turned_over_anywhere_in_a_backup_is_noticed_or_harms_nothing(
    small: tuple[Place, Table, Snapshot, Path], tmp_path: Path, form: str
) -> None:
    """On the day it is needed nobody can ask the original."""
    place, _table, snapshot, folder = small
    thrown, noticed = Random(form), 0  # noqa: S311
    source = open_backup(folder / form)
    whole = restored(place, source, "one", f"{form}-whole")
    truth = shown(whole)
    whole.close()
    source.close()
    for number in range(TRIES):
        copy = tmp_path / "copy"
        if form == "folder":
            shutil.copytree(folder / form, copy)
            harmed = thrown.choice([path for path in sorted(copy.rglob("*")) if path.is_file()])
        else:
            harmed = Path(shutil.copy(folder / form, copy))
        body = bytearray(harmed.read_bytes())
        bit = thrown.randrange(len(body) * 8)
        body[bit // 8] ^= 1 << bit % 8
        harmed.write_bytes(body)
        try:
            opened_wholly(copy, place, snapshot)
        except AtollError:
            noticed += 1
        else:  # the mark of a pack, or what is in it twice: then nothing is missing
            source = open_backup(copy)
            back = restored(place, source, "one", f"{form}-{number}")
            assert (back.root, shown(back)) == (snapshot.root, truth)
            back.close()
            source.close()
        shutil.rmtree(copy) if copy.is_dir() else copy.unlink()
    assert noticed > TRIES // 2


@pytest.mark.slow
@settings(max_examples=20)
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_backup_that_ends_anywhere_is_refused(
    small: tuple[Place, Table, Snapshot, Path], at: float
) -> None:
    """A copy that was broken off looks like one until it is opened."""
    place, _table, snapshot, folder = small
    body = (folder / "file").read_bytes()
    cut = folder / "cut"
    cut.write_bytes(body[: int(len(body) * at)])
    with pytest.raises(AtollError):
        opened_wholly(cut, place, snapshot)


def test_a_passphrase_opens_in_any_form_of_its_letters(
    small: tuple[Place, Table, Snapshot, Path],
) -> None:
    """Two keyboards spell an umlaut in two ways."""
    _place, table, _snapshot, _folder = small
    envelope = seal_table(table, "schöne grüne Wörter", SALT)
    assert open_table(envelope, "scho\u0308ne gru\u0308ne Wo\u0308rter") == table
    with pytest.raises(WrongPassphrase):
        open_table(envelope, "schone grune Worter")


@pytest.mark.parametrize(
    "slow",
    [
        Slowness(1024, 3, 4, SALT),
        Slowness(64 * 1024, 1, 4, SALT),
        Slowness(4 << 20, 3, 4, SALT),
        Slowness(64 * 1024, 1_000_000, 4, SALT),
        Slowness(64 * 1024, 3, 0, SALT),
        Slowness(64 * 1024, 3, 10_000, SALT),
    ],
)
def test_keys_that_are_made_too_fast_or_too_slowly_are_refused(slow: Slowness) -> None:
    """A file must neither weaken what is typed nor take all memory of the machine."""
    with pytest.raises(DecodeError):
        slowness_from(slow.to_bytes())
    with pytest.raises(BackupUnusable):
        open_table(MAGIC + slow.to_bytes() + bytes(100), WORDS)


def test_what_a_key_is_made_with_is_part_of_what_is_sealed(
    small: tuple[Place, Table, Snapshot, Path],
) -> None:
    """Else somebody could let a machine work for hours, or make another key of the same words."""
    _place, table, _snapshot, _folder = small
    envelope = bytearray(seal_table(table, WORDS, SALT))
    assert slowness_from(bytes(envelope[len(MAGIC) : len(MAGIC) + 28])) == slowness_of(SALT)
    envelope[len(MAGIC) + 27] ^= 1
    with pytest.raises(WrongPassphrase):
        open_table(bytes(envelope), WORDS)


HOSTILE: dict[str, Callable[[SpaceKept], SpaceKept]] = {
    "a way out": lambda k: replace(k, packs=(replace(k.packs[0], file="../../x/000001-1.pack"),)),
    "an absolute path": lambda k: replace(k, packs=(replace(k.packs[0], file="/etc/passwd"),)),
    "a pack twice": lambda k: replace(k, packs=(k.packs[0], k.packs[0])),
    "a number that cannot be": lambda k: replace(k, packs=(replace(k.packs[0], number=0),)),
    "a size that cannot be": lambda k: replace(k, packs=(replace(k.packs[0], size=1 << 60),)),
    "no space": lambda k: replace(k, space=b"short"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_backup_by_somebody_hostile_reaches_nothing_outside(
    small: tuple[Place, Table, Snapshot, Path], what: str
) -> None:
    """Whoever hands over a backup with its passphrase may have written anything into it."""
    _place, table, _snapshot, _folder = small
    hostile = replace(table, spaces=(HOSTILE[what](table.spaces[0]),))
    with pytest.raises(BackupUnusable):
        open_table(seal_table(hostile, WORDS, SALT), WORDS)
    twice = replace(table, spaces=(table.spaces[0], table.spaces[0]))
    with pytest.raises(BackupUnusable):
        open_table(seal_table(twice, WORDS, SALT), WORDS)


def test_a_backup_of_another_state_than_it_says_is_not_good(
    small: tuple[Place, Table, Snapshot, Path],
) -> None:
    """The root is held against what the vault said at that moment."""
    place, _table, snapshot, folder = small
    source = open_backup(folder / "folder")
    table = open_table(source.envelope, WORDS)
    other = replace(table, spaces=(replace(table.spaces[0], seen=Seen()),))
    assert [it.what for it in prove(source, other, [snapshot], tools(place))] == [
        "the folder as a whole"
    ]
    shorter = replace(
        table.spaces[0], packs=(replace(table.spaces[0].packs[0], size=snapshot.size - 3000),)
    )
    assert prove(source, replace(table, spaces=(shorter,)), [snapshot], tools(place))
    source.close()


def test_a_disk_that_lies_in_a_backup_is_never_written(
    small: tuple[Place, Table, Snapshot, Path],
) -> None:
    """It is opened to be read; what is in force must stay."""
    _place, _table, _snapshot, folder = small
    source = open_backup(folder / "folder")
    table = open_table(source.envelope, WORDS)
    disk = BackupDisk(source, table.spaces[0].packs)
    with pytest.raises(AtollError):
        disk.append("000001.pack", b"x")
    with pytest.raises(AtollError):
        disk.sync("000001.pack")
    with pytest.raises(AtollError):
        disk.remove("000001.pack")
    assert disk.read("000001.pack", 0, 11) == b"ATOLL-PACK\n"
    source.close()


@pytest.mark.parametrize(
    ("typed", "weak"),
    [("", True), ("12345", True), ("aaaaaaaaaaaaaaa", True), (WORDS, False), ("k8-fW2_pQx", False)],
)
def test_what_is_guessed_too_easily_is_refused(typed: str, *, weak: bool) -> None:
    """The file may be in anybody's hands for years."""
    assert is_weak(typed) is weak


def test_a_snapshot_is_whole_whatever_is_written_behind_it(tmp_path: Path) -> None:
    """Packs only grow, so a backup is of one moment, though the app works on."""
    place = Place(tmp_path)
    vault = place.create("one")
    write(vault, "a.md", b"a", TOP)
    snapshot, before = vault.snapshot(), shown(vault)
    vault.store(BytesIO(dice(5).randbytes(2_000_000)))  # staged, and in no commit yet
    write(vault, "b.md", b"b", TOP)
    target = FolderTarget(tmp_path / "b")
    disk = RealDisk(tmp_path / "one" / "packs")
    kept = take(snapshot, "", disk, target, old=None, copied=lambda _n: None)
    disk.close()
    table = Table(1, "one", place.device("one"), b"", (kept,))
    source = target.finish(seal_table(table, WORDS, SALT))
    assert prove(source, table, [snapshot], tools(place)) == ()
    target.publish(kept.packs)
    back = restored(place, source, "one", "new")
    assert shown(back) == before
    back.close()
    vault.close()
    source.close()


def test_what_was_let_go_of_is_no_reason_to_call_a_backup_bad(tmp_path: Path) -> None:
    """A device that keeps no older versions has nothing more than what it has."""
    place = Place(tmp_path)
    vault = place.create("one")
    entry = write(vault, "long.bin", dice(1).randbytes(9_000), TOP)
    save(vault, entry, dice(2).randbytes(9_000))
    collect(vault)
    with pytest.raises(AtollError):
        b"".join(vault.read_at(entry, vault.history(entry)[-1].cid))
    before = vault.root, shown(vault)
    target = FolderTarget(tmp_path / "b")
    table, source, snapshot = taken(place, "one", vault, target)
    assert prove(source, table, [snapshot], tools(place)) == ()
    target.publish(table.spaces[0].packs)
    done = vault.repair()
    assert (done.damaged, done.missing, done.rebuilt) == (0, (), True)
    assert [it for it in vault.check().found if it.severity != "note"] == []
    back = restored(place, source, "one", "new")
    assert (back.root, shown(back)) == before == (vault.root, shown(vault))
    for each in (back, vault, source):
        each.close()


def test_what_opens_a_version_that_went_may_be_left_in_a_pack(tmp_path: Path) -> None:
    """A pack of which little is of no use is not written anew: no backup is bad for that."""
    place = Place(tmp_path)
    vault = place.create("one")
    core_of(vault).blocks._pack_size = 1 << 20  # noqa: SLF001 - else it would take 256 MiB
    entry = write(vault, "long.bin", dice(2_220_000).randbytes(2_220_000), TOP)
    (top,) = tops_of(vault.facts(entry))
    save(vault, entry, b"\0short")
    write(vault, "live.bin", dice(3).randbytes(1_900_000), TOP)
    collect(vault)
    disk = RealDisk(tmp_path / "one" / "packs")
    assert any(top in disk.read(name, 0, disk.size(name)) for name in disk.names())
    disk.close()
    target = FolderTarget(tmp_path / "b")
    table, source, snapshot = taken(place, "one", vault, target)
    assert prove(source, table, [snapshot], tools(place)) == ()
    bad = replace(snapshot, wanting=frozenset())
    assert prove(source, table, [bad], tools(place)) != ()
    for each in (vault, source):
        each.close()
