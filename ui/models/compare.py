"""Two versions of a text side by side, line by line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

MOST_LINES = 20_000
"""Beyond this, lines are compared by place alone."""


class Line(Enum):
    """What a line is to the other side."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"
    BLANK = "blank"
    """Nothing here, so that what follows stands side by side."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One line of both sides."""

    then: str
    then_is: Line
    now: str
    now_is: Line


def beside(then: str, now: str) -> tuple[Beside, ...]:
    """Return both texts, line by line, those that are equal next to each other."""
    old, new = then.splitlines(), now.splitlines()
    if len(old) + len(new) > MOST_LINES:
        return tuple(_uneven(old, new))
    found: list[Beside] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [Beside(line, Line.SAME, line, Line.SAME) for line in old[i:j]]
        else:
            found += _uneven(old[i:j], new[k:m])
    return tuple(found)


def changes(lines: tuple[Beside, ...]) -> tuple[int, int]:
    """Return how many lines went and how many came."""
    gone = sum(line.then_is is Line.GONE for line in lines)
    new = sum(line.now_is is Line.NEW for line in lines)
    return gone, new


def _uneven(old: list[str], new: list[str]) -> list[Beside]:
    rows: list[Beside] = []
    for n in range(max(len(old), len(new))):
        left, right = old[n : n + 1], new[n : n + 1]
        if left == right:
            rows.append(Beside(left[0], Line.SAME, right[0], Line.SAME))
            continue
        rows.append(
            Beside(
                left[0] if left else "",
                Line.GONE if left else Line.BLANK,
                right[0] if right else "",
                Line.NEW if right else Line.BLANK,
            )
        )
    return rows
