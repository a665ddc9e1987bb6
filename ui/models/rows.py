"""Lists of anything: rows that come, go and change one by one, never all at once.

A reset costs a screen reader its place and the eye its calm, so a new state of a list is
turned into the few removals, insertions and changes that lead to it. Only when there are
more of them than anyone could follow (a filter was typed) is the list laid anew.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

MAX_RUNS = 100
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


class RowModel(QAbstractListModel):
    """A list that is told its new state and works out what changed."""

    def __init__(self, draw: Callable[[object], Row], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draw = draw
        self._items: list[Item] = []
        self._drawn: dict[str, Row] = {}

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Return how many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._items)

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

    def show(self, items: Sequence[Item]) -> None:
        """Become this list."""
        first, last = _differing(self._items, items)
        old_keys = [item.key for item in self._items[first : len(self._items) - last]]
        new_keys = [item.key for item in items[first : len(items) - last]]
        if old_keys != new_keys:
            stay = _staying(old_keys, new_keys)
            gone = list(_runs((n for n, key in enumerate(old_keys) if key not in stay), first))
            come = list(_runs((n for n, key in enumerate(new_keys) if key not in stay), first))
            if len(gone) + len(come) > MAX_RUNS:
                self._lay_anew(items)
                return
            self._remove(gone)
            self._insert(come, items)
        self._change(items, range(first, len(items) - last))

    def _lay_anew(self, items: Sequence[Item]) -> None:
        self.beginResetModel()
        self._items = list(items)
        self._drawn.clear()
        self.endResetModel()

    def _remove(self, runs: list[tuple[int, int]]) -> None:
        for first, last in reversed(runs):
            self.beginRemoveRows(QModelIndex(), first, last)
            for item in self._items[first : last + 1]:
                self._drawn.pop(item.key, None)
            del self._items[first : last + 1]
            self.endRemoveRows()

    def _insert(self, runs: list[tuple[int, int]], items: Sequence[Item]) -> None:
        for first, last in runs:
            self.beginInsertRows(QModelIndex(), first, last)
            self._items[first:first] = items[first : last + 1]
            self.endInsertRows()

    def _change(self, items: Sequence[Item], among: range) -> None:
        changed = [n for n in among if self._items[n].thing != items[n].thing]
        for first, last in _runs(iter(changed)):
            self._items[first : last + 1] = items[first : last + 1]
            for item in items[first : last + 1]:
                self._drawn.pop(item.key, None)
            self.dataChanged.emit(self.index(first), self.index(last))


def _differing(old: Sequence[Item], new: Sequence[Item]) -> tuple[int, int]:
    """Return how many at the beginning, and at the end, are the same in both."""
    most = min(len(old), len(new))
    first = next((n for n in range(most) if old[n] != new[n]), most)
    most -= first
    last = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    return first, last


def _runs(numbers: Iterator[int], offset: int = 0) -> Iterator[tuple[int, int]]:
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
