"""Trees made by hand: the encoding as the design says it, and every way to get it wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from blake3 import blake3

from storage.codec import dagcbor
from storage.crypto.link import Link, link_from
from storage.crypto.sealed import open_sealed, seal
from storage.errors import BlockNotFound, CorruptBlock
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Seen
from storage.facts.state import EntryFacts, State
from storage.facts.values import EntryKind, Fact, Kind, Place
from tests.helpers.histories import WRITERS

SECRET = bytes(range(32))


@dataclass(slots=True)
class Blocks:
    """Blocks by digest, and which of them were asked for."""

    held: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    asked: list[bytes] = field(default_factory=list[bytes])

    def get(self, digest: bytes) -> bytes:
        """Return a block."""
        self.asked.append(digest)
        if digest not in self.held:
            raise BlockNotFound(digest)
        return self.held[digest]

    def seal(self, kind: bytes, plain: bytes) -> Link:
        """Keep a sealed block."""
        link, block = seal(SECRET, kind, plain)
        self.held[link.digest] = block
        return link


def entry_id(n: int) -> EntryId:
    """Return a random id, the same each time."""
    return EntryId(blake3(n.to_bytes(8)).digest()[:16])


def file_in(parent: EntryId, name: str, n: int) -> EntryFacts:
    """Return a file's facts."""
    dot = Dot(WRITERS[0], n)
    return {"kind": {dot: Kind(EntryKind.FILE)}, "place": {dot: Place(parent, name)}}


def folder_in(parent: EntryId, name: str, n: int) -> EntryFacts:
    """Return a folder's facts."""
    dot = Dot(WRITERS[0], n)
    return {"kind": {dot: Kind(EntryKind.FOLDER)}, "place": {dot: Place(parent, name)}}


def flat(count: int) -> State:
    """Return a state of so many files at the top."""
    entries = {entry_id(n): file_in(TOP, f"note {n}.md", n + 1) for n in range(count)}
    return State(Seen({WRITERS[0]: count}), entries)


def forest(folders: int, each: int) -> State:
    """Return a state of folders in each other at random, with so many files in each."""
    random = Random(folders)  # noqa: S311
    entries: dict[EntryId, EntryFacts] = {}
    known = [TOP]
    number = 0
    for _ in range(folders):
        number += 1
        folder = entry_id(number)
        entries[folder] = folder_in(random.choice(known), f"folder {number}", number)
        known.append(folder)
        for _ in range(each):
            number += 1
            entries[entry_id(number)] = file_in(folder, f"note {number}", number)
    return State(Seen({WRITERS[0]: number}), entries)


def changed(state: State, entry: EntryId, facts: EntryFacts | None) -> State:
    """Return a state in which one entry is another, or gone."""
    n = state.seen.of(WRITERS[1]) + 1
    entries = {e: f for e, f in state.entries.items() if e != entry}
    if facts is not None:
        entries[entry] = {**facts, "fact:changed": {Dot(WRITERS[1], n): Fact(n)}}
    return State(state.seen.with_dot(Dot(WRITERS[1], n)), entries)


Change = Callable[[list[object]], object]
"""Change the plain form of a node in place, or return another."""


class Forger:
    """Seals a tree anew with one node changed, and all links above it made right again."""

    def __init__(self, blocks: Blocks, change: Change, at: int) -> None:
        self._blocks = blocks
        self._change = change
        self._at = at
        self._visited = 0

    def root(self, link: Link) -> Link:
        """Return the link to the forged tree."""
        raw = self._plain(link, b"root")
        assert isinstance(raw, list)
        raw[4], raw[5] = self._folder(raw[4]), self._folder(raw[5])
        return self._blocks.seal(b"root", dagcbor.encode(self._changed(raw)))

    def _folder(self, raw_link: object) -> object:
        if raw_link is None:
            return None
        link = link_from(raw_link)
        try:
            raw, kind = self._plain(link, b"rows"), b"rows"
        except CorruptBlock:
            raw, kind = self._plain(link, b"index"), b"index"
        assert isinstance(raw, list)
        for part in raw[1]:
            part[-1] = self._folder(part[-1])
        return self._blocks.seal(kind, dagcbor.encode(self._changed(raw))).to_bytes()

    def _changed(self, raw: list[object]) -> object:
        self._visited += 1
        return self._change(raw) or raw if self._visited == self._at else raw

    def _plain(self, link: Link, kind: bytes) -> object:
        return dagcbor.decode(open_sealed(link, kind, self._blocks.held[link.digest]))


def naive_leaf(rows: Iterable[tuple[EntryId, list[object], bytes | None]]) -> bytes:
    """Return a leaf's plaintext by the encoder alone."""
    return dagcbor.encode(["rows", [[entry, *parts, child] for entry, parts, child in rows]])


def naive_groups(entries: Sequence[EntryId], level: int) -> list[list[EntryId]]:
    """Return ids cut as the design says, one by one."""
    groups: list[list[EntryId]] = [[]]
    for entry in entries:
        groups[-1].append(entry)
        if blake3(entry).digest()[level] < 4 or len(groups[-1]) == 256:
            groups.append([])
    return [group for group in groups if group]
