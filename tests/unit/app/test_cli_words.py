"""What a terminal says when something is missing, goes wrong, or takes its time."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import Account
from app.cli.bar import NOTHING_LOST, Bar
from app.cli.commands import as_deleted
from app.cli.exits import Exit
from app.cli.main import main
from app.cli.output import words_for
from app.cli.serve import _tell_trouble
from app.cli.shapes import space_shape
from app.events import Trouble
from app.places import Places
from app.progress import WAITING, Progress
from app.sharing.announcing import Announcing
from app.sharing.redeem import Joining, Keeps
from app.spaces import Spaces
from app.values import BinItem
from storage.access.invite import InviteCode
from storage.blocks.store import Thing
from storage.ports import Clock, Entropy
from tests.unit.app.fake_app import ID, FakeApp, space
from tests.unit.app.serving import NOTE, Run, Terminal, serving

Shown = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def atoll(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Return a function that runs a command against an app."""
    data = tmp_path_factory.mktemp("data")
    with serving(Places(data), FakeApp()):
        yield lambda *words: main(["--data", str(data), *words])


# -- two versions --------------------------------------------------------------------------
def test_diff_takes_a_second_version(atoll: Run, capsys: Shown) -> None:
    """It printed the program's own version once."""
    assert atoll("diff", f"{NOTE}@81bb04", "3fa92c", "--json") == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["from"][:6], found["to"][:6]) == ("81bb04", "3fa92c")


def test_equal_texts_are_said_to_be_equal(atoll: Run, capsys: Shown) -> None:
    """Nothing at all looks like a fault."""
    assert atoll("diff", f"{NOTE}@81bb04", "3fa92c") == Exit.OK
    assert capsys.readouterr().out == "No difference.\n"


# -- what is not there ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("leave", "Nope"), "There is no folder called “Nope”; you have: Recipes."),
        (("status", "Nope"), "There is no folder called “Nope”; you have: Recipes."),
        (("show", f"{NOTE}@dddd"), "There is no version dddd of “bread.md”."),
        (("show", f"{NOTE}@zzz"), "There is no version zzz of “bread.md”."),
        (("show", "Recipes/bread.md@zzz"), "There is no version zzz of “bread.md”."),
        (("diff", f"{NOTE}@81bb04", "zzz"), "There is no version zzz of “bread.md”."),
        (("restore", NOTE), "“bread.md” was not deleted: it is as it was."),
        (("drafts", "--drop", "/etc/passwd"), "“/etc/passwd” lies in no folder of Atoll. Yours:"),
    ],
)
def test_what_is_not_there_is_named(
    atoll: Run, capsys: Shown, words: Sequence[str], sentence: str
) -> None:
    """One sentence for every miss sends people to look in the bin for a typing error."""
    assert atoll(*words) == Exit.NOT_FOUND
    assert capsys.readouterr().err.startswith(f"atoll: {sentence}")


def test_a_program_gets_its_errors_as_it_gets_its_answers(atoll: Run, capsys: Shown) -> None:
    """It should not have to read a sentence that may change."""
    assert atoll("leave", "Nope", "--json") == Exit.NOT_FOUND
    found = json.loads(capsys.readouterr().out)
    assert found["error"]["code"] == "storage.not-found.folder"
    assert "Nope" in found["error"]["message"]


def test_a_mistyped_command_is_proposed_aright(capsys: Shown) -> None:
    """As every other program does by now."""
    with pytest.raises(SystemExit):
        main(["statsu"])
    assert "Did you mean status?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["completion", "bsh"])
    assert "invalid choice: 'bsh'" in capsys.readouterr().err


# -- sharing -------------------------------------------------------------------------------
def test_a_code_without_an_end_comes_with_a_remark(atoll: Run, capsys: Shown) -> None:
    """Whoever photographed it can join as long as it lasts."""
    assert atoll("share", "Recipes") == Exit.OK
    said = capsys.readouterr().err
    assert "To let it end: --until 7d" in said and "not running" not in said
    assert atoll("share", "Recipes", "--until", "7d") == Exit.OK
    assert not capsys.readouterr().err
    assert atoll("share", "Recipes", "--quiet") == Exit.OK
    assert not capsys.readouterr().err


def test_alone_it_is_said_that_nobody_is_there_to_be_joined(tmp_path: Path, capsys: Shown) -> None:
    """Else the other person waits, and nobody knows why."""
    folder = tmp_path / "Recipes"
    folder.mkdir()

    def alone(*words: str) -> tuple[str, str]:
        assert main(["--data", str(tmp_path / "data"), *words]) == Exit.OK
        return capsys.readouterr()

    alone("init", "--name", "Ana")
    alone("add", str(folder))
    assert "start `atoll serve` so that others can join" in alone("share", "Recipes")[1]
    assert json.loads(alone("share", "Recipes", "--json")[0])["running"] is False
    file = tmp_path / "r.atoll"
    assert "not running" not in alone("share", "Recipes", "--file", str(file))[1]
    assert alone("status", "--alone")[0].startswith("Atoll is not running here.\n")
    shutil.rmtree(folder)
    assert f"{folder}  (not there)" in alone("spaces")[0]
    assert f"The folder {folder} is not there." in alone("status", "--alone")[0]


def test_a_folder_with_two_names_is_called_by_both() -> None:
    """Others know it by the one, the disk here by the other."""
    value = space_shape(space("Recipes", Path("/home/mina/RecipesB")), 0.0)
    assert "RecipesB (shared as Recipes)" in words_for("spaces", [value], 0.0)
    assert "shared as" not in words_for("spaces", [space_shape(space(), 0.0)], 0.0)
    invite = {"code": "ATOLL:A", "space": "Recipes", "here": "RecipesB", "can": "view"}
    assert "can view RecipesB (shared as Recipes)" in words_for("share", invite, 0.0)


# -- waiting -------------------------------------------------------------------------------
def test_whoever_waits_for_a_giver_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence for a minute is taken for a program that hangs."""
    monkeypatch.setattr("app.sharing.redeem.LONG", 0.0)
    told = list[Progress]()

    async def story() -> None:
        waited = asyncio.Event()

        class Network:
            async def redeem(self, code: InviteCode, patience: float = 0.0) -> Sequence[Thing]:
                """Answer only once the person was told."""
                del code, patience
                await waited.wait()
                return ()

            async def caught_up(self, space: bytes) -> None:
                """Nobody asks."""

        def report(progress: Progress) -> None:
            told.append(progress)
            if progress.task == WAITING:
                waited.set()

        joining = Joining(
            cast("Account", None),
            cast("Spaces", None),
            Network(),
            cast("Announcing", None),
            cast("Keeps", None),
            places=cast("Places", None),
            clock=cast("Clock", None),
            entropy=cast("Entropy", None),
        )
        code = cast("InviteCode", SimpleNamespace(by="Ana's laptop"))
        await asyncio.wait_for(joining._met(code, report), 20)  # noqa: SLF001

    asyncio.run(story())
    assert [it.task for it in told] == ["Looking for", WAITING]


def test_the_line_of_a_wait_says_that_it_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that nothing is lost by it."""
    monkeypatch.setattr("app.cli.bar.PATIENCE", 0.0)
    monkeypatch.setenv("COLUMNS", "160")
    stream = Terminal()
    Bar(stream)(Progress(WAITING, "Ana's laptop to be found…"))
    assert stream.getvalue().endswith(f"Waiting for Ana's laptop to be found… · {NOTHING_LOST}")


# -- what was deleted ----------------------------------------------------------------------
names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
deleted = st.lists(
    st.tuples(names, st.booleans(), st.integers(0, 5)), max_size=12, unique_by=lambda it: it[0]
)


@given(deleted, st.integers())
def test_a_deleted_folder_is_listed_before_what_was_in_it(
    rows: list[tuple[tuple[str, ...], bool, int]], seed: int
) -> None:
    """It is what brings all of it back; and nothing is left out."""
    items = [
        BinItem(ID, "/".join(path), path, 1, float(at), "Phone", "77", is_folder=is_folder)
        for path, is_folder, at in rows
    ]
    shuffled = items.copy()
    Random(seed).shuffle(shuffled)  # noqa: S311  (a test, not a secret)
    listed = as_deleted(shuffled)
    assert listed == as_deleted(items)
    assert sorted(it.id for it in listed) == sorted(it.id for it in items)
    for place, item in enumerate(listed):
        below = {n for n, it in enumerate(listed) if it.path[:-1] == item.path}
        assert not item.is_folder or all(n > place for n in below)


def test_what_came_from_the_bin_has_no_version_until_now(atoll: Run, capsys: Shown) -> None:
    """There was none: it was deleted."""
    assert atoll("restore", "/home/ana/Recipes/old.md") == Exit.OK
    assert capsys.readouterr().out == "Brought back bread.md.\n"
    assert atoll("restore", f"{NOTE}@81bb04") == Exit.OK
    assert capsys.readouterr().out.endswith("The version until now is kept too.\n")


def test_trouble_begins_with_what_it_is_about(capsys: Shown) -> None:
    """A name at the end of a sentence belongs to nothing."""
    _tell_trouble(Trouble("app.folder-unavailable", "Recipes"))
    said = capsys.readouterr().err
    assert said.startswith("atoll: Recipes: The folder on this disk is not there")
    assert said.endswith(".\n")
