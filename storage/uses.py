"""What blocks are parts of: which version of what, as a person knows it.

Asked only when something is damaged or gone, for it goes through all of the history.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from storage.codec.cid import token_digest
from storage.core import Core
from storage.crypto.link import Link
from storage.errors import AtollError
from storage.facts.change import EntryId, Put
from storage.facts.dots import Dot
from storage.facts.values import Content, Edit
from storage.index.catalog import PathFinder
from storage.records.ledger import Step
from storage.tree.content import links_below, links_of

VERSION_LETTERS = 10
"""How much of a version's name is said."""


@dataclass(frozen=True, slots=True)
class Use:
    """A version of an entry that a block is a part of; without an entry, a step as such."""

    step: Step
    entry: EntryId | None = None
    value: Content | Edit | None = None


class Uses:
    """Finds what some blocks are parts of."""

    def __init__(self, core: Core, digests: Collection[bytes]) -> None:
        self._core = core
        self._wanted = frozenset(digests)
        self._known: dict[bytes, frozenset[bytes]] = {}
        self._paths = PathFinder(core.connection)
        self.by_digest: dict[bytes, list[Use]] = {}
        self._unread: dict[Dot, Step] = {}
        """Records that do not open: what is shown of theirs, the index knows."""
        for step in core.ledger.steps(latest_first=False) if digests else ():
            self._look(step)
        if self._unread:
            self._look_at_shown()

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return where an entry is shown, or was when it was deleted."""
        path = self._paths.path(entry)
        if path:
            return path
        row = self._core.connection.execute(
            "SELECT path FROM gone WHERE entry = ?", (entry,)
        ).fetchone()
        return tuple(json.loads(row[0])) if row is not None else ()

    def is_now(self, use: Use) -> bool:
        """Say whether it is what the entry holds now."""
        if use.entry is None:
            return False
        facts = self._core.catalog.facts(use.entry)
        held = (*facts.get("content", {}).values(), *facts.get("edits", {}).values())
        return use.value in held

    def _look(self, step: Step) -> None:
        for digest in self._wanted.intersection((step.digest, step.payload)):
            self._add(digest, Use(step))
        try:
            operations = self._core.history.payload(step).operations
        except AtollError:
            self._unread[step.dot] = step
            return
        for operation in operations:
            value = getattr(operation, "value", None)
            if isinstance(value, Content | Edit):
                for digest in self._hit(value):
                    self._add(digest, Use(step, operation.entry, value))

    def _look_at_shown(self) -> None:
        for entry, facts in self._core.catalog.all_facts():
            for attribute in ("content", "edits"):
                for dot, value in facts.get(attribute, {}).items():
                    if dot in self._unread and isinstance(value, Content | Edit):
                        for digest in self._hit(value):
                            self._add(digest, Use(self._unread[dot], entry, value))

    def _add(self, digest: bytes, use: Use) -> None:
        self.by_digest.setdefault(digest, []).append(use)

    def _hit(self, value: Content | Edit) -> frozenset[bytes]:
        """Return which of the blocks a content or an edit needs."""
        found: frozenset[bytes] = frozenset()
        for link, walk in _walks(self._core, value):
            if link.digest not in self._known:
                self._known[link.digest] = self._wanted.intersection(_as_far(walk))
            found |= self._known[link.digest]
        return found


def _walks(core: Core, value: Content | Edit) -> Iterator[tuple[Link, Iterable[Link]]]:
    get = core.blocks.get
    match value:
        case Content(link=link, document=document):
            if link is not None:
                yield link, links_of(value, get)
            if document is not None:
                yield document, links_below(document, get)
        case Edit(update=Link() as update):
            yield update, links_below(update, get)
        case _:
            return


def _as_far(walk: Iterable[Link]) -> Iterator[bytes]:
    """Yield addresses, up to where something cannot be opened."""
    try:
        for link in walk:
            yield link.digest
    except AtollError:
        return


def contents_of(core: Core, step: Step) -> list[tuple[EntryId, Content]]:
    """Return the contents that a step put. Raises what opening it raises."""
    operations = core.history.payload(step).operations
    return [
        (operation.entry, operation.value)
        for operation in operations
        if isinstance(operation, Put) and isinstance(operation.value, Content)
    ]


def version_of(step: Step) -> str:
    """Return the name by which a person knows a version."""
    return token_digest(step.cid).hex()[:VERSION_LETTERS]
