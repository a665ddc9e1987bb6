"""Truth: who holds what, and whether everything kept here is as it should be."""

from __future__ import annotations

from dataclasses import replace

from app.accounts import Account
from app.delivering import Standing, delivery_of
from app.devices import Devices
from app.files import entry_id, node_of
from app.progress import Progress, Report
from app.spaces import Kept, Spaces
from app.standing import standing_of
from app.values import CheckReport, Delivery, Finding
from storage.checking import DAMAGED, NOTE, Found, Step
from storage.errors import StoreUnusable
from storage.facts.change import EntryId
from storage.vault import Vault


class Health:
    """Answers what can be trusted."""

    def __init__(self, account: Account, devices: Devices, spaces: Spaces) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces

    async def delivery(self, space: str, entry: str | None) -> Delivery:
        """Say who holds the present version of an entry, or all of a space."""
        this, opened = self._account.did, self._spaces.get(space).opened

        def work(vault: Vault) -> tuple[Standing, EntryId | None, bool]:
            standing = standing_of(opened, this, of_entries=entry is not None)
            if entry is None:
                return standing, None, standing.complete
            node = node_of(vault.tree(), entry_id(entry))
            return standing, node.entry, standing.complete or vault.is_here(node)

        standing, what, here = await opened.run(work)
        known = {did: self._devices.device(did) for did in standing.members}
        ways = self._devices.sending.ways(bytes.fromhex(space), standing.seen)
        declining = self._devices.refusals.declined(bytes.fromhex(space)).by(standing.seen)
        found = delivery_of(standing, what, known, ways, here=here, declining=declining)
        return replace(found, forked=self._devices.forked(bytes.fromhex(space)))

    async def check(self, space: str | None, report: Report, *, quick: bool) -> CheckReport:
        """Verify every block, record, right, version and list; what was damaged is named."""
        found = [] if await self._account.state.is_whole() else [STATE_DAMAGED]
        total = CheckReport(0, 0, 0, 0, (*found, *shut_out(self._spaces, space)))
        if self._is_shut_out(space):
            return total
        for kept in self._spaces.some(space):
            found_there = await self._check_one(kept, report, quick=quick)
            total = CheckReport(
                total.blocks + found_there.blocks,
                total.records + found_there.records,
                total.entries + found_there.entries,
                total.bytes + found_there.bytes,
                total.findings + found_there.findings,
            )
        return total

    def _is_shut_out(self, space: str | None) -> bool:
        return any(row.id == space for row, _error in self._spaces.shut_out())

    async def _check_one(self, kept: Kept, report: Report, *, quick: bool) -> CheckReport:
        opened = kept.opened

        def work(vault: Vault, told: Report) -> CheckReport:
            agreed = () if opened.mend_agreed() else (AGREED_DAMAGED,)
            found = vault.check(stepping(told), quick=quick)
            findings = tuple(finding_of(it, opened.id) for it in (*agreed, *found.found))
            return CheckReport(found.blocks, found.records, found.entries, found.size, findings)

        return await opened.run_reporting(work, report)


STATE_DAMAGED = Finding("what this device remembers (mend it: atoll repair)", "state.db", DAMAGED)
AGREED_DAMAGED = Found(
    "what was agreed with the plain folder, which was made anew", "mirror.db", NOTE
)


def shut_out(spaces: Spaces, space: str | None) -> tuple[Finding, ...]:
    """Say which folders could not be opened; damaged, where trying again may not help."""
    return tuple(
        Finding(
            f"{row.name} cannot be opened",
            str(error),
            DAMAGED if isinstance(error, StoreUnusable) else NOTE,
            space=row.id,
        )
        for row, error in spaces.shut_out()
        if space in {None, row.id}
    )


def stepping(report: Report) -> Step:
    """Return what carries the steps of long work in a store to a report."""

    def step(what: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
        report(Progress(what, "", done, total, done_bytes, total_bytes))

    return step


def finding_of(found: Found, space: str) -> Finding:
    """Return a finding of a store as people see it."""
    return Finding(found.what, found.where, found.severity, found.path, found.version, space)
