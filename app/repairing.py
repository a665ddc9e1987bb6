"""Truth made whole again: damage is mended from what is here, or asked for from others."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress

from app.accounts import Account
from app.care_values import RepairReport, SpaceRepair, Unhealed
from app.devices import Devices
from app.errors import RepairedAlone
from app.events import EventHub, SpacesChanged, Trouble
from app.folder.names import to_disk
from app.folder.port import Ways
from app.health import finding_of, shut_out, stepping
from app.opened import OpenSpace
from app.progress import Report
from app.spaces import Kept, Spaces
from storage.errors import AtollError
from storage.repairing import Missing, OpenFile, Repaired, no_file
from storage.tree.chunker import Source
from storage.vault import Vault

_WAYS = Ways()


class Repairing:
    """Makes spaces whole again."""

    def __init__(
        self,
        account: Account,
        devices: Devices,
        spaces: Spaces,
        events: EventHub,
    ) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces
        self._events = events
        self.repaired: Callable[[str], object] | None = None
        """Hears of each space that was repaired."""

    async def repair(self, space: str | None, report: Report) -> RepairReport:
        """Mend what is damaged, make the lists anew, and ask others for the rest.

        Raises:
            NotFound: the space is not on this device.
            StoreFull, StoreUnusable: it cannot be done now. All is as whole as it was.
        """
        anew = not await self._account.state.is_whole()
        if anew:
            await self._account.state.make_anew()
        closed = shut_out(self._spaces, space)
        if closed and space is not None:
            return RepairReport((), closed, anew)
        done = [await self._one(kept, report) for kept in self._spaces.some(space)]
        self._events.tell(SpacesChanged())
        return RepairReport(tuple(done), closed, anew)

    async def repair_alone(self, kept: Kept, report: Report) -> None:
        """Settle what was damaged with the index, if no other device can bring more of it.

        Raises:
            StoreFull, StoreUnusable: it cannot be done now. All is as whole as it was.
        """
        if not await kept.opened.run(lambda vault: vault.may_repair_alone()):
            return
        done = await self._one(kept, report)
        self._events.tell(Trouble(RepairedAlone.code, done.name, kept.opened.id))

    async def _one(self, kept: Kept, report: Report) -> SpaceRepair:
        opened = kept.opened

        def work(vault: Vault, told: Report) -> tuple[Repaired, dict[bytes, tuple[str, ...]]]:
            opened.mend_agreed()
            done = vault.repair(stepping(told), self._files_of(opened))
            return done, {it.record.cid: _holders(vault, it) for it in done.missing}

        done, holders = await opened.run_reporting(work, report)
        if self.repaired is not None:
            self.repaired(opened.id)
        kept.in_step.missed()
        kept.in_step.came_anywhere()
        self._spaces.committed(opened)  # others hear of us, and are asked for what is wanted
        name = await opened.run(lambda vault: vault.name)
        unhealed = tuple(
            Unhealed(
                finding_of(it.found, opened.id),
                tuple(self._devices.name(did) for did in holders[it.record.cid]),
            )
            for it in done.missing
        )
        return SpaceRepair(
            opened.id,
            name,
            done.damaged,
            done.mended,
            done.from_files,
            done.rebuilt,
            done.before == done.after,
            unhealed,
            done.aside,
        )

    @staticmethod
    def _files_of(opened: OpenSpace) -> OpenFile:
        """Return how to open the person's own files, if it is proved that they are."""
        try:
            opened.mirror()
        except AtollError:
            return no_file

        @contextmanager
        def open_file(path: tuple[str, ...]) -> Generator[Source | None]:
            names = tuple(to_disk(name, _WAYS) for name in path)
            with ExitStack() as stack:
                file: Source | None = None
                with suppress(OSError):
                    file = stack.enter_context(opened.mirrored.open_plain(names))
                yield None if file is None else _Forgiving(file)

        return open_file


class _Forgiving:
    """A file of which a disk that fails gives only a beginning: then it is not the very content."""

    def __init__(self, file: Source) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return at most size bytes."""
        try:
            return self._file.read(size)
        except OSError:
            return b""


def _holders(vault: Vault, missing: Missing) -> tuple[str, ...]:
    """Return the devices that signed that they hold all that a record brought."""
    return tuple(
        did
        for did, receipt in sorted(vault.receipts().items())
        if receipt.complete and receipt.seen.includes(missing.record.dot)
    )
