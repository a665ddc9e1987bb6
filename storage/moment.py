"""A space at one moment: its folders and files as they were, their facts and bytes. Read only.

A moment is what had been seen at it, so it is whole: with a record it holds all that the
record builds on. A wall clock is only a way to choose one; see `Ledger.made_by`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from blake3 import blake3

from storage.contents import Contents, is_edited
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen
from storage.facts.node import Node, Tree
from storage.facts.state import EntryFacts
from storage.facts.view import main_content, sides, version_of


class Standing(Protocol):
    """How a space stands, now or at another moment."""

    @property
    def tree(self) -> Tree:
        """The folders and files."""
        ...

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        ...

    def digest(self, node: Node) -> bytes:
        """Return the BLAKE3 of a file's bytes, edits and all.

        Raises:
            BlockNotFound: it takes more than is here to know that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Present:
    """How a space stands now."""

    tree: Tree
    reading: Reading
    contents: Contents

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        return self.reading.facts(entry)

    def digest(self, node: Node) -> bytes:
        """Return the BLAKE3 of a file's bytes, edits and all. Raises BlockNotFound."""
        return _digest(self.contents, version_facts(self.facts(node.entry), node))


class Reading(Protocol):
    """Whoever knows facts."""

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        ...


class Then(Tree, Reading, Protocol):
    """Folders and files, and the facts that they show."""


class Moment:
    """How a space stood, or would stand: facts, the view of them, and their bytes."""

    def __init__(
        self,
        seen: Seen,
        then: Then,
        contents: Contents,
        rewritten: Mapping[EntryId, bytes] | None = None,
    ) -> None:
        self.seen = seen
        self.tree: Tree = then
        self._reading: Reading = then
        self._contents = contents
        self._rewritten = rewritten or {}
        """Texts that are to be, and were at no moment."""

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it was not there."""
        return self._reading.facts(entry)

    def of(self, node: Node) -> EntryFacts:
        """Return the facts of one version alone: of a file's own, or of one beside it."""
        return version_facts(self.facts(node.entry), node)

    def digest(self, node: Node) -> bytes:
        """Return the BLAKE3 of a file's bytes, edits and all. Raises BlockNotFound."""
        rewritten = self._rewritten.get(node.id)
        if rewritten is not None:
            return blake3(rewritten).digest()
        return _digest(self._contents, self.of(node))

    def read(self, node: Node) -> Iterator[bytes]:
        """Yield a file's bytes as they were.

        Raises:
            BlockNotFound: that version is not all here.
            CorruptBlock: a part of it is damaged.
        """
        rewritten = self._rewritten.get(node.id)
        if rewritten is not None:
            return iter((rewritten,))
        return self._contents.read(self.of(node))

    def is_rewritten(self, node: Node) -> bool:
        """Say whether its text was at no moment."""
        return node.id in self._rewritten

    def is_here(self, node: Node) -> bool:
        """Say whether all bytes of a file are on this device, as they were."""
        if node.id in self._rewritten:
            return True
        return next(self._contents.missing(self.of(node)), None) is None


def version_facts(facts: EntryFacts, node: Node) -> EntryFacts:
    """Return the contents and edits of the version that a node shows."""
    dot: Dot | None = node.side_of[1] if node.side_of else sides(facts)[0]
    if dot is None:
        return {}
    contents, edits = version_of(facts, dot)
    return {"content": contents, "edits": edits} if edits else {"content": contents}


def _digest(contents: Contents, facts: EntryFacts) -> bytes:
    content = main_content(facts)
    if content is None:
        return b""
    if content.is_text and is_edited(facts):
        return blake3(contents.document(facts).text.encode()).digest()
    return content.digest
