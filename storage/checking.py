"""Verifying everything: every block, every record and its right, every file, the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from storage.core import Core
from storage.crypto.link import Link
from storage.errors import AtollError, BlockNotFound
from storage.facts.change import EntryId
from storage.index.catalog import PathFinder
from storage.index.line import HIDDEN
from storage.records.record import parse_record
from storage.tree.rows import decode_own_row

Step = Callable[[str, int, int, int, int], None]
"""Hears (what is done, how many are done, of how many; bytes, of how many), may raise to stop.

What is not known is 0.
"""


def untold(what: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
    """Tell nobody."""
    del what, done, total, done_bytes, total_bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as it should be."""

    what: str
    where: str
    severity: str
    """'damaged', 'missing' or 'note'."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was found."""

    blocks: int
    records: int
    entries: int
    size: int
    found: tuple[Found, ...]


def check(core: Core, step: Step) -> Checked:
    """Look at everything. Nothing is changed."""
    found: list[Found] = []
    blocks = size = 0

    def walked(done: int, total: int) -> None:
        nonlocal blocks, size
        blocks, size = blocks + 1, done
        step("Checking blocks", blocks, 0, done, total)

    for _digest, where in core.blocks.verify(walked):
        found.append(Found("a block", where, "damaged"))
    records = list(_check_records(core, step, found))
    entries = _check_entries(core, step, found)
    if not core.catalog.dirty and _root_from_nothing(core) != core.root:
        found.append(Found("the tree of folders", "index", "damaged"))
    return Checked(blocks, len(records), entries, size, tuple(found))


def _check_records(core: Core, step: Step, found: list[Found]) -> Iterator[bytes]:
    steps = core.ledger.steps(latest_first=False)
    for number, entry in enumerate(steps):
        step("Checking records", number, len(steps), 0, 0)
        try:
            record = parse_record(core.blocks.get(entry.digest))
            core.members.may_write(record, record.at)
            core.history.payload(entry)
        except AtollError as error:
            found.append(Found(f"a record of {entry.words or 'changes'}", str(error), "damaged"))
        yield entry.cid


def _check_entries(core: Core, step: Step, found: list[Found]) -> int:
    paths = PathFinder(core.connection)
    rows = core.connection.execute(
        "SELECT id, facts, size FROM entry WHERE parent <> ?", (HIDDEN,)
    ).fetchall()
    read, total = 0, sum(int(size) for _entry, _facts, size in rows)
    for number, (entry, fragment, _size) in enumerate(rows):
        step("Checking files", number, len(rows), read, total)
        where = "/".join(paths.path(EntryId(bytes(entry))))
        try:
            for piece in core.contents.read(decode_own_row(bytes(fragment))):
                read += len(piece)
                step("Checking files", number, len(rows), read, total)
        except BlockNotFound:
            found.append(Found("a file whose bytes are not all here yet", where, "missing"))
        except AtollError:
            found.append(Found("a file", where, "damaged"))
    return len(rows)


def _root_from_nothing(core: Core) -> Link:
    """Seal the whole tree once more, in a transaction that is thrown away."""
    core.connection.execute("BEGIN")
    try:
        return core.nodes.write_all(core.sealing, core.seen, lambda _sealed: None)
    finally:
        core.connection.execute("ROLLBACK")
        core.catalog.dirty.clear()
