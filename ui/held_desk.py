"""What a person does about very many files that changed at once: look, let through, undo."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.guard_values import PutBack
from app.values import SpaceInfo
from app.words import count_words
from storage.errors import AtollError
from ui.below import Below
from ui.widgets.held_strip import HeldStrip
from ui.window import Window
from ui.words import tr

Work = Coroutine[object, object, object]


class HeldDesk(QObject):
    """Asks the app what the strip's buttons say."""

    failed = Signal(object, object)
    """With an AtollError, and what tries once more (or None)."""

    def __init__(self, window: Window, below: Below, strip: HeldStrip) -> None:
        super().__init__(window)
        self._window, self._below, self._strip = window, below, strip
        strip.look_wanted.connect(self._look)
        strip.through_wanted.connect(self._through)
        strip.undo_wanted.connect(self._undo)

    def _look(self, space: SpaceInfo) -> None:
        job = self._below.runner.run(self._below.app.held(space.id))
        job.done.connect(self._strip.show_changes)
        job.failed.connect(self._fail)

    def _through(self, space: SpaceInfo) -> None:
        self._do(self._below.app.let_through(space.id), self._on_through)

    def _undo(self, space: SpaceInfo) -> None:
        self._do(self._below.app.undo_held(space.id), self._on_undone)

    def _do(self, work: Work, done: Callable[[object], None]) -> None:
        for one in (self._strip.undo, self._strip.through):
            one.setEnabled(False)
        job = self._below.runner.run(work)
        job.done.connect(partial(self._on_done, done))
        job.failed.connect(self._fail)

    def _on_done(self, done: Callable[[object], None], answer: object) -> None:
        self._ready()
        done(answer)

    def _on_through(self, files: object) -> None:
        assert isinstance(files, int)
        self._window.notice.tell(f"{count_words(files, 'file')} {tr('let through.')}")

    def _on_undone(self, told: object) -> None:
        assert isinstance(told, PutBack)
        words = f"{count_words(told.files, 'file')} {tr('put back as before.')}"
        if told.lacking:
            words = f"{words} {count_words(told.lacking, 'file')} {tr('not on this computer.')}"
        self._window.notice.tell(words)

    def _fail(self, error: AtollError) -> None:
        self._ready()
        self.failed.emit(error, None)

    def _ready(self) -> None:
        for one in (self._strip.undo, self._strip.through):
            one.setEnabled(True)
