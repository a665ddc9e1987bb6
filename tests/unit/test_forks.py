"""A store that was set back in place: what it forgot comes back, what it wrote since stays."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from storage import forks
from storage.access.roles import Role
from storage.blocks.store import Thing
from storage.errors import Overtaken
from storage.facts.change import TOP
from storage.facts.dots import Seen, Writer
from storage.records.record import parse_record
from storage.vault import Vault
from tests.helpers.set_back import set_back
from tests.helpers.tripping import Fuse, PowerCut, fuse
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    everyone,
    exchange,
    pure_root,
    save,
    shown,
    tell,
    write,
)

__all__ = ["fuse"]


class Stage:
    """An owner, and a device that is set back in the course of a test."""

    def __init__(self, folder: Path, role: Role = Role.EDIT) -> None:
        self.place = Place(folder)
        self.owner = self.place.create()
        self.note = write(self.owner, "note.md", b"one\n", TOP)
        self.mine = self.place.join(self.owner, "mine")
        self.third = self.place.join(self.owner, "third", role)
        self.owner.welcome()
        everyone(self.all())
        self.opened = 0

    def all(self) -> tuple[Vault, Vault, Vault]:
        """All vaults."""
        return self.owner, self.mine, self.third

    def open(self) -> Vault:
        """Open the device's vault again."""
        self.opened += 1
        self.mine = self.place.open("mine", f"again {self.opened}")
        return self.mine

    def copy(self) -> None:
        """Put a copy of its store aside."""
        self.mine.close()
        shutil.copytree(self.place.folder / "mine", self.place.folder / "copy")
        self.open()

    def set_back(self) -> Vault:
        """Put the copy back, in the very same files."""
        self.mine.close()
        set_back(self.place.folder / "mine", self.place.folder / "copy")
        self.place.clock.at += 60
        return self.open()

    def fork(self) -> None:
        """Let it write, give that to the owner, be set back, and write something else."""
        self.copy()
        write(self.mine, "kept.md", b"kept\n", TOP)
        save(self.mine, self.note, b"one\nkept\n")
        exchange(self.owner, self.mine)
        self.set_back()
        write(self.mine, "new.md", b"new\n", TOP)
        save(self.mine, self.note, b"new\none\n")
        write(self.mine, "last.md", b"last\n", TOP)

    def close(self) -> None:
        """Let go."""
        for vault in self.all():
            vault.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Set the stage."""
    made = Stage(tmp_path)
    yield made
    made.close()


def meet(one: Vault, other: Vault) -> None:
    """Let two tell each other everything, from the start of every line."""
    for _ in range(3):
        for giver, taker in ((one, other), (other, one)):
            taker.accept(giver.things_after(type(giver.seen)(), b"", 1 << 30).things)
            tell(giver, taker)


def judge(*vaults: Vault) -> None:
    """All are equal, by the pure rules too, and whole."""
    for vault in vaults:
        assert vault.seen == vaults[0].seen
        assert vault.root == vaults[0].root
        assert vault.root.to_bytes() == pure_root(vault)
        assert vault.check().found == ()


def test_who_was_set_back_begins_a_new_line_before_it_writes(stage: Stage) -> None:
    """Peers show commits of its own that it does not know; there may be more of them elsewhere."""
    stage.copy()
    write(stage.mine, "kept.md", b"kept\n", TOP)
    exchange(stage.owner, stage.mine)
    writer = stage.mine.writer
    assert stage.set_back().writer == writer
    tell(stage.owner, stage.mine)
    assert stage.mine.writer != writer
    begun = stage.mine.writer
    stage.mine.close()
    assert stage.open().writer == begun
    write(stage.mine, "new.md", b"new\n", TOP)
    everyone(stage.all())
    judge(*stage.all())


def test_what_was_written_under_used_numbers_is_everywhere_in_the_end(stage: Stage) -> None:
    """Both histories of the one device count: the words of each are in the files of all."""
    stage.fork()
    meet(stage.owner, stage.mine)
    everyone(stage.all())
    judge(*stage.all())
    found = shown(stage.third)
    assert {path[0] for path in found} == {"note.md", "kept.md", "new.md", "last.md"}
    assert found["note.md",] == b"new\none\nkept\n"
    said = [step.words for step in stage.third.history()]
    assert {"added kept.md", "added new.md", "added last.md"} <= set(said)


def test_the_older_line_stays_whoever_hears_of_the_other_first(stage: Stage) -> None:
    """A third device that took the younger one, and wrote on top of it, gives way as well."""
    stage.fork()
    exchange(stage.third, stage.mine)
    write(stage.third, "on top.md", b"on top\n", TOP)
    exchange(stage.third, stage.mine)
    meet(stage.owner, stage.third)
    meet(stage.owner, stage.mine)
    everyone(stage.all())
    judge(*stage.all())
    names = {path[0] for path in shown(stage.owner)}
    assert names == {"note.md", "kept.md", "new.md", "last.md", "on top.md"}


def test_what_somebody_wrote_again_already_is_not_written_twice(stage: Stage) -> None:
    """Whoever deleted it meanwhile must not find it back."""
    stage.fork()
    exchange(stage.third, stage.mine)
    meet(stage.owner, stage.mine)
    exchange(stage.owner, stage.mine)
    tell(stage.mine, stage.third)
    count = core_of(stage.owner).ledger.count()
    meet(stage.owner, stage.third)
    everyone(stage.all())
    judge(*stage.all())
    assert core_of(stage.owner).ledger.count() == count


def test_a_viewer_gives_way_and_writes_nothing(tmp_path: Path) -> None:
    """It may not; the device whose words they are writes them again."""
    stage = Stage(tmp_path, Role.VIEW)
    stage.fork()
    tell(stage.mine, stage.third)
    meet(stage.owner, stage.third)
    meet(stage.owner, stage.mine)
    everyone(stage.all())
    judge(*stage.all())
    stage.close()


def test_a_line_that_too_much_was_built_on_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can make others write a whole history again; the first that came counts then."""
    monkeypatch.setattr(forks, "MAX_AT_ONCE", 2)
    stage.fork()
    before = stage.mine.seen, stage.mine.root
    accepted = stage.mine.accept(
        stage.owner.things_after(type(stage.owner.seen)(), b"", 1 << 30).things
    )
    assert accepted.refused == ()
    assert (stage.mine.seen, stage.mine.root) == before


def test_an_index_that_is_lost_afterwards_comes_back_the_same(stage: Stage) -> None:
    """The packs hold both lines; what was set aside is said in them."""
    stage.fork()
    meet(stage.owner, stage.mine)
    exchange(stage.owner, stage.mine)
    stage.mine.close()
    (stage.place.folder / "mine" / "index.db").unlink()
    stage.open()
    judge(stage.owner, stage.mine)


def test_a_change_begun_before_lines_gave_way_is_overtaken(stage: Stage) -> None:
    """It was made of another text, whose number is somebody else's now."""
    stage.fork()
    change = stage.mine.change()
    change.write(stage.note, b"typed\n", META)
    meet(stage.owner, stage.mine)
    with pytest.raises(Overtaken):
        stage.mine.commit(change, "typed")


def test_killed_at_any_step_it_ends_the_same(tmp_path: Path, fuse: Fuse) -> None:
    """Between a pack and the index everything can stop; opening goes on where it stopped."""
    stage = Stage(tmp_path / "stage")
    stage.fork()
    things = stage.owner.things_after(type(stage.owner.seen)(), b"", 1 << 30).things
    stage.mine.close()
    shutil.copytree(tmp_path / "stage" / "mine", tmp_path / "forked")
    steps = 0
    owner = stage.owner
    owner.close()
    shutil.copytree(tmp_path / "stage" / "owner", tmp_path / "before")
    while True:
        stage.owner = stage.place.open("owner", f"again {steps}")
        stage.open()
        fuse.left, fuse.blown, fuse.cuts = steps, False, True
        with suppress(PowerCut):
            stage.mine.accept(things)
        ended, fuse.left, fuse.blown = not fuse.blown, -1, False
        with suppress(Exception):
            stage.mine.close()
        stage.open()
        meet(stage.owner, stage.mine)
        judge(stage.owner, stage.mine)
        names = {path[0] for path in shown(stage.mine)}
        assert names == {"note.md", "kept.md", "new.md", "last.md"}
        stage.mine.close()
        stage.owner.close()
        if ended:
            break
        if steps % 3:  # else it heals once more, and the owner has what it wrote the last time
            set_back(tmp_path / "stage" / "owner", tmp_path / "before")
        set_back(tmp_path / "stage" / "mine", tmp_path / "forked")
        steps += 3
    assert steps > 20, "there are many steps to be killed at"
    stage.third.close()


def test_a_record_written_again_says_which_line_it_stands_for(stage: Stage) -> None:
    """So that anybody can tell, and nobody does it twice."""
    stage.fork()
    core = core_of(stage.mine)
    mine = [s for s in core.ledger.steps(latest_first=False) if s.dot.writer == stage.mine.writer]
    younger = mine[-3:]
    meet(stage.owner, stage.mine)
    name = forks.name_again(younger[0].cid, younger[-1].cid)
    found = [parse_record(core.blocks.get(step.digest)) for step in core.ledger.steps()]
    assert sorted(r.dot.n for r in found if r.incarnation.startswith(name)) == [1, 2, 3]


def test_a_store_that_came_back_in_other_files_writes_under_no_number_it_used(
    stage: Stage,
) -> None:
    """A backup put back, or a copied machine: others may have heard what it has forgotten.

    No line forks then, and nothing has to be written again.
    """
    stage.copy()
    write(stage.mine, "kept.md", b"kept\n", TOP)
    exchange(stage.owner, stage.mine)
    before = stage.mine.writer
    stage.mine.close()
    shutil.move(stage.place.folder / "mine", stage.place.folder / "old")
    shutil.copytree(stage.place.folder / "copy", stage.place.folder / "mine")
    assert stage.open().writer != before
    write(stage.mine, "new.md", b"new\n", TOP)
    accepted = stage.owner.accept(
        stage.mine.things_after(type(stage.mine.seen)(), b"", 1 << 30).things
    )
    assert not accepted.gave_way and not accepted.forked
    meet(stage.owner, stage.mine)
    everyone(stage.all())
    judge(*stage.all())
    assert {"kept.md", "new.md"} <= {path[-1] for path in shown(stage.owner)}


class Parted(Stage):
    """The third has three records of a line of which the owner has another, older beginning."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.copy()
        self.before = self.mine.seen
        for number in range(3):
            write(self.mine, f"younger {number}.md", b"younger\n", TOP)
        tell(self.mine, self.third)
        self.place.clock.at -= 600
        self.set_back()
        write(self.mine, "older.md", b"older\n", TOP)
        self.writer = core_of(self.mine).writer

    @property
    def parts(self) -> tuple[Writer, int]:
        """Up to where both lines are one."""
        return self.writer, self.before.of(self.writer)

    def younger(self, first: int = 0) -> list[Thing]:
        """Return what the third has to tell of the younger line, from its first, second, … on."""
        upto = self.before.of(self.writer) + first
        known = Seen((w, upto if w == self.writer else n) for w, n in self.third.seen.items())
        return list(self.third.things_after(known, self.third.auth, 1 << 30).things)


@pytest.fixture
def parted(tmp_path: Path) -> Iterator[Parted]:
    """Set the stage."""
    made = Parted(tmp_path)
    yield made
    made.close()


def test_who_is_told_of_what_was_built_on_another_line_sends_its_own_from_where_they_part(
    parted: Parted,
) -> None:
    """It showed the last of a longer line, again and again, and was never told of the older one."""
    tell(parted.mine, parted.owner)
    write(parted.owner, "on top.md", b"on top\n", TOP)
    answers = tell(parted.owner, parted.third)
    assert parted.parts in answers[-1].disputed


def test_the_end_of_a_line_that_gave_way_is_answered_with_all_of_the_older_one(
    parted: Parted,
) -> None:
    """Whoever has more of it sends only that more: then nobody sees where the two part."""
    late = parted.younger(1)
    tell(parted.third, parted.owner)
    meet(parted.mine, parted.owner)
    answer = parted.owner.accept(late)
    assert [n for writer, n in answer.disputed if writer == parted.writer] == [0]
    assert not answer.waiting


@pytest.mark.parametrize("whole", [True, False])
def test_what_builds_on_a_line_that_was_refused_does_not_wait(
    parted: Parted, *, whole: bool
) -> None:
    """Nothing that it waits for ever comes; and of what waits there may be only so much."""
    tell(parted.mine, parted.owner)
    things = parted.younger(0 if whole else 1)
    for _ in range(2):
        assert not parted.owner.accept(things).waiting


def test_what_others_built_on_a_line_that_gave_way_does_not_wait(parted: Parted) -> None:
    """They write it again themselves once they hear of the older line."""
    tell(parted.third, parted.owner)
    before = parted.third.seen
    write(parted.third, "built.md", b"built\n", TOP)
    write(parted.third, "more.md", b"more\n", TOP)
    built = parted.third.things_after(before, parted.third.auth, 1 << 30).things
    meet(parted.mine, parted.owner)
    answer = parted.owner.accept(built)
    assert not answer.waiting and answer.refused
    meet(parted.owner, parted.third)
    judge(parted.owner, parted.third)
    assert {("built.md",), ("more.md",), ("older.md",)} < shown(parted.owner).keys()
