"""The machine's dice, behind the port."""

from __future__ import annotations

import secrets
import threading

_AT_ONCE = 4096


class SystemEntropy:
    """Rolls what the operating system rolls, many at a time: one by one costs ten times more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = b""

    def take(self, size: int) -> bytes:
        """Return that many unpredictable bytes. None is given out twice."""
        with self._lock:
            if size > len(self._left):
                self._left = secrets.token_bytes(max(size, _AT_ONCE))
            taken, self._left = self._left[:size], self._left[size:]
        return taken
