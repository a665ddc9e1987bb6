"""Time: what changed, what was deleted, and bringing it back. Nothing is ever erased here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from app.files import Files, entry_id, record_id
from app.folder.agreed import Agreed
from app.spaces import Spaces
from app.values import BinItem, Draft, EntryInfo, Version
from app.views import device_of
from storage.errors import NotFound
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.node import Tree
from storage.facts.values import EntryKind
from storage.records.ledger import Binned, Step
from storage.vault import Vault

ID_OFFSET = 4
"""A record is named by the digest inside its CID; the four bytes before are always the same."""
MANY_PATHS = 50
"""So many paths of one step are listed; a thousand files moved at once need no thousand lines."""
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
            tree = vault.tree()
            inside = None if wanted is None else _inside(vault, tree, wanted)
            steps = vault.history_below(inside, limit) if inside else vault.history(wanted, limit)
            gone = {binned.entry: binned.path for binned in vault.bin()}
            return tuple(_versions(vault, tree, steps, gone))

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
            vault.commit(change, f"restored the version {_name(step)[:8]}")

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


def _inside(vault: Vault, tree: Tree, wanted: EntryId) -> frozenset[EntryId] | None:
    """Return a folder with all that lies or was deleted in it; None of what is no folder."""
    binned = vault.bin()
    node, gone = tree.get(wanted), next((it for it in binned if it.entry == wanted), None)
    if node is not None and node.kind is EntryKind.FOLDER:
        above = tree.path(wanted)
    elif gone is not None and gone.is_folder:
        above = gone.path
    else:
        return None
    deleted = {it.entry for it in binned if it.path[: len(above)] == above}
    return frozenset({wanted, *deleted, *_below(tree, wanted)})


def _below(tree: Tree, folder: EntryId) -> Iterable[EntryId]:
    """Walk all that lies in a folder."""
    todo = [folder]
    while todo:
        for node in tree.children(todo.pop()):
            yield node.id
            if node.kind is EntryKind.FOLDER:
                todo.append(node.id)


def _versions(
    vault: Vault, tree: Tree, steps: Sequence[Step], gone: dict[EntryId, tuple[str, ...]]
) -> Iterable[Version]:
    beside = side_by_side(steps)
    for number, step in enumerate(steps):
        order = "side by side" if number in beside else "before"
        if number == 0 and order == "before":
            order = "now"
        yield Version(
            _name(step),
            float(step.at),
            device_of(vault, step),
            step.words,
            order,
            tuple(_paths(vault, tree, step, gone)),
        )


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


def _paths(
    vault: Vault, tree: Tree, step: Step, gone: dict[EntryId, tuple[str, ...]]
) -> Iterable[tuple[str, ...]]:
    for entry in vault.touched(step)[:MANY_PATHS]:
        if tree.get(entry) is not None:
            yield tree.path(entry)
        elif entry in gone:
            yield gone[entry]


def _name(step: Step) -> str:
    return step.cid[ID_OFFSET:].hex()


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
            _name(binned.step),
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
        change.bring_back(item.entry, vault.facts_before(item.entry, item.step), item.path)
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
