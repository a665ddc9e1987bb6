"""What is about to be told to the space, so that after a kill it is known whether it was told.

Between the space's commit and the agreement on it a kill may fall. The program that saves goes on,
and its next bytes would be taken for made from the version before: of a text the words would be
mixed, of any other file two would be made.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from app.folder.agreed import Agreed, Row
from app.folder.port import Shape, Stat
from app.folder.reading import Read, holds
from app.folder.space import Space
from storage.codec.dagcbor import decode_checked, encode_checked
from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError
from storage.facts.change import EntryId

_KEY = "intent"
_NOTHING = b""
_NUMBERS = 7
"""So many fields of a row are numbers: from its kind to its mode."""


def intend(agreed: Agreed, rows: Iterable[Row]) -> None:
    """Write down what will be agreed when the commit that follows is made."""
    agreed.remember(_KEY, encode_checked([list(row) for row in rows]))


def is_done(agreed: Agreed) -> None:
    """Forget it: what was told is agreed."""
    agreed.remember(_KEY, _NOTHING)


def find_out(space: Space, agreed: Agreed) -> None:
    """After a start: agree on what was told and not agreed; forget what was never told."""
    raw = agreed.word(_KEY)
    if not raw:
        return
    with suppress(DecodeError), agreed.together():
        found = decode_checked(raw)
        for row in filter(None, map(_row, items_of(found) if is_list(found) else ())):
            _judge(space, agreed, row)
    is_done(agreed)


def _row(item: object) -> Row | None:
    """Return a row as it was written down."""
    if not is_list(item):
        return None
    values = items_of(item)
    numbers = [value for value in values[4 : 4 + _NUMBERS] if isinstance(value, int)]
    match [*values[:4], *values[4 + _NUMBERS :]]:
        case [
            bytes() as entry,
            bytes() as parent,
            str() as disk,
            str() as name,
            bytes() as version,
            bytes() as digest,
            bytes() as base,
        ] if len(numbers) == _NUMBERS:
            kind, device, inode, size, mtime_ns, ctime_ns, mode = numbers
            place = EntryId(entry), EntryId(parent), disk, name
            known = device, inode, size, mtime_ns, ctime_ns, mode
            return Row(*place, kind, *known, version, digest, base)
        case _:
            return None


def _judge(space: Space, agreed: Agreed, row: Row) -> None:
    node = space.tree().get(row.entry)
    if node is None or agreed.get(row.entry) is None:
        return
    stat = Stat(Shape.FILE, row.device, row.inode, row.size, row.mtime_ns, row.ctime_ns, row.mode)
    if holds(space, node, Read(stat, row.digest, b"")):
        base = space.base(node) if node.is_text else b""
        agreed.put([row._replace(version=node.version, base=base)])
    elif node.is_text and row.base and space.change().builds_on(row.entry, row.base):
        agreed.put([row])
