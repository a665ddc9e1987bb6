"""Very many files changed at once are held: on whoever did it, and on whoever gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.guard_values import GuardSettings, Harm
from storage.access.roles import Role
from storage.errors import NotAllowed
from storage.facts.change import EntryId
from storage.facts.values import EntryKind
from storage.records.ledger import Ledger, Step
from tests.helpers.guarded import Guarded, files, later, two
from tests.helpers.vaults import Place


def encrypt(device: Guarded, path: str) -> None:
    """Do to a file what a bad program does: another content under another kind of name."""
    file = device.root / path
    data = bytes(byte ^ 0xA5 for byte in file.read_bytes())
    file.with_name(f"{file.name}.locked").write_bytes(b"\0" + data)
    file.unlink()


def test_what_a_bad_program_does_never_leaves_its_device(tmp_path: Path) -> None:
    """At most the limit is gone elsewhere when the sending stops; nothing is lost here."""
    one, other = two(tmp_path, files(220))
    before = other.disk()
    for number, path in enumerate(sorted(files(220))):
        encrypt(one, path)
        if number % 14 == 0:
            one.look()
            one.tell(other)
            other.bring()
    one.look()
    one.tell(other)
    other.bring()
    gone = [path for path in before if path not in other.disk()]
    assert len(gone) <= GuardSettings().files
    assert one.held()[Harm.DELETED] == 220
    assert one.guard.pauses


def test_undoing_puts_everything_back_byte_for_byte(tmp_path: Path) -> None:
    """One new step: the folder is as it was before, here and everywhere; then all is sent again."""
    one, other = two(tmp_path, {**files(120), **files(30, "deep/er/")})
    before = one.disk()
    for path in sorted(files(120)):
        encrypt(one, path)
    for path in sorted(files(30, "deep/er/")):
        (one.root / path).rename(one.root / f"{path}.locked")
    (one.root / "deep" / "er").rename(one.root / "deep" / "er.locked")
    (one.root / "deep" / "READ ME.txt").write_bytes(b"pay")
    one.look()
    assert one.tell(other) == 0
    steps = len(one.vault.history())
    told = one.undo()
    assert one.disk() == before
    assert told.files >= 150
    assert len(one.vault.history()) == steps + 1
    assert not one.held()
    assert one.tell(other) > 0
    other.bring()
    assert not other.held(), "what was put back is no mass change"
    assert other.disk() == before


def test_whoever_gets_it_all_the_same_keeps_its_folder(tmp_path: Path) -> None:
    """An older version, or one that means ill, sends everything: the state is one, one waits.

    Held files look neither edited nor deleted here, so nothing comes of looking.
    """
    one, other = two(tmp_path, files(120), guards=False)
    before = other.disk()
    for path in sorted(files(120)):
        encrypt(one, path)
    one.look()
    one.tell(other)
    assert other.vault.seen == one.vault.seen
    seen = other.vault.seen
    other.bring()
    assert {path: other.disk().get(path) for path in before} == before
    assert other.vault.seen == seen, "a held file is no news"
    assert other.held() == {Harm.DELETED: 120}


def test_letting_through_ends_both(tmp_path: Path) -> None:
    """What a person meant goes on its way, on either side, and is not held again."""
    one, other = two(tmp_path, files(100))
    one.delete(*files(100))
    assert one.tell(other) == 0
    one.guard.let_through()
    assert one.tell(other) > 0
    other.bring()
    assert len(other.disk()) == 100
    other.guard.let_through()
    other.bring()
    assert other.disk() == {}
    for device in (one, other):
        device.start_again()
        assert not device.held()


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """Neither side lets anything slip because it was started anew."""
    one, other = two(tmp_path, files(100))
    one.delete(*files(100))
    one.guard.judge()
    one.start_again()
    assert one.tell(other) == 0
    assert one.held() == {Harm.DELETED: 100}
    one.guards = False
    one.tell(other)
    other.start_again()
    other.bring()
    assert len(other.disk()) == 100
    assert other.held() == {Harm.DELETED: 100}
    one.guards = True
    one.start_again()
    one.undo()
    assert one.disk() == files(100)


def test_killed_before_anything_was_judged(tmp_path: Path) -> None:
    """The commit is safe, the guard did not see it: after the start it does, before any other."""
    one, other = two(tmp_path, files(100))
    one.delete(*files(100))
    one.file.held = None
    one.start_again()
    assert one.tell(other) == 0


def test_typing_goes_on_here(tmp_path: Path) -> None:
    """While the sending rests a note can be written, is saved, and goes out later."""
    one, other = two(tmp_path, files(100))
    one.delete(*sorted(files(100))[10:])
    assert one.tell(other) == 0
    (one.root / "0001.md").write_bytes(files(2)["0001.md"] + b" and more")
    one.write({"new.md": b"a new thought"})
    assert one.tell(other) == 0
    one.undo()
    one.tell(other)
    other.bring()
    assert other.disk()["new.md"] == b"a new thought"
    assert other.disk()["0001.md"].endswith(b"and more")
    assert len(other.disk()) == 101


def test_what_others_did_comes_in_meanwhile(tmp_path: Path) -> None:
    """Only what goes out rests."""
    one, other = two(tmp_path, files(100))
    one.delete(*files(100))
    assert one.tell(other) == 0
    other.write({"theirs.md": b"hello"})
    assert other.tell(one) == 1
    one.bring()
    assert one.disk() == {"theirs.md": b"hello"}
    one.undo()
    assert one.disk() == {**files(100), "theirs.md": b"hello"}


def test_a_held_file_edited_here_is_not_lost(tmp_path: Path) -> None:
    """Whoever goes on working on a held file keeps that, let through or not."""
    one, other = two(tmp_path, files(100), guards=False)
    one.delete(*files(100))
    one.tell(other)
    other.bring()
    other.write({"0001.md": b"my own words", "0002.bin": b"\0my own bytes"})
    other.delete("0003.md")
    (other.root / "0004.bin").rename(other.root / "moved.bin")
    other.bring()
    assert other.disk()["moved.bin"] == files(5)["0004.bin"]
    other.guard.let_through()
    other.bring()
    assert other.disk() == {"0001.md": b"my own words", "0002.bin": b"\0my own bytes"}
    other.tell(one)
    one.bring()
    assert one.disk() == other.disk()


@pytest.mark.parametrize("through", [True, False])
def test_replaced_files_edited_here_are_kept_beside(tmp_path: Path, *, through: bool) -> None:
    """Both versions are there in the end, whichever way a person decides."""
    one, other = two(tmp_path, files(40), guards=False)
    one.write({path: b"\0\1replaced " + path.encode() for path in files(40)})
    one.tell(other)
    other.bring()
    assert other.disk() == files(40)
    other.write({"0002.bin": b"\0mine"})
    other.bring()
    if through:
        other.guard.let_through()
        other.bring()
    else:
        other.undo()
    shown = other.disk()
    assert b"\0mine" in shown.values()
    expected = b"\0\1replaced 0003.md" if through else files(40)["0003.md"]
    assert shown["0003.md"] == expected
    other.tell(one)
    one.bring()
    assert one.disk() == shown


def test_others_add_in_the_place_of_what_is_held(tmp_path: Path) -> None:
    """A new file of the same name waits too; nothing here makes room for it."""
    one, other = two(tmp_path, files(100), guards=False)
    one.delete(*files(100))
    one.write({"0002.bin": b"\0another", "0004.bin": b"\0one more", "extra.md": b"fine"})
    one.tell(other)
    other.bring()
    assert other.disk() == {**files(100), "extra.md": b"fine"}
    other.guard.let_through()
    other.bring()
    assert other.disk() == one.disk()


def test_a_folder_around_held_files_stays(tmp_path: Path) -> None:
    """It is gone elsewhere; here it holds what waits, and can be renamed meanwhile."""
    one, other = two(tmp_path, files(60, "a/b/"), guards=False)
    one.delete(*files(60, "a/b/"))
    (one.root / "a" / "b").rmdir()
    (one.root / "a").rmdir()
    one.look()
    one.tell(other)
    other.bring()
    assert len([path for path in other.disk() if not path.endswith("/")]) == 60
    other.write({"a/b/new.md": b"still in use"})
    other.bring()
    assert len([path for path in other.disk() if not path.endswith("/")]) == 61
    other.guard.let_through()
    other.bring()
    assert other.disk() == {"a/": b"", "a/b/": b"", "a/b/new.md": b"still in use"}


def test_whoever_gets_it_can_undo_it_for_all(tmp_path: Path) -> None:
    """The device that was hit need not be there."""
    one, other = two(tmp_path, files(100), guards=False)
    for path in sorted(files(100)):
        encrypt(one, path)
    one.look()
    one.tell(other)
    other.bring()
    other.undo()
    assert other.disk() == files(100)
    assert not other.held()
    other.tell(one)
    one.bring()
    assert one.disk() == files(100)


@pytest.mark.parametrize("seconds", [0, 4000])
def test_what_was_undone_before_it_came_is_no_news(tmp_path: Path, seconds: int) -> None:
    """Whoever was away gets the bad and the good in one go, when all is as it was."""
    one, other = two(tmp_path, files(120))
    for path in sorted(files(120)):
        data = bytes(byte ^ 0xA5 for byte in (one.root / path).read_bytes())
        (one.root / f"{path}.locked").write_bytes(b"\0" + data)
    one.look()
    one.tell(other)
    other.bring()
    one.delete(*files(120))
    assert one.tell(other) == 0
    later(one, other, seconds=seconds)
    one.undo()
    assert one.disk() == files(120)
    one.tell(other)
    other.bring()
    assert not other.held()
    assert other.disk() == files(120)


def test_of_twins_one_may_go(tmp_path: Path) -> None:
    """Two made the same files while apart; taking one of each away takes nothing away."""
    one, other = two(tmp_path, files(100))
    one.write(files(60, "same/"))
    other.write(files(60, "same/"))
    one.tell(other)
    other.tell(one)
    later(one, other)
    change = one.vault.change()
    seen: dict[str, EntryId] = {}
    for path, node in one.vault.tree().walk():
        if node.kind is EntryKind.FILE and len(path) > 1:
            stem = path[-1].partition(" ")[0].partition(".")[0]
            if stem in seen:
                change.remove(node.id)
            seen.setdefault(stem, node.id)
    assert len(change) == 60
    one.vault.commit(change, "one of each goes")
    assert not one.held()
    one.tell(other)
    assert not other.held()


def test_an_ending_less_is_no_excuse(tmp_path: Path) -> None:
    """What is put instead may as well bear the beginning of a name."""
    one, other = two(tmp_path, files(120))
    for path in sorted(files(120)):
        one.root.joinpath(path.split(".")[0]).write_bytes(b"\0encrypted " + path.encode())
        one.root.joinpath(path).unlink()
    one.look()
    assert one.held() == {Harm.DELETED: 120}
    one.undo()
    assert {path: one.disk()[path] for path in files(120)} == files(120)
    assert other.disk() == files(120)


def test_whoever_may_only_view_can_hold_but_not_undo(tmp_path: Path) -> None:
    """The right to change the folder is asked for as ever; letting through needs none."""
    place, theirs = Place(tmp_path), Place(tmp_path)
    one = Guarded(place, "owner", place.create(), guards=False)
    one.write(files(100))
    other = Guarded(theirs, "other", theirs.join(one.vault, "other", Role.VIEW))
    other.bring()
    later(one, other)
    one.delete(*files(100))
    one.tell(other)
    other.bring()
    assert other.disk() == files(100)
    with pytest.raises(NotAllowed):
        other.undo()
    other.guard.let_through()
    other.bring()
    assert other.disk() == {}


@pytest.mark.parametrize("days", [-7, 7])
def test_a_wrong_clock_defeats_nothing(tmp_path: Path, days: int) -> None:
    """Neither a clock that is wrong by days, nor one that leaps between two commits."""
    one, other = two(tmp_path, files(100), guards=False)
    one.clock.at += days * 86_400
    names = sorted(files(100))
    one.delete(*names[:40])
    one.clock.at += days * 86_400
    one.delete(*names[40:70])
    one.tell(other)
    assert other.held() == {Harm.DELETED: 70}


def test_what_was_done_in_days_is_not_held_when_it_comes_at_once(tmp_path: Path) -> None:
    """A device that was off for a while hears of many days in one moment."""
    one, other = two(tmp_path, files(100))
    for first in range(0, 60, 10):
        one.delete(*sorted(files(100))[first : first + 10])
        one.guard.judge()
        later(one, other, seconds=3600)
    assert one.tell(other) > 0
    other.bring()
    assert len(other.disk()) == 40
    assert not other.held()


def test_a_start_asks_little_more_when_much_was_saved_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held may wait for days while its files are saved on; each start goes through it."""
    one, _ = two(tmp_path, files(100))
    names = sorted(files(100))[:60]
    one.write({name: b"\0" + name.encode() for name in names})
    assert one.held() == {Harm.REPLACED: 60}
    asked = []
    counted = _counting(monkeypatch)
    for turn in range(3):
        for name in names[:20]:
            one.write({name: f"\0{name} {turn}".encode()})
        one.guard.judge()
        counted.clear()
        one.start_again()
        one.guard.judge()
        asked.append(len(counted))
    assert asked[2] < 1.5 * asked[0], asked


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows by one for each question about the records of an entry."""
    asked: list[object] = []
    really = Ledger.steps

    def steps(*args: object, **options: object) -> list[Step]:
        asked.append(args)
        return really(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "steps", steps)
    return asked
