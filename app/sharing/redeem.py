"""Accepting access: from a code to a folder that holds everything."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from app.accounts import Account
from app.errors import AlreadyHere, BadUsage
from app.keep_setting import keeping_in, remember_keeping, wished
from app.places import Places
from app.progress import WAITING, Progress, Report
from app.sharing.announcing import Announcing
from app.spaces import Spaces
from app.usable import made_ready
from app.values import SpaceInfo
from app.words import list_words
from app.work import Worker
from storage.access.invite import InviteCode, code_from_text, handover_from
from storage.blocks.store import Kind, Thing
from storage.errors import BadToken
from storage.keeping import WHOLE
from storage.ports import Clock, Entropy
from storage.vault import Vault

LONG = 2.0
"""Seconds of looking for a giver after which a person is told that it is waited for."""
NOTHING_CAME = 10.0
"""Seconds without a byte after which a giver that does not keep all is waited for no longer."""


class Redeeming(Protocol):
    """The part of sync that joining needs."""

    async def redeem(self, code: InviteCode, patience: float = ...) -> Sequence[Thing]:
        """Meet the giver and return what the invite promises. Raises PeerUnreachable."""
        ...

    async def caught_up(self, space: bytes) -> None:
        """Wait until some other device and we have seen the same of a space."""
        ...


class Keeps(Protocol):
    """Says how much of a space is kept here."""

    async def keep(self, space: str, how: str | None = None) -> SpaceInfo:
        """Keep that much from now on."""
        ...


class Joining:
    """Accepts codes."""

    def __init__(
        self,
        account: Account,
        spaces: Spaces,
        network: Redeeming,
        announcing: Announcing,
        keeps: Keeps,
        *,
        places: Places,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._account = account
        self._spaces = spaces
        self._network = network
        self._announcing = announcing
        self._keeps = keeps
        self._places = places
        self._clock = clock
        self._entropy = entropy

    async def join(
        self, given: str | bytes, into: Path, *, merge: bool, keep: str | None, report: Report
    ) -> SpaceInfo:
        """Accept a code or a hand-over file; finish what was begun with it in the same folder.

        Raises:
            AlreadyHere: what the code gives is on this device.
            FolderNotEmpty, FolderInUse, KeptElsewhere, Unreadable: the folder cannot be filled.
            PeerUnreachable: nobody who has it answered in time.
            BadToken, AccessExpired: the code is damaged, or its time is over.
            BadUsage: nobody can keep that much.
        """
        keeping = wished(WHOLE, keep, None, self._entropy)
        code, things = _parse(given)
        code.check_time(self._clock.now())
        resolved = await asyncio.to_thread(into.resolve)
        if self._was_begun(code, resolved):
            if keep is not None:
                await self._keeps.keep(code.space.hex(), keep)
            return await self._finish(code, given, report)
        self._refuse_known(code)
        await self._spaces.refuse_taken(resolved)
        folder = await asyncio.to_thread(made_ready, into, merge=merge)
        await self._spaces.refuse_taken(folder)
        if not things:
            things = await self._met(code, report)
        if isinstance(given, bytes):
            await self._announcing.remember(code)
        # remembered before anything is asked for, also for a start in between
        await remember_keeping(self._account.state, code.space.hex(), keeping)
        await self._enter(code, things, folder, report)
        if isinstance(given, bytes):
            self._announcing.begin(code)
        return await self._finish(code, given, report)

    async def _met(self, code: InviteCode, report: Report) -> Sequence[Thing]:
        """Meet the giver; when that takes long, say so, for it may not be running."""

        def say() -> None:
            report(Progress(WAITING, f"{code.by} to be found…"))

        report(Progress("Looking for", code.by))
        timer = asyncio.get_running_loop().call_later(LONG, say)
        try:
            return await self._network.redeem(code)
        finally:
            timer.cancel()

    async def _finish(self, code: InviteCode, given: str | bytes, report: Report) -> SpaceInfo:
        """Bring all that there is; but with a file nobody has to be near."""
        space = code.space.hex()
        if not isinstance(given, bytes):
            await self._fetch_all(space, report)
        return await self._spaces.info(self._spaces.get(space), patient=True)

    def _was_begun(self, code: InviteCode, folder: Path) -> bool:
        """Say whether that code was taken up already, in that folder."""
        row = self._account.state.spaces.get(code.space.hex())
        ours = code.giver == self._account.keys.signing.public
        return not ours and row is not None and row.folder.resolve() == folder

    def _refuse_known(self, code: InviteCode) -> None:
        if code.giver == self._account.keys.signing.public:
            raise BadUsage("this code was made on this very device; use it on another one")
        if code.space.hex() in self._account.state.spaces:
            raise AlreadyHere("this folder is on this device already")

    async def _enter(
        self, code: InviteCode, things: Sequence[Thing], folder: Path, report: Report
    ) -> SpaceInfo:
        """Become a member, and take the folder on."""
        data = self._places.space(code.space.hex())
        worker = Worker(f"vault-{code.space.hex()[:8]}")
        try:
            vault = await worker.run(lambda: self._join_vault(data, code, things))
        except BaseException:
            await worker.close()
            raise
        return await self._spaces.adopt(vault, worker, folder, report)

    def _join_vault(self, data: Path, code: InviteCode, things: Sequence[Thing]) -> Vault:
        if data.exists():  # of an attempt that ended early: it holds nothing that is not elsewhere
            shutil.rmtree(data)
        keys = self._account.keys
        try:
            vault = Vault.join(
                data, keys, things, code.keys, code.space, self._clock, self._entropy
            )
        except BaseException:
            shutil.rmtree(data, ignore_errors=True)
            raise
        vault.set_keeping(keeping_in(self._account.state, code.space.hex()))
        vault.introduce(self._account.name)
        return vault

    async def _fetch_all(self, space: str, report: Report) -> None:
        """Wait until all that others hold is here, and write it to the folder."""
        kept, most = self._spaces.get(space), 0
        await self._network.caught_up(kept.opened.key)
        while True:
            kept.moved.clear()
            files, missing = await kept.opened.run(lambda vault: vault.to_come())
            if not files:
                break
            most = max(most, missing)
            report(Progress("Fetching", "", done_bytes=most - missing, total_bytes=most))
            if not await _wait(kept.moved) and (partial := await kept.opened.run(_partial)):
                # the rest comes by itself once somebody is near who has it
                report(Progress(WAITING, f"what {list_words(partial)} did not keep"))
                break
        await kept.in_step.bring(None, report)


async def _wait(moved: asyncio.Event) -> bool:
    """Wait until something came; say whether it did before long."""
    try:
        async with asyncio.timeout(NOTHING_CAME):
            return await moved.wait()
    except TimeoutError:
        return False


def _partial(vault: Vault) -> list[str]:
    """Return the names of devices that do not keep all."""
    names = vault.device_names()
    return [names.get(did, "a device") for did, it in vault.receipts().items() if it.keeps]


def _parse(given: str | bytes) -> tuple[InviteCode, Sequence[Thing]]:
    if isinstance(given, str):
        return code_from_text(given), ()
    code, pairs = handover_from(given)
    return code, tuple(_things(pairs))


def _things(pairs: Iterable[tuple[int, bytes]]) -> Iterable[Thing]:
    for kind, data in pairs:
        try:
            yield Thing(Kind(kind), data)
        except ValueError as error:
            raise BadToken("this invite file holds something that is not known") from error
