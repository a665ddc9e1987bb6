"""A space in memory, made of the real facts, view, texts and changes: only the disk is left out."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator

from blake3 import blake3

from app.folder.space import Source
from storage.blocks.store import MemoryBlocks
from storage.changes import ChangeSet
from storage.contents import Contents
from storage.errors import BlockNotFound, NotAllowed, StoreFull
from storage.facts.change import EntryId
from storage.facts.dots import Writer
from storage.facts.node import Node
from storage.facts.operate import commit
from storage.facts.state import EMPTY, EntryFacts, State, join
from storage.facts.values import Content, Meta
from storage.facts.whole import View
from storage.records.aside import GivenWay

NUMBERS = itertools.count(1)


class Dice:
    """Dice that roll the same each time."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def take(self, size: int) -> bytes:
        """Return bytes that look random."""
        return self._random.randbytes(size)


class SetClock:
    """A clock that a test sets."""

    def __init__(self, at: float = 2e9) -> None:
        self.at = at

    def now(self) -> float:
        """Return the time that was set."""
        return self.at

    def monotonic(self) -> float:
        """Return the time that was set."""
        return self.at


class MemorySpace:
    """One replica. Give two of them the same blocks, and `meet` makes them equal."""

    def __init__(self, name: bytes = b"A", blocks: MemoryBlocks | None = None) -> None:
        self.writer = Writer(name.ljust(8, b"\0"))
        self.state: State = EMPTY
        self.blocks = blocks or MemoryBlocks()
        self.contents = Contents(self.blocks, lambda: b"s" * 32)
        self.clock = SetClock()
        self.dice = Dice(int.from_bytes(name, "big"))
        self.editor = True
        self.full = False
        self.absent: set[EntryId] = set()
        """Entries whose bytes are not here yet."""
        self.let: set[EntryId] = set()
        """Entries that are not to be here."""
        self.past: set[tuple[EntryId, bytes]] = set()
        """What files were once, by BLAKE3."""
        self.words: list[str] = []
        self._view: View | None = None
        self._told = View(EMPTY), EMPTY

    def may_edit(self) -> bool:
        """Say what the test decided."""
        return self.editor

    def tree(self) -> View:
        """Return the view."""
        if self._view is None:
            self._view = View(self.state)
        return self._view

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return the facts of an entry."""
        return self.state.entries.get(entry, {})

    def store(self, source: Source) -> Content:
        """Keep bytes."""
        return self.contents.store(source)

    def read(self, node: Node) -> Iterator[bytes]:
        """Return bytes."""
        if node.id in self.absent:
            raise BlockNotFound(bytes(32))
        if node.side_of is not None:
            content = self.facts(node.side_of[0])["content"][node.side_of[1]]
            assert isinstance(content, Content)
            return self.contents.plain(content)
        return self.contents.read(self.facts(node.id))

    def expect(self, nodes: Iterable[Node]) -> None:
        """Do nothing: all is at hand."""

    def sealing_secret(self) -> bytes:
        """Return what the contents use."""
        return self.contents.secret()

    def keep(self, blocks: Iterable[bytes]) -> None:
        """Keep them."""
        self.contents.keep(blocks)

    def reshown(self) -> frozenset[EntryId]:
        """Return what moved since this was asked last, and was not touched itself."""
        (view, state), self._told = self._told, (self.tree(), self.state)
        before, now = _places(view), _places(self.tree())
        return frozenset(
            entry
            for entry, _ in before.items() ^ now.items()
            if state.entries.get(entry) == self.state.entries.get(entry)
        )

    def gave_way(self) -> int:
        """Nothing ever did."""
        return 0

    def given_way(self) -> GivenWay:
        """Nothing ever did."""
        return GivenWay(frozenset(), {})

    def base(self, node: Node) -> bytes:
        """Return a text's token."""
        return b"" if node.side_of is not None else self.contents.base(self.facts(node.id))

    def nodes(self, entries: Iterable[EntryId]) -> dict[EntryId, Node]:
        """Return nodes."""
        found = ((entry, self.tree().get(entry)) for entry in entries)
        return {entry: node for entry, node in found if node is not None}

    def nodes_and_bases(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[Node, bytes]]:
        """Return nodes and their tokens."""
        return {entry: (node, self.base(node)) for entry, node in self.nodes(entries).items()}

    def unkept(self, entries: Iterable[EntryId] | None) -> frozenset[EntryId]:
        """Say what the test decided."""
        return frozenset(self.let if entries is None else self.let.intersection(entries))

    def is_here(self, node: Node) -> bool:
        """Say what the test decided."""
        return node.id not in self.absent

    def change(self) -> ChangeSet:
        """Begin a change."""
        return ChangeSet(self, self.contents, self.clock, self.dice, self.state.seen)

    def held_before(self, entry: EntryId, digest: bytes) -> bool:
        """Say whether a file was so once."""
        return (entry, digest) in self.past

    def commit(self, change: ChangeSet, words: str) -> object | None:
        """Make a change."""
        if not change.operations:
            return None
        if not self.editor:
            raise NotAllowed("may only view")
        if self.full:
            raise StoreFull("full")
        for entry in {operation.entry for operation in change.operations}:
            node = self.tree().get(entry)
            if node is not None and node.version and entry not in self.absent:
                self.past.add((entry, blake3(b"".join(self.read(node))).digest()))
        self.state = commit(self.state, self.writer, change.operations)
        self._view = None
        self.words.append(words)
        return words

    def meet(self, other: MemorySpace) -> None:
        """Both know what either knew."""
        self.state = other.state = join(self.state, other.state)
        self._view = other._view = None

    # -- what tests ask ----------------------------------------------------------------------
    def files(self) -> dict[str, bytes]:
        """Return path -> bytes of files and links, path/ -> b"" of folders."""
        found: dict[str, bytes] = {}
        for path, node in self.tree().walk():
            name = "/".join(path)
            if node.kind == 1:
                found[name + "/"] = b""
            else:
                found[name] = b"".join(self.read(node))
        return found

    def id(self, path: str) -> EntryId:
        """Return the entry at a path."""
        node = self.tree().find(tuple(path.split("/")))
        assert node is not None, f"{path} is not there"
        return node.id

    def put(self, path: str, data: bytes, executable: bool = False) -> EntryId:  # noqa: FBT001, FBT002
        """Write a file as another device would: folders on the way are made."""
        *folders, name = path.split("/")
        parent = EntryId(bytes(16))
        for depth in range(len(folders)):
            node = self.tree().find(tuple(folders[: depth + 1]))
            if node is None:
                change = self.change()
                parent = change.add_folder(parent, folders[depth])
                self.commit(change, "folder")
            else:
                parent = node.id
        change = self.change()
        meta = Meta(1_000_000_000, executable)
        content = self.contents.store_bytes(data)
        node = self.tree().find(tuple(path.split("/")))
        if node is None:
            entry = change.add_file(parent, name, content, meta)
        else:
            entry = node.id
            if node.is_text and content.is_text:
                change.write(entry, data, meta, b"")
            else:
                change.replace(entry, content, meta)
        self.commit(change, "put")
        return entry

    def remove(self, path: str) -> None:
        """Remove as another device would."""
        change = self.change()
        change.remove(self.id(path))
        self.commit(change, "remove")

    def move(self, path: str, to: str) -> None:
        """Move as another device would; the folder it goes to is there."""
        *folders, name = to.split("/")
        parent = self.id("/".join(folders)) if folders else EntryId(bytes(16))
        change = self.change()
        change.move(self.id(path), parent, name)
        self.commit(change, "move")


def _places(view: View) -> dict[EntryId, tuple[EntryId, str]]:
    return {node.id: (node.parent, node.name) for _, node in view.walk()}
