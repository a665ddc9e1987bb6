"""What the pieces of a line of Markdown are. Pure: text in, spans out, counted in UTF-16 units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

MOST = 4000
"""A longer line is shown plainly: nobody writes it, and looking at it would take long."""


class Kind(Enum):
    """What a piece is."""

    MARK = "mark"
    """Signs that only say how to show the rest; hidden where nobody edits."""
    HEADING = "heading"
    BOLD = "bold"
    ITALIC = "italic"
    STRUCK = "struck"
    CODE = "code"
    BLOCK = "block"
    """A line of a program."""
    LINK = "link"
    TAG = "tag"
    QUOTE = "quote"
    BULLET = "bullet"
    NUMBER = "number"
    TASK = "task"
    """The box of a task."""
    DONE = "done"
    """The words of a task that is done."""
    RULE = "rule"
    TABLE = "table"
    """A row of a table: its bars stand under each other only in letters of one width."""
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Span:
    """One piece. Pieces may lie over each other."""

    start: int
    length: int
    kind: Kind
    level: int = 0
    """Of a heading."""
    target: str = ""
    """Of a link."""


_IN_TABLE = frozenset({Kind.LINK, Kind.TAG, Kind.HTML})
FENCE = re.compile(r"[ ]{0,3}(```|~~~)")
FENCES = re.compile(r"^[ ]{0,3}(?:```|~~~)", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6})[ \t]+")
QUOTE = re.compile(r"[ ]{0,3}>[ ]?(?:>[ ]?)*")
ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])([ \t]+)(\[[ xX]\](?=\s|$))?")
_TABLE = re.compile(r"[ ]{0,3}\|")
_RULE = re.compile(r"[ ]{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_INLINE = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`)(?:[^`]|(?!(?P=ticks)(?!`))`)+?(?P=ticks)(?!`))"
    r"|(?P<wiki>\[\[[^\[\]\n]+\]\])"
    r"|(?P<link>!?\[[^\[\]\n]*\]\([^()\s]+\))"
    r"|(?P<bold>(?P<b>\*\*|__)(?=\S)(?:(?!(?P=b)).)+?(?<=\S)(?P=b))"
    r"|(?P<struck>~~(?=\S)(?:(?!~~).)+?(?<=\S)~~)"
    r"|(?P<italic>(?<![\w*_])(?P<i>[*_])(?=[^\s*_])(?:(?!(?P=i)).)+?(?<=\S)(?P=i)(?![\w*_]))"
    r"|(?P<html></?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>|<!--[^<>]*-->)"
    r"|(?P<url>https?://[^\s<>()]+)"
    r"|(?P<tag>(?<![\w#&/])\#[^\W\d][\w/-]*)"
)


def spans(text: str, *, fenced: bool = False) -> tuple[Span, ...]:
    """Return the pieces of a line; `fenced` says that it stands in a program."""
    if FENCE.match(text):
        return (Span(0, len(text), Kind.BLOCK), Span(0, len(text), Kind.MARK))
    if fenced:
        return (Span(0, len(text), Kind.BLOCK),)
    if len(text) > MOST:
        return ()
    return tuple(_line(text))


def fence_lines(text: str) -> list[int]:
    """Return the numbers of all lines that begin or end a program."""
    lines: list[int] = []
    number = at = 0
    for found in FENCES.finditer(text):
        number += text.count("\n", at, found.start())
        at = found.start()
        lines.append(number)
    return lines


def _line(text: str) -> Iterator[Span]:
    if heading := _HEADING.match(text):
        level = len(heading[1])
        yield Span(0, len(text), Kind.HEADING, level)
        yield Span(0, heading.end(), Kind.MARK, level)
        yield from _inline(text, heading.end(), len(text))
    elif _TABLE.match(text):  # as it is typed: a hidden sign would move the bars behind it
        yield Span(0, len(text), Kind.TABLE)
        yield from (it for it in _inline(text, 0, len(text)) if it.kind in _IN_TABLE)
    elif _RULE.match(text):
        yield Span(0, len(text), Kind.RULE)
    elif quote := QUOTE.match(text):
        yield Span(0, len(text), Kind.QUOTE)
        yield Span(0, quote.end(), Kind.MARK)
        yield from _inline(text, quote.end(), len(text))
    elif item := ITEM.match(text):
        yield from _item(text, item)
    else:
        yield from _inline(text, 0, len(text))


def _item(text: str, item: re.Match[str]) -> Iterator[Span]:
    marker = Kind.BULLET if item[2] in "-*+" else Kind.NUMBER
    start = item.end()
    if item[4]:
        yield Span(item.start(2), item.start(4) - item.start(2), Kind.MARK)
        yield Span(item.start(4), len(item[4]), Kind.TASK)
        if item[4] != "[ ]":
            yield Span(start, len(text) - start, Kind.DONE)
    else:
        yield Span(item.start(2), len(item[2]), marker)
    yield from _inline(text, start, len(text))


def _inline(text: str, start: int, end: int) -> Iterator[Span]:
    for found in _INLINE.finditer(text, start, end):
        first, last = found.span()
        if found["code"]:
            yield from _wrapped(first, last, len(found["ticks"]), Kind.CODE)
        elif found["wiki"]:
            yield Span(first, last - first, Kind.LINK, target=f"[[{found[0][2:-2]}")
            yield from _marks(first, last, 2)
        elif found["link"]:
            yield from _link(found[0], first)
        elif found["bold"]:
            yield from _wrapped(first, last, 2, Kind.BOLD)
            yield from _inline(text, first + 2, last - 2)
        elif found["struck"]:
            yield from _wrapped(first, last, 2, Kind.STRUCK)
            yield from _inline(text, first + 2, last - 2)
        elif found["italic"]:
            yield from _wrapped(first, last, 1, Kind.ITALIC)
            yield from _inline(text, first + 1, last - 1)
        elif found["html"]:
            yield Span(first, last - first, Kind.HTML)
        elif found["url"]:
            yield Span(first, last - first, Kind.LINK, target=found[0].rstrip(".,;:!?"))
        else:
            yield Span(first, last - first, Kind.TAG)


def _wrapped(first: int, last: int, signs: int, kind: Kind) -> Iterator[Span]:
    yield Span(first, last - first, kind)
    yield from _marks(first, last, signs)


def _marks(first: int, last: int, signs: int) -> Iterator[Span]:
    yield Span(first, signs, Kind.MARK)
    yield Span(last - signs, signs, Kind.MARK)


def _link(text: str, first: int) -> Iterator[Span]:
    middle = text.rindex("](")
    opening = 2 if text.startswith("!") else 1
    yield Span(first, len(text), Kind.LINK, target=text[middle + 2 : -1])
    yield Span(first, opening, Kind.MARK)
    yield Span(first + middle, len(text) - middle, Kind.MARK)
