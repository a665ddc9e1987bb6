"""Files and folders: listing, reading, making, renaming, deleting, exporting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.accounts import Account
from app.devices import Devices
from app.errors import BadUsage
from app.exporting import export
from app.progress import Report
from app.spaces import Kept, Spaces
from app.standing import standing_of
from app.values import EntryInfo
from app.views import BILLION, Looking, Shown
from storage.errors import NameTaken, NotFound
from storage.facts.change import TOP, EntryId
from storage.facts.names import collision_key
from storage.facts.node import Node, Tree
from storage.facts.values import EntryKind, Meta
from storage.ports import Clock
from storage.vault import Vault

Answer = TypeVar("Answer")
ENTRY_SIZE = 16


class Files:
    """What a person does with files, apart from typing in them."""

    def __init__(self, account: Account, devices: Devices, spaces: Spaces, clock: Clock) -> None:
        self._account = account
        self._devices = devices
        self._spaces = spaces
        self._clock = clock

    # -- looking -------------------------------------------------------------------------
    async def entries(self, space: str, folder: str | None) -> tuple[EntryInfo, ...]:
        """Return what a folder holds."""
        parent = TOP if folder is None else entry_id(folder)

        def work(vault: Vault, looking: Looking) -> tuple[EntryInfo, ...]:
            tree = vault.tree()
            above = () if parent == TOP else tree.path(parent)
            return looking.sorted([((*above, node.name), node) for node in tree.children(parent)])

        return await self._looking(self._spaces.get(space), work)

    async def all_entries(self, space: str) -> tuple[EntryInfo, ...]:
        """Return every file and note."""

        def work(vault: Vault, looking: Looking) -> tuple[EntryInfo, ...]:
            shown: list[Shown] = [
                pair for pair in vault.tree().walk() if pair[1].kind is not EntryKind.FOLDER
            ]
            return looking.sorted(shown)

        return await self._looking(self._spaces.get(space), work)

    async def entry(self, space: str, entry: str) -> EntryInfo:
        """Return one."""
        wanted = entry_id(entry)

        def work(vault: Vault, looking: Looking) -> EntryInfo:
            tree = vault.tree()
            node = node_of(tree, wanted)
            return looking.entry(tree.path(wanted), node)

        return await self._looking(self._spaces.get(space), work)

    async def find(self, path: Path) -> EntryInfo:
        """Return what a path on disk is; of something deleted, what it was."""
        kept, names = self._spaces.around(path)

        def work(vault: Vault, looking: Looking) -> EntryInfo:
            if not names:
                return looking.top()
            found = kept.opened.mirrored.agreed.find(names)
            tree = vault.tree()
            node = tree.get(found) if found is not None else tree.find(names)
            if node is not None:
                return looking.entry(tree.path(node.id), node)
            for binned in vault.bin():
                if binned.path == names:
                    return looking.gone(binned)
            raise NotFound("nothing ever lay at that path")

        return await self._looking(kept, work)

    async def read(self, space: str, entry: str, record: str | None) -> bytes:
        """Return a file's bytes, now or as of a record."""
        wanted = entry_id(entry)

        def work(vault: Vault) -> bytes:
            if record is not None:
                step = vault.step(record_id(record))
                return b"".join(vault.read_at(wanted, step.cid))
            return b"".join(vault.read(node_of(vault.tree(), wanted)))

        return await self._spaces.get(space).opened.run(work)

    # -- changing ------------------------------------------------------------------------
    async def new_note(self, space: str, folder: str | None, name: str, text: str) -> EntryInfo:
        """Make a note."""
        content = text.encode()

        def work(vault: Vault) -> EntryId:
            parent, free = free_place(vault.tree(), folder, name)
            change = vault.change()
            meta = self._meta()
            made = change.add_file(parent, free, vault.store(_Bytes(content)), meta)
            vault.commit(change, "made a note")
            return made

        return await self._changed(space, work)

    async def new_folder(self, space: str, folder: str | None, name: str) -> EntryInfo:
        """Make a folder."""

        def work(vault: Vault) -> EntryId:
            parent, free = free_place(vault.tree(), folder, name)
            change = vault.change()
            made = change.add_folder(parent, free, mtime_ns=self._meta().mtime_ns)
            vault.commit(change, "made a folder")
            return made

        return await self._changed(space, work)

    async def rename(self, space: str, entry: str, name: str) -> EntryInfo:
        """Give another name."""
        wanted = entry_id(entry)

        def work(vault: Vault) -> EntryId:
            node = node_of(vault.tree(), wanted)
            taken = _names(vault.tree(), node.parent, besides=wanted)
            if collision_key(name) in taken:
                raise NameTaken("something of that name is here already")
            change = vault.change()
            change.move(wanted, node.parent, name)
            vault.commit(change, "renamed")
            return wanted

        return await self._changed(space, work)

    async def remove(self, space: str, entry: str) -> None:
        """Put in the bin."""
        kept, wanted = self._spaces.get(space), entry_id(entry)

        def work(vault: Vault) -> None:
            change = vault.change()
            change.remove(wanted)
            vault.commit(change, "deleted")

        await kept.opened.run(work)
        await kept.in_step.committed_here(frozenset({wanted}))

    async def export(self, space: str, into: Path, report: Report) -> int:
        """Write every file into an empty folder."""

        def work(vault: Vault, told: Report) -> int:
            return export(vault.tree(), vault, into, told)

        return await self._spaces.get(space).opened.run_reporting(work, report)

    # -- steps ---------------------------------------------------------------------------
    async def _changed(self, space: str, work: Callable[[Vault], EntryId]) -> EntryInfo:
        kept = self._spaces.get(space)
        entry = await kept.opened.run(work)
        await kept.in_step.committed_here(frozenset({entry}))
        return await self.entry(space, entry.hex())

    async def _looking(self, kept: Kept, work: Callable[[Vault, Looking], Answer]) -> Answer:
        """Describe entries as they stand at one moment."""
        near, this, agreed = (
            self._devices.near_now(),
            self._account.did,
            kept.opened.mirrored.agreed,
        )
        declined = self._devices.refusals.declined(kept.opened.key)

        def looked(vault: Vault) -> Answer:
            drafts = agreed.draft_entries()
            standing = standing_of(kept.opened, this, of_entries=True)
            taking = near - declined.by(standing.seen)  # to others nothing is on its way
            return work(vault, Looking(vault, standing, taking, drafts))

        return await kept.opened.run(looked)

    def _meta(self) -> Meta:
        return Meta(int(self._clock.now() * BILLION), executable=False)


class _Bytes:
    """Bytes at hand, as a source."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int) -> bytes:
        piece, self._data = self._data[:size], self._data[size:]
        return piece


def entry_id(text: str) -> EntryId:
    """Return the id that its hex names.

    Raises:
        NotFound: it names none.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise NotFound("nothing of that name is here") from error
    if len(raw) != ENTRY_SIZE:
        raise NotFound("nothing of that name is here")
    return EntryId(raw)


def record_id(text: str) -> bytes:
    """Return the record that its hex names.

    Raises:
        BadUsage: it is no hex.
    """
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadUsage("a version is named by the beginning of its id") from error


def node_of(tree: Tree, entry: EntryId) -> Node:
    """Return a node.

    Raises:
        NotFound: it is not here.
    """
    node = tree.get(entry)
    if node is None:
        raise NotFound("nothing of that name is here")
    return node


def _names(tree: Tree, parent: EntryId, besides: EntryId | None = None) -> set[str]:
    return {collision_key(node.name) for node in tree.children(parent) if node.id != besides}


def free_place(tree: Tree, folder: str | None, name: str) -> tuple[EntryId, str]:
    """Return the folder, and the name with a number when it is taken."""
    parent = TOP if folder is None else entry_id(folder)
    if parent != TOP and node_of(tree, parent).kind is not EntryKind.FOLDER:
        raise NotFound("that is no folder")
    taken, free, number = _names(tree, parent), name, 2
    stem, dot, ending = name.rpartition(".")
    while collision_key(free) in taken:
        free = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
        number += 1
    return parent, free
