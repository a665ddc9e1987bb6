"""Keep on this device: a folder whole, what was opened, or names only.

It remembers the setting, fetches what is asked for, and lets go of what is too much: first the
file leaves the plain folder, then its blocks the store, and only what another device that keeps
all has signed for (storage/keeping.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from app.accounts import Account
from app.devices import Devices
from app.errors import NobodyHasIt, OverBudget
from app.events import DeliveryChanged, DevicesChanged, Event, EventHub, SpaceChanged, SpacesChanged
from app.files import entry_id, record_id
from app.folder.agreed import Agreed
from app.keep_setting import keeping_in, remember_keeping, wished
from app.keeping_history import kept_beside
from app.progress import Progress, Report, silent
from app.spaces import Kept, Spaces
from app.values import SpaceInfo
from storage.batches import batches
from storage.errors import AtollError
from storage.facts.change import TOP, EntryId
from storage.facts.node import below
from storage.facts.values import Content, EntryKind
from storage.keeping import MOMENT
from storage.ports import Clock, Entropy
from storage.vault import Vault

QUIET = 1.0
"""Seconds in which what happened is gathered before anything is let go of."""
AGAIN = 5.0
"""Seconds until what could not leave the folder is tried once more."""
AT_ONCE = 2000
"""So many files are taken out of the store in one go."""
NEARLY = 1.0
"""Seconds by which is looked later than something is due: then it is."""
GIVE_BACK_EVERY = 600.0
"""Seconds from one rewriting of packs until the next: it looks at all that is kept."""
PATIENCE = 20.0
"""Seconds without a byte after which nobody is believed to have it."""
ALONE = 6.0
"""The same while no other device is near at all."""
LOOK_EVERY = 1.0
"""Seconds from one look at what is still to come until the next."""


class Asking(Protocol):
    """The part of sync that fetching needs."""

    def wanted(self, space: bytes, first: Sequence[bytes] = ()) -> None:
        """Content is wanted that was not."""
        ...

    def announce(self, space: bytes) -> None:
        """Tell others how a space stands here."""
        ...


class KeepHere:
    """Decides what of each space is here. Lives on the app's loop."""

    def __init__(
        self,
        account: Account,
        devices: Devices,
        spaces: Spaces,
        network: Asking,
        events: EventHub,
        *,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces
        self._network = network
        self._events = events
        self._clock = clock
        self._entropy = entropy
        self._due: set[str] = set()
        self._some = asyncio.Event()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.give_back: Callable[[str], Awaitable[object]] | None = None
        """Gives the disk back that was freed in a space's packs."""
        self._freed: set[str] = set()
        self._given_at: dict[str, float] = {}
        self._pinned: Counter[tuple[str, EntryId]] = Counter()
        """What is being read or written out: it stays meanwhile."""

    # -- the setting ---------------------------------------------------------------------
    async def keep(
        self, space: str, how: str | None = None, budget: int | None = None
    ) -> SpaceInfo:
        """Keep that much of a space from now on; None: as it is.

        Raises:
            BadUsage: a budget is only for what was opened.
        """
        kept = self._spaces.get(space)
        before = keeping_in(self._account.state, space)
        keeping = wished(before, how, budget, self._entropy)
        if keeping != before:
            # remembered first: what is let go of must never be taken for all
            await remember_keeping(self._account.state, space, keeping)
            await kept.opened.run(lambda vault: vault.set_keeping(keeping))
            self._network.announce(kept.opened.key)
            self._network.wanted(kept.opened.key)
            kept.in_step.came_anywhere()
            self._note(space)
            self._events.tell(SpacesChanged())
        return await self._spaces.info(kept, patient=True)

    # -- fetching ------------------------------------------------------------------------
    async def fetch(self, space: str, entries: Sequence[str], report: Report) -> int:
        """Bring files here, folders with all in them, and let them stay; return how many.

        Raises:
            OverBudget: more than may stay here.
            NobodyHasIt: no device near has them. They come as soon as one is.
        """
        kept = self._spaces.get(space)
        ids = await kept.opened.run(lambda vault: _files(vault, map(entry_id, entries)))
        size, budget = await kept.opened.run(lambda vault: vault.room_for(ids))
        if budget is not None and size > budget:
            raise OverBudget(size, budget)
        await self._bring(kept, ids, report)
        with suppress(AtollError):  # the folder may be away; they are in the store
            await kept.in_step.bring(frozenset(ids))
        return len(ids)

    @asynccontextmanager
    async def at_hand(
        self,
        space: str,
        entries: Iterable[str] | None,
        report: Report = silent,
        *,
        record: str | None = None,
    ) -> AsyncGenerator[None]:
        """Have the bytes of entries (None: of all) here for as long as this lasts.

        With `record`, the bytes that they held then.

        Raises:
            NobodyHasIt: no device near has them.
        """
        if keeping_in(self._account.state, space).is_whole:
            yield
            return
        kept = self._spaces.get(space)
        wanted = [TOP] if entries is None else list(map(entry_id, entries))
        ids = wanted if record else await kept.opened.run(lambda vault: _files(vault, wanted))
        pins = [(space, entry) for entry in ids]
        self._pinned.update(pins)
        try:
            if record is None:
                await self._bring(kept, ids, report)
            for entry in ids if record else ():
                await self._bring_version(kept, entry, record_id(record or ""), report)
            yield
        finally:
            self._pinned.subtract(pins)
            self._pinned += Counter()
            self._note(space)

    def wanted(self, kept: Kept, entries: frozenset[EntryId]) -> None:
        """What lies in the folder under names of these has to be compared: fetch them."""
        if not keeping_in(self._account.state, kept.opened.id).is_whole:
            self._spaces.errand(self._ask(kept, entries))

    async def _ask(self, kept: Kept, entries: Iterable[EntryId]) -> None:
        ids = list(entries)
        first = await kept.opened.run(lambda vault: vault.ask(ids))
        self._network.wanted(kept.opened.key, first)

    async def _bring(self, kept: Kept, ids: Sequence[EntryId], report: Report) -> None:
        """Fetch what is lacking, and wait for it."""
        await self._ask(kept, ids)
        await self._let_go(kept)  # room first

        def left(vault: Vault) -> tuple[int, int]:
            return len(vault.lacking(ids)), vault.to_come_of(ids)

        await self._wait(kept, left, len(ids), report)

    async def _bring_version(
        self, kept: Kept, entry: EntryId, record: bytes, report: Report
    ) -> None:
        """Fetch what an entry held once, and wait for it."""
        facts = await kept.opened.run(lambda vault: vault.facts_at(entry, vault.step(record)))
        if await kept.opened.run(lambda vault: vault.ask_version(entry, facts)):
            return
        self._network.wanted(kept.opened.key)
        await self._wait(kept, lambda vault: (not vault.has_version(facts), 0), 1, report)

    async def _wait(
        self,
        kept: Kept,
        left: Callable[[Vault], tuple[int, int]],
        total: int,
        report: Report,
    ) -> None:
        """Wait while something comes; `left` says how many files are to, and how many bytes."""
        most, before, since = 0, (-1, -1), self._clock.monotonic()
        while True:
            kept.moved.clear()
            now = await kept.opened.run(left)
            files, size = now
            if not files:
                return
            if now != before:
                before, since = now, self._clock.monotonic()
            elif self._clock.monotonic() - since > self._patience(kept):
                raise NobodyHasIt("no device near has it")
            most = max(most, size)
            report(Progress("Fetching", "", total - files, total, most - size, most))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):  # others wait for it to move as well
                    await kept.moved.wait()

    def _patience(self, kept: Kept) -> float:
        near = self._devices.near_now() & set(self._devices.members(kept.opened.key))
        return PATIENCE if near else ALONE

    # -- letting go ----------------------------------------------------------------------
    def hear(self, event: Event) -> None:
        """Something changed that may let something go, or make too much of it."""
        match event:
            case SpaceChanged(space) | DeliveryChanged(space):
                self._note(space)
            case DevicesChanged():
                for kept in self._spaces.some(None):
                    self._note(kept.opened.id)
            case _:
                pass

    def _note(self, space: str) -> None:
        if not keeping_in(self._account.state, space).is_whole:
            self._due.add(space)
            self._some.set()

    async def run(self) -> None:
        """Let go of what is too much, until cancelled."""
        self.hear(DevicesChanged())
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(QUIET)
                self._some.clear()
                due, self._due = self._due, set()
                for kept in self._spaces.some(None):
                    if kept.opened.id in due:
                        with suppress(AtollError):  # who keeps it in step meets it, and tells it
                            await self._let_go(kept)
                            await self._give_back(kept.opened.id)
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _let_go(self, kept: Kept) -> None:
        """Take out of the folder what is not to be here, then out of the store."""
        space, trusted = kept.opened.id, self._trusted(kept)
        pinned = frozenset(entry for its, entry in self._pinned if its == space)

        def leave(vault: Vault) -> frozenset[EntryId]:
            vault.push_out(trusted, pinned)
            return vault.leaving()

        leaving = await kept.opened.run(leave)
        still = frozenset[EntryId]()
        if leaving:
            agreed = kept.opened.mirrored.agreed
            there = await kept.opened.run(lambda _vault: frozenset(agreed.get_some(leaving)))
            if there:
                await kept.in_step.bring(there)
            still = await kept.opened.run(lambda _vault: frozenset(agreed.get_some(leaving)))
            await self._sweep(kept, sorted(leaving), trusted, still | pinned)
            if still:
                self._again(space, AGAIN)
        soon = await kept.opened.run(lambda vault: vault.next_push())
        if soon is not None and not still:
            self._again(space, look_in(soon - self._clock.now()))

    async def _sweep(
        self,
        kept: Kept,
        leaving: Sequence[EntryId],
        trusted: frozenset[str],
        still: frozenset[EntryId],
    ) -> None:
        """Remove the blocks of what left the folder, some at a time: others use the vault too."""
        opened = kept.opened
        rows = await opened.run(lambda _vault: opened.ask_agreed(Agreed.kept))
        beside = tuple(kept_beside(rows))
        for part in map(frozenset, batches(leaving, AT_ONCE)):
            if await opened.run(_sweeping(trusted, still, part, beside)):
                self._freed.add(kept.opened.id)
                self._events.tell(SpacesChanged())

    async def _give_back(self, space: str) -> None:
        """Give the disk back once enough was let go of, and not all the time."""
        now = self._clock.monotonic()
        if space not in self._freed or now - self._given_at.get(space, -GIVE_BACK_EVERY) < (
            GIVE_BACK_EVERY
        ):
            return
        self._freed.discard(space)
        self._given_at[space] = now
        if self.give_back is not None:
            await self.give_back(space)

    def _again(self, space: str, seconds: float) -> None:
        """Look again in a while."""
        before = self._timers.pop(space, None)
        if before is not None:
            before.cancel()
        loop = asyncio.get_running_loop()
        self._timers[space] = loop.call_later(seconds, lambda: self._note(space))

    def _trusted(self, kept: Kept) -> frozenset[str]:
        """Return whose word counts: members that were met, and not too long ago."""
        now = self._clock.now()
        members = self._devices.members(kept.opened.key)
        known = (self._devices.device(did) for did in members)
        return frozenset(it.did for it in known if not it.is_this and it.met_of_late(now))


def look_in(seconds: float) -> float:
    """Return in how many seconds to look at what is to go in so many.

    What is due and still here nobody answers for yet: hearing so is an event of its own.
    """
    return NEARLY + (seconds if seconds > 0 else MOMENT)


def _sweeping(
    trusted: frozenset[str],
    still: frozenset[EntryId],
    part: frozenset[EntryId],
    beside: tuple[Content, ...],
) -> Callable[[Vault], int]:
    return lambda vault: vault.sweep(trusted, still, part, beside)


def _files(vault: Vault, entries: Iterable[EntryId]) -> list[EntryId]:
    """Return the files among entries and below them, whatever version of theirs is named."""
    tree, found = vault.tree(), dict[EntryId, None]()
    for entry in entries:
        if entry == TOP:
            found |= {node.entry: None for _, node in tree.walk() if node.kind is EntryKind.FILE}
            continue
        node = tree.get(entry)
        if node is None:
            continue
        inside = [node, *below(tree, node)]
        found |= {it.entry: None for it in inside if it.kind is EntryKind.FILE}
    return list(found)
