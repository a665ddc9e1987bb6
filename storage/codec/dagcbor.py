"""The one gate for bytes from outside: strict, canonical DAG-CBOR.

A value is None, a bool, an int of 64 bits, text, bytes, a `Cid`, a list of values, or a
dict from text to values. There are no floats. Each value has exactly one encoding and
`decode` takes no other, so equal bytes and equal values are the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NoReturn, cast

import cbor2

from storage.codec.cid import Cid, parse_cid
from storage.codec.shape import is_map
from storage.errors import DecodeError

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 1_000_000
MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**63 - 1
DEFAULT_LIMIT: Final = 1 << 20

_LINK_TAG = 42
_LEAVES = frozenset({str, bytes, bool, type(None), Cid})
_BRANCHES = frozenset({list, tuple, dict})
_LISTS = (list, tuple)
_ALL = _LEAVES | _BRANCHES | {int}
# What cbor2 would otherwise make objects of by itself: dates, patterns, shared references, ...
_KNOWN_TAGS = (
    *range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799
)  # fmt: skip


def encode(value: object) -> bytes:
    """Return the one encoding of value. Tuples are written as lists.

    Raises:
        ValueError: the value is none that `decode` could return: a bug of the caller.
    """
    try:
        _check(value, MAX_DEPTH)
    except DecodeError:
        _check_ours(value, MAX_DEPTH)  # slower, and knows named tuples and enumerations
    return _dumps(value)


def encode_checked(value: object) -> bytes:
    """Return the encoding of a value whose parts were checked when they were built.

    For what is made of frozen values by the thousand; the walk of `encode` costs as much as
    the encoding itself. Arrays, bytes, text, integers, booleans and None only.
    """
    return _dumps(value)


def decode(data: bytes, *, limit: int = DEFAULT_LIMIT, depth: int = MAX_DEPTH) -> object:
    """Return the value that data encodes, of at most `limit` bytes and `depth` nestings.

    Raises:
        DecodeError: anything but the one encoding of a value, whatever the bytes.
    """
    if len(data) > limit:
        raise DecodeError("more bytes than this may have")
    try:
        value: object = cbor2.loads(
            data,
            tag_hook=_link_from_tag,
            semantic_decoders=_REFUSALS,
            max_depth=depth + 1,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except _TROUBLES as error:
        raise DecodeError("not DAG-CBOR") from error
    _check(value, depth)
    try:
        canonical = _dumps(value)
    except _TROUBLES as error:
        raise DecodeError("not DAG-CBOR") from error
    if canonical != data:
        raise DecodeError("not in the one canonical form")
    return value


def decode_checked(data: bytes) -> object:
    """Return the value of bytes that `encode` wrote and that nobody could change since.

    For rows of our own sealed index: bytes from a peer or a pack never come this way.

    Raises:
        DecodeError: not CBOR.
    """
    try:
        return cbor2.loads(data, tag_hook=_link_from_tag)
    except _TROUBLES as error:
        raise DecodeError("not DAG-CBOR") from error


def _dumps(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True, default=_write_link)


def _write_link(encoder: cbor2.CBOREncoder, value: object) -> None:
    if not isinstance(value, Cid):
        raise TypeError(f"a {type(value).__name__} has no encoding")
    encoder.encode(cbor2.CBORTag(_LINK_TAG, b"\0" + value.to_bytes()))


def _link_from_tag(tag: cbor2.CBORTag, _immutable: bool) -> Cid:  # noqa: FBT001
    if tag.tag != _LINK_TAG or not isinstance(tag.value, bytes) or tag.value[:1] != b"\0":
        raise DecodeError("a tag that is no link")
    return parse_cid(tag.value[1:])


def _refuse(*_ignored: object) -> NoReturn:
    raise DecodeError("a tag that is no link")


_REFUSALS: Mapping[int, Callable[..., NoReturn]] = dict.fromkeys(_KNOWN_TAGS, _refuse)
_TROUBLES = (
    cbor2.CBORError,
    DecodeError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RecursionError,
    MemoryError,
)


def _check(value: object, depth: int) -> None:
    """Refuse every type, key, size and depth that a value does not have, level by level."""
    level: list[object] = [value]
    items = 0
    for _below in range(depth + 1):
        items += len(level)
        if items > MAX_ITEMS:
            raise DecodeError("more items than this may have")
        kinds = set(map(type, level))
        if not kinds <= _ALL:
            raise DecodeError("a type that is not allowed")
        if int in kinds:
            _check_ints(level)
        if not kinds & _BRANCHES:
            return
        level = _inside(level)
    raise DecodeError("nested too deeply")


def _check_ints(level: Collection[object]) -> None:
    for item in level:
        if type(item) is int and not MIN_INT <= item <= MAX_INT:
            raise DecodeError("a number that is too large")


def _inside(level: Collection[object]) -> list[object]:
    below: list[object] = []
    for item in level:
        if isinstance(item, _LISTS):
            below += cast("Iterable[object]", item)
        elif is_map(item):
            if not set(map(type, item)) <= {str}:
                raise DecodeError("a key that is no text")
            below += item.values()
    return below


def _check_ours(value: object, depth: int) -> None:
    """Refuse what `decode` would refuse; here tuples and small classes of int pass too."""
    if value is None or isinstance(value, str | bytes | Cid):
        return
    if isinstance(value, int) and MIN_INT <= value <= MAX_INT:
        return
    inside: Iterable[object] | None = None
    if isinstance(value, _LISTS):
        inside = cast("Iterable[object]", value)
    elif is_map(value) and all(map(_is_text, value)):
        inside = value.values()
    if inside is None or not depth:
        raise ValueError("a value that has no encoding, or is too deep")
    for item in inside:
        _check_ours(item, depth - 1)


def _is_text(key: object) -> bool:
    return isinstance(key, str)
