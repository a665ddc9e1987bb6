"""Lines that stand in a text twice, for a device had forgotten that they were written already.

A data folder is put back from a backup, its plain folder is not: what the folder has and the
store forgot is new to it, and written once more. When others bring what was forgotten, both are
in the text. Then the version that holds all of the other's lines is enough: what is taken away
are the same lines once more, and never one that stands in one of them only.

Only what a device wrote that has been another before (it has more than one incarnation) is looked
at: what two people type alike is theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import permutations

from storage.core import Core
from storage.errors import BlockNotFound, CorruptBlock, DecodeError, NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.text_version import version_from_bytes, version_to_bytes
from storage.facts.view import version_of
from storage.records.history import after

Lines = list[str]
_MOST = 16
"""Versions that others made meanwhile which are looked at."""
_MOST_STEPS = 300
_A_PEER = 1
"""Stands for us in a document that nobody keeps."""


def said_once(core: Core, entries: Iterable[EntryId]) -> tuple[EntryId, str] | None:
    """Return a text of which something stands there twice, and how it is without that."""
    issuers = core.ledger.writers()
    again = {did for did, writers in Counter(issuers.values()).items() if writers > 1}
    if core.device.did not in again:
        return None
    for entry in entries:
        facts = core.catalog.facts(entry)
        contents, edits = version_of(facts, None)
        by = {dot: issuers.get(dot.writer, "") for dot in contents}
        ours = [dot for dot, did in by.items() if did in again]
        if len(contents) <= 1 or not ours or edits.keys() - contents.keys():
            continue
        if core.device.did != min(by[dot] for dot in ours):
            continue  # of two that may, one does: each would leave the lines that the other takes
        try:
            text = _Standing(core, entry, facts, frozenset(contents)).once(ours)
        except (BlockNotFound, CorruptBlock, DecodeError, NotFound):
            continue  # it will be here, or be repaired; or its time is not ours
        if text is not None:
            return entry, text
    return None


class _Standing:
    """What stands side by side of one text, as each who wrote it had it."""

    def __init__(self, core: Core, entry: EntryId, facts: EntryFacts, dots: frozenset[Dot]) -> None:
        self._core = core
        self._entry = entry
        self._facts = facts
        self._dots = dots
        self._now = self._made_by(dots).text
        self._lines = Counter(_lines(self._now))
        self._alone: dict[Dot, TextDocument] = {}

    def once(self, ours: Collection[Dot]) -> str | None:
        """Return the text without what stands in it twice."""
        if len(self._lines) == self._lines.total():
            return None  # nothing does, and no more need be read
        dots = sorted(self._dots, key=lambda it: it.rank)
        self._alone = {dot: self._made_by({dot}) for dot in dots}
        for less, more in permutations(self._alone, 2):
            if (less in ours or more in ours) and _holds(self._alone[more], self._alone[less]):
                left = self._made_by(self._dots - {less}).text
                if self._is_less(left):
                    return left
        for mine in ours:
            for made in self._made_meanwhile(mine):
                on_top = self._on_top_of(made, mine)
                if on_top is not None and self._is_less(on_top):
                    return on_top
        return None

    def _is_less(self, text: str) -> bool:
        """Say whether a text has every line of now still, and some less often: so it ends."""
        lines = Counter(_lines(text))
        return lines < self._lines and lines.keys() == self._lines.keys()

    def _made_meanwhile(self, mine: Dot) -> Iterator[TextDocument]:
        """Walk what others made of what we had, and we had not seen; the last first."""
        steps = self._core.ledger.steps(self._entry, latest_first=False)
        had = next((step.seen for step in steps if step.dot == mine), None)
        if had is None or len(steps) > _MOST_STEPS:
            return
        theirs = Seen({writer: n for writer, n in had.items() if writer != mine.writer})
        unseen = [it for it in steps if it.dot.writer != mine.writer and not had.includes(it.dot)]
        for step in unseen[: -_MOST - 1 : -1]:
            if after(step).covers(theirs):
                facts = self._core.history.facts_at(self._entry, after(step))
                contents, _ = version_of(facts, None)
                yield self._core.contents.document(_only(facts, contents))

    def _on_top_of(self, made: TextDocument, mine: Dot) -> str | None:
        """Return the text as if what we wrote had been written there: what both have is once."""
        text, others = self._alone[mine], self._made_by(self._dots - {mine})
        if not (others.has(made.version()) and _holds(text, made)):
            return None
        others.edit_from(made.version(), text.text, _A_PEER)
        return others.text

    def _made_by(self, dots: Collection[Dot]) -> TextDocument:
        return self._core.contents.document(_only(self._facts, dots))


def _only(facts: EntryFacts, dots: Collection[Dot]) -> EntryFacts:
    """Return what some commits made of a text. What a device had seen of it stands on its own."""
    return {
        name: {dot: value for dot, value in facts.get(name, {}).items() if dot in dots}
        for name in ("content", "edits")
    }


def _holds(more: TextDocument, less: TextDocument) -> bool:
    """Say whether one text has all lines of another, and gave up all that the other gave up."""
    if more.text == less.text:
        return True
    these, those, before = _lines(more.text), _lines(less.text), _lines(_common(more, less))
    given_up = Counter(before) - Counter(those)
    left = Counter(those)
    return _is_within(those, these) and all(Counter(these)[line] <= left[line] for line in given_up)


def _common(one: TextDocument, other: TextDocument) -> str:
    """Return the text from which two were made."""
    ends, theirs = version_from_bytes(one.version()), version_from_bytes(other.version())
    both = {peer: min(end, theirs[peer]) for peer, end in ends.items() if peer in theirs}
    return one.at(version_to_bytes(both)).text


def _lines(text: str) -> Lines:
    return [line for line in text.split("\n") if line.strip()]


def _is_within(some: Iterable[str], lines: Iterable[str]) -> bool:
    """Say whether all of some are among the lines, in their order."""
    rest = iter(lines)
    return all(line in rest for line in some)
