"""Two real programs share a real folder, over loopback: together, apart, and together again."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.cli.demo import make_folder
from app.cli.island import Island, Unexpected, tree_of
from tests.e2e import devices
from tests.e2e.devices import join, running, shared

pytestmark = pytest.mark.e2e
until = partial(devices.until, patience=30.0)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Island, Island]]:
    """Return two devices that run."""
    ana = Island("Ana", tmp_path / "ana-data", tmp_path / "ana" / "Recipes")
    mina = Island("Mina", tmp_path / "mina-data", tmp_path / "mina" / "Rezepte")
    with running(ana, mina):
        yield ana, mina


def joined(ana: Island, mina: Island, notes: int, can: str = "edit") -> None:
    """Let Ana share a folder and Mina join it."""
    make_folder(ana.folder, notes)
    join(mina, shared(ana, can))


def equal(ana: Island, mina: Island) -> bool:
    """Say whether both folders hold the same."""
    return tree_of(ana.folder) == tree_of(mina.folder)


def test_joining_by_code_brings_everything(pair: tuple[Island, Island]) -> None:
    """The folder there is complete when `join` returns, byte for byte."""
    ana, mina = pair
    joined(ana, mina, 200)
    assert equal(ana, mina)
    (space,) = mina.values("spaces")
    assert (space["name"], space["can"], space["missing_blocks"]) == ("Rezepte", "edit", 0)
    until(lambda: ana.reach() == mina.reach() == "everywhere", "both say: everywhere")


def test_edits_travel_both_ways_while_both_run(pair: tuple[Island, Island]) -> None:
    """Saved in any editor, read in any other; nobody presses anything."""
    ana, mina = pair
    joined(ana, mina, 5)
    ana.change_line("both.md", 3, "from Ana")
    until(lambda: b"from Ana" in mina.read("both.md"), "Ana's line at Mina's")
    mina.change_line("both.md", 9, "from Mina")
    mina.write("bread/new.bin", b"\0" + b"bytes" * 1000)
    mina.move("soups", "broths")
    until(lambda: equal(ana, mina), "equal folders")
    assert b"from Mina" in ana.read("both.md")
    assert not (ana.folder / "soups").exists()


def test_edits_made_apart_are_united_and_nothing_is_lost(pair: tuple[Island, Island]) -> None:
    """The second step of the story: each on their own, then together."""
    ana, mina = pair
    joined(ana, mina, 5)
    until(lambda: ana.reach() == "everywhere", "all is everywhere")
    mina.stop()
    ana.change_line("same.md", 7, "rye by Ana")
    ana.delete("delete-me.md")
    ana.move("rename-me.md", "renamed.md")
    ana.write("picture.bin", b"\0Ana")
    ana.settle()
    ana.stop()
    mina.change_line("same.md", 7, "oats by Mina")
    mina.change_line("delete-me.md", 2, "still needed")
    mina.change_line("rename-me.md", 2, "edited")
    mina.write("picture.bin", b"\0Mina")
    mina.start()
    ana.start()
    until(lambda: equal(ana, mina), "equal folders")
    until(lambda: ana.reach() == mina.reach() == "everywhere", "both say: everywhere")
    files = tree_of(ana.folder)
    assert b"Ana" in files["same.md"] and b"Mina" in files["same.md"]
    assert b"still needed" in files["delete-me.md"]
    assert b"edited" in files["renamed.md"] and "rename-me.md" not in files
    assert {b"\0Ana", b"\0Mina"} <= set(files.values())
    assert ana.value("check")["damaged"] == mina.value("check")["damaged"] == 0


def test_a_viewer_keeps_own_words_as_drafts(pair: tuple[Island, Island]) -> None:
    """What may not be changed is not changed for others, and not lost here."""
    ana, mina = pair
    joined(ana, mina, 3, can="view")
    before = ana.read("both.md")
    mina.change_line("both.md", 3, "not allowed")
    mina.settle()
    until(lambda: bool(mina.values("drafts")), "a draft")
    ana.change_line("both.md", 15, "Ana goes on")
    ana.settle()
    assert b"not allowed" in mina.read("both.md")
    assert b"not allowed" not in ana.read("both.md") and before != ana.read("both.md")


def test_what_was_deleted_comes_back_from_the_bin(pair: tuple[Island, Island]) -> None:
    """On either device, whoever deleted it."""
    ana, mina = pair
    joined(ana, mina, 3)
    note = ana.read("both.md")
    ana.delete("both.md")
    until(lambda: "both.md" not in tree_of(mina.folder), "deleted at Mina's")
    (item,) = [item for item in mina.values("bin") if item["path"] == "both.md"]
    assert item["device"] == "Ana"
    mina.ask("restore", str(mina.folder / "both.md"))
    until(lambda: tree_of(ana.folder).get("both.md") == note, "back at Ana's")


def test_a_hand_over_file_works_while_its_giver_is_away(pair: tuple[Island, Island]) -> None:
    """Then the rest comes as soon as they meet."""
    ana, mina = pair
    make_folder(ana.folder, 20)
    ana.ask("add", str(ana.folder))
    file = ana.folder.parent / "recipes.atoll"
    ana.ask("share", "Recipes", "--can", "edit", "--file", str(file))
    ana.stop()
    mina.ask("join", str(file), "--into", str(mina.folder))
    ana.start()
    address = next(device["address"] for device in mina.values("peers") if not device["this"])
    if not address:
        mina.ask("dial", f"127.0.0.1:{ana.port()}")
    until(lambda: equal(ana, mina), "equal folders")


def test_commands_work_alone_too(tmp_path: Path) -> None:
    """With no app running, the terminal does it itself."""
    island = Island("Ana", tmp_path / "data", tmp_path / "Notes")
    make_folder(island.folder, 3)
    island.ask("init", "--name", "Ana")
    island.ask("add", str(island.folder))
    steps = json.loads(island.ask("log", str(island.folder / "both.md"), "--json"))
    version = f"{island.folder / 'both.md'}@{steps[0]['version'][:10]}"
    assert island.ask("show", version).encode() == island.read("both.md")
    with pytest.raises(Unexpected, match="not running"):
        island.ask("status")
    island.ask("export", "Notes", str(tmp_path / "out"))
    assert tree_of(tmp_path / "out") == tree_of(island.folder)
    assert "Looked through Notes" in island.ask("scan")


def test_serve_ends_whole_on_sigterm(tmp_path: Path) -> None:
    """With code 0, so that a supervisor is content, and the next start finds all."""
    island = Island("Ana", tmp_path / "data", tmp_path / "Notes")
    make_folder(island.folder, 3)
    island.ask("init", "--name", "Ana")
    island.start()
    island.ask("add", str(island.folder))
    assert island.signal(signal.SIGTERM) == 0
    island.start()
    assert island.signal(signal.SIGINT) == 0
    assert island.value("check")["damaged"] == 0
