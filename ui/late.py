"""What the window does without until it was painted: the loop, the app, codes, the desk.

Loaded by `ui.main` through importlib after the first paint, since importing all this takes
longer than showing an empty window.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.cli.running import Running
from app.compose import set_up
from app.config import Config
from app.errors import EndedInside
from app.facade import RunningApp
from app.places import Places, default_data, prepare
from storage.errors import AtollError
from ui.below import Below
from ui.bridge import Bridge, aside
from ui.codes import QrCodes
from ui.desk import Desk
from ui.pages.first_run import FirstRun
from ui.slots import ignoring
from ui.sweeping import Sweeping
from ui.window import Window
from ui.words import Act, say

GOODBYE = 10.0
"""Seconds given to the app for its end; what was saved is safe in any case."""
_log = logging.getLogger(__name__)


class Late(QObject):
    """Starts the app, gives the window its desk, and ends both in order."""

    usable = Signal()
    """The folders are shown, or the first run waits for a name."""

    def __init__(self, window: Window, data: Path | None) -> None:
        super().__init__(window)
        self._window = window
        self._places = Places(data or default_data())
        self._bridge = Bridge(self)
        self._sweeping = Sweeping(window)
        self._running: Running | None = None
        self._first: FirstRun | None = None
        self.desk: Desk | None = None
        self._bridge.start()

    def begin(self) -> None:
        """Start the app, or ask for this device's name first."""
        try:
            is_set_up = self._places.is_set_up()
        except AtollError as error:
            self._on_failed(error)
            return
        if is_set_up:
            self._start()
        else:
            self._ask_name()

    def end(self) -> None:
        """Save, say goodbye, stop."""
        try:
            self._bridge.wait(self._farewell(), GOODBYE)
        except (AtollError, TimeoutError) as error:
            _log.info("the app did not end in time: %s", type(error).__name__)
        finally:
            self._bridge.stop()
            if self._running is not None:
                self._running.close()

    # -- the first run
    def _ask_name(self) -> None:
        first = self._first = FirstRun(self._window.theme)
        first.suggest(platform.node().partition(".")[0])
        first.named.connect(self._set_up)
        self._window.show_whole(first)
        first.name.setFocus()
        self.usable.emit()

    def _set_up(self, name: str) -> None:
        if self._running is not None:
            return
        job = self._bridge.run(self._make_device(name))
        job.done.connect(ignoring(self._start))
        job.failed.connect(self._on_failed)

    async def _make_device(self, name: str) -> None:
        await asyncio.to_thread(prepare, self._places)
        await asyncio.to_thread(set_up, self._places, name)

    # -- every run
    def _start(self) -> None:
        job = self._bridge.run(self._open())
        job.done.connect(self._on_open)
        job.failed.connect(self._on_failed)

    async def _open(self) -> RunningApp:
        if self._running is None:
            self._running = await asyncio.to_thread(Running, Config(self._places))
        return await self._running.start()

    async def _farewell(self) -> None:
        saving = None if self.desk is None else self.desk.farewell()
        if saving is not None:
            await saving
        if self._running is not None:
            await self._running.stop()

    def _on_open(self, app: RunningApp) -> None:
        below = Below(app, self._bridge, time.time, aside, QrCodes())
        desk = self.desk = Desk(self._window, below, Path.home())
        self._bridge.happened.connect(desk.hear)
        self._bridge.listen(app.events)
        self._bridge.run(_until_broken(app)).failed.connect(self._on_broken)
        if self._first is not None:
            desk.take_first_run(self._first)
            self._first.begin()
        self._window.places.loaded.connect(self.usable)
        desk.start()

    def _on_broken(self, error: AtollError) -> None:
        self._window.notice.say(say(error), {Act.QUIT: self._window.close})

    def _on_failed(self, error: AtollError) -> None:
        offers: dict[Act, Callable[[], object]] = {
            Act.RETRY: self.begin,
            Act.QUIT: self._window.close,
        }
        self._window.notice.say(say(error), offers)
        self.usable.emit()


async def _until_broken(app: RunningApp) -> None:
    """Wait until something inside failed by a fault of ours: what it was, only the log is told."""
    try:
        await app.broken()
    except Exception as error:
        _log.exception("a part of the app ended")
        raise EndedInside from error
