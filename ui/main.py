"""`atoll-gui`: a window first, then everything else.

Only Qt and our own light modules are imported before the first paint. With
ATOLL_STARTUP_REPORT=1 a line `usable N` is printed: milliseconds from the start of the
process (as the kernel knows it, in steps of 10 ms; elsewhere from the start of Python's own
clock for this process) to the first painted window that answers.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol

from PySide6.QtCore import QObject, QSocketNotifier, QStandardPaths, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from ui.memory import Memory
from ui.theme.theme import Theme
from ui.window import Window
from ui.words import Act, say_code

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUG = 70
"""The exit code after a fault of ours."""
_PROC_START = 21
"""Field 22 of /proc/self/stat: the start, in ticks since the machine's."""


class Late(Protocol):
    """What `ui.late` holds."""

    def begin(self) -> None:
        """Start the app."""
        ...

    def end(self) -> None:
        """End it."""
        ...


def main(arguments: list[str] | None = None) -> int:
    """Show the window until it is closed."""
    typed = _parser().parse_args(arguments)
    data = Path(typed.data).expanduser().absolute() if typed.data else None
    application = QApplication([sys.argv[0]])
    application.setApplicationName("Atoll")
    application.setDesktopFileName("atoll")
    application.setWindowIcon(QIcon(str(ASSETS / "atoll-256.png")))
    memory = Memory(_memory_path(data))
    theme = Theme(application, memory.look)
    window = Window(theme, memory, time.time)
    opening = Opening(window, data, quit_when_usable=typed.quit_when_usable)
    stopping = _close_on_signals(window)
    bugs = _report_bugs(window)
    window.show()
    code = application.exec()
    opening.end()
    del stopping
    return BUG if bugs and typed.quit_when_usable else code


class Opening(QObject):
    """From the first paint to an app that answers."""

    _loaded = Signal()

    def __init__(self, window: Window, data: Path | None, *, quit_when_usable: bool) -> None:
        super().__init__(window)
        self._window, self._data, self._quit = window, data, quit_when_usable
        self._late: Late | None = None
        self._reported = False
        self._loaded.connect(self._on_loaded, Qt.ConnectionType.QueuedConnection)
        # Through the loop once more: painted and answering are two things.
        window.painted.connect(lambda: QTimer.singleShot(0, self._on_painted))

    def end(self) -> None:
        """End the app, if it began."""
        if self._late is not None:
            self._late.end()

    def _on_painted(self) -> None:
        if os.environ.get("ATOLL_STARTUP_REPORT") == "1":
            print(f"usable {round(since_start() * 1000)}", flush=True)  # noqa: T201 -- asked for
        threading.Thread(target=self._load, name="load", daemon=True).start()

    def _load(self) -> None:
        """Import the rest, on a thread of its own: the window answers meanwhile."""
        importlib.import_module("ui.late")
        self._loaded.emit()

    def _on_loaded(self) -> None:
        late = importlib.import_module("ui.late").Late(self._window, self._data)
        self._late = late
        late.usable.connect(self._on_usable)
        late.begin()

    def _on_usable(self) -> None:
        if not self._reported:
            self._reported = True
            if os.environ.get("ATOLL_STARTUP_REPORT") == "1":
                print(f"filled {round(since_start() * 1000)}", flush=True)  # noqa: T201
            if self._quit:
                self._window.close()


def since_start() -> float:
    """Return how many seconds this process has lived."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        began = int(fields[_PROC_START - 2]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - began
    except (OSError, ValueError, AttributeError, IndexError):
        return time.process_time()


def _report_bugs(window: Window) -> list[type[BaseException]]:
    """Print what should never happen, and tell the person; return the list it is kept in."""
    met: list[type[BaseException]] = []

    def report(
        kind: type[BaseException], error: BaseException, where: TracebackType | None
    ) -> None:
        met.append(kind)
        traceback.print_exception(kind, error, where)
        window.notice.say(say_code("error"), {Act.QUIT: window.close})

    sys.excepthook = report
    return met


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atoll-gui", description="Notes on your own devices.")
    parser.add_argument("--data", metavar="DIR", help="keep everything in this folder")
    parser.add_argument(
        "--quit-when-usable", action="store_true", help="close as soon as the window is usable"
    )
    return parser


def _memory_path(data: Path | None) -> Path:
    if data is None:
        where = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
        return Path(where) / "window.ini"
    return data / "window.ini"


def _wake(number: int, frame: FrameType | None) -> None:
    """Let Python write to the pipe that Qt looks at."""
    del number, frame


def _close_on_signals(window: Window) -> list[object]:
    """Close the window on SIGTERM and Ctrl-C. Returns what has to be kept alive."""
    if sys.platform == "win32":
        return []
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _wake)
    notifier = QSocketNotifier(reading, QSocketNotifier.Type.Read)
    notifier.activated.connect(window.close)
    return [notifier]


if __name__ == "__main__":
    sys.exit(main())
