"""Truth: who holds what, and whether everything kept here is as it should be."""

from __future__ import annotations

from dataclasses import replace

from app.accounts import Account
from app.delivering import Standing, delivery_of
from app.devices import Devices
from app.files import entry_id, node_of
from app.progress import Progress, Report
from app.spaces import Spaces
from app.standing import standing_of
from app.values import CheckReport, Delivery, Finding
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
        this = self._account.did

        def work(vault: Vault) -> tuple[Standing, EntryId | None, bool]:
            standing = standing_of(vault, this, of_entries=entry is not None)
            if entry is None:
                return standing, None, standing.complete
            node = node_of(vault.tree(), entry_id(entry))
            return standing, node.entry, standing.complete or vault.is_here(node)

        standing, what, here = await self._spaces.get(space).opened.run(work)
        known = {did: self._devices.device(did) for did in standing.members}
        ways = self._devices.sending.ways(bytes.fromhex(space), standing.seen)
        declining = self._devices.refusals.declined(bytes.fromhex(space)).by(standing.seen)
        found = delivery_of(standing, what, known, ways, here=here, declining=declining)
        return replace(found, forked=self._devices.forked(bytes.fromhex(space)))

    async def check(self, space: str | None, report: Report) -> CheckReport:
        """Verify every block, record and chain."""
        total = CheckReport(0, 0, 0, 0, self._shut_out(space))
        if total.findings and space is not None:
            return total
        for kept in self._spaces.some(space):
            found = await kept.opened.run_reporting(_check, report)
            total = CheckReport(
                total.blocks + found.blocks,
                total.records + found.records,
                total.entries + found.entries,
                total.bytes + found.bytes,
                total.findings + found.findings,
            )
        return total

    def _shut_out(self, space: str | None) -> tuple[Finding, ...]:
        """Say which folders could not be opened; damaged, where trying again may not help."""
        return tuple(
            Finding(
                f"{row.name} cannot be opened",
                str(error),
                "damaged" if isinstance(error, StoreUnusable) else "note",
            )
            for row, error in self._spaces.shut_out()
            if space in {None, row.id}
        )


def _check(vault: Vault, report: Report) -> CheckReport:
    def step(what: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
        report(Progress(what, "", done, total, done_bytes, total_bytes))

    found = vault.check(step)
    findings = tuple(Finding(each.what, each.where, each.severity) for each in found.found)
    return CheckReport(found.blocks, found.records, found.entries, found.size, findings)
