"""A window with a fake app behind it, for tests and for pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from tests.ui import sample
from tests.ui.fake_app import FakeApp
from ui.below import Below
from ui.bridge import Bridge, aside
from ui.codes import QrCodes
from ui.desk import Desk
from ui.memory import Memory
from ui.theme.theme import Look, Theme
from ui.window import Window

PATIENCE = 10.0
QUIET_ROUNDS = 6


def now() -> float:
    """Return the moment at which all samples play."""
    return sample.NOW


@dataclass
class Stage:
    """Everything of one window."""

    app: FakeApp
    bridge: Bridge
    theme: Theme
    window: Window
    desk: Desk

    def settle(self) -> None:
        """Let all that was asked be answered, and drawn."""
        for _ in range(QUIET_ROUNDS):
            done: list[object] = []
            self.bridge.run(asyncio.sleep(0)).done.connect(done.append)
            self.wait(partial(bool, done))
        QApplication.processEvents()

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the loop run until something is so."""
        end = time.monotonic() + PATIENCE
        while not until():
            assert time.monotonic() < end, "waited too long"
            loop = QEventLoop()
            QTimer.singleShot(1, loop.quit)
            loop.exec()

    def close(self) -> None:
        """End it."""
        farewell = self.desk.farewell()
        if farewell is not None:
            self.bridge.wait(farewell, PATIENCE)
        self.bridge.stop()
        self.window.hide()
        self.window.deleteLater()
        self.bridge.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def set_stage(
    folder: Path,
    app: FakeApp | None = None,
    look: Look = Look.LIGHT,
    size: tuple[int, int] = (1240, 780),
    theme: Theme | None = None,
) -> Stage:
    """Open a window before a fake app, and let it fill."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    fake = app or FakeApp()
    dressed = theme or Theme(application, look)
    bridge = Bridge(application)
    bridge.start()
    window = Window(dressed, Memory(folder / "window.ini"), now)
    window.resize(*size)
    window.show()
    desk = Desk(window, Below(fake, bridge, now, aside, QrCodes()), folder)
    bridge.happened.connect(desk.hear)
    bridge.listen(fake.events)
    desk.start()
    stage = Stage(fake, bridge, dressed, window, desk)
    stage.settle()
    return stage
