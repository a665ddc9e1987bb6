"""Lists of anything: rows that come, go and change one by one, never all at once.

A reset costs a screen reader its place and the eye its calm, so a new state of a list is
turned into the few removals, insertions and changes that lead to it. Only when there are
more of them than anyone could follow (a filter was typed) is the list laid anew. What leads
from one state to the next is a plan, which may be made on another thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt

MAX_RUNS = 100
MAX_SHIFTED = 10_000_000
"""So many rows at most are moved along, one by one, to make room for new ones."""
Run = tuple[int, int]
"""The first and the last of rows that follow each other."""
AnyIndex = QModelIndex | QPersistentModelIndex


class RowRole(IntEnum):
    """What a delegate asks for beyond Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole + 1
    KEY = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True)
class Row:
    """How one thing is shown."""

    title: str
    note: str = ""
    """The second line. What is found stands between U+0002 and U+0003."""
    spoken: str = ""
    tip: str = ""
    icon: str = ""
    tone: str = ""
    """A token's name, the icon's colour."""
    state: str = ""
    """The icon at the end."""
    state_tone: str = ""
    aside: str = ""
    """A few words at the end, softer."""
    heading: bool = False
    """The name of a group; it cannot be chosen."""


class Item(NamedTuple):
    """One thing in a list."""

    key: str
    thing: object


@dataclass(frozen=True, slots=True)
class Plan:
    """How one state of a list becomes another."""

    turn: int
    """Which state of the model it begins with."""
    items: Sequence[Item]
    """What there is in the end."""
    anew: bool = False
    gone: Sequence[Run] = ()
    come: Sequence[Run] = ()
    changed: Sequence[Run] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What a model shows at a moment, for planning what it shows next."""

    turn: int
    items: Sequence[Item]

    def plan(self, items: Sequence[Item]) -> Plan:
        """Return how to become that list. Pure, so it may take its time elsewhere."""
        first, last = _differing(self.items, items)
        old = self.items[first : len(self.items) - last]
        new = items[first : len(items) - last]
        old_keys, new_keys = [item.key for item in old], [item.key for item in new]
        stay = set(old_keys) if old_keys == new_keys else _staying(old_keys, new_keys)
        gone = list(_runs((n for n, key in enumerate(old_keys) if key not in stay), first))
        come = list(_runs((n for n, key in enumerate(new_keys) if key not in stay), first))
        shifted = len(items) * sum(end - start + 1 for start, end in come)
        if len(gone) + len(come) > MAX_RUNS or shifted > MAX_SHIFTED:
            return Plan(self.turn, items, anew=True)
        were = {item.key: item.thing for item in old if item.key in stay}
        same = (n for n, item in enumerate(new) if item.key in stay)
        changed = list(_runs((n for n in same if were[new[n].key] != new[n].thing), first))
        return Plan(self.turn, items, gone=gone, come=come, changed=changed)


class RowModel(QStringListModel):
    """A list that is told its new state and works out what changed.

    A list view asks for its length once for each row. So Qt itself counts the rows, in a list
    of empty strings: asked in Python, 100,000 of them would hold the window for a while.
    """

    def __init__(self, draw: Callable[[object], Row], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draw = draw
        self._turn = 0
        self._items: list[Item] = []
        self._coming: Sequence[Item] = ()
        self._drawn: dict[str, Row] = {}
        # First of all who listen: the views ask about rows as soon as they hear of them.
        self.rowsInserted.connect(self._on_inserted)
        self.rowsRemoved.connect(self._on_removed)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what is asked about a row."""
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role == RowRole.KEY:
            return item.key
        row = self.row(item)
        answers: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: row.title,
            Qt.ItemDataRole.AccessibleTextRole: row.spoken or row.title,
            Qt.ItemDataRole.ToolTipRole: row.tip or None,
            RowRole.ROW: row,
        }
        return answers.get(role)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let everything be chosen but the names of groups."""
        if index.isValid() and self.row(self._items[index.row()]).heading:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row(self, item: Item) -> Row:
        """Return how an item is shown; drawn when first looked at."""
        drawn = self._drawn.get(item.key)
        if drawn is None:
            drawn = self._drawn[item.key] = self._draw(item.thing)
        return drawn

    def key(self, number: int) -> str:
        """Return the key of a row, empty beyond the end."""
        return self._items[number].key if 0 <= number < len(self._items) else ""

    def thing(self, key: str) -> object | None:
        """Return what stands under a key."""
        at = self.find(key)
        return None if at is None else self._items[at].thing

    def find(self, key: str) -> int | None:
        """Return in which row a key is."""
        return next((n for n, item in enumerate(self._items) if item.key == key), None)

    def redraw(self) -> None:
        """Show every row anew: time went by, or the language changed."""
        self._drawn.clear()
        if self._items:
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))

    def held(self) -> Held:
        """Return what is shown now."""
        return Held(self._turn, tuple(self._items))

    def show(self, items: Sequence[Item]) -> None:
        """Become this list."""
        self.follow(self.held().plan(items))

    def follow(self, plan: Plan) -> bool:
        """Do what was planned; say no when the list has become another meanwhile."""
        if plan.turn != self._turn:
            return False
        self._turn += 1
        self._coming = plan.items
        if plan.anew:
            self._lay_anew()
        else:
            for first, last in reversed(plan.gone):
                self.removeRows(first, last - first + 1)
            for first, last in plan.come:
                self.insertRows(first, last - first + 1)
            self._change(plan.changed)
        self._coming = ()
        return True

    def _lay_anew(self) -> None:
        self._items = list(self._coming)
        self._drawn.clear()
        self.setStringList([""] * len(self._items))

    def _on_removed(self, _: QModelIndex, first: int, last: int) -> None:
        for item in self._items[first : last + 1]:
            self._drawn.pop(item.key, None)
        del self._items[first : last + 1]

    def _on_inserted(self, _: QModelIndex, first: int, last: int) -> None:
        self._items[first:first] = self._coming[first : last + 1]

    def _change(self, runs: Sequence[Run]) -> None:
        for first, last in runs:
            self._items[first : last + 1] = self._coming[first : last + 1]
            for item in self._items[first : last + 1]:
                self._drawn.pop(item.key, None)
            self.dataChanged.emit(self.index(first), self.index(last))


def _differing(old: Sequence[Item], new: Sequence[Item]) -> tuple[int, int]:
    """Return how many at the beginning, and at the end, are the same in both."""
    most = min(len(old), len(new))
    first = next((n for n in range(most) if old[n] != new[n]), most)
    most -= first
    last = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    return first, last


def _runs(numbers: Iterator[int], offset: int = 0) -> Iterator[Run]:
    """Return the first and last of each unbroken run, counted from an offset."""
    first = last = -2
    for one in numbers:
        number = one + offset
        if number != last + 1:
            if last >= 0:
                yield first, last
            first = number
        last = number
    if last >= 0:
        yield first, last


def _staying(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the most keys that are in both, in the same order: only the others move."""
    place = {key: n for n, key in enumerate(new)}
    common = [key for key in old if key in place]
    tails: list[int] = []
    tail_keys: list[str] = []
    before: dict[str, str] = {}
    for key in common:
        at = bisect_left(tails, place[key])
        if at == len(tails):
            tails.append(place[key])
            tail_keys.append(key)
        else:
            tails[at], tail_keys[at] = place[key], key
        if at:
            before[key] = tail_keys[at - 1]
    stay: set[str] = set()
    key = tail_keys[-1] if tail_keys else ""
    while key:
        stay.add(key)
        key = before.get(key, "")
    return stay
