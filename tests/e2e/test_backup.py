"""Backups as a person meets them: made while the app works, tried, and brought back elsewhere."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.exits import Exit
from app.loose import list_in, mapping_in, text_in
from tests.e2e.conditions import (
    content_of,
    copy_of,
    done,
    listed,
    needs_root,
    only,
    says,
    says_only,
    small_disk,
    whole,
)
from tests.e2e.devices import Device, difference, until
from tests.e2e.test_repair import filled

pytestmark = pytest.mark.e2e
WORDS = "four words that nobody guesses"
FORMS = ["folder", "all.atoll-backup"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Return a device with a folder. Tests work on copies of its data."""
    return filled("Ana", tmp_path_factory.mktemp("ana"))


@pytest.fixture
def ana(made: Device, tmp_path: Path) -> Iterator[Device]:
    """Return that device on a copy of its data; its folder has to be the same in the end."""
    before = content_of(made.folder)
    yield copy_of(made, tmp_path / "home")
    assert content_of(made.folder) == before


def backed_up(device: Device, into: Path, words: str = WORDS) -> dict[str, object]:
    """Make a backup, and return what is said of it."""
    answer = device.tries(
        "backup", str(into), "--passphrase-file", "-", "--json", given=f"{words}\n"
    )
    assert answer.returncode == Exit.OK, answer
    return device_value(answer.stdout)


def device_value(text: str) -> dict[str, object]:
    """Return the object in what a command printed."""
    return mapping_in(json.loads(text))


def brought_back(home: Path, source: Path, *more: str) -> Device:
    """Restore on a new machine."""
    device = Device("Ana", home)
    answer = done(
        device,
        *("restore-backup", str(source), "--into", str(home), "--passphrase-file", "-", *more),
        given=f"{WORDS}\n",
    )
    assert answer.returncode == Exit.OK, answer
    return device


@pytest.mark.parametrize("form", FORMS)
def test_a_backup_comes_back_whole_on_a_new_machine(ana: Device, tmp_path: Path, form: str) -> None:
    """Files, history, bin, name and rights: all that was lost with the machine."""
    into = tmp_path / form
    told = backed_up(ana, into)
    assert told["good"] is True and told["spaces"] == ["Notes"]
    assert into.is_dir() is (form == "folder")
    steps = [step["version"] for step in listed(ana, "log")]
    new = brought_back(tmp_path / "new", into)
    assert difference(ana.folder, tmp_path / "new/Notes") in {
        "",
        f"Only in {tmp_path}/new/Notes: .atoll\n",
    }
    assert [step["version"] for step in listed(new, "log")] == steps
    assert mapping_in(new.says("status", alone=True))["device"] == "Ana"
    whole(new)
    again = done(
        new,
        "restore-backup",
        str(into),
        "--into",
        str(tmp_path / "x"),
        "--passphrase-file",
        "-",
        given=f"{WORDS}\n",
    )
    says(again, "belongs to a device already", Exit.USAGE)


def test_the_last_good_backup_is_remembered_and_said(ana: Device, tmp_path: Path) -> None:
    """Who asks how things stand hears of the backup too."""
    assert "No backup was made yet" in done(ana, "backup", "--list").stdout
    backed_up(ana, tmp_path / "one")
    assert f"{tmp_path}/one" in done(ana, "backup", "--list").stdout
    status = done(ana, "status", "--alone").stdout
    assert "Last backup that was tried and is good: " in status and f"in {tmp_path}/one." in status


def test_into_the_same_folder_only_what_is_new_is_written(ana: Device, tmp_path: Path) -> None:
    """A stick is slow; and what was written before stays as it is until the new one is proved."""
    into = tmp_path / "stick"
    first = backed_up(ana, into)
    before = {p: p.stat().st_size for p in into.rglob("*.pack")}
    ana.folder = shutil.copytree(ana.folder, tmp_path / "home/Notes", symlinks=True)
    shutil.rmtree(ana.folder / ".atoll")
    ana.ask("add", str(ana.folder))
    second = backed_up(ana, into)
    assert int(str(second["bytes"])) > int(str(first["bytes"]))
    assert int(str(second["written"])) < int(str(second["bytes"])) * 0.7
    assert all(path.stat().st_size >= size for path, size in before.items())
    new = brought_back(tmp_path / "new", into)
    assert len(listed(new, "spaces")) == 2
    whole(new)


def test_a_backup_is_made_while_the_app_works(tmp_path: Path) -> None:
    """Nobody should have to stop anything for it."""
    ana = filled("Ana", tmp_path / "ana")
    ana.start()
    try:
        for number in range(5):
            (ana.folder / f"n{number}.md").write_text(f"{number}\n" * 50, "utf-8")
        told = backed_up(ana, tmp_path / "stick")
        assert told["good"] is True
        (ana.folder / "after.md").write_text("after\n", "utf-8")
        ana.settle()
    finally:
        ana.stop()
    new = brought_back(tmp_path / "new", tmp_path / "stick")
    assert not (tmp_path / "new/Notes/after.md").exists()
    whole(new)


def test_who_comes_back_goes_on_with_others_and_nothing_is_lost(tmp_path: Path) -> None:
    """Backup, more work by both, the machine is lost: all converges, under one name."""
    ana = filled("Ana", tmp_path / "ana")
    mina = Device("Mina", tmp_path / "mina")
    mina.ask("init", "--name", "Mina")
    ana.start()
    mina.start()
    try:
        code = text_in(ana.value("share", "Notes", "--can", "manage")["code"])
        mina.ask("join", code, "--into", str(mina.folder))
        backed_up(ana, tmp_path / "stick")
        (ana.folder / "by ana.md").write_text("after the backup\n", "utf-8")
        (mina.folder / "by mina.md").write_text("after the backup\n", "utf-8")
        mina.folder.joinpath("bread.md").write_text("flour\nwater\nsalt\n", "utf-8")
        ana.settle()
        mina.settle()
        until(lambda: difference(ana.folder, mina.folder) == "", "both show the same")
        ana.kill()
        new = brought_back(tmp_path / "new", tmp_path / "stick")
        new.folder = tmp_path / "new/Notes"
        (new.folder / "written before they met.md").write_text("new\n", "utf-8")
        new.start()
        try:
            new.settle()
            new.ask("dial", f"127.0.0.1:{mina.port()}")
            names = {"by ana.md", "by mina.md", "written before they met.md", "bread.md"}
            until(
                lambda: (
                    difference(new.folder, mina.folder) == ""
                    and names <= {path.name for path in mina.folder.iterdir()}
                ),
                "all has come back",
            )
            until(lambda: new.where() == "everywhere", "each signed")
            assert (new.folder / "bread.md").read_text("utf-8") == "flour\nwater\nsalt\n"
            whole(new)
        finally:
            new.stop()
        whole(mina)
    finally:
        for device in (ana, mina):
            if device.runs():
                device.stop()


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_passphrase_is_one_sentence(ana: Device, tmp_path: Path, form: str) -> None:
    """Also where a new backup goes into a folder with an old one: a slip must not change it."""
    into = tmp_path / form
    backed_up(ana, into)
    before = content_of(into) if into.is_dir() else into.read_bytes()
    new = Device("Ana", tmp_path / "new")
    wrong = done(
        new,
        *("restore-backup", str(into), "--into", str(tmp_path / "new"), "--passphrase-file", "-"),
        given="some other words\n",
    )
    says_only(wrong, "storage.backup.passphrase", Exit.WRONG)
    assert not (new.data / "keys/device.key").exists()
    if into.is_dir():
        again = done(ana, "backup", str(into), "--passphrase-file", "-", given="some other words\n")
        says_only(again, "storage.backup.passphrase", Exit.WRONG)
        assert content_of(into) == before


def half(path: Path) -> None:
    """Keep the first half."""
    os.truncate(path, path.stat().st_size // 2)


def end_cut(path: Path) -> None:
    """Lose the last byte."""
    os.truncate(path, path.stat().st_size - 1)


def noise_at_the_end(path: Path) -> None:
    """Let the last bytes be others."""
    body = bytearray(path.read_bytes())
    body[-40:] = os.urandom(40)
    path.write_bytes(body)


HARMS: list[Callable[[Path], object]] = [half, end_cut, noise_at_the_end, Path.unlink]


@pytest.mark.parametrize("harm", HARMS, ids=lambda it: it.__name__)
@pytest.mark.parametrize("what", ["all.atoll-backup", "folder/atoll-backup", "folder/packs"])
def test_a_damaged_backup_is_one_sentence_and_leaves_no_half_device(
    ana: Device, tmp_path: Path, what: str, harm: Callable[[Path], object]
) -> None:
    """A backup that cannot be trusted must not become a device that looks like one."""
    into = tmp_path / what.partition("/")[0]
    backed_up(ana, into)
    if what.endswith("packs"):
        harm(only(into, "packs/*/*.pack"))
    else:
        harm(tmp_path / what)
    new = Device("Ana", tmp_path / "new")
    told = done(
        new,
        *("restore-backup", str(into), "--into", str(tmp_path / "new"), "--passphrase-file", "-"),
        given=f"{WORDS}\n",
    )
    assert told.returncode in {Exit.WRONG, Exit.DAMAGED}, told
    assert "Traceback" not in told.stderr
    assert len(told.stderr.strip().splitlines()) <= 2
    assert not (new.data / "keys/device.key").exists()
    assert not list((new.data / "spaces").glob("[0-9a-f]*"))


def test_places_that_cannot_hold_a_backup_are_refused(ana: Device, tmp_path: Path) -> None:
    """Inside what is backed up it would be lost with it; over somebody's files never."""
    inside = done(ana, "backup", str(ana.data / "b"), "--passphrase-file", "-", given=WORDS)
    says(inside, "would be lost with it", Exit.USAGE)
    shared = done(ana, "backup", str(ana.folder / "b"), "--passphrase-file", "-", given=WORDS)
    says(shared, "would be shared with it", Exit.USAGE)
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine", "utf-8")
    taken = done(ana, "backup", str(other), "--passphrase-file", "-", given=WORDS)
    says_only(taken, "app.place-not-empty", Exit.WRONG)
    weak = done(ana, "backup", str(tmp_path / "w"), "--passphrase-file", "-", given="12345\n")
    says(weak, "guessed too easily", Exit.USAGE)
    nobody = done(ana, "backup", str(tmp_path / "w"), given="")
    says(nobody, "nobody to ask", Exit.USAGE)
    assert not (tmp_path / "w").exists()


@needs_root
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_one_sentence_and_the_backup_before_stays(
    ana: Device, tmp_path: Path, form: str
) -> None:
    """The last good backup is the one that counts on the day it is needed."""
    with small_disk(tmp_path / "disk", "900k") as disk:
        into = disk / form
        backed_up(ana, into)
        ana.folder = shutil.copytree(ana.folder, tmp_path / "home/Notes", symlinks=True)
        shutil.rmtree(ana.folder / ".atoll")
        (ana.folder / "more.bin").write_bytes(os.urandom(900_000))
        ana.ask("add", str(ana.folder))
        told = done(ana, "backup", str(into), "--passphrase-file", "-", given=f"{WORDS}\n")
        says_only(told, "storage.full", Exit.WRONG)
        new = brought_back(tmp_path / "new", into)
        assert len(listed(new, "spaces")) == 1
        whole(new)


def test_damage_at_home_is_not_called_a_good_backup(ana: Device, tmp_path: Path) -> None:
    """Copying what is broken is no backup; what is hurt is said, and can be mended."""
    into = tmp_path / "stick"
    backed_up(ana, into)
    pack = only(ana.data, "spaces/*/packs/*.pack")
    body = bytearray(pack.read_bytes())
    body[len(body) // 2] ^= 1
    pack.write_bytes(body)
    (into / "atoll-backup").rename(tmp_path / "envelope")
    shutil.rmtree(into)
    told = done(ana, "backup", str(into), "--passphrase-file", "-", given=f"{WORDS}\n")
    says_only(told, "storage.backup.not-good", Exit.WRONG)
    assert "oven.bin" in told.stderr
    assert not into.exists()
    assert ana.tries("repair").returncode == Exit.OK
    assert backed_up(ana, into)["good"] is True


def test_a_damaged_backup_is_written_anew_where_it_is_damaged(ana: Device, tmp_path: Path) -> None:
    """A stick that rots is noticed by the next backup, and mended by it."""
    into = tmp_path / "stick"
    backed_up(ana, into)
    pack = only(into, "packs/*/*.pack")
    body = bytearray(pack.read_bytes())
    body[len(body) // 2] ^= 1
    pack.write_bytes(body)
    assert backed_up(ana, into)["good"] is True
    assert only(into, "packs/*/*.pack") != pack
    whole(brought_back(tmp_path / "new", into))


def test_no_passphrase_and_no_key_lies_in_the_open(ana: Device, tmp_path: Path) -> None:
    """A stick is lost more easily than a machine."""
    backed_up(ana, tmp_path / "stick")
    keys = (ana.data / "keys/device.key").read_bytes()
    bodies = [path.read_bytes() for path in (tmp_path / "stick").rglob("*") if path.is_file()]
    bodies += [path.read_bytes() for path in ana.data.rglob("*.db*")]
    for body in bodies:
        assert WORDS.encode() not in body
        assert b"bread.md" not in body and b"Notes" not in body
        assert keys[20:52] not in body and keys[60:92] not in body


def test_a_folder_comes_back_where_the_person_says(ana: Device, tmp_path: Path) -> None:
    """The old place may be taken; a plain folder that survived is united with the rest."""
    backed_up(ana, tmp_path / "stick")
    elsewhere = tmp_path / "kept"
    elsewhere.mkdir()
    (elsewhere / "bread.md").write_text("flour\nwater\n", "utf-8")
    (elsewhere / "later.md").write_text("later\n", "utf-8")
    new = brought_back(
        tmp_path / "new", tmp_path / "stick", "--folder", f"Notes={elsewhere}", "--merge"
    )
    assert {path.name for path in elsewhere.iterdir()} == {
        *(".atoll", "bread.md", "later.md", "oven.bin")
    }
    (space,) = list_in(new.says("spaces"))
    assert mapping_in(space)["folder"] == str(elsewhere)
    whole(new)
