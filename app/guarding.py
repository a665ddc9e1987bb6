"""Mass changes that are held: looking at them, letting them through, undoing them."""

from __future__ import annotations

from app.accounts import Account
from app.devices import Devices
from app.errors import BadUsage, NothingHeld
from app.folder.port import Path
from app.guard import Guard
from app.guard_batch import Batch
from app.guard_undo import undo
from app.guard_values import GuardSettings, Harm, HeldBatch, HeldChange, PutBack
from app.guard_words import ANOTHER
from app.spaces import Kept, Spaces
from storage.errors import NotFound
from storage.facts.change import EntryId
from storage.vault import Vault

MOST_FILES = 1_000_000
MOST_PERCENT = 100


class Guarding:
    """The guards of all folders, as a person reaches them. Lives on the app's loop."""

    def __init__(self, account: Account, devices: Devices, spaces: Spaces) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces

    async def held(self, space: str | None) -> tuple[HeldBatch, ...]:
        """Return what is held, of one space or all."""
        found: list[HeldBatch] = []
        for kept in self._spaces.some(space):
            opened = kept.opened

            def work(vault: Vault, guard: Guard = opened.guard) -> list[HeldBatch]:
                guard.judge()
                return [self._told(vault, batch) for batch in guard.batches]

            found += await opened.run(work)
        return tuple(found)

    async def let_through(self, space: str) -> int:
        """Let what is held of a space go on its way; return how many files it is about.

        Raises:
            NothingHeld: nothing is.
        """
        kept = self._spaces.get(space)

        def work(_vault: Vault) -> int:
            files = sum(len(batch.harms) for batch in _held_by(kept))
            kept.opened.guard.let_through()
            return files

        return await kept.opened.run(work)

    async def undo(self, space: str) -> PutBack:
        """Take back what is held of a space, as new commits; then it is held no more.

        Raises:
            NothingHeld: nothing is.
            NotAllowed, AccessExpired: this device may view only.
        """
        kept = self._spaces.get(space)

        def work(vault: Vault) -> tuple[PutBack, frozenset[EntryId]]:
            told, entries, guard = PutBack(0, 0), frozenset[EntryId](), kept.opened.guard
            for batch in _held_by(kept):
                with guard.meant():
                    one, changed = undo(vault, batch, self._name(batch))
                told, entries = told.and_(one), entries | changed
            return told, entries

        told, entries = await kept.opened.run(work)
        await kept.in_step.committed_here(entries)
        return told

    async def settings(self, space: str) -> GuardSettings:
        """Return from how many files on a space's guard holds something."""
        guard = self._spaces.get(space).opened.guard
        return await self._spaces.get(space).opened.run(lambda _vault: guard.settings)

    async def set(self, space: str, settings: GuardSettings) -> None:
        """Use other settings from now on.

        Raises:
            BadUsage: they make no sense.
        """
        if not 1 <= settings.files <= MOST_FILES:
            raise BadUsage(f"files has to be a number from 1 to {MOST_FILES}")
        if not 1 <= settings.percent <= MOST_PERCENT:
            raise BadUsage(f"percent has to be a number from 1 to {MOST_PERCENT}")
        opened = self._spaces.get(space).opened
        await opened.run(lambda _vault: opened.guard.set(settings))

    # -- steps -----------------------------------------------------------------------------
    def _told(self, vault: Vault, batch: Batch) -> HeldBatch:
        gone = {item.entry: item.path for item in vault.bin()}
        tree = vault.tree()
        changes: list[HeldChange] = []
        for entry, harm in batch.harms.items():
            name = batch.files[entry].name
            try:
                path: Path = tree.path(entry)
            except NotFound:
                path = gone.get(entry, (name,))
            if harm is Harm.RENAMED:
                path = (*path[:-1], name)
            changes.append(HeldChange(path, harm))
        return HeldBatch(
            vault.space.hex(),
            batch.hold.did,
            self._name(batch),
            is_this=batch.hold.did == self._account.did,
            since=float(batch.hold.since),
            changes=tuple(sorted(changes, key=lambda change: change.path)),
        )

    def _name(self, batch: Batch) -> str:
        return self._devices.name(batch.hold.did) or ANOTHER


def _held_by(kept: Kept) -> tuple[Batch, ...]:
    guard = kept.opened.guard
    guard.judge()
    if not guard.batches:
        raise NothingHeld("nothing of this folder is held")
    return guard.batches
