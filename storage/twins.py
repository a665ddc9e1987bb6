"""Twins: the same file twice in one folder, under one stored name, with the same bytes.

Two devices that made one path while apart, or a store that was put back under a folder that was
not, leave "x" and "x (2)". One of the two is enough: the younger goes to the bin, and the older
is said anew in the same commit, so that it outlives a deletion that somebody made meanwhile. The
choice rests on the facts alone, so all devices make the same; what is edited meanwhile stays, as
an edit outlives every deletion. A folder goes if all that is in it stands in its twin as well.

Whatever differs is left alone: names, bytes, the right to be run, versions side by side, edits,
facts beside. Nothing is read but to prove that contents sealed differently are one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import combinations

from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import EntryId
from storage.facts.node import Node
from storage.facts.state import EntryFacts
from storage.facts.values import Content, EntryKind
from storage.facts.view import age_of, latest_meta, main_content, sides, stored_name
from storage.vault import Vault

MOST = 2000
"""Files that one commit settles; a folder of more is left alone."""
WORDS = "the same file twice"
_OWN = frozenset({"kind", "place", "content", "meta", "keep"})
Pair = tuple[Node, Node]
"""What stays, and its twin that goes."""


def settle_twins(vault: Vault) -> frozenset[EntryId]:
    """Let one of each two twins be; return what was changed, nothing where there are none.

    Raises:
        NotAllowed, AccessExpired: this device may not change the space.
    """
    search = _Search(vault)
    gone: dict[EntryId, Node] = {}
    kept: dict[EntryId, Node] = {}
    for alike in vault.doubled():
        for root, pairs in search.twins(alike):
            below = {its.id for _, its in pairs} | {root.id}
            if gone.keys() & below or kept.keys() & below or len(kept) + len(pairs) > MOST:
                continue  # once this is settled, all is looked at again
            if any(stays.id in gone for stays, _ in pairs):
                continue
            gone[root.id] = root
            gone |= {its.id: its for _, its in pairs}
            kept |= {stays.id: stays for stays, _ in pairs}
    change = vault.change()
    for node in gone.values():
        if node.parent not in gone:
            change.remove(node.id)
    for node in kept.values():
        if node.kind is not EntryKind.FOLDER:
            facts = vault.facts(node.id)
            content = main_content(facts)
            assert content is not None, "twins are told by their contents"
            change.replace(node.id, content, latest_meta(facts))
    vault.commit(change, WORDS)
    return frozenset(gone) | frozenset(kept)


class _Search:
    """Finds twins. It changes nothing."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._tree = vault.tree()
        self._proved: dict[EntryId, bool] = {}

    def twins(self, entries: Iterable[EntryId]) -> Iterator[tuple[Node, list[Pair]]]:
        """Walk what may go of some entries in one folder, each with all pairs this rests on."""
        for alike in self._by_name(self._vault.nodes(entries).values()).values():
            settled: set[EntryId] = set()
            for older, younger in combinations(sorted(alike, key=self._age), 2):
                for stays, goes in ((older, younger), (younger, older)):
                    if settled & {older.id, younger.id}:
                        continue
                    if stays is younger and goes.kind is not EntryKind.FOLDER:
                        continue  # of folders the one that holds more stays, old or young
                    if (pairs := self._pairs(stays, goes)) is not None:
                        settled.add(goes.id)
                        yield goes, pairs

    def _by_name(self, nodes: Iterable[Node]) -> dict[tuple[str, EntryKind], list[Node]]:
        found: dict[tuple[str, EntryKind], list[Node]] = {}
        for node in nodes:
            facts = self._vault.facts(node.id)
            if node.side_of is None and facts:
                found.setdefault((stored_name(facts), node.kind), []).append(node)
        return found

    def _age(self, node: Node) -> tuple[tuple[int, bytes], EntryId]:
        return age_of(node.id, self._vault.facts(node.id))

    def _pairs(self, stays: Node, goes: Node) -> list[Pair] | None:
        """Return all pairs of twins in two twins, None if something of what goes has none."""
        facts = self._vault.facts(goes.id)
        if not _is_plain(facts) or not _is_plain(self._vault.facts(stays.id)):
            return None
        if goes.kind is not EntryKind.FOLDER:
            return [(stays, goes)] if self._are_one(stays, goes) else None
        return self._pairs_below(stays, goes)

    def _pairs_below(self, stays: Node, goes: Node) -> list[Pair] | None:
        theirs = self._by_name(self._tree.children(stays.id))
        children = self._tree.children(goes.id)
        ours = self._by_name(children)
        if len(ours) != len(children):
            return None  # names twice, versions side by side: those are settled first
        found: list[Pair] = [(stays, goes)]
        for key, (child,) in ours.items():
            others = theirs.get(key, [])
            below = self._pairs(others[0], child) if len(others) == 1 else None
            if below is None or len(found) + len(below) > MOST:
                return None
            found += below
        return found

    def _are_one(self, stays: Node, goes: Node) -> bool:
        one, other = (
            main_content(self._vault.facts(stays.id)),
            main_content(self._vault.facts(goes.id)),
        )
        if one is None or other is None:
            return False
        if (one.size, one.digest) != (other.size, other.digest):
            return False
        if stays.executable != goes.executable:
            return False
        return one.link == other.link or self._is_proved(stays)

    def _is_proved(self, node: Node) -> bool:
        """Say whether a file's bytes are here and are what their writer said: reading proves it."""
        if node.id not in self._proved:
            try:
                deque(self._vault.read(node), maxlen=0)
            except (BlockNotFound, CorruptBlock, DecodeError):
                self._proved[node.id] = False
            else:
                self._proved[node.id] = True
        return self._proved[node.id]


def _is_plain(facts: EntryFacts) -> bool:
    """Say whether there is one version, never edited since, in one place, and nothing beside.

    What outlived a deletion has no place; it is shown where it was kept.
    """
    if not facts.keys() <= _OWN or len(facts.get("place", {})) > 1 or sides(facts)[1]:
        return False
    contents = [it for it in facts.get("content", {}).values() if isinstance(it, Content)]
    return len({it.digest for it in contents}) <= 1 and all(it.document is None for it in contents)
