"""Operations on their way, and what becomes of versions side by side when one of them is changed.

The part of a change that keeps what nobody meant to change: a version never disappears because
another was saved. It becomes a file in the slot of its writer; see storage.facts.slots.
"""

from __future__ import annotations

from typing import Protocol

from storage.contents import Contents
from storage.errors import BlockNotFound, NotFound
from storage.facts.change import TOP, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen
from storage.facts.node import Node, Tree
from storage.facts.pens import Pen
from storage.facts.slots import MARK, mark_of, slot_of
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.values import (
    MAX_INLINE_EDIT,
    MAX_PATH_DEPTH,
    Content,
    Edit,
    EntryKind,
    Keep,
    Kind,
    Meta,
    Place,
    Value,
)
from storage.facts.view import is_overtaken, overtaken_in, sides, version_of
from storage.ports import Clock, Entropy

_ATTRIBUTES = ("kind", "place", "content", "edits", "meta", "keep", MARK)
_NOTHING = Seen()


class Reading(Protocol):
    """What a change needs to know of how things stand."""

    def tree(self) -> Tree:
        """Return the view of now."""
        ...

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        ...


class Siding:
    """What a change is collected in."""

    def __init__(
        self,
        reading: Reading,
        contents: Contents,
        clock: Clock,
        entropy: Entropy,
        seen: Seen = _NOTHING,
    ) -> None:
        self.seen = seen
        """What had been seen when it began: what it replaces, it replaces knowing that."""
        self._reading = reading
        self._contents = contents
        self._clock = clock
        self._entropy = entropy
        self._operations: dict[tuple[EntryId, str | None], Operation] = {}
        self.documents: dict[EntryId, TextDocument] = {}
        """The texts as they are once this is committed."""
        self.pens: dict[EntryId, Pen] = {}
        """What was written with a pen, and where that ended."""
        self._fresh: dict[EntryId, tuple[EntryId, str]] = {}
        """Folders and files made in this change: where they are."""
        self._paths: dict[EntryId, tuple[str, ...]] = {TOP: ()}
        self._freed: dict[EntryId, EntryFacts] = {}
        """Side versions that become files of their own, or are settled: what they were."""

    # ------------------------------------------------------------ operations

    def _revive(self, folder: EntryId) -> None:
        """A folder that only the view brought back becomes one again when it is touched."""
        missing: list[Node] = []
        tree = self._reading.tree()
        while folder != TOP and folder not in self._fresh and not self._reading.facts(folder):
            node = tree.get(folder)
            if node is None:
                raise NotFound("the folder is not here")
            missing.append(node)
            folder = node.parent
        for node in reversed(missing):
            self._fresh[node.id] = (node.parent, node.name)
            self._put(node.id, "kind", Kind(EntryKind.FOLDER))
            self._put(node.id, "place", Place(node.parent, node.name))
            self._put(node.id, "meta", Meta(0, executable=False))
            self._keep(node.id)

    def _facts(self, entry: EntryId) -> EntryFacts:
        facts = self._freed.get(entry) or self._reading.facts(entry)
        if not facts and entry not in self._fresh:
            raise NotFound("nothing of that name is here")
        return facts

    def _put(self, entry: EntryId, attribute: str, value: Value) -> None:
        self._operations.pop((entry, None), None)
        self._operations[(entry, attribute)] = Put(entry, attribute, value)

    def _keep(self, entry: EntryId) -> None:
        path = self._path(entry)
        if len(path) > MAX_PATH_DEPTH:  # a hint of where to come back to need not be so long
            path = (*path[: MAX_PATH_DEPTH - 1], path[-1])
        if path:
            self._put(entry, "keep", Keep(path))

    def _forget(self, entry: EntryId) -> None:
        for attribute in (None, *_ATTRIBUTES):
            self._operations.pop((entry, attribute), None)

    def _path(self, entry: EntryId) -> tuple[str, ...]:
        below: list[EntryId] = []
        while entry not in self._paths and entry in self._fresh:
            below.append(entry)
            entry = self._fresh[entry][0]
        path = self._paths.get(entry)
        if path is None:
            path = self._paths[entry] = self._reading.tree().path(entry)
        for found in reversed(below):
            path = self._paths[found] = (*path, self._fresh[found][1])
        return path

    def _put_version(
        self, entry: EntryId, facts: EntryFacts, dot: Dot, document: TextDocument
    ) -> bool:
        """Put a version's content, and as one edit all that its document has beyond that.

        So what this device had seen stands on its own: a deletion elsewhere, which takes what
        it saw, does not take half of a text. Says whether its versions are kept with it.
        """
        content = facts["content"][dot]
        assert isinstance(content, Content)
        plain = self._contents.plain_version(content, document)
        update = document.since(plain) if document.version() != plain else b""
        if len(update) > MAX_INLINE_EDIT:
            content, update = self._contents.compact(content, document, update), b""
        whole = self._contents.reads_back(content, update, document.text)
        if whole:
            self.documents[entry] = document
        else:
            content, update = self._contents.store_bytes(document.text.encode()), b""
        if update:
            self._put(entry, "edits", Edit(dot, update))
        else:
            self._drop(entry, "edits")
        self._put(entry, "content", content)
        return whole

    def _drop(self, entry: EntryId, attribute: str) -> None:
        """Take an attribute away, if it is there."""
        self._operations.pop((entry, attribute), None)
        if self._reading.facts(entry).get(attribute):
            self._operations[(entry, attribute)] = Drop(entry, attribute)

    # ------------------------------------------------------------ versions side by side

    def choose(self, entry: EntryId, dot: Dot | None) -> None:
        """Let one version of a file count, the present one or that of `dot`; the others go."""
        facts = self._reading.facts(entry)
        chosen = sides(facts)[0] if dot is None else dot
        for side in self._sides_of(entry):
            self._remove_side(side)
        self._operations.pop((entry, "content"), None)
        self._operations.pop((entry, "edits"), None)
        self._put_as_is(entry, facts, chosen)
        self._keep(entry)

    def keep_all(self, entry: EntryId) -> None:
        """Let all versions of a file be files for good: none waits for its writer any more."""
        beside = self._sides_of(entry)
        self._settle(entry)
        self._keep(entry)
        for side in beside:
            self._drop(side.id, MARK)

    def _sides_of(self, entry: EntryId) -> list[Node]:
        tree = self._reading.tree()
        node = tree.get(entry)
        found = tree.children(node.parent) if node is not None else ()
        return [it for it in found if it.side_of is not None and it.side_of[0] == entry]

    def _own(self, entry: EntryId) -> EntryId:
        """Let what only the view shows become an entry before it is changed; its id stays.

        That is a side version, or a folder that was brought back for what survived in it.
        """
        if entry in self._fresh:
            return entry
        node = self._reading.tree().get(entry)
        if node is None:
            return entry
        if node.side_of is not None:
            self._free(node)
            self._settle(node.side_of[0])
            self._drop(entry, MARK)  # it is changed: whoever wrote it has nothing to add to it
        elif node.kind == EntryKind.FOLDER:
            self._revive(entry)
        return entry

    def _remove_side(self, side: Node) -> None:
        """Take away a version beside a file; if it was about to be a file, it is not any more."""
        assert side.side_of is not None
        original, dot = side.side_of
        self._forget(side.id)
        self._fresh.pop(side.id, None)
        self._freed[side.id] = _version_facts(self._reading.facts(original), dot)
        if self._reading.facts(side.id):  # an earlier version, that is not to come to light now
            self._operations[(side.id, None)] = Drop(side.id)
        if (original, None) not in self._operations:
            self._settle(original)

    def _settle(self, original: EntryId) -> None:
        """Say of a file that its present version is the one; the others are files of their own."""
        if (original, "content") in self._operations:
            return
        self._free_sides(original)
        self._put_as_is(original, self._reading.facts(original), None)

    def _free_sides(self, entry: EntryId) -> None:
        """Let the versions beside a file become files: what is put in its place takes them away."""
        facts = self._reading.facts(entry)
        if entry in self._freed:
            return
        if sides(facts)[1]:
            for side in self._sides_of(entry):
                self._free(side)
            self._clear_slots(entry, facts)

    def _clear_slots(self, entry: EntryId, facts: EntryFacts) -> None:
        """Let what writers have overtaken not come to light again once nothing stands beside."""
        for slot in {slot_of(entry, dot.writer) for dot in facts["content"]}:
            held = self._reading.facts(slot)
            if overtaken_in(slot, held) != entry or (slot, "kind") in self._operations:
                continue
            if is_overtaken(slot, held, facts):
                self._operations[(slot, None)] = Drop(slot)

    def _free(self, side: Node) -> None:
        """Let a version beside a file become a file of its own."""
        if side.id in self._freed:
            return
        assert side.side_of is not None
        original, dot = side.side_of
        facts = self._reading.facts(original)
        self._freed[side.id] = _version_facts(facts, dot)
        self._fresh[side.id] = (side.parent, side.name)
        self._put(side.id, "kind", Kind(EntryKind.FILE))
        self._put(side.id, "place", Place(side.parent, side.name))
        self._drop(side.id, "edits")
        self._put_as_is(side.id, facts, dot)
        self._put(side.id, "meta", Meta(side.mtime_ns, side.executable))
        self._keep(side.id)
        if side.id == slot_of(original, dot.writer):
            self._put(side.id, MARK, mark_of(original, dot))

    def _put_as_is(self, entry: EntryId, facts: EntryFacts, dot: Dot | None) -> None:
        """Put a version of some facts, the main one or that of `dot`, with its edits."""
        main = sides(facts)[0] if dot is None else dot
        if main is None:
            return
        contents, edits = version_of(facts, main)
        content = facts["content"][main]
        if isinstance(content, Content) and content.is_text and (edits or len(contents) > 1):
            try:
                self._put_version(entry, facts, main, self._contents.document(facts, main))
            except BlockNotFound:
                pass  # its bytes are elsewhere still; what can be said is which they are
            else:
                return
        else:
            self._drop(entry, "edits")
        self._put(entry, "content", content)


def _version_facts(facts: EntryFacts, dot: Dot) -> EntryFacts:
    """Return one version of some facts, as if it were a file of its own."""
    contents, edits = version_of(facts, dot)
    return {"content": contents, "edits": edits} if edits else {"content": contents}
