"""Giving back the disk that older versions take, in two steps and small slices.

First all that is needed is marked. What is not is put into quarantine, where it is read as
before; what was there for a week, and is still not needed, goes. If anything that is needed is
missing, nothing goes at all. Then packs of which little counts are written anew. A run can be
given up between any two slices, and what others do in between is seen: what is stored but not
committed yet is needed, and so is all that records brought which came meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from storage.batches import batches, rows_among
from storage.blocks.locator import PackUse
from storage.blocks.store import Kind
from storage.core import Core
from storage.errors import BlockNotFound, CorruptBlock, StorageError
from storage.facts.change import ENTRY_SIZE, EntryId
from storage.facts.dots import Dot, Writer
from storage.index.schema import ANSWERED, UNREAD, get_meta
from storage.keeping import FRESH
from storage.marking import Marks, held_by_record, held_in_operations
from storage.records.history import Written
from storage.retention import (
    QUARANTINE,
    Held,
    Life,
    Rule,
    effective_times,
    held_in,
    life_of,
    retained,
    rule_for,
    tops_of_held,
)
from storage.tree.rows import decode_own_row
from storage.wants import Wants

_RECORDS = 2_000
_ENTRIES = 300
_LIVES = 25
_REWRITE = 4 << 20
"""Bytes that are written anew in one slice."""
_MUCH = 8
"""A pack is written anew when more than one part in so many is of no use."""


class NotAllHere(StorageError):
    """Something that has to be kept is not on this device: so nothing is removed."""

    code = "storage.not-all-here"

    def __init__(self, message: str, absent: Iterable[bytes] = ()) -> None:
        super().__init__(message)
        self.absent = frozenset(absent)
        """What is needed and not here at all, nor to come: while that is so, no run ends well."""


class NotRepaired(NotAllHere):
    """A pack is damaged where a record may stand, and nobody tried to repair it."""

    code = "storage.not-repaired"


class Disturbed(StorageError):
    """The store was put together anew meanwhile. What is to be done has to be found out anew."""

    code = "storage.disturbed"


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be kept here besides what is shown, and what is not."""

    rules: Mapping[EntryId, Rule] = field(default_factory=dict[EntryId, Rule])
    """By folder; that of the top is for all without one."""
    forgotten: frozenset[tuple[EntryId, bytes]] = frozenset()
    """Versions that somebody told to forget: of which entry, and what opens them."""
    pins: frozenset[bytes] = frozenset()
    """What opens the versions that stay, whatever the rules say."""
    besides: tuple[Held, ...] = ()
    """What is kept and stands in no record."""
    quarantine: int = QUARANTINE
    at_once: bool = False
    """What is to be forgotten goes without quarantine, from the packs too; not while another
    device may give up its copy for our word that it is here."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How far a run is."""

    what: str
    done: int
    total: int


@dataclass(slots=True)
class Collected:
    """What a run did."""

    quarantined: int = 0
    quarantined_bytes: int = 0
    removed: int = 0
    removed_bytes: int = 0
    packs: int = 0
    """How many packs went."""
    given_back: int = 0
    """Bytes by which the packs shrank."""
    is_counted_on: bool = False
    """What was to go at once went into quarantine, for our word that it is here still counts."""


class Collection:
    """One run. Each `next` of `slices` is to be a transaction of its own; see storage.bygone."""

    def __init__(self, core: Core, wants: Wants, orders: Orders) -> None:
        self._core = core
        self._wants = wants
        self._orders = orders
        self._blocks = core.blocks
        self._now = int(core.clock.now())
        self.marks = Marks(core)
        self.collected = Collected()
        self._gone: list[Held] = []
        """What older versions held that are not kept."""
        self._at_once: set[bytes] = set()
        self._packs_at_once: set[int] = set()
        self._last_pos = 0
        self._last_cid = b""

    def slices(self) -> Iterator[Slice]:
        """Do it, a slice at a time.

        Raises:
            NotAllHere, CorruptBlock, NotFound: not all that is needed is here; nothing goes.
            Disturbed: the store was put together anew. Begin again.
        """
        yield from self.mark()
        self.check()
        yield from self._let_go()
        yield from self._sweep()
        yield from self._rewrite()

    def mark(self) -> Iterator[Slice]:
        """Mark all that is needed."""
        yield from self.mark_records()
        yield from self.mark_present()
        yield from self._mark_past()
        self.marks.flush()

    def check(self) -> None:
        """Refuse to go on if anything that is needed is missing, or may be."""
        self.check_repaired()
        if lost := self.marks.lost:
            absent = (digest for digest in lost if not self._core.blocks.has(digest))
            raise NotAllHere(f"{len(lost)} blocks that are needed are not here", absent)

    def check_repaired(self) -> None:
        """Refuse while a stretch is damaged: a record may stand there that alone names the rest."""
        if get_meta(self._core.connection, UNREAD):
            raise NotRepaired("a pack is damaged, and was not repaired")

    # ------------------------------------------------------------ marking

    def mark_records(self) -> Iterator[Slice]:
        """Mark what the log is made of."""
        run, total = self._core.connection.execute, self._core.ledger.count()
        pos, done = 0, 0
        while rows := run(
            "SELECT pos, payload, cid FROM record WHERE pos > ? ORDER BY pos LIMIT ?",
            (pos, _RECORDS),
        ).fetchall():
            self.marks.add_blocks([bytes(row[1]) for row in rows], strict=True)
            pos, done = int(rows[-1][0]), done + len(rows)
            self._last_pos, self._last_cid = pos, bytes(rows[-1][2])
            yield Slice("Looking at the history", done, total)
            self._mind()
            if len(rows) < _RECORDS:
                break  # what is written meanwhile is caught up with: else there were no end
        self._mark_uncounted()

    def _mark_uncounted(self) -> None:
        """Mark what records need that wait, or were set aside; as far as they open."""
        rows = self._core.connection.execute(
            "SELECT digest FROM waiting UNION SELECT digest FROM aside"
        ).fetchall()
        for (digest,) in rows:
            payload, held = held_by_record(self._core, bytes(digest))
            if payload is not None:
                self.marks.add_blocks([payload], strict=False)
            for each in held:
                self.marks.add(each, strict=False)

    def mark_present(self) -> Iterator[Slice]:
        """Mark all that is in the space now, shown or not, and all that is on its way there."""
        run = self._core.connection.execute
        total = int(run("SELECT count(*) FROM entry").fetchone()[0])
        last, done = b"", 0
        while rows := run(
            "SELECT id, facts FROM entry WHERE id > ? ORDER BY id LIMIT ?", (last, _ENTRIES)
        ).fetchall():
            for _entry, facts in rows:
                for held in held_in(decode_own_row(bytes(facts))):
                    self.marks.add(held, strict=True)
            last, done = bytes(rows[-1][0]), done + len(rows)
            self.marks.flush()
            yield Slice("Looking at files", done, total)
            self._mind()
            if len(rows) < _ENTRIES:
                break
        for held in self._orders.besides:
            self.marks.add(held, strict=False)
        self.mark_in_flight()

    def mark_in_flight(self) -> None:
        """Mark what is stored, and not named by any commit yet."""
        for digests in self._core.contents.in_flight.values():
            self.marks.add_blocks(digests, strict=False)
        self.marks.add_blocks(self._core.contents.fresh, strict=False)

    def _mark_past(self) -> Iterator[Slice]:
        """Mark the older versions that are kept, and note those that are not."""
        for entry, life, kept, done, total in self.lives_of():
            for held in all_held(life) - life.present:
                if held in kept:
                    self.marks.add(held, strict=True)
                    continue
                self._gone.append(held)
                if self._orders.at_once and self._is_forgotten(entry, held):
                    self._at_once.update(self.marks.here_of(held))
            if done % _LIVES == 0:
                self.marks.flush()
                yield Slice("Looking at older versions", done, total)
                self._mind()

    def lives_of(self) -> Iterator[tuple[EntryId, Life, frozenset[Held], int, int]]:
        """Walk what was changed more than once: its life, and what is kept of it; how far."""
        moments, changed = self._moments(), self._changed()
        total = len(changed) // ENTRY_SIZE
        for start in range(0, total, _LIVES):
            page = {
                EntryId(changed[at * ENTRY_SIZE : (at + 1) * ENTRY_SIZE])
                for at in range(start, min(start + _LIVES, total))
            }
            said: dict[EntryId, list[Written]] = self._core.history.said_of(page)
            for done, entry in enumerate(sorted(said), start + 1):
                life = life_of(said[entry], lambda dot: moments.get(dot, self._now))
                yield entry, life, self._kept(entry, life), done, total

    def _changed(self) -> bytes:
        """Return the ids of all that more than one record names, one behind the other.

        What was made by one record comes together, for that record is read for each page.
        """
        rows = self._core.connection.execute(
            "SELECT entry FROM touch GROUP BY entry HAVING count(*) > 1 ORDER BY min(pos), entry"
        )
        return b"".join(bytes(row[0]) for row in rows.fetchall())

    def _kept(self, entry: EntryId, life: Life) -> frozenset[Held]:
        """Return what is kept. What was let go of once is not kept again by a rule alone."""
        rule = rule_for(life.parent, self._orders.rules, self._above)
        kept = set(retained(life, rule, self._now))
        for held in all_held(life) - life.present:
            if not self._orders.pins.isdisjoint(tops_of_held(held)):
                kept.add(held)
            elif self._is_forgotten(entry, held) or any(map(self._is_let_go, tops_of_held(held))):
                kept.discard(held)
        return frozenset(kept)

    def _is_forgotten(self, entry: EntryId, held: Held) -> bool:
        return any((entry, top) in self._orders.forgotten for top in tops_of_held(held))

    def _is_let_go(self, digest: bytes) -> bool:
        return self._core.let_go.holds(digest)

    def _above(self, folder: EntryId) -> EntryId | None:
        row = self._core.connection.execute(
            "SELECT raw FROM entry WHERE id = ?", (folder,)
        ).fetchone()
        return EntryId(bytes(row[0])) if row is not None else None

    def _moments(self) -> dict[Dot, int]:
        rows = self._core.connection.execute("SELECT writer, n, at FROM record ORDER BY pos")
        records = ((Dot(Writer(bytes(writer)), int(n)), int(at)) for writer, n, at in rows)
        return effective_times(records, self._now)

    # ------------------------------------------------------------ letting go

    def _mind(self) -> None:
        """Stop if what was found out is void."""
        core = self._core
        if core.blocks is not self._blocks:
            raise Disturbed("the store was put together anew")
        row = core.connection.execute(
            "SELECT cid FROM record WHERE pos = ?", (self._last_pos,)
        ).fetchone()
        if self._last_pos and (row is None or bytes(row[0]) != self._last_cid):
            raise Disturbed("records gave way to others")

    def _catch_up(self) -> None:
        """Mark what became needed since marking began."""
        self._mind()
        core = self._core
        rows = core.connection.execute(
            "SELECT pos FROM record WHERE pos > ? ORDER BY pos", (self._last_pos,)
        ).fetchall()
        for (pos,) in rows:
            step = core.ledger.at(int(pos))
            self.marks.add_blocks([step.payload], strict=False)
            for held in held_in_operations(core.history.payload(step).operations):
                self.marks.add(held, strict=False)
            self._last_pos, self._last_cid = int(pos), step.cid
        self._mark_uncounted()
        self.mark_in_flight()
        self.marks.look_again()

    def _let_go(self) -> Iterator[Slice]:
        """Miss no version of which something goes, or is not all here.

        That comes before anything goes: so none is ever taken for whole that is here in part.
        """
        for some in batches(self._gone, _LIVES):
            self._catch_up()
            for held in some:
                self._let_go_of(held)
            yield Slice("Making room", 0, self.marks.upto)
        self._catch_up()
        self._wants.want_only(self.marks.needed)
        yield Slice("Making room", 0, self.marks.upto)

    def _let_go_of(self, held: Held) -> None:
        locator = self._core.blocks.locator
        tops = [it for it in tops_of_held(held) if it not in self.marks.needed]
        here = locator.ids([*tops, *self.marks.here_of(held)])
        tops = [it for it in tops if it not in here or self._is_free(here[it][0])]
        free = {digest: size for digest, (number, size) in here.items() if self._is_free(number)}
        due = self._due(free)
        if tops and (due or not self.marks.is_whole(held)):
            self._core.let_go.add(tops, older=True)
            self._remove(due)

    def _sweep(self) -> Iterator[Slice]:
        locator, last, upto = self._core.blocks.locator, 0, self.marks.upto
        while page := locator.page(last, upto, Kind.BLOCK):
            self._catch_up()
            free = {digest: size for number, digest, size in page if self._is_free(number)}
            self._core.connection.executemany(
                "DELETE FROM quarantine WHERE digest = ?",
                [(digest,) for _, digest, _ in page if digest not in free],
            )
            due = self._due(free)
            self._remove(due)
            self._isolate({digest: free[digest] for digest in free.keys() - due.keys()})
            last = page[-1][0]
            yield Slice("Making room", last, upto)

    def _is_free(self, number: int) -> bool:
        return number <= self.marks.upto and not self.marks.has(number)

    def _isolate(self, free: Mapping[bytes, int]) -> None:
        """Put into quarantine what is not there yet. A date to come is none: clocks are set."""
        new = free.keys() - self._since(free).keys()
        self._core.connection.executemany(
            "INSERT INTO quarantine(digest, since, size) VALUES (?, ?, ?)"
            " ON CONFLICT(digest) DO UPDATE SET since = min(since, excluded.since)",
            [(digest, self._now, size) for digest, size in free.items()],
        )
        self.collected.quarantined += len(new)
        self.collected.quarantined_bytes += sum(free[digest] for digest in new)

    def _due(self, free: Mapping[bytes, int]) -> dict[bytes, int]:
        """Return what was in quarantine for long enough, or goes at once."""
        if self._at_once and _is_counted_on(self._core):
            self._at_once.clear()
            self.collected.is_counted_on = True
        since, latest = self._since(free), self._now - self._orders.quarantine
        return {
            digest: size
            for digest, size in free.items()
            if digest in self._at_once or since.get(digest, self._now + 1) <= latest
        }

    def _since(self, digests: Iterable[bytes]) -> dict[bytes, int]:
        """Return when those of the blocks came into quarantine that are there."""
        ask = "SELECT digest, since FROM quarantine WHERE digest IN (…)"
        rows = rows_among(self._core.connection, ask, digests)
        return {bytes(digest): int(since) for digest, since in rows}

    def _remove(self, due: Mapping[bytes, int]) -> None:
        if not due:
            return
        core = self._core
        if self._orders.at_once:
            spots = core.blocks.locator.find_some(list(due))
            self._packs_at_once |= {spot.pack for spot in spots.values()}
        core.blocks.remove(due)
        core.connection.executemany(
            "DELETE FROM quarantine WHERE digest = ?", [(digest,) for digest in due]
        )
        self.collected.removed += len(due)
        self.collected.removed_bytes += sum(due.values())

    # ------------------------------------------------------------ packs

    def _rewrite(self) -> Iterator[Slice]:
        """Write anew what counts of packs with much that does not; one without anything goes."""
        uses = [it for it in self._core.blocks.uses() if self._is_worth(it)]
        for use in sorted(uses, key=lambda it: it.live / max(1, it.size)):
            left, done = self._core.blocks.begin_rewriting(use.number), 0
            try:
                while left:
                    some = _some(left)
                    del left[: len(some)]
                    done += self._core.blocks.write_again(use.number, some)
                    yield Slice("Writing packs anew", done, use.live)
                    self._mind()
            except (CorruptBlock, BlockNotFound):
                continue  # it stays as it is: `check` names what is damaged
            yield Slice("Writing packs anew", done, use.live)
            self._mind()
            if self._core.blocks.drop_pack(use.number):
                self.collected.packs += 1
                self.collected.given_back += use.dead
                yield Slice("Writing packs anew", done, use.live)
                self._mind()

    def _is_worth(self, use: PackUse) -> bool:
        return use.number in self._packs_at_once or use.dead * _MUCH > use.size


def _is_counted_on(core: Core) -> bool:
    """Say whether another device may still give up older versions for our word that we have them.

    In quarantine they are here still when it does, and no such word is signed meanwhile.
    """
    said, now = get_meta(core.connection, ANSWERED), core.clock.now()
    if said is None or abs(int(now) - int(said)) > FRESH:
        return False
    return any(it.did != core.device.did for it in core.members.all(now))


def _some(left: list[tuple[bytes, int]]) -> list[bytes]:
    """Return as many of the first as one slice takes."""
    size, some = 0, list[bytes]()
    for digest, length in left:
        if some and size + length > _REWRITE:
            break
        some.append(digest)
        size += length
    return some


def all_held(life: Life) -> set[Held]:
    """Return all that an entry ever held."""
    return {held for version in life.versions for held in version.holds}
