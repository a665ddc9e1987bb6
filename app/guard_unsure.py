"""What a guard cannot judge yet: texts of which something is still to come, or never comes.

Each is noted singly, with the blocks that it lacks, so that it is looked at again once when the
last of them has come, and not with every block of all the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice

from storage.facts.change import EntryId
from storage.records.ledger import Step
from storage.vault import Vault

AT_ONCE = 256
"""Of so many texts it is asked together whether they are to come."""


@dataclass(slots=True)
class Judged:
    """A record, and which files it may have harmed."""

    step: Step
    files: AbstractSet[EntryId] = frozenset()
    compared: set[EntryId] = field(default_factory=set[EntryId])
    """Of these it is known that it did not leave them as they lay here."""


@dataclass(slots=True)
class _Text:
    """A text that waits, the records that did something to it, and what it lacks."""

    did: list[Judged] = field(default_factory=list[Judged])
    lacks: frozenset[bytes] = frozenset()
    left: set[bytes] = field(default_factory=set[bytes])
    """What of that has not come since."""


class Unsure:
    """Texts that wait to be judged."""

    def __init__(self) -> None:
        self._texts: dict[EntryId, _Text] = {}
        self._waiting: dict[bytes, set[EntryId]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def entries(self) -> AbstractSet[EntryId]:
        """Which texts these are."""
        return self._texts.keys()

    def note(self, entry: EntryId, seen: Judged, lacks: frozenset[bytes]) -> None:
        """Note that a record did something to a text that lacks these blocks."""
        text = self._texts.setdefault(entry, _Text())
        text.did.append(seen)
        text.lacks |= lacks
        text.left |= lacks
        for digest in lacks:
            self._waiting.setdefault(digest, set()).add(entry)

    def came(self, digests: Iterable[bytes]) -> frozenset[EntryId]:
        """Return the texts that lack nothing more of what was noted, now that these came."""
        whole: set[EntryId] = set()
        for digest in digests:
            for entry in self._waiting.get(digest, ()):
                left = self._texts[entry].left
                left.discard(digest)
                if not left:
                    whole.add(entry)
        return frozenset(whole)

    def take(self, entry: EntryId) -> list[Judged]:
        """Note a text no longer; return what did something to it."""
        text = self._texts.pop(entry, _Text())
        for digest in text.lacks:
            waiting = self._waiting[digest]
            waiting.discard(entry)
            if not waiting:
                del self._waiting[digest]
        return text.did

    def first(self) -> Iterator[Judged]:
        """Walk what did something to them first."""
        return (text.did[0] for text in self._texts.values())

    def are_to_come(self, vault: Vault, more_than: int) -> bool:
        """Say whether more than so many can be judged some day: all that they lack is to come."""
        texts, found = iter(self._texts.values()), 0
        while some := list(islice(texts, AT_ONCE)):
            awaited = vault.awaited({digest for text in some for digest in text.left})
            found += sum(bool(text.left) and text.left <= awaited for text in some)
            if found > more_than:
                return True
        return False
