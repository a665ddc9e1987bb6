"""Guards in trouble: lines that give way, disks that are full, batches that come one by one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.guard_values import Harm
from storage.errors import StoreFull
from storage.facts.change import TOP, EntryId
from storage.facts.values import EntryKind
from storage.lately import LookingBack
from storage.vault import Vault
from tests.helpers.guarded import Guarded, Small, files, later, two
from tests.helpers.set_back import set_back
from tests.helpers.vaults import fetch, write


def all_files(vault: Vault) -> list[EntryId]:
    """Return all files of a space."""
    return [node.id for _, node in vault.tree().walk() if node.kind is EntryKind.FILE]


def remove(vault: Vault, *entries: EntryId) -> None:
    """Delete, as one commit."""
    change = vault.change()
    for entry in entries:
        change.remove(entry)
    vault.commit(change, "deleted")


def give_all(giver: Vault, taker: Guarded) -> None:
    """Tell everything from the beginning of every line, as when lines are compared."""
    taker.vault.accept(giver.things_after(type(giver.seen)(), b"", 1 << 30).things)
    taker.guard.judge()
    fetch(giver, taker.vault)


@dataclass
class Forked:
    """A device whose disk was set back: it deletes under numbers that it used for other things."""

    one: Guarded
    other: Guarded
    set_back_to: Path

    def goes_on(self, *names: str) -> None:
        """Write files, and tell the other."""
        for name in names:
            write(self.one.vault, name, b"words\n", TOP)
        self.one.tell(self.other)
        self.other.bring()

    def set_back(self, seconds: float) -> None:
        """Let its disk be as it was, and its clock too: what it writes now is the older line."""
        place = self.one.place
        self.one.mirror.close()
        self.one.vault.close()
        set_back(place.folder / self.one.name, self.set_back_to)
        later(self.one, seconds=-seconds)
        self.one.vault = place.open(self.one.name, "set back")


@pytest.fixture
def forked(tmp_path: Path) -> Forked:
    """Set the stage."""
    one, other = two(tmp_path, files(80), guards=False)
    one.mirror.close()
    one.vault.close()
    shutil.copytree(one.place.folder / one.name, tmp_path / "copy")
    one.vault = one.place.open(one.name, "again")
    return Forked(one, other, tmp_path / "copy")


@pytest.mark.parametrize("together", [True, False])
def test_what_takes_the_place_of_what_was_judged_is_judged(
    forked: Forked, *, together: bool
) -> None:
    """Numbers that were judged are others' records now: eighty deletions passed under them."""
    other = forked.other
    forked.goes_on("a.md", "b.md", "c.md")
    forked.set_back(600)
    gone = all_files(forked.one.vault)
    for entries in [gone] if together else [gone[:40], gone[40:]]:
        remove(forked.one.vault, *entries)
    for name in ("d.md", "e.md", "f.md"):
        write(forked.one.vault, name, b"words\n", TOP)
    give_all(forked.one.vault, other)
    other.bring()
    assert other.held() == {Harm.DELETED: 80}
    assert files(80).items() <= other.disk().items()
    assert {"a.md", "b.md", "c.md", "d.md", "e.md", "f.md"} < other.disk().keys()
    other.start_again()
    assert other.held() == {Harm.DELETED: 80}
    other.undo()
    assert files(80).items() <= other.disk().items()
    assert not other.held()


def test_what_is_held_stays_held_when_lines_give_way(forked: Forked) -> None:
    """All records lie in another order afterwards; what follows still belongs to the batch."""
    other = forked.other
    forked.goes_on("a.md")
    forked.set_back(600)
    gone = all_files(forked.one.vault)
    remove(forked.one.vault, *gone[:70])
    forked.one.tell(other)
    give_all(forked.one.vault, other)
    assert other.held() == {Harm.DELETED: 70}
    remove(forked.one.vault, *gone[70:])
    forked.one.tell(other)
    assert other.held() == {Harm.DELETED: 80}
    other.bring()
    assert files(80).items() <= other.disk().items()
    other.undo()
    assert {**files(80), "a.md": b"words\n"} == other.disk()


def test_a_batch_that_gave_way_is_held_under_whatever_name_it_is_written_again(
    forked: Forked,
) -> None:
    """Whoever gives way writes it again as its own: that is no reason to let it through."""
    other = forked.other
    remove(forked.one.vault, *all_files(forked.one.vault))
    forked.one.tell(other)
    assert other.held() == {Harm.DELETED: 80}
    forked.set_back(600)
    write(forked.one.vault, "older.md", b"words\n", TOP)
    give_all(forked.one.vault, other)
    assert other.held() == {Harm.DELETED: 80}
    other.bring()
    assert {**files(80), "older.md": b"words\n"} == other.disk()
    other.undo()
    assert {**files(80), "older.md": b"words\n"} == other.disk()
    assert not other.held()


class Full(Small):
    """A file on a disk that is full after so many savings."""

    def __init__(self, held: bytes | None, left: int) -> None:
        super().__init__()
        self.held = held
        self.left = left

    def save(self, plain: bytes) -> None:
        """Keep these bytes instead, if there is room."""
        self.left -= 1
        if self.left < 0:
            raise StoreFull("full")
        super().save(plain)


def with_room(device: Guarded, left: int) -> None:
    """Start again; the guard's memory can be saved so often."""
    device.file = Full(device.file.held, left)
    device.start_again()


def held_at_other(folder: Path) -> Guarded:
    """Return a device that holds what another replaced."""
    one, other = two(folder, files(80), guards=False)
    one.write({path: b"\0sealed " + path.encode() for path in files(80)})
    one.tell(other)
    other.bring()
    assert other.held() == {Harm.REPLACED: 80}
    return other


def test_without_room_to_remember_it_nothing_is_undone(tmp_path: Path) -> None:
    """After the next start it would be taken for a mass change of our own."""
    other = held_at_other(tmp_path)
    with_room(other, 0)
    seen = other.vault.seen
    with pytest.raises(StoreFull):
        other.undo()
    assert other.vault.seen == seen
    assert other.held() == {Harm.REPLACED: 80}
    other.file = Small()
    other.start_again()
    assert other.held() == {Harm.REPLACED: 80}
    other.undo()
    assert other.disk() == files(80)


@pytest.mark.parametrize("left", [2, 3, 4])
def test_a_disk_full_after_the_commit_takes_nothing_back(tmp_path: Path, left: int) -> None:
    """What was done is done, is told so, and is nobody's mass change after a start either."""
    other = held_at_other(tmp_path)
    with_room(other, left)
    other.undo()
    assert other.disk() == files(80)
    assert not other.held()
    assert other.guard.outward() is None
    other.start_again()
    assert not other.held()


def test_what_was_meant_and_never_made_excuses_nothing(tmp_path: Path) -> None:
    """Killed before the commit: the number that was meant is used by whatever comes next."""
    one, other = two(tmp_path, files(80))

    with one.guard.meant():
        left = one.file.held
    one.file.held = left  # as it lay there in the middle
    one.start_again()
    one.delete(*files(80))
    one.start_again()
    assert one.held() == {Harm.DELETED: 80}
    assert one.tell(other) == 0


def test_what_is_held_costs_each_record_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that deletes one by one made each of its deletions cost as much as all before."""
    one, _ = two(tmp_path, files(200))
    gone = all_files(one.vault)
    remove(one.vault, *gone[:60])
    assert one.held() == {Harm.DELETED: 60}
    asked = 0
    steps, did, nodes = LookingBack.steps, LookingBack.did, Vault.nodes

    def counted(work: object, size: int) -> object:
        nonlocal asked
        asked += size
        return work

    monkeypatch.setattr(LookingBack, "steps", lambda me, it: counted(steps(me, it), 1))
    monkeypatch.setattr(LookingBack, "did", lambda me, it: counted(did(me, it), 1))
    monkeypatch.setattr(Vault, "nodes", lambda me, it: counted(nodes(me, set(it)), len(set(it))))
    costs: list[int] = []
    for entry in gone[60:140]:
        before = asked
        remove(one.vault, entry)
        one.guard.judge()
        costs.append(asked - before)
    assert one.held() == {Harm.DELETED: 140}
    assert max(costs) < 40, "each cost as much as the first"


def test_put_back_one_by_one_it_is_let_go_of_in_time(tmp_path: Path) -> None:
    """As soon as no more than the limit is harmed; and on the way each costs little."""
    one, _ = two(tmp_path, files(120))
    before = {node.id: one.vault.facts(node.id) for _, node in one.vault.tree().walk()}
    remove(one.vault, *all_files(one.vault))
    assert one.held() == {Harm.DELETED: 120}
    left = len(before)
    for entry, facts in before.items():
        change = one.vault.change()
        change.bring_back(entry, facts)
        one.vault.commit(change, "back")
        left -= 1
        assert bool(one.held()) is (left > 40), "a quarter of what there was, and of what is there"


@pytest.mark.parametrize("kind", ["deleted", "replaced", "renamed"])
def test_what_was_added_since_the_first_harm_and_harmed_later_is_put_back_as_well(
    tmp_path: Path, kind: str
) -> None:
    """A person deletes a note, writes others, and minutes later a bad program takes all of them."""
    one, other = two(tmp_path, files(20))
    one.delete("0001.md")
    fresh = {path: data + path.encode() for path, data in files(30, "new/").items()}
    one.write(fresh)
    one.tell(other)
    other.bring()
    for path in sorted(fresh):
        file = one.root / path
        if kind == "deleted":
            file.unlink()
        elif kind == "replaced":
            file.write_bytes(b"\0sealed " + path.encode())
        else:
            file.rename(one.root / f"{path}.locked")
        if path.endswith("15.md"):
            one.look()
    one.look()
    held = one.held()
    assert sum(held.values()) == 31
    one.start_again()
    assert one.held() == held
    told = one.undo()
    assert fresh.items() <= one.disk().items()
    assert not one.held()
    assert told.files >= 30
    assert told.removed == told.stays == told.lacking == 0
    one.tell(other)
    other.bring()
    assert not other.held()
    assert other.disk() == one.disk()
