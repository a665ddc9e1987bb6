"""One row of the catalog: what an entry's facts amount to, so that lists need not decode them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from storage.batches import rows_among
from storage.codec.dagcbor import decode_checked
from storage.errors import DecodeError
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.slots import APART, MARK, UNITED
from storage.facts.state import EntryFacts
from storage.facts.values import Content, EntryKind, value_bytes, value_from_cbor
from storage.facts.view import (
    changed_by,
    content_version,
    is_shown,
    kind_of,
    latest_meta,
    overtaken_in,
    sides,
    stored_name,
    winner,
)
from storage.index.sql import Connection
from storage.tree.encode import is_cut
from storage.tree.rows import encode_row

LOOSE = EntryId(b"")
"""The folder of entries that have no place in a folder: cards, orphans, cut cycles."""
HIDDEN = EntryId(b"")
"""The parent, in the view, of entries that are not shown."""

ODD_NAME = 1
ODD_SIDES = 2
ODD_CUT = 4
ODD_ORPHAN = 8
ODD_SLOT = 16
"""It holds a version of another file, and is shown only as long as that has none later."""
ODD_UNITED = 32
"""It is a note that took in others."""
ODD_APART = 64
"""It was named apart from another one that has its name."""
ODD_PLACES = 128
"""Several moved it at once."""
_ODD_ALWAYS = ODD_NAME | ODD_CUT | ODD_ORPHAN
"""What is found out for a row by who places and names it."""

COLUMNS = (
    "id, folder, raw, parent, name, folded, shown, kind, size, version, mtime_ns, executable, "
    "is_text, plain, writer, n, odd, cut, facts, child"
)
_values = attrgetter(*(name.strip() for name in COLUMNS.split(",")))
_PLACES = ", ".join("?" for _ in COLUMNS.split(","))
NODE_COLUMNS = "id, kind, parent, shown, size, version, mtime_ns, executable, is_text, writer, n"
"""What is shown of an entry: far less than all, where it is asked of thousands."""
_node_values = attrgetter(*(name.strip() for name in NODE_COLUMNS.split(",")))
_KINDS = {int(kind): kind for kind in EntryKind}


@dataclass(slots=True)
class Line:
    """A row of the table `entry`. Not frozen: it is a row under way to the table."""

    id: EntryId
    folder: EntryId
    """Where the row lies in the encoded tree."""
    raw: EntryId
    """The parent that the winning place names, there or not."""
    parent: EntryId
    """Where the view shows it."""
    name: str
    folded: str
    shown: str
    kind: int
    size: int
    version: bytes
    mtime_ns: int
    executable: int
    is_text: int
    plain: bytes
    """The content that is all there is to a file, encoded; empty with edits or a document."""
    writer: bytes
    n: int
    odd: int
    cut: int
    facts: bytes
    child: bytes | None
    hidden: bool = False
    """A card, or the remains of what was deleted elsewhere. Not a column: see parent."""

    @property
    def is_folder(self) -> bool:
        """Say whether other entries can lie in it."""
        return self.kind == EntryKind.FOLDER

    def to_row(self) -> tuple[Any, ...]:
        """Return the values in the order of COLUMNS."""
        return _values(self)

    def to_node(self) -> Node:
        """Return what the view shows of it."""
        return node_from(_node_values(self))


def line_of(entry: EntryId, facts: EntryFacts, before: Line | None) -> Line:
    """Return the row for facts, placed as before; who calls places it anew."""
    place = winner(facts.get("place", {}))
    name = stored_name(facts)
    kind = kind_of(facts)
    main = None if kind == EntryKind.FOLDER else _main_content(facts)
    meta = latest_meta(facts)
    last = changed_by(facts)
    has_sides = kind != EntryKind.FOLDER and bool(sides(facts)[1])
    return Line(
        id=entry,
        folder=before.folder if before else LOOSE,
        raw=EntryId(place[1].parent) if place else LOOSE,
        parent=before.parent if before else HIDDEN,
        hidden=not is_shown(facts),
        name=name,
        folded=collision_key(name),
        shown=before.shown if before and before.name == name else name,
        kind=int(kind),
        size=main.size if main else 0,
        version=content_version(facts) if kind != EntryKind.FOLDER else b"",
        mtime_ns=meta.mtime_ns,
        executable=int(meta.executable),
        is_text=int(main.is_text) if main else 0,
        plain=_plain_content(facts, main),
        writer=last.writer,
        n=last.n,
        odd=((before.odd if before else 0) & _ODD_ALWAYS)
        | (ODD_SIDES if has_sides else 0)
        | _odd_in(entry, facts),
        cut=int(is_cut(entry, 0)),
        facts=encode_row(entry, facts),
        child=before.child if before else None,
    )


def _odd_in(entry: EntryId, facts: EntryFacts) -> int:
    """Return what is odd about some facts by themselves."""
    odd = ODD_PLACES if len(facts.get("place", ())) > 1 else 0
    for name in facts:
        if name == MARK:
            odd |= ODD_SLOT if overtaken_in(entry, facts) else 0
        elif name.startswith(UNITED):
            odd |= ODD_UNITED
        elif name == APART:
            odd |= ODD_APART
    return odd


def load_lines(connection: Connection, entries: Iterable[EntryId]) -> dict[EntryId, Line]:
    """Return the rows of those entries that have one."""
    ask = f"SELECT {COLUMNS} FROM entry WHERE id IN (…)"  # noqa: S608
    return {line.id: line for line in map(line_from, rows_among(connection, ask, entries))}


def line_from(row: Sequence[Any]) -> Line:
    """Return the line of a row of COLUMNS."""
    line = Line(*row)
    line.hidden = line.parent == HIDDEN
    return line


def node_from(row: Sequence[Any]) -> Node:
    """Return the node of a row of NODE_COLUMNS."""
    entry, kind, parent, name, size, version, mtime_ns, executable, is_text, writer, n = row
    return Node(
        entry,
        _KINDS[kind],
        parent,
        name,
        size,
        version,
        mtime_ns,
        bool(executable),
        bool(is_text),
        Dot(Writer(writer), n),
    )


def save_lines(connection: Connection, lines: Iterable[Line]) -> None:
    """Write rows over what was there."""
    connection.executemany(
        f"INSERT OR REPLACE INTO entry ({COLUMNS}) VALUES ({_PLACES})",  # noqa: S608
        [line.to_row() for line in lines],
    )


def _plain_content(facts: EntryFacts, main: Content | None) -> bytes:
    if main is None or main.document is not None or facts.get("edits"):
        return b""
    return value_bytes(main) if len(facts["content"]) == 1 else b""


def plain_content(column: bytes) -> Content:
    """Return the content that the column `plain` holds.

    Raises:
        DecodeError: it holds none.
    """
    content = value_from_cbor("content", decode_checked(column))
    if not isinstance(content, Content):
        raise DecodeError("a column that holds no content")
    return content


def _main_content(facts: EntryFacts) -> Content | None:
    main = sides(facts)[0]
    if main is None:
        return None
    value = facts["content"][main]
    assert isinstance(value, Content)
    return value
