"""How long to wait before trying again."""

from __future__ import annotations

from storage.ports import Entropy

SHORTEST = 0.1
LONGEST = 30.0
_STEPS = 65_536


class Backoff:
    """Twice as long each time, up to half a minute, less a part left to chance.

    Else two devices that lost each other at one moment would meet at the door for ever.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._failures = 0

    def fail(self) -> float:
        """Return how many seconds to wait now."""
        longest = min(LONGEST, SHORTEST * (1 << self._failures))
        self._failures = min(self._failures + 1, 16)
        chance = int.from_bytes(self._entropy.take(2), "big") / _STEPS
        return max(SHORTEST, longest * (0.5 + chance / 2))

    def reset(self) -> None:
        """Begin anew: it worked, or the network changed."""
        self._failures = 0
