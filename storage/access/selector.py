"""Selectors: how a policy points into the arguments, a small part of what jq can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from storage.codec.shape import is_list, is_map
from storage.errors import BadToken

_MAX_TEXT = 512
_STEP = re.compile(
    r"""\.?\[(?:
            (?P<index>-?[0-9]{1,15})
          | "(?P<key>(?:[^"\\]|\\["\\])*)"
          | (?P<low>-?[0-9]{1,15})?(?P<colon>:)(?P<high>-?[0-9]{1,15})?
          | (?P<values>)
        )\]
      | \.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([\"\\])")


class Unresolved:
    """The selector points at nothing; the statement that asks is then false."""


UNRESOLVED: Final = Unresolved()


@dataclass(frozen=True, slots=True)
class Key:
    """A field of a map; null when it is missing."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """An item of a list, from the end when negative."""

    at: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a list or of bytes."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Values:
    """All items of a list, or all values of a map."""


Step = Key | Index | Cut | Values


@dataclass(frozen=True, slots=True)
class Selector:
    """Steps from the top, each with whether a miss is null instead of nothing."""

    steps: tuple[tuple[Step, bool], ...]

    def resolve(self, value: object) -> object:
        """Return what this points at, `UNRESOLVED` if nothing."""
        for step, optional in self.steps:
            value = _take(step, value)
            if value is UNRESOLVED:
                if not optional:
                    return UNRESOLVED
                value = None
        return value


def parse_selector(text: object) -> Selector:
    """Return the selector that text spells.

    Raises:
        BadToken: it spells none.
    """
    if not isinstance(text, str) or text[:1] != "." or len(text) > _MAX_TEXT:
        raise BadToken("a selector that is none")
    if text == ".":
        return Selector(())
    steps: list[tuple[Step, bool]] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise BadToken("a selector that is none")
        at = match.end()
        optional = text[at : at + 1] == "?"
        at += optional
        steps.append((_step(match), optional))
    return Selector(tuple(steps))


def _step(match: re.Match[str]) -> Step:
    found = match.groupdict()
    if found["name"] is not None:
        return Key(found["name"])
    if found["key"] is not None:
        return Key(_ESCAPED.sub(r"\1", found["key"]))
    if found["index"] is not None:
        return Index(int(found["index"]))
    if found["colon"] is not None:
        return Cut(_number(found["low"]), _number(found["high"]))
    return Values()


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _take(step: Step, value: object) -> object:
    if is_map(value):
        match step:
            case Key(name):
                return value.get(name)
            case Values():
                return list(value.values())
            case _:
                return UNRESOLVED
    if isinstance(value, bytes):
        return value[step.low : step.high] if isinstance(step, Cut) else UNRESOLVED
    return _take_from_list(step, value) if is_list(value) else UNRESOLVED


def _take_from_list(step: Step, items: list[object]) -> object:
    match step:
        case Index(at) if -len(items) <= at < len(items):
            return items[at]
        case Cut(low, high):
            return items[low:high]
        case Values():
            return items
        case _:
            return UNRESOLVED
