"""What a device keeps of a space: all of it, what was opened, or names only. Pure.

What is kept and what must go is a function of the setting, of what was used when, and of what
another device that keeps all has signed for. Nothing is ever pushed out without that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from storage.codec.dagcbor import decode, encode
from storage.codec.shape import items_of
from storage.errors import DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen
from storage.records.receipt import MARK_SIZE, Receipt

NOTE_MAX = 64 * 1024
"""Texts up to this size are kept besides what was opened: so search and reading work offline."""
MOMENT = 600
"""Seconds that what was asked for stays where names only are kept."""

FRESH = 3 * 86_400
"""Seconds for which a word about older versions counts. Who signed it says no more that it has all
of them as soon as its rules let some wait to go, and they wait for a week: so what goes here for
that word is there still, unless clocks are wrong by days. What somebody tells to go at once waits
as well, while a word counts (storage/collecting.py)."""


class Keep(IntEnum):
    """How much of a space is kept here."""

    WHOLE = 0
    OPENED = 1
    """Names of all; the content of notes, and of what was opened, within a budget."""
    NAMES = 2
    """Names of all; content for a moment only."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The setting of one space on this device."""

    how: Keep = Keep.WHOLE
    budget: int = 0
    """Bytes of files that stay once they were opened; of OPENED only."""
    mark: bytes = b""
    """Names the time since when not all is kept: others say that they heard of it."""

    def __post_init__(self) -> None:
        if len(self.mark) != (0 if self.is_whole else MARK_SIZE) or self.budget < 0:
            raise ValueError("a mark names when keeping all ended, and nothing else")

    @property
    def is_whole(self) -> bool:
        """All of it is kept."""
        return self.how is Keep.WHOLE

    @property
    def note_max(self) -> int:
        """Texts up to this size are always kept; -1: none are."""
        return NOTE_MAX if self.how is Keep.OPENED else -1

    def to_bytes(self) -> bytes:
        """Return what `keeping_from` reads."""
        return encode([int(self.how), self.budget, self.mark])


WHOLE = Keeping()


def keeping_from(raw: bytes) -> Keeping:
    """Return the setting that was written down.

    Raises:
        DecodeError: it is none.
    """
    match items_of(decode(raw)):
        case [int() as how, int() as budget, bytes() as mark]:
            try:
                return Keeping(Keep(how), budget, mark)
            except ValueError as error:
                raise DecodeError("no setting") from error
        case _:
            raise DecodeError("no setting")


class Stay(NamedTuple):
    """A file that stays here until it is pushed out."""

    entry: EntryId
    size: int
    used: int
    """When it was last opened, asked for or changed here: Unix seconds."""


def by_use(stay: Stay) -> tuple[int, int, EntryId]:
    """Return the order in which things go."""
    return stay.used, -stay.size, stay.entry


def pushed_out(
    stays: Iterable[Stay], keeping: Keeping, now: int, is_safe: Callable[[EntryId], bool]
) -> list[EntryId]:
    """Return what has to go, the least recently used first; of one second the largest.

    What is not safe elsewhere stays, however far that goes beyond the budget.
    """
    ordered = sorted(stays, key=by_use)
    match keeping.how:
        case Keep.WHOLE:
            return []
        case Keep.NAMES:
            over = (stay for stay in ordered if stay.used <= now - MOMENT)
            return [stay.entry for stay in over if is_safe(stay.entry)]
        case Keep.OPENED:
            gone: list[EntryId] = []
            total = sum(stay.size for stay in ordered)
            for stay in ordered:
                if total <= keeping.budget:
                    break
                if stay.size and is_safe(stay.entry):
                    gone.append(stay.entry)
                    total -= stay.size
            return gone


@dataclass(frozen=True, slots=True)
class Vouching:
    """What others answer for, so that it may go here.

    A receipt counts when its device keeps all, holds all that it has seen, has seen nothing that
    we have not, and has heard that *we* do not keep all since our mark. So of two that let go
    at the same time neither counts for the other: whoever vouched and then lets go itself needs
    someone who heard of that. The last whole copy is never let go of.
    """

    present: tuple[Seen, ...] = ()
    """Of each that vouches for what is shown now, what it has seen."""
    older: tuple[Seen, ...] = ()
    """Of those, of each that holds all older versions too."""

    def has(self, dots: Iterable[Dot]) -> bool:
        """Say whether contents that are shown now, written by these dots, are safe elsewhere."""
        return all(any(seen.includes(dot) for seen in self.present) for dot in dots)

    def has_older(self, dot: Dot) -> bool:
        """Say whether all that a record put is safe elsewhere, shown or not."""
        return any(seen.includes(dot) for seen in self.older)


def vouching(receipts: Iterable[Receipt], ours: Seen, mark: bytes, now: int) -> Vouching:
    """Return what receipts vouch for now, to who has seen `ours` and let go since `mark`."""
    good = [
        receipt
        for receipt in receipts
        if receipt.complete
        and not receipt.mark
        and mark in receipt.heard
        and ours.covers(receipt.seen)
    ]
    return Vouching(
        tuple(receipt.seen for receipt in good),
        tuple(receipt.seen for receipt in good if receipt.older and abs(now - receipt.at) <= FRESH),
    )
