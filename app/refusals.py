"""What devices do not take of each other: remembered while it lasts, and told once.

Whoever refuses something says anew how it stands, unchanged: who sent it knows by that.
Pure but for what it remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.facts.dots import Seen
from storage.intake import FORK
from sync import errors
from sync.events import HeadsMoved, ThingsAccepted
from sync.ports import Heads

DECLINED = errors.Declined.code


@dataclass(slots=True)
class _Between:
    """How it is between this device and another, about one space."""

    heads: Heads | None = None
    declined: Seen | None = None
    """What it had when it said the same again: it does not take what follows on that."""
    told: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Codes of what it sent and was refused, each with the device whose it is."""


@dataclass(frozen=True, slots=True)
class Declined:
    """What devices near have of a space, and had when they declined. Safe on any thread."""

    of: tuple[tuple[str, Seen, Seen], ...]

    def by(self, ours: Seen) -> frozenset[str]:
        """Return those at which some line goes on here where they declined it, not moved since."""
        return frozenset(
            did
            for did, theirs, then in self.of
            if any(n > theirs.of(writer) == then.of(writer) for writer, n in ours.items())
        )


class Refusals:
    """Remembers. Lives on the app's loop."""

    def __init__(self) -> None:
        self._between: dict[tuple[bytes, str], _Between] = {}

    def heard(self, event: HeadsMoved) -> None:
        """A device said how a space stands there; the same again means that it declined."""
        between = self._of(event.space, event.did)
        if between.heads == event.heads:
            between.declined = event.heads.seen
        between.heads = event.heads

    def accepted(self, event: ThingsAccepted) -> Iterable[tuple[str, str]]:
        """Yield what is to be told of things that were refused: a code, and whose they are."""
        between = self._of(event.space, event.did)
        codes = {code for _, code in event.refused}
        found = {(code, event.did) for code in codes - {FORK}}
        if FORK in codes:
            found |= {(FORK, did) for did in event.forked}
        fresh = sorted(found - between.told)
        between.told |= found
        return fresh

    def is_open(self, space: bytes) -> bool:
        """Say whether anything of a space was refused, and may be settled."""
        return any(between.told for (its, _), between in self._between.items() if its == space)

    def settle(self, space: bytes, ours: Heads) -> bool:
        """Forget what was between us and those who have all as it is here; say if it was any."""
        done = [
            between
            for (its, _), between in self._between.items()
            if its == space and between.told and between.heads and between.heads.equals(ours)
        ]
        for between in done:
            between.told.clear()
        return bool(done)

    def gone(self, did: str) -> None:
        """The conversation with a device ended. What was refused stays so."""
        for (_, its), between in self._between.items():
            if its == did:
                between.heads = between.declined = None

    def forget(self, space: bytes) -> None:
        """A space is here no more."""
        for key in [key for key in self._between if key[0] == space]:
            del self._between[key]

    def declined(self, space: bytes) -> Declined:
        """Return who near declined something of a space."""
        return Declined(
            tuple(
                (did, between.heads.seen, between.declined)
                for (its, did), between in self._between.items()
                if its == space and between.heads is not None and between.declined is not None
            )
        )

    def forked(self, space: bytes) -> tuple[str, ...]:
        """Return the devices of which two histories are about."""
        found = {
            did
            for (its, _), between in self._between.items()
            for code, did in between.told
            if its == space and code == FORK
        }
        return tuple(sorted(found))

    def _of(self, space: bytes, did: str) -> _Between:
        return self._between.setdefault((space, did), _Between())
