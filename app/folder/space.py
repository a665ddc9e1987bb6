"""What a mirror needs of a space: the part of a vault that it uses, and no more.

All of it is synchronous and runs on the vault's own thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from storage.changes import ChangeSet
from storage.facts.change import EntryId
from storage.facts.node import Node
from storage.facts.values import Content
from storage.records.aside import GivenWay


class Source(Protocol):
    """Bytes to be kept, read once from the beginning."""

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        ...


class Tree(Protocol):
    """All that is shared, as it is now."""

    def get(self, entry: EntryId) -> Node | None:
        """Return an entry."""
        ...

    def find(self, path: tuple[str, ...]) -> Node | None:
        """Return what lies under shown names, from the top down."""
        ...

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the shown names from the top down."""
        ...

    def children(self, entry: EntryId) -> tuple[Node, ...]:
        """Return what a folder holds."""
        ...

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Walk everything, folders before what they hold."""
        ...


class Space(Protocol):
    """A shared folder on this device."""

    def may_edit(self) -> bool:
        """Say whether this device may change the space now."""
        ...

    def tree(self) -> Tree:
        """Return all that is shared, as it is now."""
        ...

    def store(self, source: Source) -> Content:
        """Keep bytes; durable with the commit that names them."""
        ...

    def read(self, node: Node) -> Iterator[bytes]:
        """Return a file's bytes as they are now, edits and all; of a link, its target.

        Raises:
            BlockNotFound: some are not here.
        """
        ...

    def expect(self, nodes: Iterable[Node]) -> None:
        """Hear which files will be read next, to find out at once what is needed for that."""
        ...

    def sealing_secret(self) -> bytes:
        """Return what contents are sealed under now, for who seals some beside."""
        ...

    def keep(self, blocks: Iterable[bytes]) -> None:
        """Keep blocks of a content that was sealed beside, as `store` does."""
        ...

    def base(self, node: Node) -> bytes:
        """Return a token of a text as it is now, for a later `ChangeSet.write`; cheap."""
        ...

    def reshown(self) -> frozenset[EntryId]:
        """Return, once, what is shown elsewhere or otherwise named for what befell others."""
        ...

    def gave_way(self) -> int:
        """Return how many records gave way to other lines ever: cheap, and it only grows."""
        ...

    def given_way(self) -> GivenWay:
        """Return what gave way to other lines ever."""
        ...

    def nodes(self, entries: Iterable[EntryId]) -> dict[EntryId, Node]:
        """Return the nodes of those entries that are there, all at once."""
        ...

    def nodes_and_bases(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[Node, bytes]]:
        """Return the node and the `base` of those entries that are there, all at once."""
        ...

    def unkept(self, entries: Iterable[EntryId] | None) -> frozenset[EntryId]:
        """Return which entries (None: of all) are not to be on this device."""
        ...

    def is_here(self, node: Node) -> bool:
        """Say whether all bytes of a file are on this device."""
        ...

    def held_before(self, entry: EntryId, digest: bytes) -> bool:
        """Say whether one of the last versions of a file was these bytes. Reads them."""
        ...

    def change(self) -> ChangeSet:
        """Begin a change."""
        ...

    def commit(self, change: ChangeSet, words: str) -> object | None:
        """Make a change one record, durable on return. Raises NotAllowed, StoreFull."""
        ...
