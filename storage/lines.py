"""Taking one change of a text back out of it, line by line, when later changes leave room. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 20_000
"""Of a text with more lines left to compare nothing is taken back: it would take minutes."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of one text, from `start` up to `end`, that are other lines in another text."""

    start: int
    end: int
    lines: tuple[str, ...]

    def clashes(self, other: Hunk) -> bool:
        """Say whether two changes of one text touch the same lines, or the same place."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end


def taken_back(before: str, after: str, now: str) -> str | None:
    """Return the text of now as if the step from `before` to `after` had not been made.

    None when what was changed since lies in the same lines, so that no lines can be told apart.
    """
    if now == after:
        return before
    base = _lines(after)
    undoing, later = hunks(base, _lines(before)), hunks(base, _lines(now))
    if undoing is None or later is None:
        return None
    both = [hunk for hunk in undoing if hunk in later]
    undoing = [hunk for hunk in undoing if hunk not in both]
    if any(hunk.clashes(other) for hunk in undoing for other in later):
        return None
    return "".join(_applied(base, [*undoing, *later]))


def hunks(old: list[str], new: list[str]) -> list[Hunk] | None:
    """Return what makes one list of lines into another; None when that takes too long to find."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    left, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(left) + len(other) > MOST_LINES:
        return None
    return [
        Hunk(head + i, head + j, tuple(other[k:m]))
        for kind, i, j, k, m in SequenceMatcher(None, left, other, autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _lines(text: str) -> list[str]:
    """Return the lines with their ends: only a line feed ends one, as in every file."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _applied(base: list[str], changes: list[Hunk]) -> list[str]:
    made: list[str] = []
    at = 0
    for hunk in sorted(changes, key=lambda it: (it.start, it.end)):
        made += base[at : hunk.start]
        made += hunk.lines
        at = hunk.end
    return made + base[at:]


def _common(one: list[str], other: list[str]) -> int:
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return number
    return min(len(one), len(other))
