"""How far others are with what we send: counted from what they say is still to come there.

Pure. A device says how many files, and bytes of them, it lacks; whoever began to listen
when it lacked twelve knows that three of twelve are over when it lacks nine. Nothing is
counted that it did not say, and nothing while it has not heard of all that is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.facts.dots import Seen


@dataclass(frozen=True, slots=True)
class Way:
    """How much of how much has arrived, since something lacked."""

    done_files: int = 0
    files: int = 0
    done_bytes: int = 0
    bytes: int = 0

    def __add__(self, other: Way) -> Way:
        return Way(
            self.done_files + other.done_files,
            self.files + other.files,
            self.done_bytes + other.done_bytes,
            self.bytes + other.bytes,
        )

    def after(self, files: int, size: int) -> Way:
        """Return how far it is once so many files, and bytes of them, are still to come.

        More than before means that more was added; what is done stays done.
        """
        if not files:
            return Way()
        done_files = max(self.done_files, self.files - files)
        done_bytes = max(self.done_bytes, self.bytes - size)
        return Way(done_files, done_files + files, done_bytes, done_bytes + size)


@dataclass(frozen=True, slots=True)
class _Heard:
    seen: Seen
    way: Way


class Sending:
    """Remembers what those near said last, for each space. Lives on the app's loop."""

    def __init__(self) -> None:
        self._heard: dict[tuple[bytes, str], _Heard] = {}

    def heard(self, space: bytes, did: str, seen: Seen, files: int, size: int) -> None:
        """A device said how a space stands there."""
        before = self._heard.get((space, did))
        way = Way() if before is None else before.way
        self._heard[space, did] = _Heard(seen, way.after(files, size))

    def gone(self, did: str) -> None:
        """The conversation with a device ended."""
        for key in [key for key in self._heard if key[1] == did]:
            del self._heard[key]

    def forget(self, space: bytes) -> None:
        """A space is here no more."""
        for key in [key for key in self._heard if key[0] == space]:
            del self._heard[key]

    def ways(self, space: bytes, seen: Seen) -> Mapping[str, Way]:
        """Return how far each device is that has heard of all that `seen` includes."""
        return {
            did: heard.way
            for (its, did), heard in self._heard.items()
            if its == space and heard.way.files and heard.seen.covers(seen)
        }


def together(ways: Iterable[Way]) -> Way:
    """Return how far several are, as one."""
    return sum(ways, start=Way())
