"""Giving access, and taking it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.values import Role
from tests.ui import sample
from tests.ui.fake_app import CODE, FakeApp
from tests.ui.stage import Stage
from tests.ui.walk import focusable, said_of
from ui.below import Below
from ui.codes import QrCodes
from ui.models.giving import end_at, ends
from ui.models.joining import Stage as Step
from ui.pages.join_dialog import JoinDialog
from ui.pages.share_dialog import ShareDialog
from ui.theme.theme import Theme
from ui.widgets.qr_view import picture_of

OpenShare = Callable[[str], ShareDialog]

# The offscreen screen says so of every dialog.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def app(below: Below) -> FakeApp:
    """Return the fake app."""
    assert isinstance(below.app, FakeApp)
    return below.app


@pytest.fixture
def open_share(qtbot: QtBot, theme: Theme, below: Below, app: FakeApp) -> OpenShare:
    """Return what opens the dialog for the recipes, called anything."""

    def open_(name: str) -> ShareDialog:
        dialog = ShareDialog(replace(app.space_of("recipes"), name=name), theme, below)
        qtbot.addWidget(dialog)
        return dialog

    return open_


@pytest.fixture
def share(open_share: OpenShare) -> ShareDialog:
    """Return the dialog for the recipes."""
    return open_share("Recipes")


@pytest.fixture
def join(qtbot: QtBot, theme: Theme, below: Below, tmp_path: Path) -> JoinDialog:
    """Return the dialog for a code."""
    dialog = JoinDialog(theme, below, tmp_path)
    qtbot.addWidget(dialog)
    return dialog


def test_a_code_is_made_as_chosen(qtbot: QtBot, share: ShareDialog, app: FakeApp) -> None:
    """Role and end, and what it gives in one sentence before it is handed over."""
    share.choose(Role.EDIT)
    share.end.setCurrentIndex(2)
    share.make.click()
    qtbot.waitUntil(lambda: share.steps.currentIndex() == 1)
    _, (space, role, until) = app.calls[-1]
    assert (space, role) == ("recipes", Role.EDIT)
    assert until == end_at(ends()[2], sample.NOW)
    assert "can edit “Recipes” until" in share.promise.text()
    assert share.code.toPlainText() == CODE
    share.copy.click()
    assert QGuiApplication.clipboard().text() == CODE


SMALL = [QSize(640, 400), QSize(400, 400), QSize(400, 300), QSize(1280, 800)]


@pytest.mark.parametrize("name", ["Recipes", sample.LONG_NAME])
@pytest.mark.parametrize("room", SMALL)
def test_what_is_handed_over_fits_on_any_screen(
    qtbot: QtBot, open_share: OpenShare, monkeypatch: pytest.MonkeyPatch, room: QSize, name: str
) -> None:
    """At 200 % a screen of 1280 by 800 has room for 640 by 400: the picture is whole, and first."""
    monkeypatch.setattr(QScreen, "availableSize", lambda _: room)
    share = open_share(name)
    share.show()
    share.make.click()
    qtbot.waitUntil(lambda: share.steps.currentIndex() == 1)
    QApplication.processEvents()
    assert share.width() <= room.width()
    assert share.height() <= room.height()
    for shown in (share.qr, share.again):
        assert shown.visibleRegion().boundingRect() == shown.rect()
    if room.width() >= 640 and name == "Recipes":  # else one scrolls to them
        for shown in (share.copy, share.save):
            assert shown.visibleRegion().boundingRect() == shown.rect()
    assert share.code.viewport().height() >= 4 * share.code.fontMetrics().lineSpacing()
    assert share.members.isVisible() == (room.height() > 400)
    assert QrCodes().read(share.qr.grab().toImage()) == CODE
    share.again.click()
    assert share.heading.isVisible() and share.members.isVisible()


def test_enter_makes_the_code_and_then_is_done(qtbot: QtBot, share: ShareDialog) -> None:
    """Whoever chose by keys need not look for the button; and nothing is made twice."""
    share.show()
    role = share.roles.buttons()[1]
    role.setFocus()
    QTest.keyClick(role, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: share.steps.currentIndex() == 1)
    QTest.keyClick(share.code, Qt.Key.Key_Return)
    assert not share.isVisible()


def test_the_picture_says_what_the_text_says(qtbot: QtBot, share: ShareDialog) -> None:
    """A camera and a paste must give the same."""
    share.make.click()
    qtbot.waitUntil(lambda: not share.qr.pixmap().isNull())
    assert QrCodes().read(share.qr.pixmap().toImage()) == CODE


def test_the_file_is_written_whole(
    qtbot: QtBot, share: ShareDialog, app: FakeApp, tmp_path: Path
) -> None:
    """It works while we are away."""
    share.make.click()
    qtbot.waitUntil(lambda: share.giving.invite is not None)
    held = asyncio.run(app.invite_file(CODE))
    share.write(tmp_path / "x.atoll", held)
    assert (tmp_path / "x.atoll").read_bytes() == held
    share.write(tmp_path / "no" / "such" / "folder", held)
    assert "could not be written" in share.trouble.text()


def test_who_may_not_share_is_told_at_once(
    qtbot: QtBot, theme: Theme, below: Below, app: FakeApp
) -> None:
    """Not after having chosen everything."""
    dialog = ShareDialog(app.space_of("trip"), theme, below)
    qtbot.addWidget(dialog)
    assert not dialog.make.isEnabled()
    assert "cannot give access" in dialog.trouble.text()


def test_the_people_are_listed_with_what_they_can_do(share: ShareDialog) -> None:
    """And until when."""
    rows = share.giving.rows
    notes = [share.giving.rows.row(item).note for item in rows._items]  # noqa: SLF001
    assert notes[:2] == ["can manage", "can edit"]
    assert notes[2].startswith("can view · until ")


def test_an_offer_is_shown_before_anything_is_accepted(
    qtbot: QtBot, join: JoinDialog, tmp_path: Path
) -> None:
    """Who, what, which role, until when."""
    join.code.setPlainText(CODE)
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    assert join.promise.text().startswith("Ana invites you to “Recipes”. You can edit, until ")
    assert join.folder.text() == str(tmp_path / "Recipes")


def test_a_damaged_code_is_said(qtbot: QtBot, join: JoinDialog) -> None:
    """And one can go on typing."""
    join.code.setPlainText("nonsense")
    qtbot.waitUntil(lambda: not join.trouble.isHidden())
    assert "damaged" in join.trouble.text()
    assert join.steps.currentIndex() == 0


def test_accepting_fetches_and_tells(qtbot: QtBot, join: JoinDialog) -> None:
    """With progress on the way."""
    join.joining.read(CODE)
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    seen: list[object] = []
    join.joining.progressed.connect(seen.append)
    with qtbot.waitSignal(join.joined):
        join.accept_button.click()
    assert seen


def test_a_folder_that_holds_something_is_asked_about(
    qtbot: QtBot, join: JoinDialog, tmp_path: Path
) -> None:
    """Nothing is mixed unasked."""
    join.joining.read(CODE)
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    join.folder.setText(str(tmp_path / "full"))
    join.accept_button.click()
    qtbot.waitUntil(lambda: join.joining.stage is Step.NOT_EMPTY)
    with qtbot.waitSignal(join.joined):
        join.merge_button.click()


def test_a_folder_is_proposed_that_is_free(
    qtbot: QtBot, theme: Theme, below: Below, tmp_path: Path
) -> None:
    """Who accepts without reading must not bring two folders together that never were one."""
    (tmp_path / "Recipes").mkdir()
    for proposed in ("Recipes", "Recipes 2", "Recipes 3"):
        dialog = JoinDialog(theme, below, tmp_path)
        qtbot.addWidget(dialog)
        dialog.joining.read(CODE)
        qtbot.waitUntil(partial(_is_offered, dialog))
        assert dialog.folder.text() == str(tmp_path / proposed)
        (tmp_path / proposed).mkdir(exist_ok=True)
        (tmp_path / proposed / "note.md").write_text("mine\n", encoding="utf-8")


def _is_offered(dialog: JoinDialog) -> bool:
    return dialog.joining.stage is Step.OFFERED


def test_fetching_can_be_stopped(qtbot: QtBot, join: JoinDialog, app: FakeApp) -> None:
    """And one is back where one chose."""
    join.joining.read(CODE)
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    app.gate = asyncio.Event()
    join.accept_button.click()
    assert join.joining.stage is Step.JOINING
    join.joining.cancel()
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)


def test_a_picture_of_a_code_is_read(qtbot: QtBot, join: JoinDialog, tmp_path: Path) -> None:
    """A photo from a chat is as good as the text."""
    image = picture_of(QrCodes().draw(CODE), 400)
    image.save(str(tmp_path / "code.png"))
    join.take_file(tmp_path / "code.png")
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    blank = QImage(40, 40, QImage.Format.Format_RGB32)
    join.take_image(blank)
    assert "no code in this picture" in join.trouble.text()


def test_a_hand_over_file_is_read(qtbot: QtBot, join: JoinDialog, tmp_path: Path) -> None:
    """And one that is not there is said."""
    (tmp_path / "x.atoll").write_bytes(b"ATOLL-INVITE-1\nx")
    join.take_file(tmp_path / "x.atoll")
    qtbot.waitUntil(lambda: join.joining.stage is Step.OFFERED)
    join.take_file(tmp_path / "gone.atoll")
    assert "could not be read" in join.trouble.text()


@pytest.mark.parametrize("which", ["share", "join"])
def test_every_field_of_a_dialog_has_a_name(which: str, request: pytest.FixtureRequest) -> None:
    """A screen reader is in dialogs, too."""
    dialog = request.getfixturevalue(which)
    assert not [type(w).__name__ for w in focusable(dialog) if not said_of(w)]


def test_sharing_from_the_window_opens_the_dialog(stage: Stage) -> None:
    """For the folder one is in."""
    stage.desk.go("space:recipes")
    stage.settle()
    stage.desk.actions["share"].trigger()
    dialog = stage.desk.folders.dialog
    assert isinstance(dialog, ShareDialog)
    dialog.reject()
