"""What all doors of a vault stand on: its parts, whole after any failure, and their view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from storage.core import Core
from storage.errors import StoreUnusable
from storage.exchange import Exchange
from storage.facts.change import EntryId
from storage.facts.node import Node, Tree
from storage.facts.state import EntryFacts
from storage.forks import Forks
from storage.index.line import HIDDEN, ODD_NAME
from storage.index.sealed_db import IndexDamaged
from storage.index.view import CatalogTree
from storage.intake import Intake
from storage.recovery import recover
from storage.repairing import mend_keys
from storage.wants import Wants

_Made = TypeVar("_Made")


class Opened:
    """The parts of an open vault. One thread owns them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._wants = Wants(core)
        self._intake = Intake(core, self._wants)
        self._forks = Forks(core, self._intake, self._wants)
        self._exchange = Exchange(core)

    def tree(self) -> Tree:
        """Return the folders and files of now."""
        core = self._ready()
        return CatalogTree(core.connection, core.device_name)

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        return self._core.catalog.facts(entry)

    def doubled(self) -> tuple[frozenset[EntryId], ...]:
        """Return what bears one name in one folder, so that all but one are shown renamed."""
        connection = self._ready().connection
        names = connection.execute(
            "SELECT DISTINCT parent, folded FROM entry WHERE odd <> 0 AND odd & ? AND parent <> ?",
            (ODD_NAME, HIDDEN),
        ).fetchall()
        alike = "SELECT id FROM entry WHERE parent = ? AND folded = ?"
        return tuple(
            frozenset(EntryId(bytes(row[0])) for row in connection.execute(alike, name).fetchall())
            for name in sorted(names)
        )

    def odd(self, which: int) -> frozenset[EntryId]:
        """Return the entries that are shown and of which one of the bits ODD_… holds."""
        rows = self._ready().connection.execute(
            "SELECT id FROM entry WHERE odd <> 0 AND odd & ? AND parent <> ?", (which, HIDDEN)
        )
        return frozenset(EntryId(bytes(row[0])) for row in rows.fetchall())

    def reshown(self) -> frozenset[EntryId]:
        """Return, once, what is shown elsewhere or otherwise named for what others did.

        Who writes the tree somewhere writes these with whatever a commit or a peer touched.
        It is in memory only: whoever opens a vault compares everything.
        """
        found = frozenset(self._core.reshown)
        self._core.reshown.clear()
        return found

    def expect(self, nodes: Iterable[Node]) -> None:
        """Hear which files will be read next: what is needed for that is found out at once."""
        core = self._core
        contents = core.catalog.expect([node.id for node in nodes if node.side_of is None])
        core.blocks.expect(content.link.digest for content in contents if content.link is not None)

    def read(self, node: Node) -> Iterator[bytes]:
        """Yield a file's bytes as they are now, edits and all; of a link, its target.

        Raises:
            BlockNotFound: some are not here.
            CorruptBlock: some are damaged.
        """
        if node.side_of is None:
            plain = self._core.catalog.plain(node.id)
            if plain is not None:
                return self._core.contents.plain(plain)
            return self._core.contents.read(self.facts(node.id))
        original, dot = node.side_of
        return self._core.contents.read(self.facts(original), dot)

    def _recover(self) -> None:
        """Take in what the index does not know; one that is found damaged is made anew first."""
        try:
            self._take_in()
        except IndexDamaged:
            self._core.reassemble()
            self._take_in()

    def _take_in(self) -> None:
        core = self._core
        recover(core, self._intake, self._wants, self._forks)
        if not core.members.has_keys and mend_keys(core):
            core.empty_lists()
            recover(core, self._intake, self._wants, self._forks)
        if core.members.has_keys and self._forks.may_be_due():
            with core.transaction():
                self._forks.settle()
        core.lost = frozenset(digest for digest in core.lost if not core.blocks.has(digest))
        if not core.members.has_keys:
            raise StoreUnusable("this space is not this device's: it holds no key for it")

    def mend(self) -> None:
        """Put the parts together anew after a failure, from what the disk holds.

        Raises:
            StoreFull, StoreUnusable: it is not possible yet. What was saved is safe.
        """
        if self._core.broken:
            self._core.reassemble()
            self._recover()

    def _ready(self) -> Core:
        """Return the parts, put together anew if something was found to be wrong."""
        core = self._core
        if core.broken or core.connection.damaged or core.blocks.failed:
            core.broken = True
            self.mend()
        return core

    def _whole(self, work: Callable[[], _Made]) -> _Made:
        """Do work that changes the store, all of it or nothing; then go on with a whole store."""
        core = self._ready()
        try:
            with core.transaction():
                return work()
        except Exception:
            self.mend()
            raise
