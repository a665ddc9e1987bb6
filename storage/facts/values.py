"""The values that facts hold, one frozen class an attribute, and their strict CBOR form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from storage.codec.dagcbor import encode_checked
from storage.codec.heads import ARRAY, BYTES, FALSE, NULL, TEXT, TRUE, head, integer
from storage.codec.shape import is_list, items_of
from storage.crypto.link import Link, link_from
from storage.errors import DecodeError
from storage.facts.dots import MAX_NUMBER, WRITER_SIZE, Dot, Writer
from storage.facts.names import check_name

PAIR, SIX = head(ARRAY, 2), head(ARRAY, 6)
BYTES_16, BYTES_32, BYTES_64 = (head(BYTES, size) for size in (16, 32, 64))
Scalar = None | bool | int | str | bytes
"""What a `fact:<name>` may hold."""

MAX_INLINE_EDIT = 4096
MAX_SCALAR = 4096
MAX_PATH_DEPTH = 128


class EntryKind(IntEnum):
    """What an entry is."""

    FOLDER = 1
    FILE = 2
    LINK = 3
    MOUNT = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """Set once."""

    kind: EntryKind


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: its parent's id (16 bytes) and its name there, stored exactly."""

    parent: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds.

    `link` opens a chunk or a manifest (see storage.tree.content), None for zero bytes.
    `digest` is BLAKE3-256 of the plain bytes. `is_text` says that it is UTF-8 of at most 2 MiB.
    `document` opens a Loro snapshot of the text, once it was compacted; `lineage` is the
    digest of the plain text that the lineage was seeded from (its own digest when new).
    """

    link: Link | None
    size: int
    digest: bytes
    is_text: bool
    document: Link | None = None
    lineage: bytes = b""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a text: a Loro update, inline up to 4 KiB, else behind a link.

    `base` is the dot of the `content` it changes.
    """

    base: Dot
    update: bytes | Link


@dataclass(frozen=True, slots=True)
class Meta:
    """Display only; never decides anything."""

    mtime_ns: int
    executable: bool


@dataclass(frozen=True, slots=True)
class Keep:
    """The path as it was, from the top, the entry's own name last."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """The value of a `fact:<name>` attribute."""

    value: Scalar


Value = Kind | Place | Content | Edit | Meta | Keep | Fact


def value_to_cbor(value: Value) -> object:  # noqa: PLR0911 - one for each kind
    """Return the canonical form of a value: arrays and scalars only."""
    match value:
        case Kind(kind):
            return int(kind)
        case Place(parent, name):
            return [parent, name]
        case Content():
            return _content_to_cbor(value)
        case Edit(base, update):
            body = update.to_bytes() if isinstance(update, Link) else update
            return [base.writer, base.n, isinstance(update, Link), body]
        case Meta(mtime_ns, executable):
            return [mtime_ns, executable]
        case Keep(path):
            return list(path)
        case Fact(scalar):
            return scalar


def value_bytes(value: Value) -> bytes:
    """Return the CBOR bytes of a value, what `value_to_cbor` gives, encoded.

    A commit needs them twice for each fact, in its record and its rows: the values that come
    by the thousand are put together here from their parts.
    """
    match value:
        case Place(parent, name):
            return b"".join((PAIR, BYTES_16, parent, _text(name)))
        case Content():
            return _content_bytes(value)
        case Meta(mtime_ns, executable):
            return PAIR + integer(mtime_ns) + (TRUE if executable else FALSE)
        case Keep(path):
            return b"".join((head(ARRAY, len(path)), *map(_text, path)))
        case _:
            return encode_checked(value_to_cbor(value))


def _text(name: str) -> bytes:
    encoded = name.encode()
    return head(TEXT, len(encoded)) + encoded


def _content_bytes(value: Content) -> bytes:
    link, document, lineage = value.link, value.document, value.lineage
    parts = (
        SIX,
        NULL if link is None else BYTES_64 + link.to_bytes(),
        integer(value.size),
        BYTES_32,
        value.digest,
        TRUE if value.is_text else FALSE,
        NULL if document is None else BYTES_64 + document.to_bytes(),
        head(BYTES, len(lineage)),
        lineage,
    )
    return b"".join(parts)


def value_from_cbor(attribute: str, raw: object) -> Value:
    """Return the value of an attribute from its canonical form.

    Raises:
        DecodeError: anything but exactly what `value_to_cbor` writes.
    """
    reader = _READERS.get(attribute)
    if reader is not None:
        return reader(raw)
    if not attribute.startswith("fact:") or not len(attribute) <= 64:  # noqa: PLR2004
        raise DecodeError("an attribute that is not known")
    if isinstance(raw, str | bytes) and len(raw) > MAX_SCALAR:
        raise DecodeError("a fact that is too long")
    if raw is None or isinstance(raw, bool | int | str | bytes):
        return Fact(raw)
    raise DecodeError("a fact that is no scalar")


def _content_to_cbor(value: Content) -> object:
    link = None if value.link is None else value.link.to_bytes()
    document = None if value.document is None else value.document.to_bytes()
    return [link, value.size, value.digest, value.is_text, document, value.lineage]


def _kind(raw: object) -> Value:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw not in _KINDS:
        raise DecodeError("a kind that is not known")
    return Kind(EntryKind(raw))


def _place(raw: object) -> Value:
    match items_of(raw):
        case [bytes() as parent, str() as name] if len(parent) == 16:  # noqa: PLR2004
            check_name(name)
            return Place(parent, name)
        case _:
            raise DecodeError("a place is [parent, name]")


def _content(raw: object) -> Value:
    match items_of(raw):
        case [link, int() as size, bytes() as digest, bool() as text, document, bytes() as lineage]:
            if not 0 <= size <= MAX_NUMBER or len(digest) != 32 or len(lineage) not in {0, 32}:  # noqa: PLR2004
                raise DecodeError("a content out of bounds")
            if (link is None) != (size == 0) or isinstance(size, bool):
                raise DecodeError("a content whose size and link disagree")
            return Content(_maybe_link(link), size, digest, text, _maybe_link(document), lineage)
        case _:
            raise DecodeError("a content has six parts")


def _edit(raw: object) -> Value:
    match items_of(raw):
        case [bytes() as writer, int() as n, bool() as behind_link, bytes() as body]:
            if len(writer) != WRITER_SIZE or not 0 < n <= MAX_NUMBER or n is True:
                raise DecodeError("an edit of no dot")
            if not behind_link and not 0 < len(body) <= MAX_INLINE_EDIT:
                raise DecodeError("an inline edit of the wrong size")
            return Edit(Dot(Writer(writer), n), link_from(body) if behind_link else body)
        case _:
            raise DecodeError("an edit has four parts")


def _meta(raw: object) -> Value:
    match items_of(raw):
        case [int() as mtime_ns, bool() as executable] if (
            not isinstance(mtime_ns, bool) and -(2**63) <= mtime_ns < 2**63
        ):
            return Meta(mtime_ns, executable)
        case _:
            raise DecodeError("a meta is [mtime_ns, executable]")


def _keep(raw: object) -> Value:
    if not is_list(raw) or not 0 < len(raw) <= MAX_PATH_DEPTH:
        raise DecodeError("a keep is a path")
    return Keep(tuple(check_name(name) for name in raw))


def _maybe_link(raw: object) -> Link | None:
    return None if raw is None else link_from(raw)


_KINDS = frozenset(int(kind) for kind in EntryKind)
_READERS: Mapping[str, Callable[[object], Value]] = {
    "kind": _kind,
    "place": _place,
    "content": _content,
    "edits": _edit,
    "meta": _meta,
    "keep": _keep,
}
