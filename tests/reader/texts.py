"""Texts put together from their changes: the published Fugue algorithm, one character at a time.

Slow and small on purpose. It imports nothing of ours and not Loro, so that a text can be
read by whoever has FORMAT.md and no program that merges texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

Id = tuple[int, int]
"""Of a character, or of the operation that deletes one: peer and counter."""
Known = dict[int, int]
"""How many counters of each peer somebody had."""


@dataclass(slots=True)
class Letter:
    """One character that was ever there."""

    id: Id
    char: str
    left: Id | None
    right: Id | None
    deleted: list[Id] = field(default_factory=list[Id])


@dataclass(frozen=True, slots=True)
class Change:
    """Operations that one peer made in a row."""

    peer: int
    counter: int
    lamport: int
    deps: tuple[Id, ...]
    ops: tuple[list[Any], ...]


def seed(text: str, peer: int) -> Change:
    """Return the change that every device derives from a plain text."""
    return Change(peer, 0, 0, (), ([], [0, text]) if text else ([],))


def updates_of(document: Any) -> list[bytes]:
    """Return what a document that grew is made of, nothing for another one."""
    return list(document[2]) if document[1] == 2 else []


def read_changes(value: Any) -> list[Change]:
    """Read the form that updates have, and documents unless they grew."""
    word, version, names, changes = value
    assert (word, version) == ("text", 1)
    peers = [int.from_bytes(name, "big") for name in names]
    found = list[Change]()
    for peer, counter, lamport, deps, ops in changes:
        named = [op if len(op) < 4 else [*op[:2], peers[op[2]], op[3]] for op in ops]
        after = tuple((peers[dep], n) for dep, n in deps)
        found.append(Change(peers[peer], counter, lamport, after, tuple(named)))
    return found


def merge(changes: Iterable[Change]) -> str:
    """Return the text that all these changes make, in whatever order they come."""
    document = _Document()
    for change in sorted(changes, key=lambda c: (c.lamport, c.peer, c.counter)):
        before = [*change.deps, *([(change.peer, change.counter - 1)] if change.counter else [])]
        if all(dep in document.knew for dep in before):  # else it takes no part
            document.take(change)
    return "".join(letter.char for letter in document.letters if not letter.deleted)


def _one_by_one(op: list[Any]) -> Iterator[tuple[int, str] | Id | None]:
    """Split an op into what each of its counters does: a letter, a deletion, or nothing."""
    if not op:
        yield None
    elif len(op) == 2:
        for offset, char in enumerate(op[1]):
            yield op[0] + offset, char
    else:
        _, count, peer, first = op
        for offset in range(count) if count > 0 else reversed(range(-count)):
            yield peer, first + offset


class _Document:
    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.knew: dict[Id, Known] = {}
        self.last: tuple[Id, int, int] | None = None
        """The letter put in last, if nothing came since: its id, position and place."""

    def take(self, change: Change) -> None:
        """Do what is new of a change, as its peer saw the text at that moment."""
        self.last = None
        known = dict(self.knew.get((change.peer, change.counter - 1), {}))
        for dep in change.deps:
            for peer, count in self.knew[dep].items():
                known[peer] = max(known.get(peer, 0), count)
        counter = change.counter
        for what in chain.from_iterable(map(_one_by_one, change.ops)):
            own = (change.peer, counter)
            counter += 1
            if what is None or not isinstance(what[1], str) or own in self.knew:
                self.last = None
            if own in self.knew:
                known = self.knew[own]  # it came in another change as well
                continue
            if what is not None and isinstance(what[1], str):
                self._insert(what[0], what[1], own, known)
            elif what is not None:
                for letter in self.letters:
                    if letter.id == what:
                        letter.deleted.append(own)
            known = self.knew[own] = {**known, change.peer: counter}

    def _insert(self, pos: int, char: str, own: Id, known: Known) -> None:
        if self.last and self.last[:2] == ((own[0], own[1] - 1), pos - 1):
            at = self.last[2] + 1  # typed on: nothing can stand between it and the one before
            before = self.letters[at - 1]
            self.letters.insert(at, Letter(own, char, before.id, before.right))
            self.last = (own, pos, at)
            return
        start, at, left = pos, 0, None
        while pos:
            letter = self.letters[at]
            at += 1
            if _has(known, letter.id) and not any(_has(known, by) for by in letter.deleted):
                pos, left = pos - 1, letter.id
        end = at
        while end < len(self.letters) and not _has(known, self.letters[end].id):
            end += 1
        right = self.letters[end].id if end < len(self.letters) else None
        new = Letter(own, char, left, right)
        at = self._place(at, end, new)
        self.letters.insert(at, new)
        self.last = (own, start, at)

    def _place(self, at: int, end: int, new: Letter) -> int:
        """Find the place among letters that others wrote at the same spot at the same time."""
        ours, scanning, passed = self._parent(new), False, set[Id | None]()
        for index in range(at, end):
            other = self.letters[index]
            if other.left != new.left and (other.left is None or other.left not in passed):
                break
            passed.add(other.id)
            if other.left == new.left:
                theirs = ours if other.right == new.right else self._parent(other)
                if theirs == ours and other.id[0] > new.id[0]:
                    break
                scanning = theirs < ours
            if not scanning:
                at = index + 1
        return at

    def _parent(self, letter: Letter) -> float:
        """Return where the right neighbour stands, if it hangs on the same left one."""
        for index, found in enumerate(self.letters):
            if found.id == letter.right:
                return index if found.left == letter.left else float("inf")
        return float("inf")


def _has(known: Known, of: Id) -> bool:
    return of[1] < known.get(of[0], 0)
