"""What a record was to one entry: what kind of change, and in which folder the entry lay."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag
from typing import NamedTuple

from storage.facts.change import Drop, Operation
from storage.index.line import LOOSE, Line


class How(IntFlag):
    """What a record did to one entry; nothing of this: a time, or a right to be run."""

    MADE = 1
    """It was not there just before: new, or back from the bin."""
    EDITED = 2
    MOVED = 4
    RENAMED = 8
    DELETED = 16


class Touch(NamedTuple):
    """One entry in one record."""

    lay: bytes
    """The folder that its place named then; one that it left by this record follows."""
    how: How


_WRITES = {"kind": How.MADE, "content": How.EDITED, "edits": How.EDITED}


def touch_of(operations: Iterable[Operation], before: Line | None, after: Line | None) -> Touch:
    """Return what operations on one entry were to it, given its rows before and after."""
    how = How(0)
    for operation in operations:
        if isinstance(operation, Drop):
            how |= How(0) if operation.attribute else How.DELETED
        else:
            how |= _WRITES.get(operation.attribute, How(0))
    was = LOOSE if before is None else before.raw
    lay = was if after is None else after.raw or was
    if how & How.MADE:
        return Touch(lay, How.MADE)
    if was and lay != was:
        return Touch(lay + was, how | How.MOVED)
    if before is not None and after is not None and after.name != before.name:
        how |= How.RENAMED
    return Touch(lay, how)
