"""Slots: where a version beside a file stays once it becomes a file of its own. Pure.

There is one slot for each file and each writer. So while two devices go on replacing one file, what
the one wrote last stands beside what the other wrote last, and nothing else does: a version that
its own writer has replaced is no version beside any more, though somebody made a file of it
meanwhile. Who changes, renames or moves what lies in a slot makes it a file like any other.
"""

from __future__ import annotations

from typing import NamedTuple

from blake3 import blake3

from storage.facts.change import ENTRY_SIZE, EntryId
from storage.facts.dots import WRITER_SIZE, Dot, Writer
from storage.facts.state import Dots, EntryFacts
from storage.facts.values import Fact

MARK = "fact:beside"
"""Of which file a slot holds a version, and of which dot: entry ‖ writer ‖ n, u64."""
UNITED = "fact:united:"
"""And an id: says of a note that it took in the note of that id; the value is of which lineage."""
APART = "fact:apart"
"""Says of a file which other one has the name that both were given."""
_N_SIZE = 8
_NONE: Dots = {}


class Marked(NamedTuple):
    """What a slot holds."""

    original: EntryId
    dot: Dot


def slot_of(entry: EntryId, writer: Writer) -> EntryId:
    """Return the id of the slot for what a writer leaves beside a file."""
    return EntryId(blake3(b"beside" + entry + writer).digest()[:ENTRY_SIZE])


def mark_of(entry: EntryId, dot: Dot) -> Fact:
    """Return the mark of a slot that is filled with a version."""
    return Fact(entry + dot.writer + dot.n.to_bytes(_N_SIZE, "big"))


def marked(slot: EntryId, facts: EntryFacts) -> Marked | None:
    """Return what a slot holds; None of what is none, or was changed or moved since.

    Only the slot of that file and writer can hold it: no mark hides another file, or a folder.
    """
    marks = facts.get(MARK)
    if not marks or "content" not in facts:
        return None
    if any(facts.get(name, _NONE).keys() - marks.keys() for name in ("content", "edits", "place")):
        return None
    held = [
        found
        for value in marks.values()
        if (found := _read(value)) is not None and slot_of(found.original, found.dot.writer) == slot
    ]
    return max(held, key=lambda found: (found.dot.rank, found.original), default=None)


def contents_of(facts: EntryFacts) -> Dots:
    """Return the contents of an entry; of a slot that two filled at once only the latest."""
    contents = facts.get("content", _NONE)
    marks = facts.get(MARK)
    if not marks or len(contents) < 2:  # noqa: PLR2004
        return contents
    numbers = {dot: found.dot.n for dot, it in marks.items() if (found := _read(it)) is not None}
    latest = max((numbers[dot] for dot in contents if dot in numbers), default=0)
    return {dot: it for dot, it in contents.items() if numbers.get(dot, latest) == latest}


def _read(value: object) -> Marked | None:
    if not isinstance(value, Fact) or not isinstance(value.value, bytes):
        return None
    raw = value.value
    if len(raw) != ENTRY_SIZE + WRITER_SIZE + _N_SIZE:
        return None
    writer = Writer(raw[ENTRY_SIZE:-_N_SIZE])
    return Marked(EntryId(raw[:ENTRY_SIZE]), Dot(writer, int.from_bytes(raw[-_N_SIZE:], "big")))
