"""Pens: which peer writes on in a text, so that a text that is saved often has few of them.

What a peer wrote is known by its counter, and one (peer, counter) may never stand for two
things: every copy of the text would break. So a peer is random, and is used on only by the
process that made it, from its very last counter. A pen is *taken* before anything is written
with it, and *put back* with where it ended once that is committed. Whatever happens between,
a failure, a change that is dropped, a kill, loses the pen, and the next change takes a new
peer. Pens are never stored: a copied or restored folder holds none.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.errors import DecodeError
from storage.facts.text_version import version_from_bytes

MAX_PENS = 4096
MAX_END = 1 << 30
"""A peer that wrote so much is used no more."""


@dataclass(frozen=True, slots=True)
class Pen:
    """A peer, and the counter that the next thing it writes takes."""

    peer: int
    end: int


def pen_at(peer: int, version: bytes) -> Pen | None:
    """Return a peer's pen as a version left it; None when it wrote nothing there."""
    end = version_from_bytes(version).get(peer)
    return None if end is None else Pen(peer, end)


class Pens:
    """The pens that lie ready, one for each text."""

    def __init__(self) -> None:
        self._ready: dict[bytes, Pen] = {}

    def take(self, text: bytes, base: bytes, now: bytes) -> int | None:
        """Return the peer that may write on from version `base`, once; None when none may.

        It may not where `base` lacks something it wrote: its next counter is used then. Nor where
        the text has more of it `now` than it wrote here: somebody else used the peer, a machine
        that was cloned while it ran, or one that means ill.
        """
        pen = self._ready.pop(text, None)
        try:
            fits = pen is not None and pen_at(pen.peer, base) == pen_at(pen.peer, now) == pen
        except DecodeError:
            return None
        return pen.peer if pen is not None and fits else None

    def put_back(self, text: bytes, pen: Pen | None, version: bytes) -> None:
        """Let whoever changes the text next write on with a pen, that nobody holds any more.

        `version` is what was committed: unless the pen ends just there, it is thrown away.
        """
        if pen is None or pen.end >= MAX_END or pen_at(pen.peer, version) != pen:
            return
        self._ready.pop(text, None)
        self._ready[text] = pen
        while len(self._ready) > MAX_PENS:
            del self._ready[next(iter(self._ready))]

    def forget(self) -> None:
        """Let go of all: what was committed may not be there any more."""
        self._ready.clear()
