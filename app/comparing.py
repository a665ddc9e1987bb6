"""Two versions of a text compared: by lines, and inside changed lines by words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

MOST_LINES = 20_000
"""Beyond this, changed lines are not compared by their words."""
LONGEST = 2000
"""Characters of a line that is compared by its words; a longer one is no line of a person's."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that both sides have, or one of them."""

    sign: str
    """' ' in both, '-' only before, '+' only after."""
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One line that is not the same: gone ('-'), new ('+'), or changed inside ('~')."""

    sign: str
    line: int
    """Its number from 1: of a line that is gone, before; of all others, after."""
    pieces: tuple[Piece, ...]


def changed_lines(before: str, after: str) -> tuple[Changed, ...]:
    """Return the lines that differ: line for line first, then word for word."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Changed] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            both = min(j - i, m - k) if len(old) + len(new) <= MOST_LINES else 0
            found += [Changed("~", k + n + 1, _inside(old[i + n], new[k + n])) for n in range(both)]
            found += [Changed("-", n + 1, (Piece("-", old[n]),)) for n in range(i + both, j)]
            found += [Changed("+", n + 1, (Piece("+", new[n]),)) for n in range(k + both, m)]
    return tuple(found)


def unified(before: bytes, after: bytes, names: tuple[str, str]) -> str:
    """Return the difference of two files, line by line; of what is no text, whether they differ."""
    try:
        lines = [data.decode().splitlines(keepends=True) for data in (before, after)]
    except UnicodeDecodeError:
        same = "are equal" if before == after else f"differ: {len(before)} and {len(after)} bytes"
        return f"{names[0]} and {names[1]} {same}; this is no text\n"
    steps = unified_diff(lines[0], lines[1], *names)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in steps)


def _inside(old: str, new: str) -> tuple[Piece, ...]:
    if len(old) + len(new) > LONGEST:
        return Piece("-", old), Piece("+", new)
    return tuple(_words(_WORDS.findall(old), _WORDS.findall(new)))


def _words(old: list[str], new: list[str]) -> Iterator[Piece]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece(" ", "".join(old[i:j]))
            continue
        if i < j:
            yield Piece("-", "".join(old[i:j]))
        if k < m:
            yield Piece("+", "".join(new[k:m]))


def marked(pieces: tuple[Piece, ...]) -> str:
    """Return a line with what is gone in [-…-] and what is new in {+…+}."""
    marks = {" ": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
    return "".join(f"{marks[it.sign][0]}{it.text}{marks[it.sign][1]}" for it in pieces)
