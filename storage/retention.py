"""Which older versions a device keeps: a pure function of history, rules and the time.

Everything for a while, then the last version of each day, then the last of each month. What is
shown now, side by side or not, is always kept, and so is what was last in something deleted, for
a month at least. Only what versions *held* goes: the records that made them stay for ever.

A version is as old as its record says, but never older than what came before it: a clock that
was set back would make new work look old. One that was ahead makes nothing look older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from storage.crypto.link import Link
from storage.errors import DecodeError
from storage.facts.change import TOP, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen
from storage.facts.operate import apply_to_entry
from storage.facts.state import NO_FACTS, EntryFacts
from storage.facts.values import Content, Edit, Place

DAY: Final = 86_400
BIN_DAYS: Final = 30
"""What was deleted can be brought back for so long, whatever the rules say."""
QUARANTINE: Final = 7 * DAY
MAX_DAYS: Final = 36_500
_MATTERS: Final = frozenset({"content", "edits", "place"})
_ENDINGS: Final = (
    "3gp aac aif aiff arw avi avif bmp cr2 cr3 dng flac flv gif heic heif jpeg jpg m2ts m4a m4v "
    "mkv mov mp3 mp4 mpeg mpg mts nef oga ogg ogv opus orf png psd raf raw rw2 tif tiff ts vob "
    "wav webm webp wma wmv"
)
_MEDIA: Final = frozenset(_ENDINGS.split())

Held = Content | Link
"""What a version needs blocks for: a content, or an edit too long to stand in its record."""


class Said(Protocol):
    """What one record says of one entry."""

    @property
    def dot(self) -> Dot:
        """Which record."""
        ...

    @property
    def seen(self) -> Seen:
        """What its writer had seen before."""
        ...

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it does to the entry."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """How much of the past a folder keeps on this device."""

    all_days: int = 30
    """Every version for so many days."""
    daily_days: int = 365
    """Then the last of each day, until a version is so many days old; 0: none."""
    monthly: bool = True
    """Then the last of each month, for ever."""
    latest_over: int | None = None
    """Of media files of at least so many bytes only the latest version; None: as all others."""
    any_kind: bool = False
    """`latest_over` is meant of all files that are no text, not of media only."""

    def __post_init__(self) -> None:
        if not (0 <= self.all_days <= MAX_DAYS and 0 <= self.daily_days <= MAX_DAYS):
            raise DecodeError(f"days are a number from 0 to {MAX_DAYS}")
        if self.latest_over is not None and self.latest_over < 0:
            raise DecodeError("a size below zero")

    def is_latest_only(self, content: Held, name: str) -> bool:
        """Say whether only the latest version of such a file is kept."""
        if self.latest_over is None or isinstance(content, Link) or content.is_text:
            return False
        ending = name.rpartition(".")[2].lower() if "." in name else ""
        return content.size >= self.latest_over and (self.any_kind or ending in _MEDIA)


DEFAULT: Final = Rule()


@dataclass(frozen=True, slots=True)
class Version:
    """What an entry held once a record was made."""

    at: int
    holds: frozenset[Held]
    dot: Dot | None = None
    """Of the record that made it."""


@dataclass(frozen=True, slots=True)
class Life:
    """All versions of an entry, causes first, and how it stands."""

    versions: tuple[Version, ...]
    """Those that held something."""
    present: frozenset[Held]
    last: frozenset[Held]
    """What it held when it was deleted; empty while it is there."""
    gone_at: int
    name: str
    parent: EntryId
    """Where it lies, or lay last."""


def life_of(said: Iterable[Said], at: Callable[[Dot], int]) -> Life:
    """Return the life of an entry by all that records say of it, causes first."""
    done: list[tuple[Said, list[Operation]]] = []
    versions: list[Version] = []
    facts, seen = NO_FACTS, Seen()
    last: frozenset[Held] = frozenset()
    gone_at, place = 0, Place(TOP, "")
    for step in said:
        its = [it for it in step.operations if it.attribute is None or it.attribute in _MATTERS]
        if not its:
            continue
        before = facts if step.seen.covers(seen) else _as_seen(done, step.seen)
        version = held_in(apply_to_entry(before, its, step.dot, step.seen))
        if version and any(it.attribute != "place" for it in its):
            versions.append(Version(at(step.dot), version, step.dot))
        was, facts = facts, apply_to_entry(facts, its, step.dot, step.seen)
        done.append((step, its))
        seen = seen.with_dot(step.dot)
        place = _placed(its) or place
        if held_in(facts):
            last = frozenset()
        elif any(isinstance(it, Drop) and it.attribute is None for it in its):
            last, gone_at = last | held_in(was), max(gone_at, at(step.dot))
    return Life(tuple(versions), held_in(facts), last, gone_at, place.name, EntryId(place.parent))


def retained(life: Life, rule: Rule, now: int) -> frozenset[Held]:
    """Return what is kept of all that an entry ever held."""
    kept = set(life.present)
    if life.last and now - life.gone_at < BIN_DAYS * DAY:
        kept |= life.last
    groups: dict[tuple[object, ...], tuple[int, int]] = {}
    for number, version in enumerate(life.versions):
        group = _group(version, number, rule, now)
        if group and all(not rule.is_latest_only(it, life.name) for it in version.holds):
            groups[group] = max(groups.get(group, (version.at, number)), (version.at, number))
    for _at, number in groups.values():
        kept |= life.versions[number].holds
    return frozenset(kept)


def _group(version: Version, number: int, rule: Rule, now: int) -> tuple[object, ...]:
    """Return what the last one is kept of; () when none is."""
    age = now - version.at
    if age < rule.all_days * DAY:
        return "each", number
    if age < rule.daily_days * DAY:
        return "day", version.at // DAY
    if not rule.monthly:
        return ()
    made = datetime.fromtimestamp(version.at, UTC)
    return "month", made.year, made.month


def held_in(facts: EntryFacts) -> frozenset[Held]:
    """Return what facts need blocks for."""
    return frozenset(each_held(facts))


def each_held(facts: EntryFacts) -> Iterator[Held]:
    """Walk what facts need blocks for: contents first, then edits."""
    for value in (*facts.get("content", {}).values(), *facts.get("edits", {}).values()):
        held = value.update if isinstance(value, Edit) else value
        if isinstance(held, Content | Link):
            yield held


def tops_of_held(held: Held) -> list[bytes]:
    """Return the addresses of the blocks that open it."""
    if isinstance(held, Link):
        return [held.digest]
    return [link.digest for link in (held.link, held.document) if link is not None]


def effective_times(records: Iterable[tuple[Dot, int]], now: int) -> dict[Dot, int]:
    """Return when records were made, causes first: none before one that it may build on."""
    latest = 0
    found: dict[Dot, int] = {}
    for dot, at in records:
        found[dot] = max(at, latest)
        if at <= now:
            latest = max(latest, at)
    return found


def rule_for(
    parent: EntryId, rules: Mapping[EntryId, Rule], above: Callable[[EntryId], EntryId | None]
) -> Rule:
    """Return the rule of the nearest folder that has one."""
    at: EntryId | None = parent
    passed: set[EntryId] = set()
    while at is not None and at not in passed:
        if at in rules:
            return rules[at]
        passed.add(at)
        at = above(at)
    return rules.get(TOP, DEFAULT)


def _as_seen(done: Iterable[tuple[Said, list[Operation]]], seen: Seen) -> EntryFacts:
    facts = NO_FACTS
    for step, its in done:
        if seen.includes(step.dot):
            facts = apply_to_entry(facts, its, step.dot, step.seen)
    return facts


def _placed(operations: Iterable[Operation]) -> Place | None:
    places = [it.value for it in operations if isinstance(it, Put)]
    return next((value for value in places if isinstance(value, Place)), None)
