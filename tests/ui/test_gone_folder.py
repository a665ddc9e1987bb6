"""A folder that is not there: it is said plainly, and two ways on are offered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.errors import KeptElsewhere
from app.values import Mirroring
from tests.ui.stage import Stage
from tests.ui.walk import focusable, said_of
from ui.pages.attach_dialog import AttachDialog

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def attached(stage: Stage) -> list[tuple[object, ...]]:
    """Return what the app was asked to attach."""
    return [asked for what, asked in stage.app.calls if what == "attach"]


@pytest.fixture
def gone(stage: Stage) -> Stage:
    """Return a window at a folder that was taken away."""
    stage.desk.go("space:recipes")
    stage.settle()
    assert not stage.desk.listing.gone.isVisible()
    stage.app.take_away("recipes")
    stage.settle()
    return stage


def test_it_is_said_with_two_ways_on_until_the_folder_is_back(gone: Stage) -> None:
    """A message that is closed would leave a person with no way to bind the folder again."""
    strip = gone.desk.listing.gone
    assert strip.isVisible()
    assert "is not there" in strip.text
    assert "Nothing was deleted" in strip.text
    assert strip.choose.isVisible()
    assert strip.anew.isVisible()
    gone.desk.go("space:journal")
    gone.settle()
    assert not strip.isVisible(), "the other folder is where it was"


def test_a_moved_folder_is_chosen(
    gone: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the strip goes when the folder is in its place."""

    def choose(*_: object) -> str:
        return str(tmp_path / "moved")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    gone.desk.listing.gone.choose.click()
    gone.settle()
    assert attached(gone) == [("recipes", tmp_path / "moved", False)]
    gone.wait(lambda: not gone.desk.listing.gone.isVisible())
    assert gone.app.space_of("recipes").mirroring is Mirroring.SETTLED


def test_a_free_folder_is_proposed_to_write_it_anew(gone: Stage, tmp_path: Path) -> None:
    """The parent of the lost one is not there, so it is proposed where people have theirs."""
    (tmp_path / "Recipes").mkdir()
    (tmp_path / "Recipes" / "other.md").write_text("other\n", encoding="utf-8")
    gone.desk.listing.gone.anew.click()
    gone.settle()
    dialog = gone.desk.folders.dialog
    assert isinstance(dialog, AttachDialog)
    assert dialog.folder.text() == str(tmp_path / "Recipes 2")
    assert not [one for one in focusable(dialog) if not said_of(one)]
    dialog.yes.click()
    gone.settle()
    assert attached(gone) == [("recipes", tmp_path / "Recipes 2", False)]


def test_a_folder_that_holds_something_is_asked_about(gone: Stage, tmp_path: Path) -> None:
    """Nothing is mixed unasked."""
    full = tmp_path / "full"
    gone.desk.folders.attach_path(gone.app.space_of("recipes"), full)
    gone.settle()
    dialog = gone.desk.folders.dialog
    assert isinstance(dialog, AttachDialog)
    assert str(full) in dialog.words.text()
    dialog.yes.click()
    gone.settle()
    assert attached(gone) == [("recipes", full, False), ("recipes", full, True)]


def test_a_folder_that_another_atoll_keeps_can_be_written_elsewhere(gone: Stage) -> None:
    """It is where it was, so nobody is asked where."""
    gone.app.take_away("recipes", KeptElsewhere.code)
    gone.settle()
    strip = gone.desk.listing.gone
    assert "Another Atoll on this computer keeps this folder" in strip.text
    assert strip.anew.isVisible()
    assert not strip.choose.isVisible()
