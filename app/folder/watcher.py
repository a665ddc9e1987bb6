"""The watcher: hints from the operating system that something changed in the folder.

A hint is never believed, only followed by a look. Hints get lost: when the system says so, or
when its log line says so for it, everything is looked at. A folder that is made later may find
no room among those that the system watches; nobody says so, so after each it is tried.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path as OsPath
from tempfile import TemporaryDirectory

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from app.folder.ignore import OWN_FOLDER, is_own, is_scratch
from app.folder.port import Path
from app.folder.settle import Due, Hint, Settle, What
from storage.ports import Clock

_LOGGERS = ("watchdog.observers.inotify", "watchdog.observers.inotify_c")
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileClosedEvent,
    FileModifiedEvent,
    FileAttribEvent,
]
_TELLS_OF_CLOSING = sys.platform.startswith("linux")

_OF_FOLDERS: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]

_WALKS = 5000
"""The observer goes down folders by recursion, and a path has at most 2,048 of them. When it
cannot, its thread ends, and nothing is ever heard again."""

TRIAL = 0.5
"""Seconds after a folder was made until it is tried whether one more would be watched."""
TOGETHER = 0.25
"""Seconds for which writes are gathered before the loop hears of them: there may be thousands."""

Listener = Callable[[Hint], None]


class Watcher:
    """Watches a folder and tells hints, on a thread of its own."""

    def __init__(
        self, root: OsPath, listener: Listener, made_folder: Callable[[], None] = lambda: None
    ) -> None:
        self._root = str(root)
        self._listener = listener
        self._made_folder = made_folder
        self._observer = Observer()
        self._overflow = _Overflow(listener)
        self._lock = threading.Lock()
        """A trial does not meet the end."""
        self._ended = False

    def start(self) -> bool:
        """Begin; False when the system does not watch all folders, and only looking is sure."""
        teller = _Teller(self._root, self._listener, self._made_folder)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _WALKS))
        # It warns of a folder that it was told of twice, with every path that it watches.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(self._overflow)
        try:
            self._observer.schedule(teller, self._root, recursive=True, event_filter=_EVENTS)
            self._observer.start()
        except OSError:
            self._unhook()
            return False
        self._watch_around()
        return self.watches_more()

    def _watch_around(self) -> None:
        """Hear of the folder itself being moved, removed or put back, where the system allows."""
        around = os.path.dirname(self._root)  # noqa: PTH120  text in, text out
        if around != self._root:
            teller = _RootTeller(self._root, self._listener)
            with suppress(OSError):
                self._observer.schedule(teller, around, event_filter=_OF_FOLDERS)

    def watches_more(self) -> bool:
        """Say whether the system would watch one more folder.

        A folder below the first that it did not watch for want of room is passed over in silence.
        """
        with self._lock, TemporaryDirectory() as folder:
            if self._ended:
                return True
            try:
                trial = self._observer.schedule(FileSystemEventHandler(), folder)
            except OSError:
                return False
            with _stopping():
                self._observer.unschedule(trial)
        return True

    def stop(self) -> None:
        """End; no hint comes after this returns."""
        self._unhook()
        with self._lock:
            self._ended = True
            if self._observer.is_alive():
                with _stopping():
                    self._observer.stop()
                    self._observer.join()

    def _unhook(self) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(self._overflow)


@contextmanager
def _stopping() -> Generator[None]:
    """Keep the observer from calling it an error that it is told of a file while it stops."""

    def is_news(record: logging.LogRecord) -> bool:
        return "thread is inactive" not in record.getMessage()

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(is_news)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_news)


class Watch:
    """A watcher that settles: calls back on the loop with what to look at. Lives on the loop."""

    def __init__(
        self,
        root: OsPath,
        clock: Clock,
        look: Callable[[Due], None],
        lost_sight: Callable[[], None] = lambda: None,
    ) -> None:
        """`lost_sight` is told once when not all folders are watched any more."""
        self._clock = clock
        self._look = look
        self._lost_sight = lost_sight
        self._settle = Settle()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._trial: asyncio.TimerHandle | asyncio.Future[bool] | None = None
        self._lock = threading.Lock()
        self._told: list[Hint] = []
        """What the loop has not heard yet: it hears at once, and of all together."""
        self._written: set[Path] = set()
        """Files that were written and not closed, of which the loop will hear together."""
        self._gathering = False
        self._gathered: asyncio.TimerHandle | None = None
        self._made_more = False
        """A folder was made while the trial ran."""
        self._sees_all = False
        self._stopped = False
        self._watcher = Watcher(root, self._from_thread, self._folder_from_thread)
        self.tries = self._watcher.watches_more
        """Finds out, on any thread, whether one more folder would be watched."""

    def start(self) -> bool:
        """Begin; False when only looking now and then is left."""
        self._sees_all = self._watcher.start()
        return self._sees_all

    def stop(self) -> None:
        """End. May block for a moment."""
        self._stopped = True
        for timer in (self._timer, self._trial, self._gathered):
            if isinstance(timer, asyncio.TimerHandle):
                timer.cancel()
        self._watcher.stop()

    def _hear(self, hints: Iterable[Hint]) -> None:
        """Take hints, on the loop."""
        now = self._clock.monotonic()
        for hint in hints:
            self._settle.feed(hint, now)
        self._wake()

    def made_folder(self) -> None:
        """A folder was made, and may have found no room: try before long, on the loop."""
        self._made_more = True
        if self._trial is None and self._sees_all and not self._stopped:
            self._trial = self._loop.call_later(TRIAL, self._try)

    @property
    def trying(self) -> bool:
        """Say whether it is being found out if one more folder would be watched."""
        return self._trial is not None

    def _try(self) -> None:
        self._made_more = False
        self._trial = self._loop.run_in_executor(None, self.tries)
        self._trial.add_done_callback(self._tried)

    def _tried(self, trial: asyncio.Future[bool]) -> None:
        self._trial = None
        if self._stopped or trial.cancelled():
            return
        if not trial.result():
            self._sees_all = False
            self._lost_sight()
            self._hear([Hint(What.LOST)])  # something may have happened in it already
        elif self._made_more:
            self.made_folder()

    def _folder_from_thread(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.made_folder)

    def _from_thread(self, hint: Hint) -> None:
        if self._loop.is_closed():
            return
        if hint.what is What.WRITTEN:
            self._wrote(hint.path)
            return
        with self._lock:
            self._written.discard(hint.path)  # this says more
            self._told.append(hint)
            is_first = len(self._told) == 1
        if is_first:
            self._loop.call_soon_threadsafe(self._take_told)

    def _wrote(self, path: Path) -> None:
        """Gather it; on the watcher's thread."""
        with self._lock:
            self._written.add(path)
            begins, self._gathering = not self._gathering, True
        if begins:
            self._loop.call_soon_threadsafe(self._gather)

    def _take_told(self) -> None:
        with self._lock:
            told, self._told = self._told, []
        if not self._stopped:
            self._hear(told)

    def _gather(self) -> None:
        if not self._stopped:
            self._gathered = self._loop.call_later(TOGETHER, self._take_written)

    def _take_written(self) -> None:
        with self._lock:
            written, self._written = self._written, set()
            self._gathering = False
        if written:
            self._hear(Hint(What.WRITTEN, path) for path in written)

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due := self._settle.due(self._clock.monotonic()):
            self._look(due)
        wake_at = self._settle.wake_at
        if wake_at is not None and not self._stopped:
            delay = max(0.0, wake_at - self._clock.monotonic())
            self._timer = self._loop.call_later(delay, self._wake)


class _Teller(FileSystemEventHandler):
    """Turns the observer's events into hints."""

    def __init__(self, root: str, listener: Listener, made_folder: Callable[[], None]) -> None:
        self._root = root.rstrip(os.sep) + os.sep
        self._listener = listener
        self._made_folder = made_folder

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Tell what it hints at."""
        if event.is_synthetic:
            return  # it lies in a folder that was moved: that is told of, and looked through
        if isinstance(event, DirCreatedEvent | DirMovedEvent):
            self._made_folder()
        match event:
            case FileClosedEvent() | DirCreatedEvent():
                self._tell(What.CLOSED, event.src_path)
            case FileModifiedEvent() if not _TELLS_OF_CLOSING:
                self._tell(What.CLOSED, event.src_path)
            case FileModifiedEvent() | FileAttribEvent():
                self._tell(What.WRITTEN, event.src_path)
            case FileCreatedEvent():
                self._tell(What.MADE, event.src_path)
            case FileDeletedEvent() | DirDeletedEvent():
                self._tell(What.GONE, event.src_path)
            case FileMovedEvent() | DirMovedEvent():
                self._tell(What.CLOSED, event.dest_path, event.src_path)
                self._tell(What.GONE, event.src_path)
            case _:
                pass

    def _tell(self, what: What, raw: bytes | str, source: bytes | str = "") -> None:
        full = os.fsdecode(raw)
        if full + os.sep == self._root:
            self._listener(Hint(What.LOST))  # the root itself: see what is left of it
        path = self._path(full)
        if path is not None:
            self._listener(Hint(what, path, self._path(os.fsdecode(source))))

    def _path(self, full: str) -> Path | None:
        """Return a path below the root; None for another, and for what nobody asks about."""
        if not full.startswith(self._root):
            return None
        path: Path = OsPath(full[len(self._root) :]).parts
        if path[0] == OWN_FOLDER or is_scratch(path[-1]) or is_own(path, is_folder=False):
            return None
        return path


class _RootTeller(FileSystemEventHandler):
    """Hears around the root, and tells of nothing but the root itself."""

    def __init__(self, root: str, listener: Listener) -> None:
        self._root = root
        self._listener = listener

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Let all be looked at: it came or went."""
        if self._root in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)}:
            self._listener(Hint(What.LOST))


class _Overflow(logging.Handler):
    """Hears from the observer's log that hints were lost; it says so nowhere else."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(logging.WARNING)
        self._listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._listener(Hint(What.LOST))
