"""Repair as a person meets it: real programs, damaged disks, one sentence for each thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from app.cli.exits import Exit
from app.loose import list_in, mapping_in, text_in
from tests.e2e.conditions import content_of, copy_of, done, listed, only, whole
from tests.e2e.devices import Device, until
from tests.e2e.test_damaged_data import cut, emptied, flipped, garbage, name_of

pytestmark = pytest.mark.e2e
OVEN = Random(3).randbytes(300_000)  # noqa: S311  noise


def filled(name: str, home: Path) -> Device:
    """Return a device with a folder."""
    device = Device(name, home)
    device.ask("init", "--name", name)
    device.folder.mkdir()
    (device.folder / "bread.md").write_text("flour\nwater\n", "utf-8")
    (device.folder / "oven.bin").write_bytes(OVEN)
    device.ask("add", str(device.folder))
    return device


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Return a device with a folder. Tests work on copies of its data."""
    return filled("Ana", tmp_path_factory.mktemp("ana"))


@pytest.fixture
def ana(made: Device, tmp_path: Path) -> Iterator[Device]:
    """Return that device on a copy of its data; its folder has to be the same in the end."""
    before = content_of(made.folder)
    yield copy_of(made, tmp_path)
    assert content_of(made.folder) == before


def repaired(device: Device) -> dict[str, object]:
    """Repair, and return the answer."""
    return mapping_in(device.says("repair"))


@pytest.mark.parametrize("harm", [garbage, cut, emptied, flipped, Path.unlink], ids=name_of)
def test_a_damaged_memory_of_the_device_comes_back(
    ana: Device, harm: Callable[[Path], object]
) -> None:
    """Which folders there are, and where, is in no store; so there is a second copy."""
    before = {key: value for key, value in listed(ana, "spaces")[0].items() if key != "where"}
    state = ana.data / "state.db"
    harm(state)
    told = done(ana, "repair")
    assert told.returncode == Exit.OK, told
    if done(ana, "spaces").returncode == Exit.OK and "It is back: Notes." not in told.stdout:
        assert harm is flipped  # a page that nobody had to read: it was mended all the same
    now = {key: value for key, value in listed(ana, "spaces")[0].items() if key != "where"}
    assert now == before
    whole(ana)
    aside = [path.name for path in ana.data.glob("state.db.damaged-*")]
    assert (aside == ["state.db.damaged-1"]) is (harm is not Path.unlink)


def test_without_the_copy_the_stores_tell_which_folders_there_are(ana: Device) -> None:
    """A person who has the keys and the stores has all versions, and says where they lie."""
    garbage(ana.data / "state.db")
    (ana.data / "state.copy").unlink()
    told = done(ana, "repair")
    assert "These are found again: Notes." in told.stdout, told
    (space,) = listed(ana, "spaces")
    assert (space["mirroring"], space["entries"]) == ("unavailable", 2)
    ana.ask("attach", "Notes", str(ana.folder))
    (space,) = listed(ana, "spaces")
    assert (space["mirroring"], space["folder"]) == ("settled", str(ana.folder))
    whole(ana)
    assert listed(ana, "bin") == []


def test_a_page_of_the_mirrors_memory_that_nobody_reads_is_named(ana: Device) -> None:
    """A list that is damaged in a corner is worth no more than one that is damaged all over."""
    path = only(ana.data, "spaces/*/mirror.db")
    body = bytearray(path.read_bytes())
    body[-100] ^= 1
    path.write_bytes(body)
    told = done(ana, "check")
    assert told.returncode == Exit.OK
    assert (
        "note: what was agreed with the plain folder, which was made anew (Notes: mirror.db)"
        in (told.stdout)
    )
    whole(ana)


def test_the_plain_folder_heals_the_store(ana: Device) -> None:
    """One device, no other: the very bytes lie on the desk."""
    flipped(only(ana.data, "spaces/*/packs/*.pack"))
    assert done(ana, "check").returncode == Exit.DAMAGED
    told = done(ana, "repair")
    assert told.returncode == Exit.OK, told
    assert "1 thing damaged or gone, 1 whole again, 1 from your own files" in told.stdout
    assert "made anew from nothing, and say the same" in told.stdout
    whole(ana)
    assert len(list(ana.data.glob("spaces/*/damaged/*"))) == 1


def test_what_nobody_has_is_said_and_nothing_else_is_touched(ana: Device) -> None:
    """The truth about a loss, with the name of the version, and exit 6."""
    flipped(only(ana.data, "spaces/*/packs/*.pack"))
    ana.folder = ana.folder.with_name("somewhere else")
    row = listed(ana, "log")[0]
    moved = Path(str(listed(ana, "spaces")[0]["folder"]))
    away = moved.with_name("away")
    moved.rename(away)
    try:
        told = done(ana, "repair")
    finally:
        away.rename(moved)
    assert told.returncode == Exit.DAMAGED, told
    version = text_in(row["version"])[:10]
    assert f"not whole here: a file, oven.bin@{version}. No other device" in told.stdout
    assert ana.ask("show", str(moved / "bread.md")) == "flour\nwater\n"


def test_two_programs_heal_each_other_while_they_run(tmp_path: Path) -> None:
    """What one lost the other brings, for an older version and a record as for a file of now."""
    ana = filled("Ana", tmp_path / "ana")
    mina = Device("Mina", tmp_path / "mina")
    mina.ask("init", "--name", "Mina")
    (ana.folder / "oven.bin").write_bytes(OVEN[::-1])
    ana.start()
    mina.start()
    try:
        ana.settle()
        code = text_in(ana.value("share", "Notes", "--can", "edit")["code"])
        mina.ask("join", code, "--into", str(mina.folder))
        until(lambda: ana.reach() == "everywhere", "both have all that stands now")
        until(lambda: not _lacks(mina), "Mina has what stood before as well")
        ana.stop()
        pack = max((ana.data).glob("spaces/*/packs/*.pack"))
        body = bytearray(pack.read_bytes())
        noise = Random(9)  # noqa: S311
        for at in range(2_000, len(body) - 500, 9_000):
            body[at : at + 4] = noise.randbytes(4)
        pack.write_bytes(body)
        assert done(ana, "check").returncode == Exit.DAMAGED
        ana.start()
        answer = ana.tries("repair", "--json")
        assert answer.returncode in {Exit.OK, Exit.DAMAGED}, answer
        ana.ask("dial", f"127.0.0.1:{mina.port()}")
        until(lambda: not _lacks(ana), "all has come")
        whole(ana)
        assert (ana.folder / "oven.bin").read_bytes() == OVEN[::-1]
        steps = listed(ana, "log")
        old = next(it for it in steps if "oven.bin" in list_in(it["paths"]))
        assert old
    finally:
        for device in (ana, mina):
            if device.runs():
                device.stop()


def _lacks(device: Device) -> bool:
    space = mapping_in(list_in(device.value("status")["spaces"])[0])
    return bool(space["missing_blocks"] or space["missing_older"])
