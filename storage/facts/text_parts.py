"""What changes of a text may be taken: how much they delete, and how the parts of one stand.

Parts of a document that grew are read one after another, and each must stand on those before
it. So a device that has the first of them at hand and takes the last one to it does just what
one does that reads them all: they always have the same text. Pure; never asks Loro.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from storage.errors import DecodeError
from storage.facts.text_wire import Change, Delete, Id

MANY_DELETE: Final = 16
"""How many sittings may delete all of a text side by side; more is done to slow us down."""


def check_deletes(changes: Sequence[Change], ops: int, end_of: Callable[[int], int]) -> None:
    """Refuse to delete more than there can be: Loro takes a microsecond for each character.

    `ops` is how many ops the document has, `end_of` up to which counter it has a peer's.

    Raises:
        DecodeError: the changes delete what nobody wrote.
    """
    ends: dict[int, int] = {}
    deleted = Counter[int]()
    for change in changes:
        ends[change.peer] = max(change.end, ends.get(change.peer, 0))
    _count(changes, deleted, lambda peer: max(ends.get(peer, 0), end_of(peer)))
    _bound(ops + _written(changes), deleted, deleted.total())


MAX_BESIDE: Final = 64
"""How many peers may write side by side in one part; where more did, all is written anew."""
MAX_COMPARED: Final = 1 << 21
"""How much may be compared in one document, for changes that were made side by side.

Three devices that save side by side come to ten a save. More is done to slow us down.
"""


@dataclass(frozen=True, slots=True)
class _Past:
    """What a change builds on: the first so many changes of its part, and more of some peers."""

    first: int
    more: Mapping[int, int]


class _Part:
    """The changes of one part: what builds on what among them."""

    def __init__(self, before: frozenset[Id]) -> None:
        self._before = before
        self._count = 0
        self.compared = 0
        """How much was compared to find out what its changes build on."""
        self._of_peer: dict[int, list[tuple[int, int, _Past]]] = {}
        """Of each change the counter that it begins at, its number, and its past."""

    def add(self, change: Change, heads: set[Id]) -> None:
        """Take a change that builds on ops that are there. Refuses as `Standing.add` does."""
        deps = frozenset(change.deps)
        if deps == self._before:
            past = _Past(0, {})
        elif len(deps) == len(heads) and deps.issubset(heads):
            past = _Past(self._count, {})
        else:
            past = self._joined(deps)
        own = self._of_peer.setdefault(change.peer, [])
        missed = own and not self._holds(past, (change.peer, change.counter - 1))
        if missed or len(deps) != len(change.deps):
            raise DecodeError("a change that passes by those before it")
        own.append((change.counter, self._count, past))
        self._count += 1

    def _joined(self, deps: frozenset[Id]) -> _Past:
        if not 0 < len(deps) <= MAX_BESIDE:
            raise DecodeError("a change that builds on too many")
        pasts = [self._until(dep) for dep in deps]
        for past in pasts:
            if sum(self._holds(past, dep) for dep in deps) > 1:
                raise DecodeError("a change that names twice what it builds on")
        first, more = max(past.first for past in pasts), dict[int, int]()
        for past in pasts:
            for peer, at in past.more.items():
                if at > more.get(peer, -1) and not self._holds(_Past(first, {}), (peer, at)):
                    more[peer] = at
        if len(more) > MAX_BESIDE:
            raise DecodeError("a part by too many")
        self.compared += len(deps) * (len(deps) + len(more))
        return _Past(first, more)

    def _until(self, dep: Id) -> _Past:
        """Return all that an op builds on, itself included."""
        _, _, past = self._find(dep)
        return _Past(past.first, {**past.more, dep[0]: dep[1]})

    def _holds(self, past: _Past, op: Id) -> bool:
        return past.more.get(op[0], -1) >= op[1] or self._find(op)[1] < past.first

    def _find(self, op: Id) -> tuple[int, int, _Past]:
        listed = self._of_peer.get(op[0], ())
        number = bisect_right(listed, op[1], key=itemgetter(0))
        if not number:
            raise DecodeError("a change that passes by those before it")
        return listed[number - 1]


@dataclass(slots=True)
class Standing:
    """What the parts read so far hold, as far as the next one is judged by it."""

    _ends: dict[int, int] = field(default_factory=dict[int, int])
    """The counter that each peer's next op takes."""
    _heads: set[Id] = field(default_factory=set[Id])
    """The ops that no other one builds on."""
    _written: int = 0
    _deleted: Counter[int] = field(default_factory=Counter[int])
    """By each peer."""
    _all_deleted: int = 0
    _compared: int = 0

    def copy(self) -> Standing:
        """Return this once more: what is added to one is not added to the other."""
        counted = self._written, self._deleted.copy(), self._all_deleted, self._compared
        return Standing(dict(self._ends), set(self._heads), *counted)

    def add(self, changes: Sequence[Change]) -> None:
        """Count in the next part. One that was refused is not to be used on.

        Raises:
            DecodeError: it does not stand on those before it, or deletes what nobody wrote.
        """
        if not changes:
            raise DecodeError("a part that says nothing")
        part = _Part(frozenset(self._heads))
        for change in changes:
            at = self._ends.get(change.peer, 0)
            if change.counter != at or any(
                counter >= self._ends.get(peer, 0) for peer, counter in change.deps
            ):
                raise DecodeError("a change that does not stand on those before it")
            part.add(change, self._heads)
            if self._compared + part.compared > MAX_COMPARED:
                raise DecodeError("a document that takes too long to compare")
            self._heads.difference_update(change.deps, ((change.peer, at - 1),))
            self._heads.add((change.peer, change.end - 1))
            self._ends[change.peer] = change.end
        self._compared += part.compared
        self._written += _written(changes)
        now = Counter[int]()
        _count(changes, now, lambda peer: self._ends.get(peer, 0))
        self._deleted.update(now)
        self._all_deleted += now.total()
        _bound(self._written, {peer: self._deleted[peer] for peer in now}, self._all_deleted)


def _written(changes: Sequence[Change]) -> int:
    return sum(op.length for change in changes for op in change.ops if not isinstance(op, Delete))


def _count(changes: Sequence[Change], deleted: Counter[int], end_of: Callable[[int], int]) -> None:
    for change in changes:
        for op in change.ops:
            if isinstance(op, Delete):
                deleted[change.peer] += op.length
                if op.length > end_of(op.start[0]):
                    raise DecodeError("more deleted than was written")


def _bound(written: int, deleted: Mapping[int, int], together: int) -> None:
    """Several may delete the same words side by side, each of them once."""
    most = max(deleted.values(), default=0)
    if most > written or together > written * MANY_DELETE:
        raise DecodeError("more deleted than was written")
