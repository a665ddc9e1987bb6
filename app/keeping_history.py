"""The past on this device: how much is kept, where the disk went, forgetting, the bin emptied.

Rules and what is to be forgotten are this device's alone. Once a day, when it runs for a while,
what no rule keeps is collected, a slice at a time between all other work (storage/collecting.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from app.accounts import Account
from app.files import entry_id, record_id
from app.folder.agreed import Agreed
from app.history import name_of
from app.opened import OpenSpace
from app.past_setting import PastSetting, past_setting_in, remember_past
from app.past_values import Forgotten, Given, PastRule, Use
from app.progress import Progress, Report, silent
from app.spaces import Kept, Spaces
from app.values import BinItem
from storage.batches import batches
from storage.bygone import Run
from storage.collecting import Disturbed, NotAllHere, NotRepaired, Orders, all_held
from storage.crypto.link import link_from
from storage.errors import AtollError, NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.state import EntryFacts
from storage.facts.values import Content
from storage.letgo import tops_of
from storage.ports import Clock
from storage.retention import DAY, DEFAULT, MAX_DAYS, Held, Rule, held_in, tops_of_held
from storage.surveying import SpaceUse
from storage.vault import Vault

EVERY = 86_400.0
"""Seconds between two collections of a space, at least."""
LOOK_EVERY = 1800.0
FIRST_LOOK = 300.0
"""Seconds after the start: then other things are more urgent."""
BREATH = 0.05
"""Seconds between two slices that nobody waits for."""
NEVER = MAX_DAYS * DAY
"""Seconds of quarantine while something is held."""

ByEntry = dict[EntryId, set[Held]]
"""What is to be forgotten of each entry."""


class Asking(Protocol):
    """The part of sync that asking others for an old version needs."""

    def wanted(self, space: bytes) -> None:
        """Content is wanted that was not."""
        ...


class Repairs(Protocol):
    """Makes a space whole by itself."""

    async def repair_alone(self, kept: Kept, report: Report) -> None:
        """Settle what was damaged, if nobody can bring more of it. Raises StoreFull and such."""
        ...


@dataclass(frozen=True, slots=True)
class _Failure:
    """A run that ended in vain."""

    at: float
    absent: frozenset[bytes]
    """Blocks without any of which another ends in vain too."""


class KeepingHistory:
    """Keeps the past, and gives back the disk that it takes. Lives on the app's loop."""

    def __init__(
        self, account: Account, spaces: Spaces, network: Asking, repairs: Repairs, clock: Clock
    ) -> None:
        self._account = account
        self._spaces = spaces
        self._network = network
        self._repairs = repairs
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._failed: dict[str, _Failure] = {}
        """The last run of a space by itself, if it failed."""

    # -- rules ---------------------------------------------------------------------------
    async def rules(self, space: str, entry: str | None = None) -> tuple[PastRule, ...]:
        """Return the rule that holds for a folder; of a whole space, all that were set too."""
        kept, setting = self._spaces.get(space), self._setting(space)

        def work(vault: Vault) -> tuple[PastRule, ...]:
            tree = vault.tree()
            if entry is not None:
                return (_nearest(vault, setting, entry_id(entry)),)
            own = {it: tree.path(it) for it in setting.rules if it != TOP and tree.get(it)}
            of_all = _rule_at((), setting.rules.get(TOP, DEFAULT), is_own=TOP in setting.rules)
            below = [_rule_at(path, setting.rules[it], is_own=True) for it, path in own.items()]
            return (of_all, *sorted(below, key=lambda it: it.path))

        return await kept.opened.run(work)

    async def set_rule(self, space: str, entry: str | None, rule: Rule | None) -> None:
        """Keep as much from now on; None: as the folders above. Nothing goes by this alone."""
        self._spaces.get(space)
        setting, folder = self._setting(space), TOP if entry is None else entry_id(entry)
        rules = {key: held for key, held in setting.rules.items() if key != folder}
        if rule is not None:
            rules[folder] = rule
        await remember_past(self._account.state, space, replace(setting, rules=rules))

    # -- the disk ------------------------------------------------------------------------
    async def use(self, space: str | None, report: Report = silent) -> tuple[Use, ...]:
        """Return where the disk went."""
        found: list[Use] = []
        for kept in self._spaces.some(space):
            orders = await self._orders(kept)

            def begin(vault: Vault, orders: Orders = orders) -> tuple[Run, SpaceUse, str]:
                return (*vault.survey(orders), vault.name)

            run, use, name = await kept.opened.run(begin)
            await _run_through(kept.opened, run, report, 0.0)
            found.append(_use(kept, name, use))
        return tuple(found)

    async def collect(self, space: str | None, report: Report = silent) -> tuple[Given, ...]:
        """Give back what no rule keeps, now.

        Raises:
            NotAllHere: something that has to be kept is missing; nothing was removed.
        """
        return tuple([await self._collect(it, report) for it in self._spaces.some(space)])

    async def _collect(
        self, kept: Kept, report: Report, *, at_once: bool = False, pause: float = 0.0
    ) -> Given:
        if kept.opened.guard.batches and not at_once:  # undoing that needs what was before
            name = await kept.opened.run(lambda vault: vault.name)
            return Given(kept.opened.id, name, 0, 0, 0)
        async with self._one_at_a_time:
            await self._repairs.repair_alone(kept, report)
            orders = replace(await self._orders(kept), at_once=at_once)
            if kept.opened.guard.batches:  # what was told to go goes, and nothing besides
                orders = replace(orders, quarantine=NEVER)

            def begin(vault: Vault) -> tuple[Run, str]:
                return vault.collection(orders), vault.name

            run, name = await kept.opened.run(begin)
            await _run_through(kept.opened, run, report, pause)
            done = run.collected
            await self._account.state.set(_key(kept.opened.id), str(self._clock.now()))
        return Given(
            kept.opened.id,
            name,
            done.removed_bytes,
            done.quarantined_bytes,
            done.given_back,
            done.is_counted_on,
        )

    # -- forgetting ----------------------------------------------------------------------
    async def forget(
        self, space: str, entry: str, record: str, *, at_once: bool, report: Report = silent
    ) -> Forgotten:
        """Keep the content of one version no longer on this device.

        Raises:
            NotFound: it was not there then.
        """
        kept, wanted = self._spaces.get(space), entry_id(entry)

        def work(vault: Vault) -> tuple[ByEntry, Forgotten]:
            facts = vault.facts_at(wanted, vault.step(record_id(record)))
            if not held_in(facts):
                raise NotFound("it was not there then")
            return _to_forget(vault, wanted, facts)

        held, told = await kept.opened.run(work)
        return await self._forget(kept, held, told, at_once=at_once, report=report)

    async def empty_bin(
        self,
        space: str | None,
        entries: Sequence[str] | None = None,
        *,
        at_once: bool,
        report: Report = silent,
    ) -> tuple[Forgotten, ...]:
        """Keep nothing of what was deleted any longer on this device, or of some of it."""
        wanted = None if entries is None else frozenset(map(entry_id, entries))
        found: list[Forgotten] = []
        for kept in self._spaces.some(space):
            held, told = await kept.opened.run(lambda vault: _binned_to_forget(vault, wanted))
            found.append(await self._forget(kept, held, told, at_once=at_once, report=report))
        return tuple(found)

    async def take_back(self, space: str, entry: str, record: str) -> None:
        """Keep a version after all, and ask the other devices for it if it is gone here."""
        kept, wanted = self._spaces.get(space), entry_id(entry)
        facts = await kept.opened.run(
            lambda vault: vault.facts_at(wanted, vault.step(record_id(record)))
        )
        tops = tops_of(facts)
        if not tops:
            raise NotFound("it was not there then")
        setting = self._setting(space).keeping(wanted, tops)
        await remember_past(self._account.state, space, setting)
        await kept.opened.run(lambda vault: vault.want_version(facts))
        self._network.wanted(kept.opened.key)

    def is_emptied(self, item: BinItem) -> bool:
        """Say whether something deleted was cleared out of the bin."""
        return (item.id, item.record) in self._setting(item.space).emptied

    async def _forget(
        self, kept: Kept, held: ByEntry, told: Forgotten, *, at_once: bool, report: Report
    ) -> Forgotten:
        space = kept.opened.id
        versions = ((e, top) for e, its in held.items() for it in its for top in tops_of_held(it))
        setting = self._setting(space).emptying(told.emptied).forgetting(versions)
        await remember_past(self._account.state, space, setting)
        if not at_once:
            return told
        given = await self._collect(kept, report, at_once=True)
        return replace(
            told,
            at_once=not given.is_counted_on,
            removed_bytes=given.removed_bytes,
            is_counted_on=given.is_counted_on,
        )

    # -- by itself -----------------------------------------------------------------------
    async def run(self) -> None:
        """Collect once a day, until cancelled."""
        for kept in self._spaces.some(None):
            with suppress(AtollError):  # on a full disk it is said at the next start
                await self._miss_no_more(kept.opened)
        await asyncio.sleep(FIRST_LOOK)
        while True:
            for kept in self._spaces.some(None):
                if self._is_due(kept.opened.id):
                    await self._collect_quietly(kept)
            await asyncio.sleep(LOOK_EVERY)

    async def _miss_no_more(self, opened: OpenSpace) -> None:
        tops = [top for _entry, top in self._setting(opened.id).forgotten]
        for some in batches(tops):
            await opened.run(partial(Vault.miss_no_more, tops=some))

    def _is_due(self, space: str) -> bool:
        try:
            last = float(self._account.state.settings.get(_key(space), "0"))
        except ValueError:
            last = 0.0
        return not 0 <= self._clock.now() - last < EVERY

    def repaired(self, space: str) -> None:
        """What kept a space from being collected may be no more."""
        self._failed.pop(space, None)

    async def _collect_quietly(self, kept: Kept) -> None:
        """Collect. `check` says what is wrong if that fails; whoever collects by hand hears."""
        space, absent = kept.opened.id, frozenset[bytes]()
        try:
            if await self._is_in_vain(kept):
                return
            await self._collect(kept, silent, pause=BREATH)
        except (Disturbed, NotRepaired):  # the one passes, the other is seen at first sight
            return
        except NotAllHere as error:
            absent = error.absent
        except AtollError:
            pass
        else:
            self._failed.pop(space, None)
            return
        self._failed[space] = _Failure(self._clock.now(), absent)

    async def _is_in_vain(self, kept: Kept) -> bool:
        """Say whether it failed not long ago, and nothing came since that was missing then."""
        failure = self._failed.get(kept.opened.id)
        if failure is None or not 0 <= self._clock.now() - failure.at < EVERY:
            return False
        if not failure.absent:
            return True
        return await kept.opened.run(lambda vault: vault.is_any_lost(failure.absent))

    # -- what is asked for ---------------------------------------------------------------
    def _setting(self, space: str) -> PastSetting:
        return past_setting_in(self._account.state, space)

    async def _orders(self, kept: Kept) -> Orders:
        setting, opened = self._setting(kept.opened.id), kept.opened
        rows = await opened.run(lambda _vault: opened.ask_agreed(Agreed.kept))
        return Orders(
            setting.rules,
            frozenset(setting.forgotten),
            frozenset(setting.pins),
            tuple(kept_beside(rows)),
        )


async def _run_through(opened: OpenSpace, run: Run, report: Report, pause: float) -> None:
    """Do all slices; whoever hears of them may stop it."""
    while (done := await opened.run(lambda _vault: run.step())) is not None:
        report(Progress(done.what, "", done.done, done.total))
        await asyncio.sleep(pause)


def kept_beside(rows: Iterable[tuple[object, ...]]) -> Iterable[Content]:
    """Yield the drafts that were dropped: their bytes are in the store, and in no record."""
    for _path, _at, size, digest, link in rows:
        if isinstance(link, bytes) and isinstance(size, int) and isinstance(digest, bytes):
            yield Content(link_from(link), size, digest, is_text=False)


def _to_forget(vault: Vault, entry: EntryId, facts: EntryFacts) -> tuple[ByEntry, Forgotten]:
    present = held_in(vault.facts(entry))
    held = set(held_in(facts)) - present
    life = vault.life(entry)
    count = sum(not held.isdisjoint(version.holds) for version in life.versions)
    return {entry: held}, Forgotten(
        count,
        sum(_size(it) for it in held),
        at_once=False,
        removed_bytes=0,
        still_shown=0 if held else 1,
        others=len(vault.members()) - 1,
        has_edits=_has_edits(facts),
    )


def _binned_to_forget(vault: Vault, wanted: frozenset[EntryId] | None) -> tuple[ByEntry, Forgotten]:
    binned = [it for it in vault.bin() if wanted is None or it.entry in wanted]
    held = {it.entry: all_held(vault.life(it.entry)) for it in binned}
    return held, Forgotten(
        sum(not item.is_folder for item in binned),
        sum(_size(it) for its in held.values() for it in its),
        at_once=False,
        removed_bytes=0,
        others=len(vault.members()) - 1,
        has_edits=any(isinstance(it, Content) and it.is_text for v in held.values() for it in v),
        emptied=tuple((it.entry.hex(), name_of(it.step)) for it in binned),
    )


def _has_edits(facts: EntryFacts) -> bool:
    return any(isinstance(it, Content) and it.is_text for it in facts.get("content", {}).values())


def _size(held: Held) -> int:
    return held.size if isinstance(held, Content) else 0


def _nearest(vault: Vault, setting: PastSetting, entry: EntryId) -> PastRule:
    tree, at = vault.tree(), entry
    while at not in setting.rules and (node := tree.get(at)) is not None:
        at = node.parent
    rule = setting.rules.get(at, setting.rules.get(TOP, DEFAULT))
    return _rule_at(tree.path(entry), rule, is_own=entry in setting.rules)


def _rule_at(path: tuple[str, ...], rule: Rule, *, is_own: bool) -> PastRule:
    return PastRule(
        path,
        rule.all_days,
        rule.daily_days,
        rule.monthly,
        rule.latest_over,
        rule.any_kind,
        is_own,
    )


def _use(kept: Kept, name: str, use: SpaceUse) -> Use:
    return Use(
        kept.opened.id,
        name,
        use.files,
        use.older,
        use.bin,
        use.log,
        use.freed_later,
        tuple((it.at, it.size) for it in use.leaving),
        use.unused,
        use.index,
    )


def _key(space: str) -> str:
    return f"collected/{space}"
