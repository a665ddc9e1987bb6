"""What counts as taking very much away at once, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.guard_rule import FLOOR
from app.guard_values import GuardSettings, Harm
from storage.facts.values import Meta
from storage.records.history import History
from storage.records.ledger import Step
from storage.records.record import Payload
from storage.uniting import unite_new
from tests.helpers.guarded import Guarded, files, later, two
from tests.helpers.vaults import Place


def encrypt(device: Guarded, path: str) -> None:
    """Do to a file what a bad program does: another content under another kind of name."""
    file = device.root / path
    data = bytes(byte ^ 0xA5 for byte in file.read_bytes())
    file.with_name(f"{file.name}.locked").write_bytes(b"\0" + data)
    file.unlink()


@pytest.mark.parametrize("kind", ["add", "move", "folder", "edit", "copied away"])
def test_what_takes_nothing_away_is_not_held(tmp_path: Path, kind: str) -> None:
    """Adding, moving, editing, and a folder that was copied elsewhere before it was deleted."""
    one, other = two(tmp_path, files(100, "in/"))
    names = sorted(files(100, "in/"))
    match kind:
        case "add":
            one.write(files(300, "new/"))
        case "move":
            (one.root / "away").mkdir()
            for name in names:
                (one.root / name).rename(one.root / "away" / f"x{name.split('/')[1]}")
        case "folder":
            (one.root / "in").rename(one.root / "other.old")
        case "edit":
            for name in names[1::2]:
                text = (one.root / name).read_bytes().replace(b"word", b"words ", 9)
                (one.root / name).write_bytes(text)
        case _:
            one.write({f"copy/{name}": (one.root / name).read_bytes() for name in names})
            one.delete(*names)
    one.look()
    assert not one.held()
    assert one.tell(other) > 0
    other.bring()
    assert other.disk() == one.disk()
    assert not other.held()


@pytest.mark.parametrize("kind", ["replace", "rewrite", "rename", "empty"])
def test_what_takes_much_away_is_held(tmp_path: Path, kind: str) -> None:
    """Other bytes, a text with other words, another kind of file."""
    one, other = two(tmp_path, files(120))
    for path in sorted(files(120))[kind == "rewrite" :: 2 if kind != "rename" else 1]:
        file = one.root / path
        match kind:
            case "replace":
                file.write_bytes(b"\0\1" + path.encode())
            case "rewrite":
                file.write_bytes(b"hacked by " + path.encode())
            case "empty":
                file.write_bytes(b"")
            case _:
                file.rename(file.with_suffix(".enc"))
    one.look()
    assert sum(one.held().values()) >= 60
    assert one.tell(other) == 0


def test_a_small_folder_may_be_tidied(tmp_path: Path) -> None:
    """A quarter of a few files is soon deleted by hand: up to eight are never held."""
    one, _ = two(tmp_path, files(20))
    one.delete(*sorted(files(20))[:FLOOR])
    assert not one.held()
    one.delete(sorted(files(20))[FLOOR])
    assert one.held() == {Harm.DELETED: FLOOR + 1}


def test_the_guard_can_be_told_otherwise(tmp_path: Path) -> None:
    """Another number, or none at all; turning it off lets through what is held."""
    one, other = two(tmp_path, files(100))
    one.guard.set(GuardSettings(files=80, percent=90))
    one.delete(*sorted(files(100))[:80])
    assert not one.held()
    one.delete(sorted(files(100))[80])
    assert one.held()
    one.start_again()
    assert one.guard.settings == GuardSettings(files=80, percent=90)
    one.guard.set(GuardSettings(on=False))
    assert one.tell(other) > 0


def test_what_was_only_just_added_is_guarded_too(tmp_path: Path) -> None:
    """A folder that was opened a minute ago is the person's as any other."""
    one, other = two(tmp_path, files(10))
    one.write(files(200, "new/"))
    one.tell(other)
    other.bring()
    for path in sorted(files(200, "new/")):
        encrypt(one, path)
    one.look()
    assert one.held() == {Harm.DELETED: 200}
    assert one.tell(other) == 0
    one.guards = False
    one.tell(other)
    other.bring()
    assert other.held() == {Harm.DELETED: 200}
    one.guards = True
    one.undo()
    assert one.disk() == {**files(10), "new/": b"", **files(200, "new/")}
    one.tell(other)
    other.bring()
    assert other.disk() == one.disk()
    assert not other.held()


def test_a_newcomer_is_asked_nothing(tmp_path: Path) -> None:
    """What was deleted before it came was never in its folder."""
    one, _ = two(tmp_path, files(100))
    one.delete(*files(100))
    one.guard.let_through()
    place = Place(tmp_path)
    third = Guarded(place, "third", place.join(one.vault, "third"))
    third.bring()
    assert not third.held()
    assert third.disk() == {}


def test_what_an_edit_saved_from_a_deletion_is_guarded_as_well(tmp_path: Path) -> None:
    """It has no place but the one that was kept: that is no reason to end in the middle."""
    one, other = two(tmp_path, files(120))
    (name, data), *_ = sorted(files(120).items())
    one.delete(name)
    other.write({name: data + b" and more"})
    one.tell(other)
    other.tell(one)
    one.bring()
    other.bring()
    assert one.disk() == other.disk()
    assert name in one.disk(), "edited there, so not deleted"
    later(one, other)
    one.delete(*files(120))
    assert one.held() == {Harm.DELETED: 120}
    one.undo()
    assert one.disk() == other.disk()


def test_two_who_undo_it_at_once_put_back_each_text_once(tmp_path: Path) -> None:
    """Each is asked, and neither has heard of the other: no word stands there twice."""
    notes = {path: data for path, data in files(120).items() if path.endswith("md")}
    one, other = two(tmp_path, notes, guards=False)
    one.write(dict.fromkeys(notes, b"pay\nto read on\n"))
    one.tell(other)
    assert one.held() == other.held() == {Harm.REPLACED: 60}
    one.undo()
    other.undo()
    one.tell(other)
    other.tell(one)
    one.bring()
    other.bring()
    assert one.disk() == other.disk() == notes
    assert one.vault.root == other.vault.root


@pytest.mark.parametrize("honest", [True, False])
def test_notes_that_became_one_are_not_missed(tmp_path: Path, *, honest: bool) -> None:
    """Two who begin very many notes of one name apart did nothing bad when those are united.

    Who only says that a note took in others, and lets it not say what they said, is held.
    """
    one, other = two(tmp_path, {"x.md": b"x\n"})
    for device, words in ((one, b"mine alpha"), (other, b"yours beta")):
        device.write({f"{day}.md": b"day %d\n%b\n" % (day, words) for day in range(30)})
    one.tell(other)
    other.tell(one)
    while unite_new(one.vault):
        pass
    if not honest:
        change = one.vault.change()
        for _, node in list(one.vault.tree().walk())[:10]:
            change.write(node.id, b"pay\n", Meta(0, executable=False))
        one.vault.commit(change, "edited")
    assert (one.held() == {}) is honest
    one.tell(other)
    assert other.held() == {}
    other.bring()
    assert (len(other.disk()) == 31) is honest


def sealed(path: str) -> bytes:
    """Return what a bad program makes of a file."""
    return b"\0sealed " + path.encode()


def three(folder: Path, files: dict[str, bytes]) -> list[Guarded]:
    """Return three devices whose folders hold the same; the first is of an older version."""
    one, other = two(folder, files, guards=False)
    place = Place(folder)
    third = Guarded(place, "third", place.join(one.vault, "third"))
    third.bring()
    for device in (other, third):
        later(device)
        device.tell(one)
        one.tell(device)
        device.bring()
    later(one, other, third)
    return [one, other, third]


@pytest.mark.parametrize("kind", ["replaced", "renamed", "both", "removed"])
def test_two_who_undo_one_batch_before_they_meet_hold_nothing_of_each_other(
    tmp_path: Path, kind: str
) -> None:
    """Each has what the other's undo leads to: there is nothing to ask about."""
    start = files(80)
    one, other, third = three(tmp_path, start)
    for path in sorted(start):
        if kind == "removed":
            (one.root / path).unlink()
        elif kind != "renamed":
            (one.root / path).write_bytes(sealed(path))
        if kind in {"renamed", "both"}:
            (one.root / path).rename(one.root / f"{path}.locked")
        if kind == "both":
            one.look()
    one.look()
    for device in (other, third):
        one.tell(device)
        device.bring()
        assert sum(device.held().values()) == 80
        device.undo()
        assert device.disk() == start
    for teller, hearer in ((other, third), (third, other)):
        teller.tell(hearer)
        hearer.bring()
        assert not hearer.held()
        assert hearer.disk() == start
        hearer.start_again()
        assert not hearer.held()


@pytest.mark.parametrize("kind", ["replaced", "renamed"])
def test_who_holds_a_batch_that_another_undid_is_asked_nothing_more(
    tmp_path: Path, kind: str
) -> None:
    """What lies here is what the undo leads to."""
    start = files(80)
    one, other, third = three(tmp_path, start)
    for path in sorted(start):
        if kind == "replaced":
            (one.root / path).write_bytes(sealed(path))
        else:
            (one.root / path).rename(one.root / f"{path}.locked")
    one.look()
    for device in (other, third):
        one.tell(device)
        device.bring()
        assert sum(device.held().values()) == 80
    other.undo()
    other.tell(third)
    third.bring()
    assert not third.held()
    assert third.disk() == start
    third.start_again()
    assert not third.held()
    other.write({"later.md": b"a word\n", "0001.md": start["0001.md"] + b" and more"})
    other.tell(third)
    third.bring()
    assert not third.held()
    assert third.disk() == other.disk()


def test_two_bad_programs_that_do_the_same_excuse_each_other_for_nothing(tmp_path: Path) -> None:
    """What the one left there is held, so it is not what lies here."""
    start = files(80)
    one, other, third = three(tmp_path, start)
    other.guards = False
    for device in (one, other):
        device.write({path: sealed(path) for path in start})
        device.tell(third)
        third.bring()
        assert third.disk() == start
    assert third.held() == {Harm.REPLACED: 160}
    third.undo()
    assert third.disk() == start


def test_what_was_made_together_is_opened_once_for_all_that_comes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's hundred saves come in pieces; a thousand notes were added as one."""
    one, _ = two(tmp_path, files(200))
    opened: list[bytes] = []
    payload = History.payload

    def hear(history: History, step: Step) -> Payload:
        opened.append(step.digest)
        return payload(history, step)

    monkeypatch.setattr(History, "payload", hear)
    for piece in range(4):
        names = sorted(files(200))[1::2][piece * 25 :][:25]
        one.write({name: (one.root / name).read_bytes() + b"and more" for name in names})
        one.guard.judge()
    assert not one.held()
    assert len(opened) > 2
    assert len(opened) == len(set(opened))
