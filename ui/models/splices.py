"""Text edits that cross on their way, and how each is told so that both ends agree.

An `Edit` walks a whole text: a positive number keeps that many units, a negative one drops
them, a string is put in. Two edits of the same text are carried over each other with
`cross`; edits that follow each other become one with `then`. Units are UTF-16, as Qt and
the documents below count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Splice = tuple[int, int, str]
"""At, how many units are removed there, what is put in."""
Part = int | str


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a text. What follows its last part is kept."""

    parts: tuple[Part, ...] = ()

    def apply(self, text: str) -> str:
        """Return the text after the edit."""
        out: list[str] = []
        at = 0
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
            elif part > 0:
                out.append(text[at : at + part])
                at += part
            else:
                at -= part
        return "".join([*out, text[at:]])

    def splices(self) -> tuple[Splice, ...]:
        """Return the edit as splices to be done one after another."""
        found: list[Splice] = []
        at = removed = 0
        inserted = ""
        for part in (*self.parts, 0):
            if isinstance(part, str):
                inserted += part
            elif part < 0:
                removed -= part
            else:
                if removed or inserted:
                    found.append((at, removed, inserted))
                at += len(inserted) + part
                removed, inserted = 0, ""
        return tuple(found)


NOTHING = Edit()


def edit_of(splices: Iterable[Splice]) -> Edit:
    """Return one edit that does all splices, each told for the text after those before."""
    edit = NOTHING
    for at, remove, insert in splices:
        edit = then(edit, _edit([at, insert, -remove]))
    return edit


def finer(splice: Splice, removed: str) -> tuple[Splice, ...]:
    """Return a splice as the few that really change something, from the last to the first.

    A word that is made bold is put between signs, and lines that are indented get spaces: what
    others type in them meanwhile stays. From the last to the first, each stands where it did.
    """
    at, _, insert = splice
    old, new = removed.split("\n"), insert.split("\n")
    if len(old) != len(new):
        return (splice,)
    found: list[Splice] = []
    for before, after in zip(old, new, strict=True):
        found += reversed(_around(at, before, after))
        at += len(before) + 1
    return tuple(reversed(found))


def _around(at: int, old: str, new: str) -> list[Splice]:
    """Return what changes a line, from the last to the first."""
    end = at + len(old)
    inside = new.find(old)
    if old == new:
        return []
    if old and inside >= 0:
        found = [(end, 0, new[inside + len(old) :]), (at, 0, new[:inside])]
    elif len(new) > 1 and new in old:
        start = old.index(new) + at
        found = [(start + len(new), end - start - len(new), ""), (at, start - at, "")]
    else:
        return [(at, len(old), new)]
    return [(place, remove, insert) for place, remove, insert in found if remove or insert]


def then(first: Edit, second: Edit) -> Edit:
    """Return one edit that does both."""
    left, right = _Parts(first), _Parts(second)
    out: list[Part] = []
    while not (left.over and right.over):
        if left.removes:
            out.append(left.take())
        elif right.inserts:
            out.append(right.take())
        else:
            length = _least(left.length, right.length)
            kept, wish = left.take(length), right.take(length)
            if isinstance(wish, int) and wish < 0:
                out += [] if isinstance(kept, str) else [wish]
            else:
                out.append(kept)
    return _edit(out)


def cross(ours: Edit, theirs: Edit) -> tuple[Edit, Edit]:
    """Return ours as told after theirs, and theirs as told after ours.

    Where both put something in at one place, theirs comes first.
    """
    left, right = _Parts(ours), _Parts(theirs)
    mine: list[Part] = []
    yours: list[Part] = []
    while not (left.over and right.over):
        if right.inserts:
            text = right.take()
            mine.append(len(str(text)))
            yours.append(text)
        elif left.inserts:
            text = left.take()
            mine.append(text)
            yours.append(len(str(text)))
        else:
            length = _least(left.length, right.length)
            one, other = left.take(length), right.take(length)
            dropped_here = isinstance(one, int) and one < 0
            dropped_there = isinstance(other, int) and other < 0
            if dropped_here and not dropped_there:
                mine.append(one)
            elif dropped_there and not dropped_here:
                yours.append(other)
            elif not dropped_here:
                mine.append(length)
                yours.append(length)
    return _edit(mine), _edit(yours)


class _Parts:
    """Reads an edit piece by piece, as long as asked."""

    def __init__(self, edit: Edit) -> None:
        self._rest = list(reversed(edit.parts))

    @property
    def over(self) -> bool:
        return not self._rest

    @property
    def inserts(self) -> bool:
        return bool(self._rest) and isinstance(self._rest[-1], str)

    @property
    def removes(self) -> bool:
        return bool(self._rest) and isinstance(self._rest[-1], int) and self._rest[-1] < 0

    @property
    def length(self) -> int:
        """How long the piece is; 0 for the rest of the text, which is kept without end."""
        if not self._rest:
            return 0
        part = self._rest[-1]
        return len(part) if isinstance(part, str) else abs(part)

    def take(self, length: int = 0) -> Part:
        """Return the next piece, at most that long."""
        if not self._rest:
            return length
        part = self._rest.pop()
        if length and isinstance(part, str) and len(part) > length:
            self._rest.append(part[length:])
            return part[:length]
        if length and isinstance(part, int) and abs(part) > length:
            sign = 1 if part > 0 else -1
            self._rest.append(part - sign * length)
            return sign * length
        return part


def _least(one: int, other: int) -> int:
    """Return the shorter length, where 0 has no end."""
    return min(one, other) if one and other else one or other


def _edit(parts: Iterable[Part]) -> Edit:
    """Return an edit in normal form: no empty parts, equal kinds joined, no keeping at the end."""
    out: list[Part] = []
    for part in parts:
        joined = _joined(out[-1], part) if out else None
        if joined is not None:
            out[-1] = joined
        elif part:
            out.append(part)
    while out and isinstance(out[-1], int) and out[-1] > 0:
        out.pop()
    return Edit(tuple(out))


def _joined(last: Part, part: Part) -> Part | None:
    if isinstance(last, str) and isinstance(part, str):
        return last + part
    if isinstance(last, int) and isinstance(part, int) and last * part >= 0:
        return last + part
    return None
