"""Verifying everything: blocks, records and rights, each writer's line, every version, the lists.

What is damaged is named by the paths and versions that a person knows. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from storage.blocks.store import Kind
from storage.core import INDEX, Core
from storage.errors import AtollError, BlockNotFound, StoreUnusable
from storage.facts.change import EntryId
from storage.facts.dots import Writer
from storage.index.catalog import PathFinder
from storage.index.line import HIDDEN
from storage.index.sealed_db import IndexDamaged, is_whole
from storage.intake import before
from storage.proving import proved, put_together
from storage.records.ledger import Step as Record
from storage.records.record import parse_record
from storage.tree.rows import decode_own_row
from storage.uses import Use, Uses, contents_of, version_of

Step = Callable[[str, int, int, int, int], None]
"""Hears (what is done, how many are done, of how many; bytes, of how many), may raise to stop.

What is not known is 0.
"""
DAMAGED, MISSING, NOTE = "damaged", "missing", "note"
_RIGHTS = {Kind.TOKEN, Kind.EPOCH, Kind.INVITE, Kind.KEYRING}


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
    path: tuple[str, ...] = ()
    """Of which file, if it is a part of one."""
    version: str = ""
    """Which version of it; empty for the present one."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was found."""

    blocks: int
    records: int
    entries: int
    size: int
    found: tuple[Found, ...]


@dataclass(slots=True)
class _Looking:
    """One check on its way."""

    core: Core
    step: Step
    found: list[Found] = field(default_factory=list[Found])
    damaged: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Where it lies, by digest."""
    read: set[bytes] = field(default_factory=set[bytes])
    """Contents that were read whole: the digests of their links."""

    def say(self, what: str, where: str, severity: str = DAMAGED) -> None:
        """Note something."""
        self.found.append(Found(what, where, severity))


def check(core: Core, step: Step, *, quick: bool = False) -> Checked:
    """Look at everything, or with `quick` at what needs no reading of blocks.

    Raises:
        IndexDamaged: the index is damaged; made anew, it can be checked once more.
    """
    if not is_whole(core.connection, quick=quick):
        core.connection.damaged = True
        raise IndexDamaged(f"{INDEX} is damaged")
    looking = _Looking(core, step)
    blocks, size = (0, 0) if quick else _check_blocks(looking)
    records = core.ledger.steps(latest_first=False)
    _check_lines(looking)
    if quick:
        entries = _count_entries(looking)
    else:
        _check_records(looking, records)
        entries = _check_entries(looking)
        _check_versions(looking, records)
    if not core.catalog.dirty and _root_from_nothing(core) != core.root:
        looking.say("the tree of folders", INDEX)
    elif not quick and not looking.damaged:
        _check_index(looking)
    return Checked(blocks, len(records), entries, size, tuple(looking.found))


def check_readable(core: Core, step: Step) -> tuple[Found, ...]:
    """Look at lines, records, files and versions, but not at blocks as such."""
    looking, records = _Looking(core, step), core.ledger.steps(latest_first=False)
    _check_lines(looking)
    _check_records(looking, records)
    _check_entries(looking)
    _check_versions(looking, records)
    return tuple(looking.found)


def damaged_blocks(core: Core, step: Step) -> dict[bytes, str]:
    """Return the digests of what is damaged in the packs, and where it lies."""
    looking = _Looking(core, step)
    _read_blocks(looking)
    return looking.damaged


# ---------------------------------------------------------------- blocks


def _read_blocks(looking: _Looking) -> tuple[int, int]:
    blocks = size = 0

    def walked(done: int, total: int) -> None:
        nonlocal blocks, size
        blocks, size = blocks + 1, done
        looking.step("Checking blocks", blocks, 0, done, total)

    for digest, where in looking.core.blocks.verify(walked):
        looking.damaged[digest] = where
    return blocks, size


def _check_blocks(looking: _Looking) -> tuple[int, int]:
    core = looking.core
    counted = _read_blocks(looking)
    gone = lost_in_gaps(core)
    uses = Uses(core, {*looking.damaged, *gone})
    for digest, where in looking.damaged.items():
        looking.say(_kind_words(core, digest), where)
        looking.found += found_of(uses, digest)
    for gap in core.blocks.damage:  # it may be torn of old, and nobody was promised what it held
        looking.say(
            "a stretch of a pack that holds nothing whole", f"{gap.pack} at {gap.start}", NOTE
        )
        if gap.digest in gone:
            looking.found += found_of(uses, gap.digest, MISSING)
    looking.found = list(dict.fromkeys(looking.found))
    return counted


def lost_in_gaps(core: Core) -> set[bytes]:
    """Return what lay in stretches that were found unreadable on opening, and is not here."""
    named = {gap.digest for gap in core.blocks.damage if gap.digest}
    return {digest for digest in named if not core.blocks.has(digest)}


def _kind_words(core: Core, digest: bytes) -> str:
    if not digest:
        return "the beginning of a pack"
    try:
        kind = core.blocks.kind_of(digest)
    except BlockNotFound:
        return "a block"
    if kind is Kind.RECORD:
        return "a record"
    return "a part of who may use this folder" if kind in _RIGHTS else "a block"


def found_of(uses: Uses, digest: bytes, severity: str = DAMAGED) -> Iterator[Found]:
    """Name what a block is a part of. The present version is named by who reads it."""
    for use in uses.by_digest.get(digest, ()):
        if use.entry is None:
            yield Found(
                f"a step of the history, “{use.step.words}”", version_of(use.step), severity
            )
        elif not uses.is_now(use):
            yield version_found(uses, use, severity)


def version_found(uses: Uses, use: Use, severity: str) -> Found:
    """Name an older version of a file."""
    assert use.entry is not None
    path, version = uses.path(use.entry), version_of(use.step)
    where = f"{'/'.join(path)}@{version}"
    return Found("an older version of a file", where, severity, path, version)


# ---------------------------------------------------------------- records


def _check_records(looking: _Looking, records: list[Record]) -> None:
    core = looking.core
    for number, entry in enumerate(records):
        looking.step("Checking records", number, len(records), 0, 0)
        if entry.digest in looking.damaged or entry.payload in looking.damaged:
            continue  # named already
        try:
            record = parse_record(core.blocks.get(entry.digest))
            core.members.may_write(record, record.at)
            core.history.payload(entry)
        except AtollError as error:
            looking.say(f"a record of {entry.words or 'changes'}", str(error))
            continue
        follows = entry.dot.n == 1 or core.ledger.cid_at(before(entry.dot)) in record.parents
        same = (record.cid, record.dot, record.payload_digest) == (
            entry.cid,
            entry.dot,
            entry.payload,
        )
        if not (follows and same):
            looking.say(f"the place of a record of {entry.words or 'changes'}", INDEX)


def _check_lines(looking: _Looking) -> None:
    """Every writer's line goes from 1 up without a gap."""
    rows = looking.core.connection.execute(
        "SELECT writer, count(*), max(n) FROM record GROUP BY writer"
    )
    for writer, count, last in rows.fetchall():
        if count != last:
            name = looking.core.device_name(Writer(bytes(writer)))
            looking.say(f"the line of changes of {name}", INDEX)


# ---------------------------------------------------------------- files


def _count_entries(looking: _Looking) -> int:
    """Count the files, and name those whose bytes are not all here."""
    core, paths = looking.core, PathFinder(looking.core.connection)
    rows = core.connection.execute("SELECT DISTINCT entry FROM want WHERE length(entry) = 16")
    for row in rows.fetchall():
        where = "/".join(paths.path(EntryId(bytes(row[0]))))
        looking.say("a file whose bytes are not all here yet", where, MISSING)
    row = core.connection.execute("SELECT count(*) FROM entry WHERE parent <> ?", (HIDDEN,))
    return int(row.fetchone()[0])


def _check_entries(looking: _Looking) -> int:
    core, paths = looking.core, PathFinder(looking.core.connection)
    rows = core.connection.execute(
        "SELECT id, facts, size FROM entry WHERE parent <> ?", (HIDDEN,)
    ).fetchall()
    read, total = 0, sum(int(size) for _entry, _facts, size in rows)
    for number, (entry, fragment, _size) in enumerate(rows):
        looking.step("Checking files", number, len(rows), read, total)
        path = paths.path(EntryId(bytes(entry)))
        where = "/".join(path)
        try:
            facts = decode_own_row(bytes(fragment))
            for piece in core.contents.read(facts):
                read += len(piece)
                looking.step("Checking files", number, len(rows), read, total)
        except BlockNotFound as error:
            if core.let_go.holds(error.digest):
                continue  # it is not to be here
            what = "a file whose bytes are not all here yet"
            looking.found.append(Found(what, where, MISSING, path))
        except AtollError:
            looking.found.append(Found("a file", where, DAMAGED, path))
    return len(rows)


def _check_versions(looking: _Looking, records: list[Record]) -> None:
    """Open what files held once. What is damaged in the packs was named already."""
    core, paths = looking.core, Uses(looking.core, ())
    for number, entry in enumerate(records):
        looking.step("Checking older versions", number, len(records), 0, 0)
        try:
            contents = contents_of(core, entry)
        except AtollError:
            continue  # named already
        for which, content in contents:
            if content.link is None or content.link.digest in looking.read:
                continue
            looking.read.add(content.link.digest)
            try:
                for _piece in core.contents.plain(content):
                    looking.step("Checking older versions", number, len(records), 0, 0)
            except BlockNotFound:
                continue  # it is to come, or was let go of
            except AtollError:
                use = Use(entry, which, content)
                if not looking.damaged and not paths.is_now(use):
                    looking.found.append(version_found(paths, use, DAMAGED))


# ---------------------------------------------------------------- the index


def _check_index(looking: _Looking) -> None:
    """Put all of it together anew from the packs, and compare."""
    core, read = looking.core, 0

    def heard(size: int) -> None:
        nonlocal read
        read += size
        looking.step("Checking the lists", 0, 0, read, 0)

    try:
        with put_together(core, core.disk(), core.folder, heard) as other:
            found = proved(other)
    except StoreUnusable as error:
        looking.say("the lists could not be made anew to compare", str(error), NOTE)
        return
    if (found.seen, found.root) != (core.seen, core.root):
        looking.say("the lists do not say what the records do", INDEX)


def _root_from_nothing(core: Core) -> object:
    """Seal the whole tree once more, in a transaction that is thrown away."""
    core.connection.execute("BEGIN")
    try:
        return core.nodes.write_all(core.sealing, core.seen, lambda _sealed: None)
    finally:
        core.connection.execute("ROLLBACK")
        core.catalog.dirty.clear()
