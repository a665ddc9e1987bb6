"""A real window that a test can lead: `python -m tests.e2e.window --data DIR`.

It is `ui.main` with its own threads and its own app. Each line on standard input is an order,
each line on standard output its answer as JSON. How long the window's thread did not listen to
the person is measured all the while.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui import main as program
from ui.desk import Desk
from ui.models.rows import RowModel
from ui.window import Window

KEY_MS = 12
"""Between two keys: somebody types very fast."""
BEAT_MS = 4
"""Between two beats of the meter."""


@dataclass(slots=True)
class Busy:
    """The longest time for which the loop did not come round, in seconds."""

    wall: float = 0.0
    own: float = 0.0
    """Of it, what this thread itself computed."""


class Meter(QObject):
    """Measures how late the loop comes round: what it does meanwhile nobody can interrupt."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = Busy()
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self.reset()
        self._beat.start()

    def reset(self) -> None:
        """Begin to measure anew."""
        self.longest = Busy()
        self._last, self._last_own = time.perf_counter(), time.thread_time()

    def _on_beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        late = now - self._last - BEAT_MS / 1000
        self.longest.wall = max(self.longest.wall, late)
        self.longest.own = max(self.longest.own, own - self._last_own)
        self._last, self._last_own = now, own


class Hand(QObject):
    """Does in the window what a person would do."""

    asked = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self._meter = Meter()
        self._keys: list[str] = []
        self._typing = QTimer(self, interval=KEY_MS)
        self._typing.timeout.connect(self._on_key)
        self._orders: dict[str, Callable[..., object]] = {
            "folders": self._folders,
            "notes": self._notes,
            "open": self._open,
            "type": self._type,
            "text": self._text,
            "typed": lambda: not self._keys,
            "reset": self._meter.reset,
            "busy": lambda: [self._meter.longest.wall, self._meter.longest.own],
            "ask": self._ask,
            "close": self._close,
        }
        self.asked.connect(self._on_asked, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self.asked.emit(json.loads(line))
        self.asked.emit(["close"])

    def _on_asked(self, order: list[str]) -> None:
        answer = self._orders[order[0]](*order[1:])
        os.write(1, f"{json.dumps(answer)}\n".encode())

    # -- orders
    def _folders(self) -> list[str]:
        return [space.name for space in _window().places.spaces]

    def _notes(self) -> list[str]:
        desk = _desk()
        return [] if desk is None else [title for _, title in _rows(desk.listing.list.rows)]

    def _open(self, title: str) -> bool:
        """Choose a row of the list."""
        desk = _desk()
        found = [] if desk is None else _rows(desk.listing.list.rows)
        for at, shown in found:
            if shown == title and desk is not None:
                rows = desk.listing.list
                rows.setCurrentIndex(rows.rows.index(at))
                return True
        return False

    def _type(self, words: str) -> bool:
        """Type at the end of the note, key by key."""
        desk = _desk()
        if desk is None or not desk.reader.in_note:
            return False
        edit = desk.reader.note.edit
        edit.setFocus()
        edit.moveCursor(edit.textCursor().MoveOperation.End)
        self._keys = list(words)
        self._typing.start()
        return True

    def _on_key(self) -> None:
        desk = _desk()
        if desk is None or not self._keys:
            self._typing.stop()
            return
        QTest.keyClicks(desk.reader.note.edit, self._keys.pop(0))

    def _text(self) -> str:
        desk = _desk()
        return (
            "" if desk is None or not desk.reader.in_note else desk.reader.note.edit.toPlainText()
        )

    def _ask(self) -> bool:
        """Open a dialog that waits for an answer."""
        desk = _desk()
        if desk is not None:
            QTimer.singleShot(0, desk.folders.leave)
        return desk is not None

    def _close(self) -> bool:
        QTimer.singleShot(0, _window().close)
        return True


def _window() -> Window:
    return next(each for each in QApplication.topLevelWidgets() if isinstance(each, Window))


def _desk() -> Desk | None:
    found = _window().findChild(Desk)
    return found if isinstance(found, Desk) else None


def _rows(rows: RowModel) -> list[tuple[int, str]]:
    titles = (
        (at, rows.index(at).data(Qt.ItemDataRole.DisplayRole)) for at in range(rows.rowCount())
    )
    return [(at, str(title)) for at, title in titles]


class Led(program.Opening):
    """The opening of a window that is led from its first moment."""

    def __init__(self, window: Window, *more: object, **named: object) -> None:
        super().__init__(window, *more, **named)  # type: ignore[arg-type]
        self._hand = Hand()


if __name__ == "__main__":
    program.Opening = Led  # type: ignore[misc]
    sys.exit(program.main())
