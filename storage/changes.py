"""A change under way: what a person did, collected into operations for one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from storage.contents import Contents, text_in, without_edits
from storage.errors import BadName, DecodeError, NameTaken, NotFound
from storage.facts.change import ENTRY_SIZE, TOP, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot
from storage.facts.names import check_name
from storage.facts.node import Node, Tree
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.values import (
    MAX_INLINE_EDIT,
    Content,
    Edit,
    EntryKind,
    Fact,
    Keep,
    Kind,
    Meta,
    Place,
    Scalar,
    Value,
)
from storage.facts.view import sides, winner
from storage.ports import Clock, Entropy

_RANDOM_SIZE = 10
MAX_WEIGHT = 800 * 1024
"""Bytes of operations that one record holds at most, estimated from above."""


class Reading(Protocol):
    """What a change needs to know of how things stand."""

    def tree(self) -> Tree:
        """Return the view of now."""
        ...

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        ...


class ChangeSet:
    """Collects operations. Nothing happens until the vault commits it."""

    def __init__(
        self, reading: Reading, contents: Contents, clock: Clock, entropy: Entropy
    ) -> None:
        self._reading = reading
        self._contents = contents
        self._clock = clock
        self._entropy = entropy
        self._operations: dict[tuple[EntryId, str | None], Operation] = {}
        self._fresh: dict[EntryId, tuple[EntryId, str]] = {}
        """Folders and files made in this change: where they are."""
        self._paths: dict[EntryId, tuple[str, ...]] = {TOP: ()}

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return what was collected, in order."""
        return tuple(self._operations.values())

    def __len__(self) -> int:
        return len(self._operations)

    def add_folder(self, parent: EntryId, name: str, *, mtime_ns: int = 0) -> EntryId:
        """Make a folder and return its id.

        Raises:
            BadName: a name that no folder may hold.
        """
        return self._add(parent, name, EntryKind.FOLDER, None, Meta(mtime_ns, executable=False))

    def add_file(self, parent: EntryId, name: str, content: Content, meta: Meta) -> EntryId:
        """Make a file of content that is stored already, and return its id."""
        return self._add(parent, name, EntryKind.FILE, content, meta)

    def add_link(self, parent: EntryId, name: str, target: str, meta: Meta) -> EntryId:
        """Make a symbolic link, kept as text and never followed."""
        content = self._contents.store_bytes(target.encode())
        return self._add(parent, name, EntryKind.LINK, content, meta)

    def write(self, entry: EntryId, data: bytes, meta: Meta, base: bytes = b"") -> None:
        """Let an entry hold data (at most 2 MiB), which was made from the version `base`.

        Text becomes an edit, so that what came since stays; other bytes become a new content.

        Raises:
            NotFound: no such entry.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        before = facts["content"][main] if main is not None else None
        text = text_in(data)
        if text is None or main is None or not isinstance(before, Content) or not before.is_text:
            self.replace(entry, self._contents.store_bytes(data), meta)
            return
        document = self._contents.document(facts)
        base = self._contents.version_named(document, base)
        if document.edit_from(base, text, self._peer()) is not None:
            self._put_edits(entry, facts, main, document)
        self.set_meta(entry, meta)

    def edit(self, entry: EntryId, update: bytes, meta: Meta) -> None:
        """Add an edit made in an open document; `update` is what TextDocument.since gives.

        Raises:
            NotFound: no such entry.
            DecodeError: not an update, or the entry is no text.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        if main is None:
            raise DecodeError("an edit of what is no text")
        document = self._contents.document(facts)
        if not document.knows(update):
            document.take(update)
            self._put_edits(entry, facts, main, document)
        self.set_meta(entry, meta)

    def replace(self, entry: EntryId, content: Content, meta: Meta) -> None:
        """Let an entry hold a whole new content."""
        entry = self._own(entry)
        if self._facts(entry).get("edits"):
            self._operations[(entry, "edits")] = Drop(entry, "edits")
        self._put(entry, "content", content)
        self.set_meta(entry, meta)

    def set_meta(self, entry: EntryId, meta: Meta) -> None:
        """Say when it was changed and whether it can be run."""
        entry = self._own(entry)
        self._put(entry, "meta", meta)
        self._keep(entry)

    def move(self, entry: EntryId, parent: EntryId, name: str) -> None:
        """Give an entry another place: rename and move are one fact.

        Raises:
            BadName: a name that no folder may hold.
            NameTaken: a folder cannot lie in itself.
        """
        _check(name)
        entry = self._own(entry)
        above: EntryId | None = parent
        while above is not None and above != TOP:
            if above == entry:
                raise NameTaken("a folder cannot lie in itself")
            above = self._parent(above)
        self._revive(parent)
        self._fresh[entry] = (parent, name)
        self._paths.clear()
        self._paths[TOP] = ()
        self._put(entry, "place", Place(parent, name))
        self._keep(entry)

    def remove(self, entry: EntryId) -> None:
        """Put an entry in the bin, a folder with all below it."""
        tree = self._reading.tree()
        node = tree.get(entry)
        if node is None:
            raise NotFound("nothing of that name is here")
        if node.side_of is not None:
            self._settle(node)
            return
        for below in [node, *_below(tree, node)]:
            if below.side_of is None:
                self._forget(below.id)
                self._operations[(below.id, None)] = Drop(below.id)

    def put_fact(self, entry: EntryId, name: str, value: Scalar) -> None:
        """Put a `fact:<name>`."""
        self._put(entry, f"fact:{name}", Fact(value))

    def bring_back(self, entry: EntryId, facts: EntryFacts) -> None:
        """Let an entry be as these facts say: the place, content, meta of some moment.

        Raises:
            BlockNotFound: not all of that version is on this device.
        """
        self._forget(entry)
        for attribute in ("kind", "place", "meta"):
            found = _largest(facts, attribute)
            if found is not None:
                self._put(entry, attribute, found[1])
        main = sides(facts)[0]
        if main is not None:
            self._put(entry, "content", self._contents.flatten(facts))
            if self._reading.facts(entry).get("edits"):
                self._operations[(entry, "edits")] = Drop(entry, "edits")
        place = winner(facts.get("place", {}))
        if place is not None:
            self._fresh[entry] = (EntryId(place[1].parent), place[1].name)
            self._keep(entry)

    def _add(
        self, parent: EntryId, name: str, kind: EntryKind, content: Content | None, meta: Meta
    ) -> EntryId:
        _check(name)
        self._revive(parent)
        entry = self._new_id()
        self._fresh[entry] = (parent, name)
        self._put(entry, "kind", Kind(kind))
        self._put(entry, "place", Place(parent, name))
        if content is not None:
            self._put(entry, "content", content)
        self._put(entry, "meta", meta)
        self._keep(entry)
        return entry

    def _put_edits(
        self, entry: EntryId, facts: EntryFacts, main: Dot, document: TextDocument
    ) -> None:
        """Put all edits since the plain content as one, and the content with them.

        So what this device had seen stands on its own: a deletion elsewhere, which takes what
        it saw, does not take half of a text.
        """
        content = facts["content"][main]
        assert isinstance(content, Content)
        update = document.since(self._contents.document(without_edits(facts)).version())
        if len(update) > MAX_INLINE_EDIT:
            content = self._contents.compact(content, document)
            if facts.get("edits"):
                self._operations[(entry, "edits")] = Drop(entry, "edits")
        else:
            self._put(entry, "edits", Edit(main, update))
        self._put(entry, "content", content)

    def _own(self, entry: EntryId) -> EntryId:
        """Let a side version become a file of its own before it is changed; its id stays."""
        if entry in self._fresh:
            return entry
        node = self._reading.tree().get(entry)
        if node is None or node.side_of is None:
            return entry
        self._settle(node)
        original, dot = node.side_of
        facts = self._reading.facts(original)
        self._fresh[entry] = (node.parent, node.name)
        self._put(entry, "kind", Kind(EntryKind.FILE))
        self._put(entry, "place", Place(node.parent, node.name))
        self._put(entry, "content", facts["content"][dot])
        self._put(entry, "meta", Meta(node.mtime_ns, node.executable))
        self._keep(entry)
        return entry

    def _settle(self, side: Node) -> None:
        """Say of the original that its present content is the one."""
        assert side.side_of is not None
        original, _ = side.side_of
        facts = self._reading.facts(original)
        main = sides(facts)[0]
        if main is not None:
            self._put(original, "content", facts["content"][main])

    def _revive(self, folder: EntryId) -> None:
        """A folder that only the view brought back becomes one again when something goes into it."""
        if folder == TOP or folder in self._fresh or self._reading.facts(folder):
            return
        node = self._reading.tree().get(folder)
        if node is None:
            raise NotFound("the folder is not here")
        self._revive(node.parent)
        self._fresh[folder] = (node.parent, node.name)
        self._put(folder, "kind", Kind(EntryKind.FOLDER))
        self._put(folder, "place", Place(node.parent, node.name))
        self._put(folder, "meta", Meta(0, executable=False))
        self._keep(folder)

    def _facts(self, entry: EntryId) -> EntryFacts:
        facts = self._reading.facts(entry)
        if not facts and entry not in self._fresh:
            raise NotFound("nothing of that name is here")
        return facts

    def _put(self, entry: EntryId, attribute: str, value: Value) -> None:
        self._operations.pop((entry, None), None)
        self._operations[(entry, attribute)] = Put(entry, attribute, value)

    def _keep(self, entry: EntryId) -> None:
        path = self._path(entry)
        if path:
            self._put(entry, "keep", Keep(path))

    def _forget(self, entry: EntryId) -> None:
        for key in [key for key in self._operations if key[0] == entry]:
            del self._operations[key]

    def _path(self, entry: EntryId) -> tuple[str, ...]:
        known = self._paths.get(entry)
        if known is None:
            fresh = self._fresh.get(entry)
            if fresh is not None:
                known = (*self._path(fresh[0]), fresh[1])
            else:
                known = self._reading.tree().path(entry)
            self._paths[entry] = known
        return known

    def _parent(self, entry: EntryId) -> EntryId | None:
        fresh = self._fresh.get(entry)
        if fresh is not None:
            return fresh[0]
        node = self._reading.tree().get(entry)
        return None if node is None else node.parent

    def _new_id(self) -> EntryId:
        """Time first, so that what is made together lies together in the tree."""
        milliseconds = int(self._clock.now() * 1000) & (2**48 - 1)
        time_part = milliseconds.to_bytes(ENTRY_SIZE - _RANDOM_SIZE, "big")
        return EntryId(time_part + self._entropy.take(_RANDOM_SIZE))

    def _peer(self) -> int:
        return int.from_bytes(self._entropy.take(8), "big") >> 1 or 2


def _below(tree: Tree, node: Node) -> Iterator[Node]:
    if node.kind != EntryKind.FOLDER:
        return
    for child in tree.children(node.id):
        yield child
        yield from _below(tree, child)


def _largest(facts: EntryFacts, attribute: str) -> tuple[Dot, Value] | None:
    dots = facts.get(attribute, {})
    if not dots:
        return None
    dot = max(dots, key=lambda found: found.rank)
    return dot, dots[dot]


def _check(name: str) -> None:
    try:
        check_name(name)
    except DecodeError as error:
        raise BadName(str(error)) from error


def split(operations: Sequence[Operation], most: int) -> Iterator[tuple[Operation, ...]]:
    """Cut a long list so that each part fits one record."""
    part: list[Operation] = []
    weight = 0
    for operation in operations:
        heavy = _weight(operation)
        if part and (len(part) >= most or weight + heavy > MAX_WEIGHT):
            yield tuple(part)
            part, weight = [], 0
        part.append(operation)
        weight += heavy
    if part:
        yield tuple(part)


def _weight(operation: Operation) -> int:
    """Return about how many bytes an operation takes in a record, rather too many."""
    if isinstance(operation, Drop):
        return 48
    match operation.value:
        case Place(_, name):
            return 96 + 4 * len(name)
        case Keep(path):
            return 64 + sum(4 * len(name) + 6 for name in path)
        case Edit(_, bytes() as update):
            return 96 + len(update)
        case Fact(str() | bytes() as scalar):
            return 128 + 4 * len(scalar)
        case _:
            return 320
