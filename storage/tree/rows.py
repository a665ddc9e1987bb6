"""Rows: one entry's facts as bytes, the smallest piece of the encoded tree.

    row = [id, kind, place, content, edits, meta, keep: dots each, other facts, child | null]
    dots = [[writer, n, value], ...] by (writer, n)      other facts = [[name, dots], ...] by name

A row but for its last element, the child link, is a *fragment*. It depends on the entry's
own facts alone, so it may be kept and put together with the child link of the day.

A fragment of more than `MAX_FRAGMENT` bytes is *spilled*, or a leaf of 256 rows might not
fit a block: it is sealed in pieces of their own and the row is [id, [piece, ...], child].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from storage.codec import dagcbor
from storage.codec.heads import ARRAY, BYTES, UNSIGNED, head, text
from storage.codec.shape import is_list, items_of
from storage.crypto.link import Link, link_from
from storage.errors import DecodeError
from storage.facts.change import ENTRY_SIZE, EntryId
from storage.facts.dots import MAX_NUMBER, WRITER_SIZE, Dot, Writer
from storage.facts.state import Dots, EntryFacts
from storage.facts.values import Value, value_bytes, value_from_cbor, value_to_cbor

Row = tuple[EntryId, EntryFacts, Link | None]
"""An entry, its facts, and the link to the folder's own rows."""
Seal = Callable[[bytes, bytes], Link]
"""Seal (kind, plain) as a block, keep that or not, and return the link to it."""

COLUMNS: Final = ("kind", "place", "content", "edits", "meta", "keep")
MAX_FRAGMENT: Final = 3072
PIECE: Final = 512 * 1024
MAX_PIECES: Final = 128
SPILL_KIND: Final = b"row"

_FRAGMENT_HEAD = b"\x89"  # a list of nine
_SPILLED_HEAD = b"\x83"  # a list of three
_NO_LINK = b"\xf6"
_EMPTY = b"\x80"  # an empty list
_PAIR = b"\x82"  # a list of two
_DOT_HEAD = b"\x83\x48"  # a list of three, the first of them 8 bytes
_NO_DOTS: Dots = {}
_LINK_HEAD = b"\x58\x40"  # 64 bytes


def encode_row(entry: EntryId, facts: EntryFacts) -> bytes:
    """Return the fragment of an entry's row: all but the child link."""
    parts = [_FRAGMENT_HEAD, head(BYTES, len(entry)), entry]
    parts += [_dots_bytes(facts.get(attribute, _NO_DOTS)) for attribute in COLUMNS]
    others = [name for name in facts if name not in COLUMNS]
    parts.append(head(ARRAY, len(others)))
    for name in sorted(others, key=_as_bytes):
        parts += (_PAIR, text(name), _dots_bytes(facts[name]))
    return b"".join(parts)


def finish_row(fragment: bytes, child: bytes | None) -> bytes:
    """Return the whole row: a fragment and the bytes of the child link."""
    return fragment + (_NO_LINK if child is None else _LINK_HEAD + child)


def fit_row(entry: EntryId, fragment: bytes, seal: Seal) -> bytes:
    """Return the fragment as a leaf takes it: as it is, or spilled when it is long."""
    if len(fragment) <= MAX_FRAGMENT:
        return fragment
    pieces = [fragment[at : at + PIECE] for at in range(0, len(fragment), PIECE)]
    links = [seal(SPILL_KIND, piece).to_bytes() for piece in pieces]
    return _SPILLED_HEAD + dagcbor.encode([entry, links])[1:]


def decode_row(data: bytes) -> Row:
    """Return the entry, its facts and the child link from a whole row or a fragment.

    Raises:
        DecodeError: anything but exactly what `encode_row` and `finish_row` write.
    """
    limit = MAX_PIECES * PIECE
    try:
        raw = dagcbor.decode(data + _NO_LINK, limit=limit + 1)  # a fragment, mostly
    except DecodeError:
        raw = dagcbor.decode(data, limit=limit)
    return row_from_cbor(raw)


def decode_own_row(fragment: bytes) -> EntryFacts:
    """Return the facts of a fragment out of our own sealed index, which `encode_row` wrote.

    Raises:
        DecodeError: not a row.
    """
    return row_from_cbor(dagcbor.decode_checked(fragment + _NO_LINK))[1]


def row_from_cbor(raw: object) -> Row:
    """Return the row whose canonical form this is.

    Raises:
        DecodeError: anything but exactly what a row is.
    """
    match items_of(raw):
        case [bytes() as entry, kind, place, content, edits, meta, keep, others, child] if (
            len(entry) == ENTRY_SIZE
        ):
            columns = (kind, place, content, edits, meta, keep)
            facts = {
                name: dots_from_cbor(name, dots)
                for name, dots in zip(COLUMNS, columns, strict=True)
                if dots != []
            }
            facts.update(_others_from_cbor(others))
            if not facts:
                raise DecodeError("a row without a fact")
            return EntryId(entry), facts, None if child is None else link_from(child)
        case _:
            raise DecodeError("a row has nine parts")


def spilled_from_cbor(raw: object) -> tuple[EntryId, list[Link], Link | None] | None:
    """Return the parts of a spilled row, None when this is a row as it is.

    Raises:
        DecodeError: a spilled row of the wrong shape.
    """
    match items_of(raw):
        case [bytes() as entry, pieces, child] if is_list(pieces) and len(entry) == ENTRY_SIZE:
            if not 0 < len(pieces) <= MAX_PIECES:
                raise DecodeError("a spilled row of too few or too many pieces")
            links = [link_from(piece) for piece in pieces]
            return EntryId(entry), links, None if child is None else link_from(child)
        case _:
            return None


def row_from_pieces(entry: EntryId, pieces: list[bytes], child: Link | None) -> Row:
    """Return the row whose fragment was spilled into these pieces.

    Raises:
        DecodeError: they are cut elsewhere, are no fragment, or one of another entry.
    """
    if any(len(piece) != PIECE for piece in pieces[:-1]) or not 0 < len(pieces[-1]) <= PIECE:
        raise DecodeError("a spilled row cut elsewhere")
    fragment = b"".join(pieces)
    found, facts, _ = row_from_cbor(dagcbor.decode(fragment + _NO_LINK, limit=len(fragment) + 1))
    if found != entry or len(fragment) <= MAX_FRAGMENT:
        raise DecodeError("a spilled row of another entry, or too short for one")
    return entry, facts, child


def _dots_bytes(dots: Dots) -> bytes:
    """Return what `dots_to_cbor` gives, encoded."""
    if not dots:
        return _EMPTY
    if len(dots) == 1:
        ((dot, value),) = dots.items()
        return _only(dot) + value_bytes(value)
    parts = [head(ARRAY, len(dots))]
    for dot in sorted(dots):
        parts += (_DOT_HEAD, dot[0], head(UNSIGNED, dot[1]), value_bytes(dots[dot]))
    return b"".join(parts)


@lru_cache(maxsize=256)
def _only(dot: Dot) -> bytes:
    """Return what stands before the value of a dot that is the only one, as most are."""
    return b"".join((head(ARRAY, 1), _DOT_HEAD, dot[0], head(UNSIGNED, dot[1])))


def dots_to_cbor(dots: Dots) -> list[list[object]]:
    """Return [[writer, n, value], ...] sorted by (writer, n)."""
    return [[dot[0], dot[1], value_to_cbor(dots[dot])] for dot in sorted(dots)]


def dots_from_cbor(attribute: str, raw: object) -> Mapping[Dot, Value]:
    """Return the dots that `dots_to_cbor` wrote.

    Raises:
        DecodeError: anything but exactly what it writes, and at least one dot.
    """
    if not is_list(raw) or not raw:
        raise DecodeError("dots are a list")
    dots: dict[Dot, Value] = {}
    last = (b"", 0)
    for item in raw:
        match items_of(item):
            case [bytes() as writer, int() as n, value] if (
                len(writer) == WRITER_SIZE and 0 < n <= MAX_NUMBER and n is not True
            ):
                if (writer, n) <= last:
                    raise DecodeError("dots that are not sorted")
                last = (writer, n)
                dots[Dot(Writer(writer), n)] = value_from_cbor(attribute, value)
            case _:
                raise DecodeError("a dot is [writer, n, value]")
    return dots


def _others_from_cbor(raw: object) -> dict[str, Dots]:
    if not is_list(raw):
        raise DecodeError("other facts are a list")
    others: dict[str, Dots] = {}
    last = b""
    for item in raw:
        match items_of(item):
            case [str() as name, dots] if name not in COLUMNS and last < _as_bytes(name):
                last = _as_bytes(name)
                others[name] = dots_from_cbor(name, dots)
            case _:
                raise DecodeError("other facts that are not sorted [name, dots]")
    return others


def _as_bytes(name: str) -> bytes:
    return name.encode()
