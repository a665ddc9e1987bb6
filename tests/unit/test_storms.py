"""Devices that go on replacing one file, apart: a file for each version that stands, no more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from storage.facts.change import TOP, EntryId
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    dice,
    everyone,
    exchange,
    pure_root,
    shown,
    text,
    write,
)

NAMES = ("Ada's", "Ben's", "Cy's")


class Storm:
    """Some devices, each of which saves one file as bytes, over and over."""

    def __init__(self, folder: Path, devices: int) -> None:
        place = Place(folder)
        one = place.create("one")
        self.vaults = [one, *(place.join(one, str(n)) for n in range(1, devices))]
        for vault, name in zip(self.vaults, NAMES, strict=False):
            vault.introduce(name)
        self.file = write(one, "a.bin", b"\0begun", TOP)
        everyone(self.vaults)
        self.last: dict[int, bytes] = {}

    def save(self, who: int, data: bytes, entry: EntryId | None = None) -> None:
        """Let a device save what lies under the file's name, knowing what it has heard."""
        vault = self.vaults[who]
        change = vault.change()
        content = core_of(vault).contents.store_bytes(b"\0" + data)
        change.replace(entry or self.file, content, META)
        vault.commit(change, "replaced")
        self.last[who] = b"\0" + data

    def check(self) -> None:
        """No device shows more files than there are writers, and none is a copy of a copy."""
        for vault in self.vaults:
            names = {path[0] for path in shown(vault)}
            assert names <= {"a.bin", *(f"a ({name}).bin" for name in NAMES)}
            assert len(names) <= len(self.vaults)

    def ends(self) -> None:
        """Let everybody meet: then what each wrote last is there once, everywhere alike."""
        everyone(self.vaults)
        self.check()
        first = shown(self.vaults[0])
        assert len(set(first.values())) == len(first)
        for vault in self.vaults:
            assert shown(vault) == first
            assert vault.root.to_bytes() == pure_root(vault)

    def close(self) -> None:
        """Let go."""
        for vault in self.vaults:
            vault.close()


def rage(storm: Storm, seconds: int, random: Random) -> None:
    """Let each device save once a second, and two of them meet now and then."""
    for second in range(seconds):
        for who in range(len(storm.vaults)):
            storm.save(who, b"%d %d" % (who, second))
        if random.random() < 0.4:
            exchange(*random.sample(storm.vaults, 2))
        if second % 10 == 0:
            storm.check()


@pytest.mark.slow
def test_an_hour_of_saving_one_file_on_two_devices_leaves_two_files(tmp_path: Path) -> None:
    """Elsewhere it left thousands: one for each time that they met."""
    storm = Storm(tmp_path, 2)
    rage(storm, 3600, dice(1))
    storm.ends()
    assert sorted(filter(None, shown(storm.vaults[0]).values())) == sorted(storm.last.values())
    storm.close()


@pytest.mark.parametrize("seed", range(6))
def test_three_devices_that_meet_by_chance_leave_three_files(tmp_path: Path, seed: int) -> None:
    """Who has not heard of anybody for a while has one version too, and one name."""
    storm = Storm(tmp_path, 3)
    rage(storm, 25, dice(seed))
    storm.ends()
    assert sorted(filter(None, shown(storm.vaults[0]).values())) == sorted(storm.last.values())
    for vault in storm.vaults:
        held = {b"".join(vault.read_at(storm.file, s.cid)) for s in vault.history(storm.file, 500)}
        assert {b"\0%d %d" % (who, n) for who in range(3) for n in range(25)} <= held
    storm.close()


def test_who_goes_on_alone_makes_a_file_of_the_other_version(tmp_path: Path) -> None:
    """It is settled then, on every device, and stays so when both go on in turns."""
    storm = Storm(tmp_path, 2)
    storm.save(0, b"ada 1")
    storm.save(1, b"ben 1")
    everyone(storm.vaults)
    beside = next(node for _, node in storm.vaults[0].tree().walk() if node.side_of)
    storm.save(0, b"ada 2")
    everyone(storm.vaults)
    storm.save(1, b"ben 2")
    everyone(storm.vaults)
    for vault in storm.vaults:
        assert not [node for _, node in vault.tree().walk() if node.side_of]
        assert vault.tree().get(beside.id) is not None
        assert len(shown(vault)) == 2
    storm.ends()
    storm.close()


@pytest.mark.parametrize("how", ["saved", "renamed"])
def test_what_was_touched_is_a_file_like_any_other(tmp_path: Path, how: str) -> None:
    """The next version beside does not replace what somebody works on."""
    storm = Storm(tmp_path, 2)
    storm.save(0, b"ada 1")
    storm.save(1, b"ben 1")
    everyone(storm.vaults)
    one = storm.vaults[0]
    beside = next(node for _, node in one.tree().walk() if node.side_of)
    storm.save(0, b"ada 2")
    if how == "saved":
        storm.save(0, b"worked on", beside.id)
    else:
        change = one.change()
        change.move(beside.id, TOP, "mine.bin")
        one.commit(change, "renamed")
    everyone(storm.vaults)
    kept = text(one, beside.id)
    storm.save(0, b"ada 3")
    storm.save(1, b"ben 3")
    everyone(storm.vaults)
    storm.save(0, b"ada 4")
    everyone(storm.vaults)
    for vault in storm.vaults:
        assert text(vault, beside.id) == kept
        assert {b"\0ada 4", b"\0ben 3"} <= set(shown(vault).values())
    storm.close()


@pytest.mark.parametrize("gone", ["main", "beside", "both"])
def test_deleting_brings_no_earlier_version_to_light(tmp_path: Path, gone: str) -> None:
    """What lies in a slot and was overtaken goes with what stands there now."""
    storm = Storm(tmp_path, 2)
    for number in range(3):
        storm.save(0, b"ada %d" % number)
        storm.save(1, b"ben %d" % number)
        everyone(storm.vaults)
    one: Vault = storm.vaults[0]
    before = shown(one)
    assert len(before) == 2
    nodes = {bool(node.side_of): node for _, node in one.tree().walk()}
    change = one.change()
    if gone != "beside":
        change.remove(nodes[False].id)
    if gone != "main":
        change.remove(nodes[True].id)
    one.commit(change, "removed")
    everyone(storm.vaults)
    left = 0 if gone == "both" else 1
    for vault in storm.vaults:
        assert len(shown(vault)) == left
        assert set(shown(vault).values()) <= set(before.values())
    storm.ends()
    storm.close()
