"""What storage needs from the machine, handed in so that a test can hand in its own."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells the time. Nothing below the rim asks the machine itself."""

    def now(self) -> float:
        """Return the wall clock in Unix seconds: for display and expiry, never for order."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards: for pauses and speeds."""
        ...


class Entropy(Protocol):
    """Rolls the dice."""

    def take(self, size: int) -> bytes:
        """Return that many unpredictable bytes."""
        ...
