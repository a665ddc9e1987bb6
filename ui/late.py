"""What the window does without until it was painted: the loop, the app, codes, the desk.

Loaded by `ui.main` through importlib after the first paint, since importing all this takes
longer than showing an empty window.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.compose import build_node
from app.config import Config
from app.facade import App
from storage.errors import AtollError
from ui.below import Below
from ui.bridge import Bridge
from ui.codes import QrCodes
from ui.desk import Desk
from ui.window import Window
from ui.words import Act, say

GOODBYE = 10.0
"""Seconds given to the app for its end; what was saved is safe in any case."""


def aside(work: Callable[[], object]) -> Awaitable[object]:
    """Do work on another thread."""
    return asyncio.to_thread(work)


class Late(QObject):
    """Starts the app, gives the window its desk, and ends both in order."""

    usable = Signal()

    def __init__(self, window: Window, data: Path | None) -> None:
        super().__init__(window)
        self._window = window
        self._data = data
        self._bridge = Bridge()
        self._stack = AsyncExitStack()
        self.desk: Desk | None = None
        self._bridge.start()
        self._begin()

    def end(self) -> None:
        """Save, say goodbye, stop."""
        work: Future[object] = self._bridge.follow_to_the_end(self._farewell())
        try:
            work.result(GOODBYE)
        except (AtollError, TimeoutError):
            pass
        finally:
            self._bridge.stop()

    def _begin(self) -> None:
        job = self._bridge.run(self._build())
        job.done.connect(self._on_built)
        job.failed.connect(self._on_failed)

    async def _build(self) -> App:
        config = Config() if self._data is None else Config(data=self._data)
        node = await build_node(config)
        return await self._stack.enter_async_context(node)

    async def _farewell(self) -> None:
        saving = None if self.desk is None else self.desk.farewell()
        if saving is not None:
            await saving
        await self._stack.aclose()

    def _on_built(self, app: App) -> None:
        below = Below(app, self._bridge, time.time, aside, QrCodes())
        computer = socket.gethostname().partition(".")[0]
        desk = self.desk = Desk(self._window, below, Path.home(), computer)
        self._bridge.happened.connect(desk.hear)
        self._bridge.listen(app.events)
        desk.start()
        self._window.places.loaded.connect(self.usable)

    def _on_failed(self, error: AtollError) -> None:
        offers: dict[Act, Callable[[], object]] = {
            Act.RETRY: self._begin,
            Act.QUIT: self._window.close,
        }
        self._window.notice.say(say(error), offers)
