"""What of a space is kept here, and what this device signs for: the door to both.

A device may keep all, what was opened, or names only (storage/keeping.py). What it does not keep
it neither asks for nor misses; what it has it serves. A block goes only when another device that
keeps all has signed for what it is part of, knowing that we let go. See FORMAT.md §13.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from storage.blocks.store import Thing
from storage.codec.dagcbor import encode
from storage.core import Core
from storage.errors import AtollError, StoreFull, StoreUnusable
from storage.facts.change import EntryId
from storage.facts.dots import Dot
from storage.facts.node import Node
from storage.facts.state import EntryFacts
from storage.facts.values import Content, Value
from storage.index.schema import ANSWERED, set_meta
from storage.keeping import Keep, Keeping, Stay, Vouching, by_use, pushed_out, vouching
from storage.kept import Kept
from storage.letgo import tops_of
from storage.opened import Opened
from storage.records.receipt import Receipt, Word, read_receipt, write_receipt
from storage.retention import each_held
from storage.tree.content import here_below, here_of
from storage.uses import contents_of

AHEAD = 500
"""So many entries are read at once."""


class Partial(Opened):
    """The door to what is kept here."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._told: Keeping | None = None
        """The setting that was told last: the index may forget it."""
        self._read: dict[bytes, Receipt] = {}
        """Receipts as they lie in the index, whose signatures were verified."""

    # ------------------------------------------------------------ the setting

    @property
    def keeping(self) -> Keeping:
        """How much is kept here."""
        return self._ready().kept.keeping

    def set_keeping(self, keeping: Keeping) -> None:
        """Keep that much from now on. Nothing goes by this alone; what is to be here is wanted.

        Raises:
            StoreFull, StoreUnusable: all is as it was.
        """
        self._told = keeping
        if self._ready().kept.keeping != keeping:
            self._whole(lambda: self._keep(keeping))

    def _take_in(self) -> None:
        super()._take_in()
        told = self._told
        if told is not None and self._core.kept.keeping != told:
            with self._core.transaction():
                self._keep(told)

    def _keep(self, keeping: Keeping) -> None:
        core, before = self._core, self._core.kept.keeping
        core.kept.change(keeping, int(core.clock.now()))
        if keeping.is_whole:
            core.let_go.take_all_back()
            self._want_all()
            return
        if before.is_whole:
            self._wants.want_no_older()
        if before.is_whole or keeping.how is Keep.NAMES:
            core.kept.push_out(core.kept.asked(self._wants.lacking_shown()))
        for entry in core.kept.unkept(self._wants.lacking_shown()):
            self._miss_no_more(entry)
        self._want_entries(core.kept.always())

    def _want_all(self) -> None:
        """Want all that is not here, older versions too."""
        core = self._core
        self._wants.note_held(core.catalog.all_facts())
        for step in core.ledger.steps(latest_first=False):
            try:
                contents = [content for _, content in contents_of(core, step)]
            except (StoreFull, StoreUnusable):
                raise
            except AtollError:
                continue  # of a time whose key is not ours, or damaged: check names it
            self._wants.note_versions(contents, {})

    def _want_entries(self, entries: Iterable[EntryId]) -> None:
        core, whose = self._core, list(entries)
        if core.let_go.any():
            tops = (top for entry in whose for top in tops_of(core.catalog.facts(entry)))
            core.let_go.take_back(list(tops), older_only=core.kept.keeping.is_whole)
        self._wants.note_again(whose)

    def _miss_no_more(self, entry: EntryId) -> None:
        self._wants.drop_of(entry)
        self._wants.do_without([self._core.catalog.facts(entry)])

    # ------------------------------------------------------------ what is to be here

    def unkept(self, entries: Iterable[EntryId] | None = None) -> frozenset[EntryId]:
        """Return what is shown and not to be here, of those ids or all: side versions too."""
        kept = self._ready().kept
        if kept.keeping.is_whole:
            return frozenset()
        if entries is None:
            return frozenset(kept.sides(kept.all_unkept()))
        wanted = set(entries)
        mine = dict(kept.originals(wanted))
        gone = kept.unkept({*wanted, *mine.values()})
        return frozenset(wanted & gone) | {side for side, entry in mine.items() if entry in gone}

    def is_here(self, node: Node) -> bool:
        """Say whether a file is kept here, and all its bytes are."""
        return not self.lacking([node.entry])

    def lacking(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries that are not kept here, or not all here yet."""
        wanted = list(entries)
        kept = self._ready().kept
        if kept.keeping.is_whole:
            return self._wants.lacking_at_all(wanted)
        return kept.unkept(wanted) | self._wants.lacking(wanted)

    def ask(self, entries: Iterable[EntryId]) -> tuple[bytes, ...]:
        """Let entries be here, as used now; return what is to be asked for first.

        Raises:
            StoreFull, StoreUnusable: all is as it was.
        """
        core, wanted = self._ready(), list(entries)
        if core.kept.keeping.is_whole:
            return ()

        def work() -> tuple[bytes, ...]:
            core.kept.use(wanted, int(core.clock.now()))
            core.kept.left(wanted)
            self._want_entries(wanted)
            return self._wants.of(wanted)

        return self._whole(work)

    def ask_version(self, entry: EntryId, facts: EntryFacts) -> bool:
        """Want what an entry once held, for a moment; say whether it is here already."""
        core = self._ready()
        if self.has_version(facts):
            return True

        def work() -> None:
            core.let_go.take_back(tops_of(facts))
            for content in facts.get("content", {}).values():
                if isinstance(content, Content):
                    self._wants.want_version(content)
            core.kept.leave(core.kept.unkept([entry]))

        self._whole(work)
        return False

    def has_version(self, facts: EntryFacts) -> bool:
        """Say whether all that an entry once held is here."""
        return next(iter(self._ready().contents.missing(facts)), None) is None

    def room_for(self, entries: Iterable[EntryId]) -> tuple[int, int | None]:
        """Return the bytes of these entries, and how many may stay; None when there is no end."""
        kept = self._ready().kept
        budget = kept.keeping.budget if kept.keeping.note_max > 0 else None
        return kept.size_of(entries), budget

    def missing_older(self) -> int:
        """Return how many blocks are to come that older versions alone want."""
        return self._wants.older()

    def to_come_of(self, entries: Iterable[EntryId]) -> int:
        """Return how many bytes of entries are still to come."""
        return self._wants.size_of(entries)

    def amount(self) -> tuple[int, int]:
        """Return how many files are here whole, and about how many bytes."""
        files, size = self._ready().kept.amount()
        lacking, to_come = self._wants.count()
        return max(0, files - lacking), max(0, size - to_come)

    # ------------------------------------------------------------ letting go

    def push_out(
        self, trusted: AbstractSet[str], besides: AbstractSet[EntryId] = frozenset()
    ) -> frozenset[EntryId]:
        """Decide what is to be here no longer; return what to take out of the folder.

        `trusted` are the devices whose word counts. The blocks stay until `sweep`, and what is
        `besides` stays altogether: someone reads it.
        """
        core = self._ready()
        if core.kept.keeping.is_whole:
            return frozenset()
        vouch = self._vouching(trusted)

        stays = core.kept.stays() if vouch.present else []
        facts = _Ahead(core.kept, stays)

        def is_safe(entry: EntryId) -> bool:
            return entry not in besides and vouch.has(_dots(facts.of(entry)))

        victims = pushed_out(stays, core.kept.keeping, int(core.clock.now()), is_safe)
        deleted = core.kept.deleted()
        if not victims and not deleted:
            return frozenset()

        def work() -> None:
            core.kept.push_out([*victims, *deleted])
            for entry in self._wants.lacking_shown() & set(victims):
                self._miss_no_more(entry)

        self._whole(work)
        return frozenset(core.kept.sides(victims))

    def next_push(self) -> float | None:
        """Return when the next thing is to go that was asked for a moment only; None: nothing."""
        return self._ready().kept.next_push()

    def leaving(self) -> frozenset[EntryId]:
        """Return what was pushed out and may still be here, side versions too."""
        kept = self._ready().kept
        return frozenset(kept.sides(kept.leaving()))

    def sweep(
        self,
        trusted: AbstractSet[str],
        still: AbstractSet[EntryId],
        only: AbstractSet[EntryId] | None = None,
        beside: Collection[Content] = (),
    ) -> int:
        """Remove blocks of what is to be here no longer, or of `only` some; return how many.

        `still` are those that still lie in the folder: a change needs what it is made from. What
        is `beside` is kept and stands in no record: its blocks stay, whoever else has them.
        """
        core = self._ready()
        leaving = core.kept.leaving() if only is None else core.kept.leaving() & only
        if not leaving:
            return 0
        again = core.kept.shown(leaving) - core.kept.unkept(leaving)
        vouch = self._vouching(trusted)
        going = leaving - again - still - {entry for _, entry in core.kept.originals(still)}
        if not vouch.present:
            going = frozenset[EntryId]()
        if not again and not going:
            return 0
        return self._whole(lambda: self._sweep(going, again, vouch, beside))

    def _sweep(
        self,
        going: AbstractSet[EntryId],
        again: AbstractSet[EntryId],
        vouch: Vouching,
        beside: Collection[Content],
    ) -> int:
        core = self._core
        parts = _Parts()
        done = set(going)
        for entry, facts, is_safe in self._all_of(going, vouch):
            blocks = set(self._blocks_of(facts))
            if parts.add(facts, blocks, is_safe=is_safe):
                done.discard(entry)
        goes = parts.goes - parts.stays
        if goes:
            unkept = core.kept.all_unkept()
            for _entry, facts in core.catalog.all_facts(besides=unkept):
                goes.difference_update(self._blocks_of(facts))
            goes.difference_update(core.contents.fresh, *core.contents.in_flight.values())
            for content in beside:
                goes.difference_update(here_of(content, core.blocks))
        core.blocks.remove(goes)
        self._wants.do_without(parts.left)
        core.kept.left(done | again)
        self._wants.read_again(going)
        return len(goes)

    def _all_of(
        self, entries: AbstractSet[EntryId], vouch: Vouching
    ) -> Iterator[tuple[EntryId, EntryFacts, bool]]:
        """Walk all that entries hold and ever held, each with whether it is safe elsewhere."""
        core, now = self._core, dict[EntryId, set[Value]]()
        for entry, facts in core.kept.facts_of(entries):
            now[entry] = set(facts.get("content", {}).values())
            for attribute in ("content", "edits"):
                for dot, value in facts.get(attribute, {}).items():
                    yield entry, {attribute: {dot: value}}, vouch.has([dot])
        for step in core.ledger.steps_at(sorted(core.ledger.touching(entries))):
            try:
                contents = contents_of(core, step)
            except (StoreFull, StoreUnusable):
                raise
            except AtollError:
                continue
            for entry, content in contents:
                if entry in entries and content not in now.get(entry, ()):
                    yield entry, {"content": {step.dot: content}}, vouch.has_older(step.dot)

    def _blocks_of(self, facts: EntryFacts) -> Iterator[bytes]:
        """Walk the blocks of contents that are here."""
        blocks = self._core.blocks
        for held in each_held(facts):
            try:
                if isinstance(held, Content):
                    yield from here_of(held, blocks)
                else:
                    yield from here_below(held, blocks)
            except (StoreFull, StoreUnusable):
                raise
            except AtollError:
                continue  # damaged: what is behind it cannot be told, and stays

    def _vouching(self, trusted: AbstractSet[str]) -> Vouching:
        core = self._core
        words = (word for did, word in self.receipts().items() if did in trusted)
        return vouching(words, core.seen, core.kept.keeping.mark, int(core.clock.now()))

    # ------------------------------------------------------------ what is signed

    def is_complete(self) -> bool:
        """Say whether all content of what is shown is to be here, and is."""
        return self._ready().kept.keeping.is_whole and not self._wants.any()

    def receipt(self) -> Thing:
        """Sign what this device holds now; when it answers for older versions, remember that.

        Raises:
            StoreFull, StoreUnusable: that cannot be written down. Nothing is signed.
        """
        core, word = self._ready(), self.word()
        now = int(core.clock.now())
        if word.older and word.heard:
            self._whole(lambda: set_meta(core.connection, ANSWERED, str(now).encode()))
        return write_receipt(core.device.signing, core.space, core.seen, now, word)

    def word(self) -> Word:
        """Return what a receipt of ours says besides what was seen."""
        core = self._ready()
        keeping, complete = core.kept.keeping, self.is_complete()
        heard = frozenset(its.mark for its in self.receipts().values() if its.mark)
        # what our rules let go of, or let wait for it, is not answered for:
        # else others would give up the last copy for our word
        older = complete and not self._wants.any_at_all() and not core.let_go.any()
        older = older and not core.let_go.is_any_waiting()
        return Word(complete, int(keeping.how), keeping.mark, heard, older)

    def said(self) -> bytes:
        """Return what tells two receipts of ours apart that were written for the same `seen`."""
        word = self.word()
        if word.is_plain:
            return b""
        return encode([word.keeps, word.mark, sorted(word.heard), word.older])

    def receipts(self) -> dict[str, Receipt]:
        """Return the last receipt of every other device, by did:key."""
        rows = self._core.connection.execute("SELECT did, body FROM receipt").fetchall()
        held, read = {bytes(body): str(did) for did, body in rows}, self._read
        self._read = {body: read.get(body) or read_receipt(body) for body in held}
        return {did: self._read[body] for body, did in held.items()}


@dataclass(slots=True)
class _Parts:
    """What of contents goes, and what stays."""

    goes: set[bytes] = field(default_factory=set[bytes])
    stays: set[bytes] = field(default_factory=set[bytes])
    left: list[EntryFacts] = field(default_factory=list[EntryFacts])
    """Contents that are not missed from now on."""

    def add(self, facts: EntryFacts, blocks: set[bytes], *, is_safe: bool) -> bool:
        """Judge blocks of a content; say whether something of it has to stay."""
        if is_safe:
            self.left.append(facts)
            self.goes |= blocks
        else:
            self.stays |= blocks
        return not is_safe and bool(blocks)


class _Ahead:
    """What many entries hold, read some at a time, in the order in which they are asked for."""

    def __init__(self, kept: Kept, stays: Iterable[Stay]) -> None:
        self._kept = kept
        self._order = [stay.entry for stay in sorted(stays, key=by_use)]
        self._place = {entry: n for n, entry in enumerate(self._order)}
        self._read: dict[EntryId, EntryFacts] = {}

    def of(self, entry: EntryId) -> EntryFacts:
        """Return the facts of an entry, {} when it is not there."""
        if entry not in self._read:
            at = self._place[entry]
            self._read = dict(self._kept.facts_of(self._order[at : at + AHEAD]))
        return self._read.get(entry, {})


def _dots(facts: EntryFacts) -> Iterator[Dot]:
    """Walk the dots of what an entry holds."""
    yield from facts.get("content", {})
    yield from facts.get("edits", {})
