"""Another program, written from FORMAT.md alone, reads what we wrote and sees the same."""

from __future__ import annotations

import ast
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.blocks.frames import head_of
from storage.blocks.store import Kind, Thing
from storage.codec.dagcbor import decode
from storage.crypto.primitives import SigningKey
from storage.facts.change import TOP
from storage.facts.text import TextDocument
from storage.identity.device import DeviceKeys
from storage.identity.did import did_of
from storage.vault import Vault
from tests.helpers.forging import a_folder, draft, true_root
from tests.helpers.set_back import set_back
from tests.helpers.vaults import (
    META,
    Place,
    everyone,
    exchange,
    save,
    shown,
    tell,
    text,
    things_of,
    write,
)
from tests.property.test_vaults_agree import Story, moves
from tests.reader import small, texts
from tests.reader.second_reader import Reader, Space
from tests.reader.tree import rows_under
from tests.reader.view import shown as read_view
from tests.unit.test_vault_access import next_epoch

NAMES = ("one", "two", "three")
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared


def keys_of(device: DeviceKeys) -> bytes:
    """Return the three secrets as a key file holds them."""
    return device.signing.seed + device.agreement.seed + device.storage_secret


def second(place: Place, name: str) -> Space:
    """Read a device's folder by the paper."""
    return Reader(place.folder / name, keys_of(place.device(name))).read()


def agrees(place: Place, name: str, vault: Vault) -> Space:
    """Check that the paper's reader sees what the vault shows, and who wrote what."""
    space = second(place, name)
    assert space.problems == []
    assert read_view(space) == shown(vault)
    assert space.root == vault.root.to_bytes()
    assert sorted(space.seen.items()) == sorted(dict(vault.seen).items())
    steps = {step.cid: (step.dot.n, step.dot.writer, step.words) for step in vault.history()}
    assert {s.cid: (*s.dot, s.words) for s in space.history} == steps
    return space


@settings(max_examples=40)
@given(st.lists(moves, max_size=40))
@pytest.mark.slow
def test_two_programs_read_the_same_out_of_any_story(story: list[tuple[int, ...]]) -> None:
    """The format is what the paper says, and not what one program happens to do."""
    with TemporaryDirectory(dir=FAST) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        told = Story([one, place.join(one, "two"), place.join(one, "three")])
        one.welcome()
        for vault, name in zip(told.vaults, ("Ada's", "Ben's", "Cy's"), strict=True):
            vault.introduce(name)
        everyone(told.vaults)
        try:
            for who, what, first, other in story:
                told.play((who, what, first, other))
            for name, vault in zip(NAMES, told.vaults, strict=True):
                agrees(place, name, vault)
        finally:
            for vault in told.vaults:
                vault.close()


@pytest.fixture(scope="module")
def rich() -> Iterator[tuple[Place, list[Vault]]]:
    """Return three vaults in which everything is that the format knows."""
    with TemporaryDirectory(dir=FAST) as folder:
        place = Place(Path(folder))
        vaults = make_rich(place)
        yield place, vaults
        for vault in vaults:
            vault.close()


def make_rich(place: Place) -> list[Vault]:
    """Fill three vaults: large, hollow, empty, links, long rows, long edits, a second epoch."""
    one = place.create("one")
    vaults = [one, place.join(one, "two"), place.join(one, "three")]
    one.welcome()
    for vault, name in zip(vaults, ("Ada's", "Ben's / x", "Cy's"), strict=True):
        vault.introduce(name)
    everyone(vaults)
    dice = random.Random(7)  # noqa: S311
    write(one, "large.bin", dice.randbytes(1_300_000), TOP)
    write(one, "hollow.bin", b"\1" + bytes(3 << 20), TOP)
    write(one, "empty", b"", TOP)
    note = write(one, "note.md", b"one\ntwo\nthree\n", TOP)
    change = one.change()
    inside = change.add_folder(TOP, "inside")
    change.add_link(inside, "link", "../note.md", META)
    for number in range(400):
        change.add_folder(inside, f"folder {number}")
    change.put_fact(inside, "long", b"x" * 4000)
    one.commit(change, "much")
    everyone(vaults)
    for turn in range(14):
        for index, vault in enumerate(vaults):
            lines = f"{turn} {index}\n" * (1 if turn % 9 else 600)
            before = text(vault, note).split("\n")
            del before[turn % 5 + index : turn % 5 + index + (turn + index) % 3]
            save(vault, note, ("\n".join(before) + lines).encode())
        everyone(vaults[turn % 2 :])
    one.accept([next_epoch(one)])
    everyone(vaults)
    write(vaults[1], "after the epoch", b"x", inside)
    fork(place, vaults)
    everyone(vaults)
    return vaults


def fork(place: Place, vaults: list[Vault]) -> None:
    """Let the third device forget what it wrote, and write something else."""
    vaults[2].close()
    shutil.copytree(place.folder / "three", place.folder / "copy")
    vaults[2] = place.open("three", "first")
    write(vaults[2], "forgotten", b"x", TOP)
    tell(vaults[2], vaults[0])
    vaults[2].close()
    set_back(place.folder / "three", place.folder / "copy")
    place.clock.at += 60
    vaults[2] = place.open("three", "second")
    write(vaults[2], "instead", b"y", TOP)
    for giver, taker in ((0, 2), (2, 0), (0, 2), (2, 0)):  # from the start of every line
        whole = vaults[giver].things_after(type(vaults[giver].seen)(), b"", 1 << 40)
        vaults[taker].accept(whole.things)


@pytest.mark.slow
def test_two_programs_read_the_same_out_of_all_that_the_format_knows(
    rich: tuple[Place, list[Vault]],
) -> None:
    """Manifests, holes, links, spilled rows, levels of nodes, documents, epochs, forks."""
    place, vaults = rich
    for name, vault in zip(NAMES, vaults, strict=True):
        space = agrees(place, name, vault)
        assert space.roots_checked > 10
    assert ("forgotten",) in shown(vaults[0])
    assert ("instead",) in shown(vaults[0])


@pytest.mark.slow
def test_the_stored_nodes_hold_the_facts_of_the_records(rich: tuple[Place, list[Vault]]) -> None:
    """A newcomer who opens a root has the same state as who played all the records."""
    place, vaults = rich
    link = vaults[0].checkpoint().to_bytes()
    space = second(place, "one")
    assert link == space.root
    assert rows_under(space.root, space.open) == space.entries


@pytest.mark.slow
@given(st.data())
@settings(max_examples=100)
def test_a_flipped_bit_anywhere_in_a_pack_is_noticed(
    small_folder: Path, data: st.DataObject
) -> None:
    """Every byte is covered by the header's sum, a frame's sum, or a digest."""
    pack = small_folder / "two" / "packs" / "000001.pack"
    whole = pack.read_bytes()
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    with TemporaryDirectory(dir=FAST) as folder:
        copy = shutil.copytree(small_folder / "two", Path(folder) / "two")
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (copy / "packs" / "000001.pack").write_bytes(damaged)
        keys = keys_of(Place(small_folder).device("two"))
        assert Reader(copy, keys).read().problems
        assert small.Space(copy, keys).problems


@pytest.fixture(scope="module")
def small_folder() -> Iterator[Path]:
    """Return where a small space lies, read without a problem before."""
    with TemporaryDirectory(dir=FAST) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        two = place.join(one, "two")
        note = write(one, "note.md", b"one\n", TOP)
        exchange(one, two)
        save(two, note, b"one\ntwo\n")
        agrees(place, "two", two)
        one.close()
        two.close()
        yield place.folder


FORGED = {
    "another writer": lambda d: replace(d, writer=b"somebody"),
    "another incarnation": lambda d: replace(d, incarnation=bytes(16)),
    "another space": lambda d: replace(d, subject=did_of(d.key.public)),
    "no proofs": lambda d: replace(d, proofs=()),
    "somebody without a right": lambda d: replace(d, key=SigningKey(bytes(32))),
    "a command that is none": lambda d: replace(d, command="/fs/read"),
    "another length": lambda d: replace(d, claimed_size=17),
    "another size inside": lambda d: replace(d, plain_size=17),
    "another secret": lambda d: replace(d, secret=bytes(32)),
    "a number left out": lambda d: replace(d, number=d.number + 1),
    "a number twice": lambda d: replace(d, number=d.number - 1),
    "no record before": lambda d: replace(d, parents=()),
    "another root": lambda d: d,
}


@pytest.mark.parametrize("what", FORGED)
def test_the_paper_is_enough_to_refuse_what_is_forged(tmp_path: Path, what: str) -> None:
    """Whole frames with right digests: only signatures, rights and roots tell."""
    place = Place(tmp_path)
    one = place.create("one")
    write(one, "note.md", b"one\n", TOP)
    honest = true_root(one, draft(one, a_folder("honest")), a_folder("honest"))
    forged = replace(FORGED[what](honest), root=one.root if what == "another root" else honest.root)
    one.close()
    pack = tmp_path / "one" / "packs" / "000001.pack"
    before = pack.read_bytes()
    for made, good in ((honest, True), (forged, False)):
        with pack.open("wb") as file:
            file.write(before + b"".join(head_of(t) + t.data for t in made.things()))
        assert (second(place, "one").problems == []) is good
        if what != "another root":  # it seals no trees
            short = small.Space(place.folder / "one", keys_of(place.device("one")))
            assert (short.problems == []) is good


def test_the_paper_is_enough_to_refuse_a_forged_signature(tmp_path: Path) -> None:
    """A bit of a signature, and the digest made anew over it."""
    place = Place(tmp_path)
    one = place.create("one")
    for thing in things_of(one):
        if thing.kind in {Kind.RECORD, Kind.TOKEN}:
            data = bytearray(thing.data)
            data[40] ^= 1
            with (tmp_path / "one" / "packs" / "000001.pack").open("ab") as file:
                bad = Thing(thing.kind, bytes(data))
                file.write(head_of(bad) + bad.data)
    one.close()
    assert len(second(place, "one").problems) >= 2


Turn = tuple[int, int, int, int]
turns = st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 40), st.integers(0, 9))


@given(st.text("ab\n😀", max_size=12), st.lists(turns, max_size=30))
def test_a_text_is_put_together_from_the_paper_as_our_program_does(
    begin: str, story: list[Turn]
) -> None:
    """Else two programs would show two texts for one state."""
    documents = [TextDocument.seed(begin) for _ in range(3)]
    for peer, document in enumerate(documents):
        document.sit(1 << 40 | (peer * 7919) % 5)
    for who, what, at, count in story:
        document = documents[who]
        units = document.text.encode("utf-16-le")
        if what == 6:
            document.take(documents[(who + 1 + count % 2) % 3].snapshot())
        elif what == 5:
            document.undo()
        else:
            place = at % (len(document.text) + 1)
            remove = document.text[place : place + (count if what > 2 else 0)]
            before = len(document.text[:place].encode("utf-16-le")) // 2
            document.splice(
                before, len(remove.encode("utf-16-le")) // 2, chr(97 + len(units) % 26) * (what % 4)
            )
    parts = [decode(document.snapshot()) for document in documents]
    for document in documents[1:]:
        documents[0].take(document.snapshot())
    changes = [change for part in parts for change in texts.read_changes(part)]
    assert texts.merge(changes) == documents[0].text


def test_the_second_reader_shares_no_code_with_the_first() -> None:
    """It could not disagree with what it is made of."""
    allowed = {"cbor2", "cryptography", "blake3", "zstandard", *sys.stdlib_module_names}
    for path in Path(texts.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            may = allowed | {"loro"} if path.name == "small.py" else allowed
            assert all(n.startswith("tests.reader") or n.split(".")[0] in may for n in names)


def test_the_small_reader_is_short_and_stands_alone() -> None:
    """One person reads it in one go, and needs nothing beside it but the paper and libraries."""
    text = Path(small.__file__).read_text(encoding="utf-8")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 300
    assert "tests.reader" not in text.replace("-m tests.reader.small", "")


@pytest.mark.slow
def test_the_small_reader_reads_all_that_the_format_knows(
    rich: tuple[Place, list[Vault]],
) -> None:
    """Every file that a person sees is among what it prints, with the same bytes, merged alike."""
    place, vaults = rich
    for name, vault in zip(NAMES, vaults, strict=True):
        space = small.Space(place.folder / name, keys_of(place.device(name)))
        assert space.problems == []
        assert space.seen == {bytes(writer): n for writer, n in dict(vault.seen).items()}
        read = {data for facts in space.entries.values() for data in space.versions(facts)}
        assert {data for data in shown(vault).values() if data is not None} <= read
        assert "inside/link" in {"/".join(space.path(entry)) for entry in space.entries}
