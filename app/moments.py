"""Any moment of a folder: looked at, compared, written out, and brought back.

A moment is typed (see app.moments_typed) and becomes what had been seen at it, so that it
holds all that it builds on: docs/decisions/0026. Work is done on the vault's thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from app.exporting import export
from app.history import History
from app.moments_compared import differing
from app.moments_understood import Meant, understood
from app.moments_values import (
    Compared,
    Consent,
    EntryThen,
    FileThen,
    Listing,
    MomentInfo,
    Undone,
)
from app.progress import Report, silent
from app.putting_back import carried_out, items, look_first, tell, undone_of
from app.spaces import Spaces
from app.undoing import Undoing
from app.views import BILLION
from storage.errors import NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node, Tree, below
from storage.facts.values import EntryKind
from storage.moment import Moment
from storage.ports import Clock
from storage.restoring import Plan, part, plan, whole
from storage.vault import Vault

Names = tuple[str, ...]


class MomentService:
    """Answers what can be asked of moments."""

    def __init__(self, spaces: Spaces, history: History, undoing: Undoing, clock: Clock) -> None:
        self._spaces = spaces
        self._history = history
        self._undoing = undoing
        self._clock = clock

    async def place(self, path: Path) -> tuple[str, Names]:
        """Return the space that a path on this disk lies in, and the names below its folder."""
        kept, names = self._spaces.around(path)
        return kept.opened.id, names

    async def version(self, space: str, entry: str | None, beginning: str) -> str:
        """Return the one record whose id begins so: of the entry, else of its space."""
        return await self._history.version(space, entry, beginning)

    # -- looking -------------------------------------------------------------------------
    async def listing(
        self, space: str, moment: str, path: Sequence[str], *, deep: bool = False
    ) -> Listing:
        """Return what was in a folder."""

        def work(vault: Vault) -> Listing:
            meant = self._meant(vault, moment)
            then = vault.moment(meant.seen)
            names = tuple(path)
            top = found(vault, then, names) if names else None
            nodes = _within(then.tree, top, deep=deep)
            shown = [_entry(vault, then, node) for node in nodes]
            shown.sort(key=lambda it: (not it.is_folder and not deep, it.path))
            return Listing(meant.info, tuple(shown))

        return await self._spaces.get(space).opened.run(work)

    async def read(self, space: str, moment: str, path: Sequence[str]) -> FileThen:
        """Return a file as it was, found by its path of then, else by its path of now."""

        def work(vault: Vault) -> FileThen:
            meant = self._meant(vault, moment)
            then = vault.moment(meant.seen)
            node = found(vault, then, tuple(path))
            if node.kind is EntryKind.FOLDER:
                raise NotFound("that was a folder then")
            return FileThen(meant.info, _entry(vault, then, node), b"".join(then.read(node)))

        return await self._spaces.get(space).opened.run(work)

    async def export(
        self, space: str, moment: str, into: Path, report: Report = silent
    ) -> tuple[MomentInfo, int]:
        """Write every file as it was into an empty folder; return how many."""

        def work(vault: Vault, told: Report) -> tuple[MomentInfo, int]:
            meant = self._meant(vault, moment)
            then = vault.moment(meant.seen)
            return meant.info, export(then.tree, then, into, told)

        return await self._spaces.get(space).opened.run_reporting(work, report)

    async def compare(self, space: str, first: str, second: str, path: Sequence[str]) -> Compared:
        """Return what differs, in all of a space or below a path."""

        def work(vault: Vault) -> Compared:
            one, other = self._meant(vault, first), self._meant(vault, second)
            before, after = vault.moment(one.seen), vault.moment(other.seen)
            within = tuple(path)
            differences = [
                it
                for it in differing(before, after)
                if it.path[: len(within)] == within or it.was[: len(within)] == within
            ]
            return Compared(one.info, other.info, tuple(differences))

        return await self._spaces.get(space).opened.run(work)

    # -- bringing back -------------------------------------------------------------------
    async def restore(
        self,
        space: str,
        moment: str,
        paths: Sequence[Sequence[str]],
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Let all be as it was, or (with paths) what lay there."""
        kept = self._spaces.get(space)
        await look_first(kept, report)

        def work(vault: Vault) -> tuple[Undone, frozenset[EntryId]]:
            meant = self._meant(vault, moment)
            then = vault.moment(meant.seen)
            planned = _planned(vault, then, [tuple(path) for path in paths])
            words = f"restored {items(planned)} as of {meant.short}"
            record, touched = carried_out(kept, planned, then, consent, words)
            return undone_of(planned, (meant.info,), record), touched

        answer, touched = await kept.opened.run(work)
        await tell(kept, touched)
        return answer

    async def undo(
        self,
        space: str,
        who: Sequence[str],
        first: str,
        last: str,
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Take back what devices did between two moments."""
        return await self._undoing.undo_typed(
            space, who, first, last, consent=consent, report=report
        )

    def _meant(self, vault: Vault, typed: str) -> Meant:
        return understood(vault, typed, self._clock.now())


def _planned(vault: Vault, then: Moment, paths: Sequence[Names]) -> Plan:
    """Return what letting all, or what lay at paths, be as it was takes."""
    if not paths:
        return whole(vault.present(), then)
    tops = [found(vault, then, path) for path in paths]
    return plan(vault.present(), then, {entry for top in tops for entry in part(then, top)})


def found(vault: Vault, then: Moment, path: Names) -> Node:
    """Return what lay at a path at a moment; else what lies there now, or lay there last.

    Raises:
        NotFound: neither was there at that moment.
    """
    node = then.tree.find(path) or _as_it_was(vault, then, path)
    if node is None:
        raise NotFound("it was not there then")
    return node


def _as_it_was(vault: Vault, then: Moment, path: Names) -> Node | None:
    now = vault.tree().find(path)
    if now is not None:
        return then.tree.get(now.id)
    binned = next((it.entry for it in vault.bin() if it.path == path), None)
    return None if binned is None else then.tree.get(binned)


def _within(tree: Tree, top: Node | None, *, deep: bool) -> Iterable[Node]:
    """Return what lies in a folder (None: the top), or the one file that it is."""
    if top is not None and top.kind is not EntryKind.FOLDER:
        return (top,)
    if not deep:
        return tree.children(TOP if top is None else top.id)
    return (node for _, node in tree.walk()) if top is None else below(tree, top)


def _entry(vault: Vault, then: Moment, node: Node) -> EntryThen:
    is_folder = node.kind is EntryKind.FOLDER
    return EntryThen(
        then.tree.path(node.id),
        is_folder,
        node.size,
        node.mtime_ns / BILLION,
        vault.device_name(node.dot.writer),
        is_folder or then.is_here(node),
    )
