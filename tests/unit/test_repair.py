"""Damage is taken out, made good where it can be, and fetched again; nothing is ever lost by it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from storage.blocks.frames import FRAME_SIZE, HEADER_SIZE, Frame, Gap, walk
from storage.blocks.store import Kind
from storage.checking import DAMAGED, MISSING
from storage.crypto.sealed import address
from storage.errors import StoreFull
from storage.facts.change import TOP, EntryId
from storage.mending import MAX_TRIED, mended, mended_frame
from storage.repairing import ASIDE
from storage.vault import Vault
from tests.helpers.vaults import (
    Place,
    core_of,
    dice,
    exchange,
    fetch,
    let_go,
    save,
    shown,
    tell,
    write,
)

OLD, NEW = dice(1).randbytes(20_000), dice(2).randbytes(20_000)


def frames_of(body: bytes) -> Iterator[Frame | Gap]:
    """Walk what a pack holds."""
    return walk(lambda at, size: body[at : at + size], HEADER_SIZE, len(body))


class Damaged:
    """A vault of two devices, whose packs a test can harm."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.vault = self.place.create()
        self.other = self.place.join(self.vault, "editor")
        self.vault.introduce("Ana")
        self.entries: dict[str, EntryId] = {}
        for name, data in (("note.md", b"one\n"), ("picture.bin", OLD), ("kept.bin", NEW)):
            self.entries[name] = write(self.vault, name, data, TOP)
        save(self.vault, self.entries["picture.bin"], NEW[::-1])
        save(self.vault, self.entries["note.md"], b"one\ntwo\n")
        exchange(self.vault, self.other)
        self.root = self.vault.root
        self.shown = shown(self.vault)

    @property
    def folder(self) -> Path:
        """Where the vault lies."""
        return self.place.folder / "owner"

    def harm(self, digest: bytes, *, at: int = 100, bits: int = 9) -> None:
        """Damage the bytes of a thing, on the disk."""
        for pack in sorted((self.folder / "packs").glob("*.pack")):
            body = bytearray(pack.read_bytes())
            for found in frames_of(bytes(body)):
                if isinstance(found, Frame) and found.head.digest == digest:
                    place = found.offset + at
                    body[place] ^= 1 << bits % 8
                    if bits > 8:
                        body[place + 1] ^= 3
            pack.write_bytes(body)

    def content(self, name: str, *, first: bool = False) -> bytes:
        """Return the digest of what opens a file, now or as it was at first."""
        core, entry = core_of(self.vault), self.entries[name]
        if first:
            step = self.vault.history(entry)[-1]
            facts = self.vault.facts_at(entry, step)
        else:
            facts = core.catalog.facts(entry)
        (content,) = facts["content"].values()
        return content.link.digest  # type: ignore[union-attr]

    def of_kind(self, kind: Kind) -> bytes:
        """Return the digest of some thing of a kind."""
        return next(thing.digest for thing in core_of(self.vault).blocks.scan(kind))

    def again(self, *, without_index: bool = False) -> Vault:
        """Close the vault, and open it anew."""
        self.vault.close()
        if without_index:
            for path in self.folder.glob("index.db*"):
                path.unlink()
        self.vault = self.place.open()
        return self.vault

    def is_whole(self) -> bool:
        """Say whether all is as it was before anything was harmed."""
        found = self.vault.check().found
        assert [it for it in found if it.severity in {DAMAGED, MISSING}] == []
        return (self.vault.root, shown(self.vault)) == (self.root, self.shown)

    def close(self) -> None:
        """Let go."""
        self.vault.close()
        self.other.close()


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Damaged]:
    """Return two devices that share a space."""
    made = Damaged(tmp_path)
    yield made
    made.close()


def test_a_turned_bit_of_something_short_is_turned_back() -> None:
    """Rights, keys and records are short and nowhere else: a bit must not cost the space."""
    body = dice(3).randbytes(300)
    for bit in range(len(body) * 8):
        harmed = bytearray(body)
        harmed[bit // 8] ^= 1 << bit % 8
        assert mended(bytes(harmed), address(body)) == body
    assert mended(body[:-1] + b"xx", address(body)) is None
    long = bytes(MAX_TRIED + 1)
    assert mended(b"\1" + long[1:], address(long)) is None


def test_a_turned_bit_of_a_frame_is_found_without_any_list(space: Damaged) -> None:
    """An index that was lost too must not make a harm worse."""
    (pack,) = (space.folder / "packs").glob("*.pack")
    body = pack.read_bytes()
    first = next(frames_of(body))
    assert isinstance(first, Frame)
    start, end = first.offset - FRAME_SIZE, first.offset + first.head.length
    for bit in range(0, (end - start) * 8, 7):
        harmed = bytearray(body[start:end])
        harmed[bit // 8] ^= 1 << bit % 8
        thing = mended_frame(bytes(harmed))
        assert thing is not None and (thing.digest, thing.kind) == (
            first.head.digest,
            first.head.kind,
        )


@pytest.mark.parametrize("kind", [Kind.RECORD, Kind.TOKEN, Kind.EPOCH, Kind.KEYRING, Kind.INVITE])
@pytest.mark.parametrize("without_index", [False, True])
def test_what_is_short_is_made_good_by_itself(
    space: Damaged, kind: Kind, *, without_index: bool
) -> None:
    """No other device is asked: it may be the only one."""
    digest = space.of_kind(kind)
    space.harm(digest, at=20, bits=3)
    vault = space.again(without_index=without_index)
    done = vault.repair()
    assert done.mended == done.damaged and done.missing == ()
    assert core_of(vault).blocks.get(digest)
    assert space.is_whole()
    space.again(without_index=True)
    assert space.is_whole()


def test_a_damaged_version_is_named_and_comes_back_from_who_has_it(space: Damaged) -> None:
    """What a person reads is which file and which version, and where it is to come from."""
    now, old = space.content("picture.bin"), space.content("picture.bin", first=True)
    space.harm(now)
    space.harm(old)
    vault = space.again()
    found = vault.check().found
    assert {(it.what, it.path, bool(it.version)) for it in found if it.path} == {
        ("a file", ("picture.bin",), False),
        ("an older version of a file", ("picture.bin",), True),
    }
    before = vault.seen, vault.root
    done = vault.repair()
    assert (done.damaged, done.mended, done.rebuilt) == (2, 0, True)
    assert done.before == done.after == before
    versions = {it.found.version for it in done.missing}
    assert versions == {
        step.cid[4:].hex()[:10] for step in vault.history(space.entries["picture.bin"])
    }
    assert set(vault.missing(9)) == {now, old}
    assert (vault.missing_blocks(), vault.missing_older()) == (1, 1)
    assert not vault.is_complete()
    assert len(done.aside) == 2
    fetch(space.other, vault)
    assert vault.is_complete()
    assert space.is_whole()
    assert (
        b"".join(
            vault.read_at(
                space.entries["picture.bin"], vault.history(space.entries["picture.bin"])[-1].cid
            )
        )
        == OLD
    )


def test_a_damaged_record_is_fetched_by_its_digest_and_nothing_is_forgotten(
    space: Damaged,
) -> None:
    """The lists know what it did: made anew without it they would forget all that follows."""
    vault = space.vault
    step = vault.history(space.entries["note.md"])[-1]
    space.harm(step.digest)
    space.harm(step.payload)
    vault = space.again()
    done = vault.repair()
    assert (done.mended, done.rebuilt) == (0, False)
    assert {it.found.what for it in done.missing} == {"a step of the history, “added note.md”"}
    assert (vault.root, shown(vault)) == (space.root, space.shown)
    assert not vault.is_complete()
    fetch(space.other, vault)
    assert vault.is_complete()
    assert core_of(vault).blocks.kind_of(step.digest) is Kind.RECORD
    assert vault.repair().rebuilt
    assert space.is_whole()
    space.again(without_index=True)
    assert space.is_whole()


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("half", ["digest", "payload"])
def test_what_was_lost_together_with_the_record_that_names_it_is_asked_for(
    space: Damaged, half: str, *, first: bool
) -> None:
    """Nothing else tells what the block was a part of: nobody would miss it, nobody bring it."""
    vault, entry = space.vault, space.entries["picture.bin"]
    steps = vault.history(entry)
    step = steps[-1 if first else 0]
    lost = space.content("picture.bin", first=first)
    space.harm(getattr(step, half))
    space.harm(lost)
    vault = space.again()
    done = vault.repair()
    assert (done.mended, done.rebuilt) == (0, False)
    assert any(it.found.path == ("picture.bin",) for it in done.missing) is not first
    fetch(space.other, vault)
    assert space.is_whole()
    assert [b"".join(vault.read_at(entry, it.cid)) for it in steps] == [NEW[::-1], OLD]


def test_a_file_heals_what_was_lost_together_with_the_record_that_names_it(space: Damaged) -> None:
    """There may be no other device; what the folder shows is known without its record."""
    space.harm(space.vault.history(space.entries["picture.bin"])[0].digest)
    space.harm(space.content("picture.bin"))
    done = space.again().repair(open_file=lambda path: BytesIO(space.shown[path] or b""))
    assert (done.damaged, done.from_files) == (2, 1)


def test_a_record_that_is_awaited_stays_one_though_the_folder_is_renamed(space: Damaged) -> None:
    """What stands for the whole folder was taken for an older version of it, and kept as a file."""
    step = space.vault.history(space.entries["note.md"])[-1]
    space.harm(step.digest)
    vault = space.again()
    vault.repair()
    change = vault.change()
    change.put_fact(TOP, "name", "Yours")
    vault.commit(change, "renamed")
    assert not vault.is_complete()
    fetch(space.other, vault)
    assert core_of(vault).blocks.kind_of(step.digest) is Kind.RECORD
    assert vault.repair().rebuilt


def test_records_that_are_gone_with_the_lists_come_back_from_others(space: Damaged) -> None:
    """Then the space is shown as far as it can be proved, and grows back."""
    step = space.vault.history(space.entries["note.md"])[-1]
    space.harm(step.digest)
    vault = space.again(without_index=True)
    assert not vault.seen.covers(space.other.seen)
    vault.repair()
    tell(space.other, vault)
    assert space.is_whole()


def test_a_file_that_holds_the_very_content_heals_it(space: Damaged) -> None:
    """The plain folder is a second copy on the same desk; only its exact bytes count."""
    digest = space.content("picture.bin")
    space.harm(digest)
    vault = space.again()
    asked: list[tuple[str, ...]] = []

    def other_bytes(path: tuple[str, ...]) -> BytesIO:
        asked.append(path)
        return BytesIO(OLD)

    assert vault.repair(open_file=other_bytes).from_files == 0
    assert set(asked) == {("picture.bin",)}
    done = vault.repair(open_file=lambda _path: BytesIO(NEW[::-1]))
    assert (done.from_files, done.missing) == (1, ())
    space.harm(space.content("kept.bin"))
    done = vault.repair(open_file=lambda path: BytesIO(space.shown[path] or b""))
    assert (done.damaged, done.mended, done.from_files, done.missing) == (1, 1, 1, ())
    fetch(space.other, vault)
    assert space.is_whole()


def test_what_was_damaged_is_kept_aside(space: Damaged) -> None:
    """It may be all that is left; somebody with better tools may read more out of it."""
    digest = space.content("picture.bin")
    space.harm(digest)
    vault = space.again()
    (name,) = vault.repair().aside
    kept = (space.folder / name).read_bytes()
    assert name.startswith(f"{ASIDE}/000001.pack-at-")
    assert len(kept) > 20_000 and address(kept) != digest
    assert (space.folder / "packs" / "000001.pack").read_bytes().find(kept) > 0


def test_what_is_kept_aside_is_kept_whole_though_the_disk_was_full_at_first(
    space: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it under its name would be taken for all of it by the next repair."""
    space.harm(space.content("picture.bin"))
    vault, really = space.again(), os.write

    def full(file: int, data: bytes) -> int:
        if len(data) <= 20_000:
            return really(file, data)
        really(file, data[:100])
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as once:
        once.setattr(os, "write", full)
        with pytest.raises(StoreFull):
            vault.repair()
    (name,) = vault.repair().aside
    assert len((space.folder / name).read_bytes()) > 20_000


def test_a_repair_of_what_is_whole_changes_nothing_that_counts(space: Damaged) -> None:
    """A person may ask for it any time; the lists are made anew, and say the same."""
    before = space.vault.seen, space.vault.root
    done = space.vault.repair()
    assert (done.damaged, done.rebuilt, done.before, done.after) == (0, True, before, before)
    assert space.is_whole()
    write(space.vault, "after.md", b"after\n", TOP)
    exchange(space.vault, space.other)
    assert space.vault.root == space.other.root


def test_what_was_let_go_of_is_not_missed_by_a_check_or_a_repair(space: Damaged) -> None:
    """It is not here on purpose."""
    digest = space.content("picture.bin", first=True)
    let_go(space.vault, [digest])
    assert [it for it in space.vault.check().found if it.severity != "note"] == []
    assert space.vault.repair().missing == ()
    assert space.vault.missing(9) == ()


def test_a_repair_that_is_stopped_leaves_all_whole(space: Damaged) -> None:
    """A person may lose patience at any step."""
    space.harm(space.content("picture.bin"))
    vault = space.again()

    class Enough(Exception):
        pass

    for patience in range(0, 200, 11):
        left = [patience]

        def step(*_said: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Enough

        try:
            vault.repair(step)
        except Enough:
            assert vault.root == space.root
            assert set(vault.tree().walk())
        else:
            break
    else:
        pytest.fail("it never ended")
    fetch(space.other, vault)
    assert space.is_whole()
