"""What did not hold still while it was read: when to look at it again. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from app.folder.port import Path

SOON = 0.25
"""Seconds until a file that was still changing is looked at again, for the first time."""
LONGEST = 60.0
"""It is never left alone for longer. Each time it is read up to its end, and in vain."""


class Restless:
    """Remembers how often each file was read in vain."""

    def __init__(self) -> None:
        self._pauses: dict[Path, float] = {}

    def after(self, looked: AbstractSet[Path] | None, restless: AbstractSet[Path]) -> float | None:
        """Return in how many seconds to look again, None when all held still.

        `looked` are the paths that were looked at, None for all; of those, `restless` did not.
        """
        now = {path: min(2 * self._pauses.get(path, SOON / 2), LONGEST) for path in restless}
        left = {} if looked is None else {p: s for p, s in self._pauses.items() if p not in looked}
        self._pauses = left | now
        return min(now.values(), default=None)
