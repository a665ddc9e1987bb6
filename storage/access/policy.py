"""Policies: what the arguments of an invocation must satisfy, link by link.

A policy is a list of statements that must all be true. It can only narrow. Looking is
bounded: a policy that wants more steps than that refuses.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from storage.access.selector import UNRESOLVED, Selector, parse_selector
from storage.codec.shape import is_list, is_map, items_of
from storage.errors import BadToken, NotAllowed

MAX_DEPTH: Final = 16
MAX_STEPS: Final = 20_000

_EQUAL = frozenset({"==", "!="})
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_GROUPS = frozenset({"and", "or"})
_EACH = frozenset({"all", "any"})


@dataclass(frozen=True, slots=True)
class Compare:
    """`==`, `!=`, `<`, `<=`, `>`, `>=` of what is selected and a value."""

    how: str
    selector: Selector
    value: object


@dataclass(frozen=True, slots=True)
class Like:
    """The selected text matches pieces with anything between them."""

    selector: Selector
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The statement is false."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Group:
    """`and`: all of the statements. `or`: one of them, or there are none."""

    how: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """`all` or `any` of the items of the selected list."""

    how: str
    selector: Selector
    statement: Statement


Statement = Compare | Like | Not | Group | Each
Policy = tuple[Statement, ...]


def parse_policy(raw: object) -> Policy:
    """Return the policy that a decoded token holds.

    Raises:
        BadToken: not a list of statements, or an operator that is not known.
    """
    if not is_list(raw):
        raise BadToken("a policy is a list")
    return tuple(_parse(statement, MAX_DEPTH) for statement in raw)


def holds(policy: Policy, args: Mapping[str, object]) -> bool:
    """Say whether the arguments satisfy every statement.

    Raises:
        NotAllowed: finding out would take too long.
    """
    if not policy:
        return True
    judge, top = _Judge(), dict(args)
    return all(judge.true(statement, top) for statement in policy)


def _parse(raw: object, depth: int) -> Statement:
    if not depth:
        raise BadToken("a policy that is nested too deeply")
    match items_of(raw):
        case [str() as how, selector, value] if how in _EQUAL:
            return Compare(how, parse_selector(selector), value)
        case [str() as how, selector, int() | float() as value] if how in _ORDER and not isinstance(
            value, bool
        ):
            return Compare(how, parse_selector(selector), value)
        case ["like", selector, str() as pattern]:
            return Like(parse_selector(selector), _pieces(pattern))
        case ["not", statement]:
            return Not(_parse(statement, depth - 1))
        case [str() as how, statements] if how in _GROUPS and is_list(statements):
            return Group(how, tuple(_parse(each, depth - 1) for each in statements))
        case [str() as how, selector, statement] if how in _EACH:
            return Each(how, parse_selector(selector), _parse(statement, depth - 1))
        case _:
            raise BadToken("a policy statement that is not known")


def _pieces(pattern: str) -> tuple[str, ...]:
    """Cut a pattern at its wild stars; an escaped star is a star."""
    pieces = [""]
    letters = iter(pattern)
    for letter in letters:
        if letter == "*":
            pieces.append("")
        elif letter == "\\":
            following = next(letters, "")
            pieces[-1] += following if following == "*" else letter + following
        else:
            pieces[-1] += letter
    return tuple(pieces)


class _Judge:
    """Evaluates statements, and counts."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def true(self, statement: Statement, value: object) -> bool:
        self._left -= 1
        if self._left < 0:
            raise NotAllowed("a policy that would take too long to look at")
        match statement:
            case Compare(how, selector, wanted):
                return _compare(how, selector.resolve(value), wanted)
            case Like(selector, pieces):
                text = selector.resolve(value)
                return isinstance(text, str) and _like(text, pieces)
            case Not(inner):
                return not self.true(inner, value)
            case Group():
                return self._group(statement, value)
            case Each():
                return self._each(statement, value)

    def _group(self, group: Group, value: object) -> bool:
        answers = (self.true(each, value) for each in group.statements)
        if group.how == "and":
            return all(answers)
        return not group.statements or any(answers)

    def _each(self, each: Each, value: object) -> bool:
        items = each.selector.resolve(value)
        if not is_list(items):
            return False
        answers = (self.true(each.statement, item) for item in items)
        return all(answers) if each.how == "all" else any(answers)


def _compare(how: str, found: object, wanted: object) -> bool:
    if found is UNRESOLVED:
        return False
    if how in _EQUAL:
        return _equal(found, wanted) == (how == "==")
    if not _is_number(found) or not _is_number(wanted):
        return False
    return _ORDER[how](found, wanted)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(one: object, other: object) -> bool:
    """Compare as values: true is not 1, but 1.0 is."""
    if _is_number(one) and _is_number(other):
        return one == other
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(_equal, one, other))
    if is_map(one) and is_map(other):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def _like(text: str, pieces: tuple[str, ...]) -> bool:
    """Match with each piece as early as it can stand: no going back, so no blow-up."""
    first, *middle = pieces
    if not middle:
        return text == first
    *middle, last = middle
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    if not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
