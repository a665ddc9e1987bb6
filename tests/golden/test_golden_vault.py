"""A data folder of version 1, written once: every later version opens it, and so does the paper."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.accounts import Account
from app.compose import build_node
from app.config import Config
from app.places import Places
from storage.crypto.sealed import address
from storage.facts.change import TOP
from storage.identity.keyfile import load
from storage.vault import Vault
from tests.access import Dice
from tests.golden.make_vault import expected
from tests.helpers.vaults import Clock, shown, write
from tests.reader.__main__ import main as print_folder
from tests.reader.second_reader import read_folder
from tests.reader.small import main as print_small
from tests.reader.view import device_name
from tests.reader.view import shown as read_view

HERE = Path(__file__).parent
WANTED: dict[str, Any] = json.loads((HERE / "vault-1.json").read_text(encoding="utf-8"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return a copy of the golden data folder, closed to others as the first one was."""
    places = Places(shutil.copytree(HERE / "vault-1", tmp_path / "data"))
    for path in (places.data, *places.data.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return places


def reopened(places: Places) -> Vault:
    """Open its only space."""
    keys = load(places.device_key)
    return Vault.open(places.space(WANTED["space"]), keys, Clock(1.9e9), Dice("golden test"))


def test_the_golden_folder_holds_no_caches() -> None:
    """They are no part of the format; what is tested is that the packs are enough."""
    names = {path.name for path in (HERE / "vault-1").rglob("*") if path.is_file()}
    assert names == {"device.key", "state.db", "space", "000001.pack"}


def test_files_history_bin_and_rights_are_what_they_were(places: Places) -> None:
    """From the packs alone, and once more from the index that the first opening left."""
    for _ in ("without an index", "with one"):
        vault = reopened(places)
        assert json.loads(json.dumps(expected(vault))) == WANTED
        assert vault.check().found == ()
        vault.close()


def test_what_was_deleted_can_be_had_back(places: Places) -> None:
    """Nothing of an old folder is out of reach, though only the history knows it."""
    vault = reopened(places)
    gone = next(item for item in vault.bin() if item.path[-1] == "gone.md")
    change = vault.change()
    change.bring_back(gone.entry, vault.facts_before(gone.entry, gone.step))
    vault.commit(change, "brought back")
    assert b"it was here, twice\n" in shown(vault).values()
    vault.close()


def test_an_old_folder_can_be_written_to(places: Places) -> None:
    """Reading is not enough: people go on. The second reader takes what is new, too."""
    vault = reopened(places)
    write(vault, "new.md", b"written by a later version\n", TOP)
    root, files = vault.root.to_bytes(), shown(vault)
    vault.close()
    ((_, space),) = read_folder(places.data)
    assert space.problems == []
    assert (space.root, read_view(space)) == (root, files)


def test_the_paper_alone_reads_the_golden_folder() -> None:
    """Whoever has the paper and the key needs no program of ours."""
    ((_, space),) = read_folder(HERE / "vault-1")
    assert space.problems == []
    assert space.roots_checked > 20
    files = {"/".join(p): None if d is None else address(d) for p, d in read_view(space).items()}
    assert {path: data and data.hex() for path, data in files.items()} == WANTED["files"]
    assert space.root.hex() == WANTED["root"]
    assert sorted([w.hex(), n] for w, n in space.seen.items()) == WANTED["seen"]
    history = [
        [s.cid.hex(), device_name(space, s.dot[1]), s.dot[0], s.at, s.words] for s in space.history
    ]
    assert sorted(history) == WANTED["history"]


def test_the_second_reader_prints_what_it_finds_and_says_what_is_wrong(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who has only the paper uses it so."""
    assert print_folder([str(places.data)]) == 0
    assert "note.md" in capsys.readouterr().out
    pack = next(places.spaces.glob("*/packs/*.pack"))
    pack.write_bytes(pack.read_bytes()[:-1])
    assert print_folder([str(places.data)]) == 1
    assert "PROBLEM: 000001.pack: damaged" in capsys.readouterr().out


def test_the_small_reader_prints_every_golden_file(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three hundred lines are enough to have everything back."""
    assert print_small(HERE / "vault-1") == 0
    printed = capsys.readouterr().out
    assert all(found in printed for found in WANTED["files"].values() if found is not None)
    pack = next(places.spaces.glob("*/packs/*.pack"))
    pack.write_bytes(pack.read_bytes()[:-1])
    assert print_small(places.data) == 1
    assert "PROBLEM: 000001.pack: damaged" in capsys.readouterr().out


@pytest.mark.slow
def test_the_app_opens_the_golden_folder_and_fills_a_plain_one(
    places: Places, tmp_path: Path
) -> None:
    """All the way, with the device's memory: what a person would do who found an old disk."""

    async def story() -> None:
        account = Account.open(places)
        row = account.state.spaces[WANTED["space"]]
        await account.state.put_space(replace(row, folder=tmp_path / "was here"))
        await account.state.close()
        node = build_node(Config(places, discovery=False, listen="127.0.0.1", port=0))
        await node.start()
        try:
            assert await node.device_name() == "Ben's desk"
            await node.attach(WANTED["space"], tmp_path / "plain")
            names = {entry.name for entry in await node.all_entries(WANTED["space"])}
            assert {"note.md", "picture (Ben's desk).bin", "link"} <= names
        finally:
            await node.stop()

    asyncio.run(story())
    for path, data in WANTED["files"].items():
        found = tmp_path / "plain" / path
        held = found.readlink().as_posix().encode() if found.is_symlink() else None
        if data is None:
            assert found.is_dir()
        else:
            assert address(found.read_bytes() if held is None else held).hex() == data
