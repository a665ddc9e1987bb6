"""When Python looks through everything for what nobody needs: while nobody waits for the window.

It stops all threads for that. With 100,000 notes it takes more than a tenth of a second, and
left to itself Python does it in the middle of making a list. So whole looks are put off until
hands are still for a while; short looks at what is new go on as ever.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

STILL_MS = 15_000
WORTH = 10
"""Short looks since the last whole one, before which another is not worth it."""
AT_LAST = 5000
"""After so many short looks Python does it by itself, should hands never be still."""
_HANDS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class Sweeping(QObject):
    """Watches the hands on a window that is shown."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, AT_LAST)
        self._still = QTimer(self, interval=STILL_MS)
        self._still.timeout.connect(self.sweep)
        self._still.start()
        # Every key and every move comes by here, on its way to whatever widget it is for.
        window.windowHandle().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait again from now on."""
        if event.type() in _HANDS:
            self._still.start()
        return super().eventFilter(watched, event)

    def sweep(self) -> None:
        """Look through everything, if enough is new."""
        if gc.get_count()[2] >= WORTH:
            gc.collect()
