"""Letting a space, or a part of it, be as it was: first a plan, then the change that does it.

A plan compares the nodes that a person sees, so what comes back has the paths, bytes and
times that it had. It is made anew from how things stand, says beforehand all that it will
do, and is done as one commit: nothing is erased, and the commit can itself be undone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count

from blake3 import blake3

from storage.changes import ChangeSet
from storage.errors import BlockNotFound
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.names import collision_key
from storage.facts.node import Node, below
from storage.facts.state import EntryFacts
from storage.facts.values import Content, EntryKind, Kind, Meta, Place
from storage.facts.view import sides, stored_name
from storage.moment import Moment, Present

MANY = 500
"""From so many entries on the whole tree is read at once, and not one after the other."""
_THEN = Dot(Writer(bytes(8)), 1)
"""The dot of facts that are put together here; the commit gives them one of its own."""


class Deed(Enum):
    """What is done to one entry."""

    BINNED = "binned"
    """It came after the moment, and goes to the bin."""
    BACK = "back"
    """It was deleted since, and comes back."""
    MOVED = "moved"
    """It gets the place and the name that it had."""
    CONTENT = "content"
    META = "meta"
    """It gets the time, and the right to be run, that it had."""
    ASIDE = "aside"
    """It stays, under another name, for what comes back has its name."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do."""

    deed: Deed
    node: Node
    """As it is to be; of what goes to the bin, as it is."""
    path: tuple[str, ...]
    """Where it will be; of what goes to the bin, where it is."""
    was: tuple[str, ...] = ()
    """Where it is now, empty when it is not there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done, in order."""

    acts: tuple[Act, ...]
    absent: tuple[tuple[str, ...], ...] = ()
    """What stays as it is, for its bytes of then are not on this device."""

    @property
    def token(self) -> bytes:
        """Return what tells this plan from any other one."""
        parts = [
            repr((act.deed.value, act.node.id, act.path, act.node.version)) for act in self.acts
        ]
        return blake3("\n".join(parts).encode(errors="surrogatepass")).digest()[:16]


def whole(now: Present, then: Moment) -> Plan:
    """Return how all becomes as it was: what came after goes to the bin."""
    chosen = {node.id for _, node in then.tree.walk()}
    shown = {node.id: node for _, node in now.tree.walk()}
    return _Planning(now, then, chosen, shown.keys() - chosen, shown=shown).plan()


def part(then: Moment, top: Node) -> Iterator[EntryId]:
    """Walk what a file or a folder was, with all that lay in it."""
    yield top.id
    yield from (node.id for node in below(then.tree, top))


def plan(
    now: Present,
    then: Moment,
    chosen: AbstractSet[EntryId],
    gone: AbstractSet[EntryId] = frozenset(),
) -> Plan:
    """Return how `chosen` become as they were `then`, and `gone` go to the bin.

    What else is there stays, where it is.
    """
    return _Planning(now, then, chosen, gone).plan()


@dataclass(slots=True)
class _Planning:
    now: Present
    then: Moment
    chosen: AbstractSet[EntryId]
    gone: AbstractSet[EntryId]
    targets: dict[EntryId, Node] = field(default_factory=dict[EntryId, Node])
    """What is to be as it was, folders before what they held."""
    acts: list[Act] = field(default_factory=list[Act])
    absent: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    shown: dict[EntryId, Node] | None = None
    """All that is there, when so much is asked for that one reading is cheaper."""

    def plan(self) -> Plan:
        """Return the plan."""
        if self.shown is None and len(self.chosen) + len(self.gone) > MANY:
            self.shown = {node.id: node for _, node in self.now.tree.walk()}
        chosen = self.chosen | self._missing_above()
        self.targets = {n.id: n for _, n in self.then.tree.walk() if n.id in chosen}
        self._leave_what_is_not_here()
        for target in list(self.targets.values()):
            if self._is_in_itself(target):
                self.targets[target.id] = self._where_it_is(target)
        for target in self.targets.values():
            self._compare(target)
        self._pin_names()
        self._clear_names()
        return Plan((*self._binned(), *self.acts), tuple(self.absent))

    def _missing_above(self) -> set[EntryId]:
        """Return the folders that are not there any more and have to be, for what comes back."""
        found: set[EntryId] = set()
        for entry in self.chosen:
            node = self.then.tree.get(entry)
            while node is not None and node.parent != TOP and node.parent not in found:
                if node.parent not in self.gone and self._present(node.parent) is not None:
                    break
                node = self.then.tree.get(node.parent)
                if node is not None:
                    found.add(node.id)
        return found

    def _present(self, entry: EntryId) -> Node | None:
        return self.now.tree.get(entry) if self.shown is None else self.shown.get(entry)

    def _leave_what_is_not_here(self) -> None:
        for target in list(self.targets.values()):
            present = self._present(target.id)
            if target.kind is EntryKind.FOLDER or (
                present is not None and self._same_content(present, target)
            ):
                continue
            if not self.then.is_here(target):
                self.absent.append(self.then.tree.path(target.id))
                del self.targets[target.id]

    def _is_in_itself(self, target: Node) -> bool:
        """Say whether a folder would lie in itself: what it lay in lies in it now, and stays."""
        above, passed = target.parent, {target.id}
        while above != TOP and above not in passed:
            passed.add(above)
            node = self.targets.get(above) or self._present(above)
            above = TOP if node is None else node.parent
        return above != TOP

    def _where_it_is(self, target: Node) -> Node:
        present = self._present(target.id)
        return replace(target, parent=TOP if present is None else present.parent)

    def _compare(self, target: Node) -> None:
        present = self._present(target.id)
        if present is None:
            self.acts.append(Act(Deed.BACK, target, self._path(target)))
            return
        deeds: list[Deed] = []
        if (present.parent, present.name) != (target.parent, target.name):
            deeds.append(Deed.MOVED)
        if target.kind is not EntryKind.FOLDER:
            times = present.mtime_ns, present.executable
            if not self._same_content(present, target):
                deeds.append(Deed.CONTENT)
            elif times != (target.mtime_ns, target.executable):
                deeds.append(Deed.META)
        if deeds:
            path, was = self._path(target), self.now.tree.path(present.id)
            self.acts += [Act(deed, target, path, was) for deed in deeds]

    def _same_content(self, present: Node, target: Node) -> bool:
        if present.version == target.version and not self.then.is_rewritten(target):
            return True
        try:
            return self.now.digest(present) == self.then.digest(target)
        except BlockNotFound:
            return False

    def _path(self, target: Node) -> tuple[str, ...]:
        """Return where it will be: what is above it may have another name by now."""
        names: list[str] = []
        node: Node | None = target
        while node is not None:
            names.append(node.name)
            node = self.targets.get(node.parent) or self._present(node.parent)
        return tuple(reversed(names))

    def _pin_names(self) -> None:
        """Let what bears a name with a number, for another had the name first, really bear it.

        Who had it first may be deleted and brought back, and so become the later one.
        """
        moving = {act.node.id for act in self.acts if act.deed in {Deed.BACK, Deed.MOVED}}
        into = {self.targets[entry].parent for entry in moving}
        for target in self.targets.values():
            if target.parent not in into or target.id in moving or target.side_of is not None:
                continue
            facts = self.now.facts(target.id)
            if facts and stored_name(facts) != target.name:
                was = self.now.tree.path(target.id)
                self.acts.append(Act(Deed.MOVED, target, self._path(target), was))

    def _clear_names(self) -> None:
        """Let what stays give way to what comes to a name that it has."""
        moving = [act.node for act in self.acts if act.deed in {Deed.BACK, Deed.MOVED}]
        for parent in {node.parent for node in moving}:
            wanted = {collision_key(n.name) for n in moving if n.parent == parent}
            staying = [
                node
                for node in self.now.tree.children(parent)
                if node.id not in self.targets and node.id not in self.gone
                if not self._is_revived(node)
            ]
            taken = wanted | {collision_key(node.name) for node in staying}
            taken |= {collision_key(t.name) for t in self.targets.values() if t.parent == parent}
            for node in staying:
                if collision_key(node.name) in wanted:
                    free = _free_name(node.name, taken)
                    taken.add(collision_key(free))
                    was = self.now.tree.path(node.id)
                    aside = replace(node, name=free)
                    self.acts.append(Act(Deed.ASIDE, aside, self._path(aside), was))

    def _is_revived(self, node: Node) -> bool:
        """Say whether only the view made a folder: it gives way to the real one by itself."""
        return node.kind is EntryKind.FOLDER and not self.now.facts(node.id)

    def _binned(self) -> Iterator[Act]:
        """Walk what goes to the bin: versions beside a file before the file."""
        nodes = [node for entry in self.gone if (node := self._present(entry)) is not None]
        for node in sorted(nodes, key=lambda it: (it.side_of is None, it.id)):
            yield Act(Deed.BINNED, node, self.now.tree.path(node.id), self.now.tree.path(node.id))


def carry_out(plan: Plan, change: ChangeSet, now: Present, then: Moment) -> None:
    """Collect all that a plan says in a change.

    Raises:
        BlockNotFound, CorruptBlock: something of then cannot be read.
    """
    binned = {act.node.id for act in plan.acts if act.deed is Deed.BINNED}
    for act in plan.acts:
        node = act.node
        match act.deed:
            case Deed.BINNED:
                change.remove(node.id, binned)  # what was put into a folder since goes back
            case Deed.BACK:
                change.bring_back(node.id, _facts_of(then, node))
            case Deed.MOVED | Deed.ASIDE:
                change.move(node.id, node.parent, node.name)
            case Deed.CONTENT:
                _put_content(change, now, then, node)
            case Deed.META:
                change.set_meta(node.id, _meta_of(node))


def _put_content(change: ChangeSet, now: Present, then: Moment, node: Node) -> None:
    """Let a file hold what it held: a text by an edit, so that what others type now stays."""
    present = now.tree.get(node.id)
    is_note = node.is_text and node.kind is EntryKind.FILE
    if is_note and (then.is_rewritten(node) or (present is not None and present.is_text)):
        change.write(node.id, b"".join(then.read(node)), _meta_of(node), alike=True)
        return
    facts = then.of(node)
    content = facts["content"][main] if (main := sides(facts)[0]) is not None else None
    if isinstance(content, Content) and content.document is None and not facts.get("edits"):
        change.replace(node.id, content, _meta_of(node))
    else:
        change.write(node.id, b"".join(then.read(node)), _meta_of(node))


def _free_name(name: str, taken: Collection[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    for number in count(2):
        free = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
        if collision_key(free) not in taken:
            return free
    raise AssertionError("numbers end")


def _facts_of(then: Moment, node: Node) -> EntryFacts:
    """Return facts that show a node where and as it was."""
    placed: EntryFacts = {
        "kind": {_THEN: Kind(node.kind)},
        "place": {_THEN: Place(node.parent, node.name)},
        "meta": {_THEN: _meta_of(node)},
    }
    return placed if node.kind is EntryKind.FOLDER else {**placed, **then.of(node)}


def _meta_of(node: Node) -> Meta:
    return Meta(node.mtime_ns, node.executable)
