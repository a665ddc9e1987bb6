"""What Atoll keeps is damaged, gone, or closed: one sentence says so, and nothing gets worse."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from app.cli.exits import Exit
from app.complaints import words_of
from tests.e2e.conditions import (
    NOBODY,
    as_nobody,
    assert_plain,
    content_of,
    copy_of,
    done,
    listed,
    needs_root,
    only,
    open_place,
    says,
    says_only,
    whole,
)
from tests.e2e.devices import Device

pytestmark = pytest.mark.e2e
Harm = Callable[[Path], object]


def garbage(path: Path) -> None:
    """Write noise over a file."""
    path.write_bytes(Random(7).randbytes(40_000))  # noqa: S311  noise


def cut(path: Path) -> None:
    """Keep the first part."""
    os.truncate(path, path.stat().st_size // 3)


def emptied(path: Path) -> None:
    """Keep the name alone."""
    os.truncate(path, 0)


def flipped(path: Path) -> None:
    """Turn one bit over, in the middle."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


HARMS: list[Harm] = [garbage, cut, emptied, flipped, Path.unlink]


def name_of(harm: Harm) -> str:
    """Return a name for a parameter."""
    return harm.__name__


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Return a device with a folder. Tests work on copies of its data."""
    device = Device("Ana", tmp_path_factory.mktemp("ana"))
    device.ask("init", "--name", "Ana")
    device.folder.mkdir()
    (device.folder / "bread.md").write_text("flour\nwater\n", "utf-8")
    (device.folder / "soups").mkdir()
    (device.folder / "soups/leek.md").write_text("leek\n", "utf-8")
    (device.folder / "oven.bin").write_bytes(Random(3).randbytes(300_000))  # noqa: S311  noise
    device.ask("add", str(device.folder))
    return device


@pytest.fixture
def ana(made: Device, tmp_path: Path) -> Iterator[Device]:
    """Return that device on a copy of its data; its folder has to be the same in the end."""
    before = content_of(made.folder)
    yield copy_of(made, tmp_path)
    assert content_of(made.folder) == before


@pytest.mark.parametrize("harm", HARMS, ids=name_of)
@pytest.mark.parametrize("name", ["index.db", "mirror.db"])
def test_a_damaged_list_is_made_anew(ana: Device, name: str, harm: Harm) -> None:
    """Truth is blocks, records and the folder itself; what can be found again is not asked for."""
    steps = [step["version"] for step in listed(ana, "log")]
    harm(only(ana.data, f"spaces/*/{name}"))
    for ending in ("-wal", "-shm"):
        assert not list(ana.data.glob(f"spaces/*/{name}{ending}"))
    (space,) = listed(ana, "spaces")
    assert (space["name"], space["entries"]) == ("Notes", 3)
    assert "Looked through" in done(ana, "scan").stdout
    assert done(ana, "check").returncode == Exit.OK  # it names what nobody had to read until now
    whole(ana)
    assert [step["version"] for step in listed(ana, "log")] == steps
    assert listed(ana, "bin") == []


@pytest.mark.parametrize("harm", [garbage, cut, emptied, Path.unlink], ids=name_of)
def test_a_damaged_memory_of_the_device_is_said_and_left_as_it_is(ana: Device, harm: Harm) -> None:
    """An empty one in its place would look like a device that never had a folder."""
    kept = ana.data / "state.db"
    aside = ana.data.parent / "state.db"
    shutil.copy2(kept, aside)
    harm(kept)
    before = content_of(ana.data)
    for words in (["spaces"], ["check"], ["status", "--alone"], ["serve"], ["scan"]):
        says_only(done(ana, *words), "storage.unusable.state", Exit.WRONG)
    says(done(ana, "init", "--name", "New"), "set up already", Exit.USAGE)
    assert content_of(ana.data) == before | {"lock": (ana.data / "lock").read_bytes()}
    shutil.copy2(aside, kept)
    whole(ana)


def opened_to_others(path: Path) -> None:
    """Let anybody on this computer read it."""
    path.chmod(0o644)


def linked(path: Path) -> None:
    """Put a link in its place."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_folder(path: Path) -> None:
    """Put a folder in its place."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [*HARMS, opened_to_others, linked, a_folder], ids=name_of)
def test_keys_that_cannot_be_trusted_are_refused_and_never_replaced(
    ana: Device, harm: Harm
) -> None:
    """New keys over old data would lock the person out for good."""
    harm(ana.data / "keys/device.key")
    before = content_of(ana.data)
    for words in (["spaces"], ["check"], ["serve"], ["search", "flour"]):
        says_only(done(ana, *words), "storage.keys", Exit.WRONG)
    assert done(ana, "init", "--name", "New").returncode in {Exit.WRONG, Exit.USAGE}
    assert content_of(ana.data) == before | {"lock": (ana.data / "lock").read_bytes()}


@needs_root
def test_another_users_keys_are_refused(ana: Device) -> None:
    """Whoever put them there knows them."""
    os.chown(ana.data / "keys/device.key", NOBODY, NOBODY)
    says_only(done(ana, "spaces"), "storage.keys", Exit.WRONG)


def test_a_flipped_bit_in_a_pack_is_found_named_and_contained(ana: Device) -> None:
    """The check says which file is hurt; the others are read as before."""
    flipped(only(ana.data, "spaces/*/packs/*.pack"))
    found = done(ana, "check")
    assert found.returncode == Exit.DAMAGED
    assert "a block (Notes: 000001.pack at " in found.stdout
    assert "a file (Notes: oven.bin)" in found.stdout and "bread.md" not in found.stdout
    assert ana.ask("show", str(ana.folder / "bread.md")) == "flour\nwater\n"
    says_only(
        done(ana, "show", str(ana.folder / "oven.bin")), "storage.corrupt-block", Exit.DAMAGED
    )
    ana.ask("scan")
    assert listed(ana, "bin") == []


@pytest.mark.parametrize("harm", [garbage, cut, emptied, Path.unlink], ids=name_of)
def test_a_pack_that_is_ruined_is_said(ana: Device, harm: Harm) -> None:
    """All that is left is the plain folder, and that stays as it is."""
    harm(only(ana.data, "spaces/*/packs/*.pack"))
    found = done(ana, "check")
    assert found.returncode == Exit.DAMAGED and "damaged" in found.stdout
    for words in (["spaces"], ["scan"], ["log"], ["bin"], ["search", "flour"]):
        assert_plain(done(ana, *words))


def lost(ana: Device) -> None:
    """Lose the whole store of a space."""
    shutil.rmtree(only(ana.data, "spaces/*"))


def nameless(ana: Device) -> None:
    """Damage the file that says which space is kept."""
    garbage(only(ana.data, "spaces/*/space"))


@pytest.mark.parametrize("harm", [lost, nameless])
def test_a_folder_that_cannot_be_opened_is_named_and_harms_no_other(
    ana: Device, tmp_path: Path, harm: Callable[[Device], None]
) -> None:
    """It must not look as if it had never been there: that reads like 'all is well'."""
    harm(ana)
    sentence = words_of("storage.unusable").sentence.rstrip(".")
    assert "Notes  cannot be opened" in done(ana, "spaces").stdout
    assert f"Notes: {sentence}" in done(ana, "status", "--alone").stdout
    found = done(ana, "check")
    assert found.returncode == Exit.DAMAGED and "Notes cannot be opened" in found.stdout
    for words in (["scan", "Notes"], ["share", "Notes"], ["log", str(ana.folder / "bread.md")]):
        says_only(done(ana, *words), "storage.unusable", Exit.WRONG)
    says_only(done(ana, "add", str(ana.folder)), "app.folder-in-use", Exit.WRONG)
    other = tmp_path / "Other"
    other.mkdir()
    (other / "a.md").write_text("a\n", "utf-8")
    ana.ask("add", str(other))
    assert "Looked through Other" in ana.ask("scan")
    assert [step["space"] for step in listed(ana, "log")][:1] == ["Other"]
    ana.start()
    assert done(ana, "status").returncode == Exit.OK
    ana.ask("leave", "Notes")
    assert [space["name"] for space in listed(ana, "spaces")] == ["Other"]
    ana.stop()
    whole(ana)


# -- rights on the disk --------------------------------------------------------------------
@pytest.fixture
def closed(made: Device) -> Iterator[Path]:
    """Return a data folder that belongs to somebody without any rights."""
    with open_place() as top:
        shutil.copytree(made.data, top / "data")
        for path in (top / "data", *(top / "data").rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        yield top / "data"


COMMANDS = [["spaces"], ["check"], ["status", "--alone"], ["serve"], ["init", "--name", "New"]]


@needs_root
@pytest.mark.parametrize("rights", [0o500, 0o000], ids=["read only", "closed"])
def test_a_data_folder_without_rights_is_said(closed: Path, rights: int) -> None:
    """Whatever is asked for, it is one sentence that names the folder."""
    before = content_of(closed)
    closed.chmod(rights)
    (closed / "lock").unlink(missing_ok=True)
    for words in COMMANDS:
        told = as_nobody(closed, *words)
        says(told, f"“{closed}” could not be read or written.", Exit.WRONG)
    closed.chmod(0o700)
    before.pop("lock", None)
    assert content_of(closed) == before


@needs_root
def test_files_that_may_not_be_written_are_said(closed: Path) -> None:
    """A store that was copied by root, or from a disk for reading only."""
    for path in closed.rglob("*"):
        if path.is_file() and path.name not in {"lock", "device.key"}:
            path.chmod(0o400)
            os.chown(path, 0, 0)
    says_only(as_nobody(closed, "spaces"), "storage.unusable", Exit.WRONG)


@needs_root
def test_somebody_elses_data_folder_is_refused(made: Device) -> None:
    """Root's notes are not for everybody, and nothing is made over them."""
    with open_place() as top:
        shutil.copytree(made.data, top / "data")
        for words in COMMANDS:
            told = as_nobody(top / "data", *words)
            says(told, "could not be read or written.", Exit.WRONG)
        says(as_nobody(top / "new", "init", "--name", "New"), "read or written.", Exit.WRONG)
