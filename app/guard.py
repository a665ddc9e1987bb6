"""The guard of one folder: very many files changed at once go no further until a person looked.

Two sides of one rule. What this device did is committed as ever, and then not sent: whoever
asks how the folder stands here hears how it stood before. What another device did is taken in
as ever, and then not written to the plain folder. Both end the same way: a person lets the batch
through, or undoes it; or it is put right by itself, as when its maker undid it.

No record of ours is named to anybody before it was judged here, and no change of others reaches
the plain folder before: both happen on the vault's thread, and so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

from app.guard_batch import (
    Batch,
    OfLate,
    count_of,
    is_of,
    lies_as_before,
    made_since,
    stays,
    wait_for,
)
from app.guard_harm import (
    as_it_lay,
    before,
    elsewhere,
    harms,
    may_harm,
    put_instead,
    still_there,
    taken_in,
)
from app.guard_memory import GuardMemory, Hold
from app.guard_rule import FLOOR, SPAN, Recent, bound
from app.guard_unsure import Judged
from app.guard_values import GuardSettings, Harm, HeldCount
from storage.crypto.sealed import address
from storage.errors import StoreFull, StoreUnusable
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.lately import LookingBack, Open
from storage.ports import Clock
from storage.records.aside import GivenWay
from storage.records.ledger import Step
from storage.vault import Vault

TAIL = 512
"""So many records are looked at after a start, for what was under way before."""
FEWER = 0.9
"""While more than this part of what was harmed is left, it is not asked anew what is missed."""
RESERVED = 16
"""So many records may be made by what a person means: they are remembered before they are made."""
COUNTED_FOR = 60.0
"""Seconds for which it is known how many files there are."""
Lie = Callable[[AbstractSet[EntryId]], AbstractSet[EntryId]]
Hear = Callable[[bool], None]


class Guard:
    """Judges records as they come in. Lives on the vault's thread."""

    def __init__(self, vault: Vault, did: str, memory: GuardMemory, clock: Clock) -> None:
        """`did` is this device."""
        self._vault = vault
        self._did = did
        self._memory = memory
        self._clock = clock
        self.lie: Lie = frozenset
        """Says which of some entries lie in the plain folder."""
        self.lying: Callable[[], int] = int
        """Says how many files lie there: so many there were before what came in just now."""
        self._devices: dict[str, OfLate] = {}
        self._opened = Open()
        self._gave_way = vault.gave_way()
        """How many records gave way to other lines when all that is known here was found out."""
        self._batches = [Batch(hold) for hold in memory.now.holds]
        self._forget_unmade()
        self._judged = self._where_to_begin()
        self._saved = self._shape()
        self._counted: tuple[float, int] | None = None
        self.changed: Hear = _pass
        """Called, on the vault's thread, when more is held, or (True) something no more."""

    # -- what is asked ---------------------------------------------------------------------
    @property
    def settings(self) -> GuardSettings:
        """From how many files on something is held."""
        return self._memory.now.settings

    @property
    def batches(self) -> tuple[Batch, ...]:
        """What is held."""
        return tuple(self._batches)

    @property
    def pauses(self) -> bool:
        """Something is held that was made here, so nothing of this folder is sent."""
        return any(batch.hold.out for batch in self._batches)

    def counts(self) -> tuple[HeldCount, ...]:
        """Say how much is held of whom."""
        self.judge()
        return tuple(
            HeldCount(batch.hold.did, batch.hold.out, *count_of(batch)) for batch in self._batches
        )

    def outward(self) -> Seen | None:
        """Return how much others may hear of, None for all there is."""
        self.mind()
        outs = [batch.hold for batch in self._batches if batch.hold.out]
        if not outs:
            return None
        ours = {writer for writer, did in self._vault.writers().items() if did == self._did}
        return Seen(
            (writer, min(n, *(hold.sent.of(writer) for hold in outs)) if writer in ours else n)
            for writer, n in self._vault.seen.items()
        )

    def waiting(self) -> frozenset[EntryId]:
        """Return what is not to be written to the plain folder, nor taken away from it."""
        self.judge()
        held = (batch for batch in self._batches if not batch.hold.out)
        return frozenset(entry for batch in held for entry in batch.files)

    # -- what is done ----------------------------------------------------------------------
    def mind(self, blocks: Sequence[bytes] = ()) -> None:
        """Judge all records that came in since; with `blocks` that came, what waited for them.

        Raises:
            StoreFull, StoreUnusable: what is held could not be remembered. It is held.
        """
        vault = self._vault
        if vault.gave_way() != self._gave_way:
            self._begin_anew()
        lingers = any(batch.spare is not None for batch in self._batches)
        if vault.seen != self._judged or blocks or lingers:
            with closing(vault.looking_back(self._opened)) as looking:
                touched = self._take_news(looking)
                if blocks:
                    self._weigh_again(blocks, looking)
                self._recount(touched, looking)
            self._judged = vault.seen
        if (shape := self._shape()) != self._saved:
            before = self._saved
            if set(shape) < set(before):  # forgotten, it is only asked about once more
                self._saved = shape
                with suppress(StoreFull, StoreUnusable):
                    self._remember()
            else:
                self._remember()
            self.changed(len(shape) < len(before))

    def judge(self, blocks: Sequence[bytes] = ()) -> None:
        """Mind what came in; what a full disk cannot remember is held all the same."""
        with suppress(StoreFull, StoreUnusable):
            self.mind(blocks)

    def let_through(self) -> None:
        """What is held goes on its way: a person looked at it.

        Raises:
            StoreFull, StoreUnusable: it could not be remembered; it goes on its way.
        """
        held, self._batches = self._batches, []
        for batch in held:
            self._settle(batch.hold.did)
        self._remember()
        self.changed(True)

    def set(self, settings: GuardSettings) -> None:
        """Use other settings from now on; what is held stays so, unless the guard is off."""
        self._memory.put(replace(self._memory.now, settings=settings))
        self._devices.clear()
        if not settings.on and self._batches:
            self.let_through()

    @contextmanager
    def meant(self) -> Generator[None]:
        """What is committed here meanwhile is a person's own doing through Atoll: it counts not.

        Raises:
            StoreFull, StoreUnusable: it could not be remembered; nothing was done.
        """
        vault = self._vault
        self.mind()
        before, began = self._memory.now, vault.seen.of(vault.writer)
        try:
            self._mean(began, RESERVED)
        except BaseException:
            self._memory.now = before
            raise
        try:
            yield
        finally:  # what was made is remembered already: a full disk keeps only too much
            with suppress(StoreFull, StoreUnusable):
                self._forget_unmade()
                self._mean(began + RESERVED, vault.seen.of(vault.writer) - began - RESERVED)
        self.judge()

    def _mean(self, after: int, count: int) -> None:
        now = self._memory.now
        dots = [Dot(self._vault.writer, after + n) for n in range(1, count + 1)]
        if dots:
            self._memory.put(now.meaning(*dots))

    def _forget_unmade(self) -> None:
        """What was meant and never made means nothing: those numbers are still to be used."""
        now = self._memory.now
        made = tuple(dot for dot in now.meant if self._vault.seen.includes(dot))
        if made != now.meant:
            with suppress(StoreFull, StoreUnusable):
                self._memory.put(replace(now, meant=made))

    def _begin_anew(self) -> None:
        """Lines gave way to others: all lies in another order, and numbers are others' records."""
        self._gave_way, given = self._vault.gave_way(), self._vault.given_way()
        self._devices.clear()
        self._batches = [Batch(self._other(hold, given)) for hold in self._memory.now.holds]
        begin = dict(self._where_to_begin())
        begin |= {w: min(n, begin.get(w, 0)) for w, n in given.kept.items()}
        self._judged = Seen(begin)

    def _other(self, hold: Hold, given: GivenWay) -> Hold:
        """Return a hold that holds also what took the place of what came before it."""
        seen, kept = self._vault.seen, given.kept
        before, known = (
            Seen((w, min(n, kept.get(w, n))) for w, n in it.items())
            for it in (hold.before, hold.known)
        )
        sent = Seen((w, seen.of(w) if w in kept else n) for w, n in hold.sent.items())
        return replace(hold, before=before, sent=sent, known=known)

    # -- one record ------------------------------------------------------------------------
    def _take_news(self, looking: LookingBack) -> AbstractSet[EntryId]:
        """Judge what came in since; return what it may have changed of what is held."""
        touched: set[EntryId] = set()
        for step in self._vault.records_after(self._judged):
            touched |= self._take(step, looking)
        return touched

    def _take(self, step: Step, looking: LookingBack) -> AbstractSet[EntryId]:
        """Judge one record; return what it named of what was there before."""
        did = step.issuer
        device = self._devices.setdefault(did, OfLate())
        seen = Judged(step)
        device.recent.take(
            seen, step.at, self._clock.monotonic(), self._clock.now() - float(step.at)
        )
        batches = [batch for batch in self._batches if is_of(batch, step)]
        for batch in batches:
            batch.made[step.pos] = step
        named = self._vault.named_before(step)
        if self._counts(step):
            seen.files = self._may_be_harmed(step, named, looking)
        if seen.files and batches:
            for batch in batches:
                self._extend(batch, seen, seen.files, looking)
        elif seen.files:
            self._weigh(did, device, looking)
        return named

    def _counts(self, step: Step) -> bool:
        now = self._memory.now
        return now.settings.on and step.dot not in now.meant and not now.settled.includes(step.dot)

    def _may_be_harmed(
        self, step: Step, named: AbstractSet[EntryId], looking: LookingBack
    ) -> AbstractSet[EntryId]:
        """Return the files that a record may have harmed: of others, those in our folder."""
        if step.dot.writer != self._vault.writer and named:
            named = self.lie(named)
        if not named:
            return frozenset()
        did = looking.did(step)
        return frozenset(entry for entry in named if may_harm(did.get(entry, ())))

    def _weigh_again(self, blocks: Iterable[bytes], looking: LookingBack) -> None:
        """Weigh once more where some text was not here yet."""
        for did, device in self._devices.items():
            if device.unsure:
                self._weigh(did, device, looking)
        waits = [batch for batch in self._batches if batch.unsure]
        digests = [address(data) for data in blocks] if waits else []
        for batch in waits:
            self._ask_again(batch, batch.unsure.came(digests), looking)

    def _weigh(self, did: str, device: OfLate, looking: LookingBack) -> None:
        """Hold what a device did of late, if that is too much."""
        recent = device.recent.things()
        entries = {entry for seen in recent for entry in seen.files}
        if len(entries) <= FLOOR or any(batch.hold.did == did for batch in self._batches):
            return
        if len(entries) <= bound(self.settings, self._count() + len(entries)):
            return
        made = {seen.step.pos: seen.step for seen in recent}
        device.before = {e: was for e, was in device.before.items() if e in entries}
        for seen in recent:
            for entry in seen.files - device.before.keys():
                device.before[entry] = before(looking, entry, seen.step)
        files = {entry: was for entry, was in device.before.items() if was is not None}
        hold = Hold(did, Seen(), out=False, sent=Seen(), since=0)
        batch = Batch(hold, files, made=made, known=device.known)
        unsure = self._find_harms(batch)
        device.unsure = bool(unsure)
        if not self._is_too_much(batch, looking):
            return
        if undone := self._as_they_lay(recent, looking):
            for entry in undone:
                device.before.pop(entry, None)
            self._weigh(did, device, looking)
        else:
            for seen in recent:
                wait_for(batch, self._vault, seen, batch.files, unsure)
            self._hold(batch, device.recent)

    def _as_they_lay(
        self,
        recent: Iterable[Judged],
        looking: LookingBack,
        among: AbstractSet[EntryId] | None = None,
    ) -> AbstractSet[EntryId]:
        """Leave out, once, what records of others left as it lay here; return that."""
        left_out: set[EntryId] = set()
        for seen in recent:
            if seen.step.dot.writer != self._vault.writer:
                ask = (seen.files if among is None else seen.files & among) - seen.compared
                told = {entry: self._lay_so(seen.step, entry, looking) for entry in ask}
                same = {entry for entry, so in told.items() if so}
                seen.compared |= {entry for entry, so in told.items() if so is False}
                seen.files = seen.files - same if same else seen.files
                left_out |= same
                if same and not seen.files:  # nor after a start, when what was held is no more
                    self._memory.now = self._memory.now.meaning(seen.step.dot)
        return left_out

    def _lay_so(self, step: Step, entry: EntryId, looking: LookingBack) -> bool | None:
        others = (it for it in self._batches if not it.hold.out and it.hold.did != step.issuer)
        batch = next((it for it in others if entry in it.files), None)
        if batch is None:
            return as_it_lay(self._vault, looking, step, entry, None)
        if not lies_as_before(batch, looking, entry, step, self._writers_of(self._did)):
            return False
        return as_it_lay(self._vault, looking, step, entry, batch.files[entry])

    def _hold(self, batch: Batch, recent: Recent[Judged]) -> None:
        """Begin to hold a batch, from the first record on that harmed something."""
        harmful = [it for it in recent.things() if not batch.harms.keys().isdisjoint(it.files)]
        first = min([harmful[0], *batch.unsure.first()], key=lambda it: it.step.pos)
        last = max(batch.made.values(), key=lambda step: step.pos)
        out = last.dot.writer == self._vault.writer
        mine = self._writers_of(batch.hold.did)
        batch.hold = Hold(
            batch.hold.did,
            Seen((w, first.step.seen.of(w)) for w in mine),
            out=out,
            sent=Seen((w, self._judged.of(w)) for w in mine) if out else Seen(),
            since=int(self._clock.now()),
            known=Seen((w, self._vault.seen.of(w)) for w in mine),
        )
        batch.last = harmful[-1].step.pos
        batch.files = {entry: batch.files[entry] for entry in batch.harms}
        batch.made = {pos: it for pos, it in batch.made.items() if is_of(batch, it)}
        self._batches.append(batch)

    def _extend(
        self, batch: Batch, seen: Judged, among: AbstractSet[EntryId], looking: LookingBack
    ) -> None:
        """Hold what else the device does `among` files, but to what it made itself meanwhile."""
        self._as_they_lay([seen], looking, among)
        fresh = {
            entry: was
            for entry in (among & seen.files) - batch.files.keys()
            if not made_since(batch, looking, entry)
            and (was := before(looking, entry, seen.step)) is not None
        }
        told = harms(self._vault, fresh, batch.known)
        wait_for(batch, self._vault, seen, fresh, told.unsure)
        found = told.harms
        gone = {e: fresh[e] for e, harm in found.items() if harm is Harm.DELETED}
        for entry in put_instead(looking, gone, batch.files, [seen.step]):
            del found[entry]
        if found:
            batch.last = max(batch.last, seen.step.pos)
        for entry in found:
            batch.unsure.take(entry)
        batch.harms |= found
        batch.files |= {entry: fresh[entry] for entry in found}

    def _ask_again(self, batch: Batch, entries: AbstractSet[EntryId], looking: LookingBack) -> None:
        """Hold also what nobody could say before: a text had not come yet."""
        batch.asked = batch.asked or bool(entries)
        for entry in entries:
            for seen in batch.unsure.take(entry):
                self._extend(batch, seen, {entry}, looking)

    # -- how much it is --------------------------------------------------------------------
    def _recount(self, touched: AbstractSet[EntryId], looking: LookingBack) -> None:
        """Let go of what is harm no more: it was put right, here or there."""
        for batch in tuple(self._batches):
            self._ask_again(batch, touched & batch.unsure.entries, looking)
            changed = {entry: batch.files[entry] for entry in touched & batch.files.keys()}
            asked, batch.asked = batch.asked, False
            if not (changed or asked) and stays(batch, self._vault):
                continue
            if batch.harms:  # of very many that came one by one, only what changed is judged anew
                told = harms(self._vault, changed, batch.known).harms
                batch.harms = {e: h for e, h in batch.harms.items() if e not in changed} | told
            else:
                self._find_harms(batch)
            batch.spare = None
            if not (self._is_still_so(batch) or self._is_too_much(batch, looking)):
                most, count = self._bound(batch), len(batch.harms)
                batch.spare = most - (count if count <= most else count - batch.excused)
                if not stays(batch, self._vault):
                    self._batches.remove(batch)
                    self._settle(batch.hold.did)

    def _find_harms(self, batch: Batch) -> Mapping[EntryId, frozenset[bytes]]:
        """Find out what befell a batch's files; say of which nobody knows yet."""
        told = harms(self._vault, batch.files, batch.known)
        batch.harms = told.harms
        return told.unsure

    def _is_still_so(self, batch: Batch) -> bool:
        """Say whether so little was put right since it was weighed that weighing tells nothing."""
        count = len(batch.harms)
        return count - batch.excused > self._bound(batch) and count > FEWER * batch.weighed

    def _is_too_much(self, batch: Batch, looking: LookingBack) -> bool:
        """Say whether more was harmed than may be, but for what is missed by nobody."""
        most, count = self._bound(batch), len(batch.harms)
        if count <= most:
            return False
        gone = {e: batch.files[e] for e, harm in batch.harms.items() if harm is Harm.DELETED}
        made = batch.made.values()
        excused = elsewhere(self._vault, looking, gone, made) | still_there(self._vault, gone)
        excused |= put_instead(looking, gone, batch.files, made) | taken_in(self._vault, gone)
        batch.weighed, batch.excused = count, len(excused)
        return count - len(excused) > most

    def _bound(self, batch: Batch) -> int:
        gone = sum(harm is Harm.DELETED for harm in batch.harms.values())
        return bound(self.settings, self._count() + gone)

    def _count(self) -> int:
        """Return how many files the folder has, as of a moment ago."""
        now = self._clock.monotonic()
        if self._counted is None or now - self._counted[0] > COUNTED_FOR:
            self._counted = now, max(self._vault.counts()[0], self.lying())
        return self._counted[1]

    # -- what is remembered ----------------------------------------------------------------
    def _settle(self, did: str) -> None:
        """What a device did until now counts no more."""
        self._devices.pop(did, None)
        done = Seen((w, self._vault.seen.of(w)) for w in self._writers_of(did))
        now = self._memory.now
        self._memory.now = replace(now, settled=now.settled.join(done))

    def _remember(self) -> None:
        holds = tuple(batch.hold for batch in self._batches)
        self._memory.put(replace(self._memory.now, holds=holds))
        self._saved = self._shape()

    def _shape(self) -> tuple[tuple[Hold, int], ...]:
        """Return what tells whether something changed that others show or keep."""
        return tuple((batch.hold, len(batch.files)) for batch in self._batches)

    def _writers_of(self, did: str) -> frozenset[Writer]:
        return frozenset(w for w, issuer in self._vault.writers().items() if issuer == did)

    def _where_to_begin(self) -> Seen:
        """Return what need not be judged: all but what is held, and the last five minutes."""
        latest: dict[str, int] = {}
        begin = dict(self._vault.seen)
        for step in self._vault.latest_records(TAIL):
            last = latest.get(step.issuer, step.at)
            if 0 <= last - step.at <= SPAN:
                latest[step.issuer] = last
                begin[step.dot.writer] = min(begin[step.dot.writer], step.dot.n - 1)
        for batch in self._batches:
            for writer in self._writers_of(batch.hold.did):
                n = batch.hold.before.of(writer)
                begin[writer] = min(begin.get(writer, 0), n)
        return Seen(begin)


def _pass(_less: bool) -> None:  # noqa: FBT001
    """Nobody listens."""
