"""Time: what changed, what was deleted, and bringing it back. Nothing is ever erased here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from app.errors import BadUsage
from app.files import Files, entry_id, record_id
from app.folder.agreed import Agreed
from app.spaces import Spaces
from app.values import BinItem, Draft, EntryInfo, Version
from app.views import device_by_end, device_of
from storage.codec.cid import token_digest
from storage.errors import NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.node import below
from storage.facts.values import EntryKind
from storage.index.touch import How
from storage.records.ledger import Binned, Step
from storage.vault import Vault

"""A record is named by the digest inside its CID; the four bytes before are always the same."""
MANY_PATHS = 50
"""So many paths of one step are listed; a thousand files moved at once need no thousand lines."""
KINDS = {
    How.MADE: "added",
    How.EDITED: "edited",
    How.MOVED: "moved",
    How.RENAMED: "renamed",
    How.DELETED: "deleted",
}
TOGETHER = 60
"""Steps that delete below one folder are one deletion while no more seconds lie between them."""


class History:
    """Answers about the past."""

    def __init__(self, spaces: Spaces, files: Files) -> None:
        self._spaces = spaces
        self._files = files

    async def steps(self, space: str, entry: str | None, limit: int) -> tuple[Version, ...]:
        """Return the steps of one entry, or of the whole space, latest known first.

        Those of a folder are also those of what lies in it, or lay in it then.
        """
        wanted = None if entry is None else entry_id(entry)

        def work(vault: Vault) -> tuple[Version, ...]:
            roots = None if wanted is None else _roots(vault, wanted)
            steps = vault.history_below(roots, limit) if roots else vault.history(wanted, limit)
            gone = vault.not_kept(wanted) if wanted is not None and not roots else frozenset[Dot]()
            return tuple(_versions(vault, steps, gone))

        return await self._spaces.get(space).opened.run(work)

    async def version(self, space: str, entry: str | None, beginning: str) -> str:
        """Return the one record whose id begins so: a step of the entry, or any of its space.

        Raises:
            NotFound: none does.
            BadUsage: several do.
        """
        scopes = (None,) if entry is None else (entry_id(entry), None)

        def work(vault: Vault) -> str:
            for scope in scopes:
                found = vault.steps_named(beginning, scope)
                if len(found) > 1:
                    raise BadUsage(f"several versions begin with {beginning}; type more of it")
                if found:
                    return name_of(found[0])
            raise NotFound("no version of that name")

        return await self._spaces.get(space).opened.run(work)

    async def restore(self, space: str, entry: str, record: str) -> EntryInfo:
        """Bring an entry back as it was at a record."""
        kept, wanted = self._spaces.get(space), entry_id(entry)

        def work(vault: Vault) -> None:
            step = vault.step(record_id(record))
            facts = vault.facts_at(wanted, step)
            if not facts:
                raise NotFound("it was not there at that version")
            change = vault.change()
            change.bring_back(wanted, facts)
            vault.commit(change, f"restored the version {name_of(step)[:8]}")

        await kept.opened.run(work)
        await kept.in_step.committed_here(frozenset({wanted}))
        return await self._files.entry(space, entry)

    async def bin(self, space: str | None) -> tuple[BinItem, ...]:
        """Return what was deleted."""
        found: list[BinItem] = []
        for kept in self._spaces.some(space):
            found += await kept.opened.run(_bin)
        return tuple(found)

    async def restore_from_bin(self, space: str, entry: str) -> EntryInfo:
        """Bring back something deleted, with all that was below it."""
        kept, wanted = self._spaces.get(space), entry_id(entry)
        entries = await kept.opened.run(lambda vault: _unbin(vault, wanted))
        await kept.in_step.committed_here(entries)
        return await self._files.entry(space, entry)

    async def drafts(self, space: str) -> tuple[Draft, ...]:
        """Return what is kept here only."""
        opened = self._spaces.get(space).opened
        rows = await opened.run(lambda _vault: opened.ask_agreed(Agreed.drafts))
        return tuple(Draft(row.path, row.at) for row in rows)

    async def drop_draft(self, space: str, path: Sequence[str]) -> None:
        """Go back to the shared version of a path."""
        kept = self._spaces.get(space)
        opened, names = kept.opened, tuple(path)
        await opened.run(lambda _vault: opened.mirror().drop_draft(names))
        await kept.in_step.bring(None)


def _roots(vault: Vault, wanted: EntryId) -> frozenset[EntryId] | None:
    """Return a folder, as what its history is the history of; None of what is no folder."""
    tree = vault.tree()
    node = tree.get(wanted)
    if node is None:
        _, is_folder = vault.gone([wanted]).get(wanted, ((), False))
        return frozenset({wanted}) if is_folder else None
    if node.kind is not EntryKind.FOLDER:
        return None
    if vault.facts(wanted):
        return frozenset({wanted})
    return frozenset({wanted, *(it.id for it in below(tree, node))})  # only the view made it


def _versions(vault: Vault, steps: Sequence[Step], gone: frozenset[Dot]) -> Iterable[Version]:
    beside, kinds, names = side_by_side(steps), vault.kinds(steps), vault.device_names()
    touched = {step.pos: vault.touched(step, MANY_PATHS) for step in steps}
    paths = _paths(vault, {entry for entries in touched.values() for entry in entries})
    for number, step in enumerate(steps):
        order = "side by side" if number in beside else "before"
        if number == 0 and order == "before":
            order = "now"
        yield Version(
            name_of(step),
            float(step.at),
            names.get(step.issuer) or device_by_end(step.issuer),
            step.words,
            order,
            tuple(paths[entry] for entry in touched[step.pos] if entry in paths),
            by=step.issuer,
            kinds=_kinds(kinds[step.pos]),
            kept=step.dot not in gone,
        )


def _kinds(counts: Mapping[How, int]) -> tuple[tuple[str, int], ...]:
    """Return what a step did to how many, in the words of `Version.kinds`."""
    return tuple((name, counts[how]) for how, name in KINDS.items() if how in counts)


def _paths(vault: Vault, entries: Collection[EntryId]) -> dict[EntryId, tuple[str, ...]]:
    """Return where things are now, and of those that are nowhere, where they were last."""
    found = vault.paths(entries)
    gone = vault.gone(entry for entry in entries if entry not in found)
    return found | {entry: path for entry, (path, _) in gone.items()}


class Placed(Protocol):
    """What tells where a step stands among others."""

    @property
    def dot(self) -> Dot:
        """Which commit it is."""
        ...

    @property
    def seen(self) -> Seen:
        """What its writer had seen."""
        ...


def side_by_side(steps: Sequence[Placed]) -> frozenset[int]:
    """Return the numbers of the steps made without knowledge of some other one here.

    `steps` come latest first, each after all that had seen it.
    """
    writers = {step.dot.writer for step in steps}
    found: set[int] = set()
    known_by_all_later: dict[Writer, int] = {}
    for number, step in enumerate(steps):
        writer, n = step.dot
        if known_by_all_later.get(writer, n) < n:
            found.add(number)
        for each in writers:
            seen = step.seen.of(each)
            known_by_all_later[each] = min(known_by_all_later.get(each, seen), seen)
    made: dict[Writer, int] = {}
    for number, step in reversed(list(enumerate(steps))):
        if any(n > step.seen.of(writer) for writer, n in made.items()):
            found.add(number)
        made[step.dot.writer] = max(made.get(step.dot.writer, 0), step.dot.n)
    return frozenset(found)


def name_of(step: Step) -> str:
    """Return the name of a step, the hex of its record's address."""
    return token_digest(step.cid).hex()


def _bin(vault: Vault) -> list[BinItem]:
    space = vault.space.hex()
    return [
        BinItem(
            space,
            binned.entry.hex(),
            binned.path,
            binned.size,
            float(binned.step.at),
            device_of(vault, binned.step),
            name_of(binned.step),
            is_folder=binned.is_folder,
        )
        for binned in vault.bin()
    ]


def _unbin(vault: Vault, wanted: EntryId) -> frozenset[EntryId]:
    """Bring back an entry and what was deleted below it with it, as they were before."""
    binned = {item.entry: item for item in vault.bin()}
    root = binned.get(wanted)
    if root is None:
        raise NotFound("it is not in the bin")
    below = deleted_with(root, binned.values())
    change = vault.change()
    for item in sorted(below, key=lambda item: len(item.path)):
        facts = vault.facts_before(item.entry, item.step)
        if item.entry == wanted or vault.is_kept(facts):  # the rest was cleared out
            change.bring_back(item.entry, facts, item.path)
    vault.commit(change, f"brought back {root.path[-1]}")
    return frozenset(item.entry for item in below)


def deleted_with(root: Binned, binned: Iterable[Binned]) -> list[Binned]:
    """Return what was deleted below a folder together with it, itself too.

    Deleting a large folder takes its time, and becomes several steps of one device, each
    soon after the other. What was deleted there long before stays in the bin.
    """
    depth = len(root.path)
    below = [item for item in binned if item.path[:depth] == root.path]
    moments = {item.step.at for item in below if item.step.issuer == root.step.issuer}
    first = last = root.step.at
    for at in sorted((at for at in moments if at < first), reverse=True):
        if first - at > TOGETHER:
            break
        first = at
    for at in sorted(at for at in moments if at > last):
        if at - last > TOGETHER:
            break
        last = at
    return [
        item
        for item in below
        if item.step.issuer == root.step.issuer and first <= item.step.at <= last
    ]
