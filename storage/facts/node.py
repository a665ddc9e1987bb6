"""Nodes: what the view shows of an entry, and how to walk them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from storage.facts.change import EntryId
from storage.facts.dots import Dot
from storage.facts.values import EntryKind


@dataclass(frozen=True, slots=True)
class Node:
    """One folder, file, link or mount as it is shown."""

    id: EntryId
    """Of a side version or a folder that is only revived: an id of its own, derived."""
    kind: EntryKind
    parent: EntryId
    """In the view; `TOP` for what lies at the top."""
    name: str
    """As shown: with " (2)" or " (Mina's laptop)" where the view had to."""
    size: int
    """Of the main content as it was put. With edits on it only the text itself knows better."""
    version: bytes
    """16 bytes, equal if and only if the content state is equal; empty for folders."""
    mtime_ns: int
    executable: bool
    is_text: bool
    dot: Dot
    """Who changed it last, at `mtime_ns`. Other commits may have touched it too."""
    side_of: tuple[EntryId, Dot] | None = None
    """The entry and the dot of the content that this is the other version of."""

    @property
    def entry(self) -> EntryId:
        """The entry whose facts it shows."""
        return self.id if self.side_of is None else self.side_of[0]


class Tree(Protocol):
    """A space's folders and files, as a person sees them at one moment."""

    def get(self, entry: EntryId) -> Node | None:
        """Return the node of that id, None when it is not shown, or the top itself."""
        ...

    def find(self, path: tuple[str, ...]) -> Node | None:
        """Return the node under the shown names from the top down."""
        ...

    def children(self, entry: EntryId) -> tuple[Node, ...]:
        """Return what lies in a folder, by name."""
        ...

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Walk all paths and nodes, folders before what they hold; not the top itself."""
        ...

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the shown names from the top down, empty for the top.

        Raises:
            NotFound: it is not shown.
        """
        ...


def below(tree: Tree, node: Node) -> Iterator[Node]:
    """Walk all that lies in a folder, at any depth."""
    todo = [node]
    while todo:
        folder = todo.pop()
        if folder.kind == EntryKind.FOLDER:
            for child in tree.children(folder.id):
                yield child
                todo.append(child)
