"""Jumping to any entry by a few letters, and doing anything by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog

from app.values import EntryInfo
from storage.errors import AtollError
from ui.below import Below
from ui.pages.switcher import Switcher, action_items, entry_items
from ui.window import Window
from ui.words import tr


class JumpDesk(QObject):
    """Opens the switcher over what there is."""

    picked = Signal(str, str)
    """Space and entry."""
    failed = Signal(object, object)

    def __init__(self, window: Window, below: Below, show: Callable[[QDialog], None]) -> None:
        super().__init__(window)
        self._window, self._below, self._show = window, below, show

    def jump(self) -> None:
        """Jump to any entry."""
        job = self._below.runner.run(self._all())
        job.done.connect(self._on_all)
        job.failed.connect(self._fail)

    async def _all(self) -> tuple[EntryInfo, ...]:
        app = self._below.app
        spaces = await app.spaces()
        return tuple([e for space in spaces for e in await app.all_entries(space.id)])

    def _on_all(self, entries: Sequence[EntryInfo]) -> None:
        names = {space.id: space.name for space in self._window.places.spaces}
        latest = sorted(entries, key=lambda entry: -entry.mtime)
        items = entry_items(latest, names)
        switcher = Switcher(items, tr("Jump to a note or file"), self._window.theme, self._window)
        switcher.picked.connect(self._pick)
        self._show(switcher)

    def commands(self) -> None:
        """Do anything by its name."""
        able = [action for action in self._window.actions_.by_name.values() if action.isEnabled()]
        switcher = Switcher(action_items(able), tr("Do anything"), self._window.theme, self._window)
        switcher.picked.connect(partial(_trigger, able))
        self._show(switcher)

    def _pick(self, key: str) -> None:
        space, _, entry = key.partition("/")
        self.picked.emit(space, entry)

    def _fail(self, error: AtollError) -> None:
        self.failed.emit(error, None)


def _trigger(actions: Sequence[QAction], key: str) -> None:
    actions[int(key)].trigger()
