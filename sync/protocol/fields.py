"""Single fields of messages: what each may be, checked before anything is built from it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple, cast

from storage.blocks.store import MAX_BLOCK, Kind, Thing
from storage.errors import DecodeError
from storage.facts.dots import Seen, seen_from_cbor
from sync.protocol import bounds
from sync.protocol.messages import Limits

_LEAST_LIMIT = 1 << 18


class Field(NamedTuple):
    """One place in a message's array: how it is read, and how it is written."""

    name: str
    read: Callable[[object], object]
    write: Callable[[Any], object] = lambda value: value


def number(name: str, low: int, high: int) -> Field:
    """Return a field that holds a number from low to high, both included."""
    return Field(name, partial(_number, low=low, high=high))


def one_of(name: str, kind: type[IntEnum], *but: IntEnum) -> Field:
    """Return a field that holds one of a set of numbers."""
    allowed = {int(member): member for member in kind if member not in but}

    def read(value: object) -> IntEnum:
        if type(value) is not int or value not in allowed:
            raise DecodeError("a number that means nothing")
        return allowed[value]

    return Field(name, read, int)


def truth(name: str) -> Field:
    """Return a field that is true or false."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise DecodeError("neither true nor false")
        return value

    return Field(name, read)


def text(name: str, longest: int) -> Field:
    """Return a field of text, at most `longest` bytes in UTF-8."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value.encode()) > longest:
            raise DecodeError("a text is missing, or too long")
        return value

    return Field(name, read)


def exactly(name: str, size: int) -> Field:
    """Return a field of that many bytes."""
    return Field(name, partial(_exactly, size=size))


def at_most(name: str, longest: int) -> Field:
    """Return a field of at most so many bytes."""
    return Field(name, partial(_at_most, longest=longest))


def many_of(name: str, size: int, most: int, least: int = 1) -> Field:
    """Return a field that lists byte strings of one size."""

    def read(value: object) -> tuple[bytes, ...]:
        return tuple(_exactly(item, size) for item in _list(value, most, least))

    return Field(name, read, list)


def many(name: str, longest: int, most: int) -> Field:
    """Return a field that lists byte strings of at most that size."""

    def read(value: object) -> tuple[bytes, ...]:
        return tuple(_at_most(item, longest) for item in _list(value, most, 1))

    return Field(name, read, list)


def seen(name: str) -> Field:
    """Return a field that holds a version vector."""

    def read(value: object) -> Seen:
        return seen_from_cbor(_list(value, bounds.MAX_WRITERS, 0))

    return Field(name, read, Seen.to_cbor)


def limits(name: str) -> Field:
    """Return a field that holds what an end can take."""

    def read(value: object) -> Limits:
        frame, records, blocks = _list(value, 3, 3)
        return Limits(
            _number(frame, _LEAST_LIMIT, bounds.MAX_FRAME),
            _number(records, _LEAST_LIMIT, bounds.MAX_CREDIT),
            _number(blocks, _LEAST_LIMIT, bounds.MAX_CREDIT),
        )

    def write(value: Limits) -> list[int]:
        return [value.frame, value.records, value.blocks]

    return Field(name, read, write)


def things(name: str) -> Field:
    """Return a field that lists things, each a kind and bytes."""

    def read(value: object) -> tuple[Thing, ...]:
        return tuple(_thing(item) for item in _list(value, bounds.MAX_THINGS_A_MESSAGE, 0))

    def write(value: tuple[Thing, ...]) -> list[list[object]]:
        return [[int(thing.kind), thing.data] for thing in value]

    return Field(name, read, write)


def _thing(value: object) -> Thing:
    kind, data = _list(value, 2, 2)
    number = _number(kind, min(Kind), max(Kind))
    return Thing(Kind(number), _at_most(data, MAX_BLOCK))


def _number(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise DecodeError("a number out of bounds")
    return value


def _exactly(value: object, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise DecodeError("bytes are missing, or of another length")
    return value


def _at_most(value: object, longest: int) -> bytes:
    if not isinstance(value, bytes) or len(value) > longest:
        raise DecodeError("bytes are missing, or too many")
    return value


def _list(value: object, most: int, least: int) -> list[object]:
    found = listed(value)
    if not least <= len(found) <= most:
        raise DecodeError("a list of a length that is not allowed")
    return found


def whole(value: object, high: int) -> int:
    """Return a value that must be a number from 0 to high.

    Raises:
        DecodeError: it is none.
    """
    return _number(value, 0, high)


def listed(value: object) -> list[object]:
    """Return a value that must be a list.

    Raises:
        DecodeError: it is none.
    """
    if not isinstance(value, list):
        raise DecodeError("a list is missing")
    return cast("list[object]", value)
