"""The machine's clock, behind the port."""

from __future__ import annotations

import time


class SystemClock:
    """Tells what the machine's clock says."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()
