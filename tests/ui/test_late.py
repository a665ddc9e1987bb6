"""What comes after the first paint: the app behind the window, and its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from app.complaints import CODES
from app.config import Config
from app.errors import EndedInside
from app.places import Places
from tests.ui.fake_app import FakeApp
from tests.ui.stage import now
from ui.late import Late
from ui.memory import Memory
from ui.theme.theme import Theme
from ui.window import Window
from ui.words import BUTTONS, Act


class Breaks(FakeApp):
    """An app of which a part ends soon."""

    async def broken(self) -> None:
        """Tell why."""
        raise ZeroDivisionError("the seventh part")


class Runs:
    """Runs an app that breaks."""

    def __init__(self, config: Config) -> None:
        del config

    async def start(self) -> FakeApp:
        """Return it."""
        return Breaks()

    async def stop(self) -> None:
        """Stop nothing."""

    def close(self) -> None:
        """Own nothing."""


def is_set_up(_places: Places) -> bool:
    """Stand in for a device that has its name."""
    return True


@pytest.fixture
def window(theme: Theme, tmp_path: Path) -> Iterator[Window]:
    """Return a window before which nothing runs yet."""
    made = Window(theme, Memory(tmp_path / "window.ini"), now)
    made.show()
    yield made
    made.hide()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.expects_warnings
@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_part_that_ended_inside_is_said_and_the_log_knows_which(
    qtbot: QtBot,
    window: Window,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing was sent or written any more, and the window looked as on any other day."""
    monkeypatch.setattr("ui.late.Running", Runs)
    monkeypatch.setattr(Places, "is_set_up", is_set_up)
    late = Late(window, tmp_path / "data")
    try:
        with caplog.at_level(logging.ERROR, "ui.late"):
            late.begin()
            qtbot.waitUntil(lambda: window.notice.said is not None)
        assert window.notice.isVisible()
        assert window.notice.text == str(CODES[EndedInside.code])
        assert "again" in window.notice.text
        assert [it.text() for it in window.notice.buttons()] == [BUTTONS[Act.QUIT]]
        assert "the seventh part" in caplog.text
        assert "the seventh part" not in window.notice.text
    finally:
        late.end()
