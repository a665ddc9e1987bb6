"""Taking back what some devices did between two moments, and nothing of what others did.

What they changed gets the value it would have without their records: the records that name
an entry are read once more, theirs left out. So whatever anybody else said since, or beside,
still counts. A text that others went on with gets back the lines that nobody touched since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from storage.contents import Contents
from storage.errors import BlockNotFound, DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Dot
from storage.facts.state import NO_FACTS, EntryFacts
from storage.facts.values import EntryKind
from storage.facts.view import is_shown, main_content, sides, winner
from storage.lines import taken_back
from storage.moment import Moment, Present
from storage.records.history import Written
from storage.restoring import Plan, plan

_CONTENT = frozenset({"content", "edits"})
_SHOWN = _CONTENT | {"kind", "place"}


class Why(Enum):
    """Why something that was changed is not put back."""

    CHANGED = "changed"
    """Somebody changed it since."""
    OVERLAP = "overlap"
    """Somebody changed the same lines since."""
    DELETED = "deleted"
    """Somebody deleted it since."""
    HOLDS = "holds"
    """A folder that holds what others put there since."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Something that is left as others made it since."""

    entry: EntryId
    why: Why
    by: Dot | None = None
    """Who, where one commit says it."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is to be, what is to be done for that, and what stays."""

    then: Moment
    plan: Plan
    stays: tuple[Stays, ...]
    steps: int = 0
    """How many records the batch has."""


Show = Callable[[Mapping[EntryId, EntryFacts], Mapping[EntryId, bytes]], Moment]
"""Shows the present with other facts of some entries, and texts that some notes are to have."""


def undo(
    now: Present,
    said: Mapping[EntryId, Sequence[Written]],
    batch: AbstractSet[Dot],
    show: Show,
) -> Undoing:
    """Return how to take back a batch of records.

    `said` is all that was ever said of the entries that the batch names, causes first.
    """
    without: dict[EntryId, EntryFacts] = {}
    rewritten: dict[EntryId, bytes] = {}
    stays: list[Stays] = []
    for entry, its in said.items():
        one = _OfOne(entry, now.facts(entry), its, batch, now.contents)
        without[entry] = one.without()
        stays += one.stays
        if one.text is not None:
            rewritten[entry] = one.text.encode()
    stays += _keep_folders_in_use(now, without)
    then = show(without, rewritten)
    chosen = {node.id for _, node in then.tree.walk() if node.entry in said}
    gone = {
        node.id
        for _, node in now.tree.walk()
        if node.entry in said and then.tree.get(node.id) is None
    }
    return Undoing(then, plan(now, then, chosen, gone), tuple(stays), len(batch))


@dataclass(slots=True)
class _OfOne:
    """One entry: what it would be without the batch."""

    entry: EntryId
    present: EntryFacts
    said: Sequence[Written]
    batch: AbstractSet[Dot]
    contents: Contents
    stays: list[Stays] = field(default_factory=list[Stays])
    text: str | None = None
    """The text it is to have, when that was at no moment."""

    def without(self) -> EntryFacts:
        """Return the facts it would have."""
        first = next(written for written in self.said if written.dot in self.batch)
        before = self._facts(first.seen.includes)
        facts = self._facts(lambda dot: dot not in self.batch)
        if is_shown(self.present) and not is_shown(before):
            later = self._later(first, _SHOWN)
            if later is not None:
                self.stays.append(Stays(self.entry, Why.CHANGED, later.dot))
                return self.present
            return {}
        if is_shown(before) and not is_shown(facts):
            later = self._later(first, frozenset())
            self.stays.append(Stays(self.entry, Why.DELETED, later.dot if later else None))
        return self._with_content(before, facts)

    def _facts(self, counts: Callable[[Dot], bool]) -> EntryFacts:
        facts = NO_FACTS
        for written in self.said:
            if counts(written.dot):
                facts = written.apply(facts)
        return facts

    def _with_content(self, before: EntryFacts, facts: EntryFacts) -> EntryFacts:
        """Return facts with the content that it is to have, and note what stays as it is."""
        self._note_place(before, facts)
        wrote = self._wrote(_CONTENT)
        main = sides(facts)[0]
        on_top = self._on_top(wrote)
        if main is None or on_top is None:
            return facts
        kept = {**facts, **{name: self.present[name] for name in _CONTENT & self.present.keys()}}
        if not _is_text(self.present):
            if main == sides(self.present)[0]:
                self.stays.append(Stays(self.entry, Why.CHANGED, on_top.dot))
            return facts
        try:
            self.text = self._text_without(wrote)
        except (BlockNotFound, DecodeError):
            self.stays.append(Stays(self.entry, Why.CHANGED, on_top.dot))
            return kept
        if self.text is None:
            self.stays.append(Stays(self.entry, Why.OVERLAP, on_top.dot))
        return kept

    def _note_place(self, before: EntryFacts, facts: EntryFacts) -> None:
        wrote = self._wrote(frozenset({"place"}))
        present, left = winner(self.present.get("place", {})), winner(facts.get("place", {}))
        if not wrote or present is None or left is None or not is_shown(before):
            return
        if present[0] == left[0] and not wrote[0].seen.includes(left[0]):
            self.stays.append(Stays(self.entry, Why.CHANGED, left[0]))

    def _text_without(self, wrote: Sequence[Written]) -> str | None:
        """Return the text of now without what the batch did to it, None when lines overlap."""
        steps: list[tuple[str, str]] = []
        for written in wrote:
            seen = written.seen
            before = self._facts(seen.includes)
            after = self._facts(seen.with_dot(written.dot).includes)
            if not _is_text(before) or not _is_text(after):
                return None
            made = self.contents.document(before).text, self.contents.document(after).text
            if steps and steps[-1][1] == made[0]:
                steps[-1] = steps[-1][0], made[1]
            else:
                steps.append(made)
        text: str | None = self.contents.document(self.present).text
        for before_it, after_it in reversed(steps):
            text = None if text is None else taken_back(before_it, after_it, text)
        return text

    def _wrote(self, attributes: AbstractSet[str]) -> list[Written]:
        return [it for it in self.said if it.dot in self.batch and it.puts(attributes)]

    def _later(self, first: Written, attributes: AbstractSet[str]) -> Written | None:
        """Return the last that somebody else said of these since, or beside; none: its deletion."""
        for written in reversed(self.said):
            if written.dot in self.batch or first.seen.includes(written.dot):
                continue
            if written.puts(attributes) or (not attributes and written.drops):
                return written
        return None

    def _on_top(self, wrote: Sequence[Written]) -> Written | None:
        """Return the last content that somebody else put having seen one of the batch."""
        for written in reversed(self.said):
            saw = any(written.seen.includes(earlier.dot) for earlier in wrote)
            if saw and written.dot not in self.batch and written.puts(_CONTENT):
                return written
        return None


def _is_text(facts: EntryFacts) -> bool:
    content = main_content(facts)
    return content is not None and content.is_text


def _keep_folders_in_use(now: Present, without: dict[EntryId, EntryFacts]) -> Iterator[Stays]:
    """Let a folder stay that would go, and holds what is to stay."""
    going = [
        (len(now.tree.path(entry)), entry)
        for entry, facts in without.items()
        if not is_shown(facts) and (node := now.tree.get(entry)) is not None
        if node.kind is EntryKind.FOLDER
    ]
    for _, folder in sorted(going, reverse=True):
        if any(_stays_in(folder, child.entry, without) for child in now.tree.children(folder)):
            without[folder] = now.facts(folder)
            yield Stays(folder, Why.HOLDS)


def _stays_in(folder: EntryId, child: EntryId, without: Mapping[EntryId, EntryFacts]) -> bool:
    facts = without.get(child)
    if facts is None:
        return True
    place = winner(facts.get("place", {}))
    return is_shown(facts) and (place is None or place[1].parent == folder)
