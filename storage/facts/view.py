"""The view: which folders and files a person sees, as a pure function of the facts.

It is total and the same on every device: for any facts there is one answer. These are its
rules as pieces, each for one entry or one folder; storage.facts.whole has all of them at
work on a state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from operator import itemgetter

from blake3 import blake3

from storage.codec import dagcbor
from storage.facts.change import ENTRY_SIZE, TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.names import MAX_NAME, collision_key
from storage.facts.node import Node
from storage.facts.slots import contents_of, marked, slot_of
from storage.facts.state import Dots, EntryFacts
from storage.facts.values import Content, Edit, EntryKind, Keep, Kind, Meta, Place, Value

VERSION_SIZE = 16
NO_DOTS: Dots = {}
MAX_EXTENSION = 16
MAX_MARK = 64

ParentOf = Callable[[EntryId], tuple[Dot, EntryId] | None]
"""The winning place of a folder that is there: its dot and parent. None for all else."""
DeviceName = Callable[[Writer], str]


# --- one entry ---------------------------------------------------------------


def winner(places: Dots) -> tuple[Dot, Place] | None:
    """Return the place that counts: of those side by side, the one with the largest dot."""
    if not places:
        return None
    dot = last(places)
    place = places[dot]
    assert isinstance(place, Place)
    return dot, place


def kind_of(facts: EntryFacts) -> EntryKind:
    """Return what an entry is. It is set once, so the first counts; a file when none is left."""
    kinds = facts.get("kind", NO_DOTS)
    if not kinds:
        return EntryKind.FILE
    first = kinds[next(iter(kinds)) if len(kinds) == 1 else min(kinds, key=_rank)]
    assert isinstance(first, Kind)
    return first.kind


def is_folder(facts: EntryFacts) -> bool:
    """Say whether rows of others may lie in it."""
    return kind_of(facts) is EntryKind.FOLDER


def is_shown(facts: EntryFacts) -> bool:
    """Say whether a person sees it as a folder or a file.

    An edit puts the content anew, so it outlives a concurrent deletion and `keep`
    knows where to. A rename alone does not: then only a place is left, and is not shown.
    A card has none of these.
    """
    return ("content" in facts or "kind" in facts) and ("place" in facts or "keep" in facts)


def kept_path(facts: EntryFacts) -> tuple[str, ...]:
    """Return the path as it was at the last edit, () when none was kept."""
    keeps = facts.get("keep", NO_DOTS)
    if not keeps:
        return ()
    keep = keeps[last(keeps)]
    assert isinstance(keep, Keep)
    return keep.path


def stored_name(facts: EntryFacts) -> str:
    """Return the name as stored in the place, or as it was kept; empty when there is none."""
    place = winner(facts.get("place", NO_DOTS))
    return place[1].name if place else "".join(kept_path(facts)[-1:])


def created_by(facts: EntryFacts) -> Dot:
    """Return the creating dot: the smallest of `kind`, or of all when none is left."""
    dots: Iterable[Dot] = facts.get("kind") or chain.from_iterable(facts.values())
    return min(dots, key=_rank)


def age_of(entry: EntryId, facts: EntryFacts) -> tuple[tuple[int, bytes], EntryId]:
    """Return what sorts entries by when they were made, the oldest first; alike everywhere."""
    return created_by(facts).rank, entry


def touched_by(facts: EntryFacts) -> Dot:
    """Return the largest dot of all."""
    return max(chain.from_iterable(facts.values()), key=_rank)


def changed_by(facts: EntryFacts) -> Dot:
    """Return the dot of the latest meta, which comes with each change: who made it.

    Numbers of two writers do not compare: of all dots the largest may be an old one.
    """
    metas = facts.get("meta")
    return last(metas) if metas else touched_by(facts)


# --- versions side by side -----------------------------------------------------


def lineage_of(content: Content) -> bytes:
    """Return the lineage that a text's edits belong to: without a document, its own."""
    return content.lineage if content.document is not None else content.digest


def version_groups(contents: Dots) -> list[dict[Dot, Content]]:
    """Return the contents side by side, those that are one text or equal bytes together.

    The group of the largest dot comes first, and so on.
    """
    groups: dict[tuple[bool, bytes], dict[Dot, Content]] = {}
    for dot in sorted(contents, key=_rank, reverse=True):
        content = contents[dot]
        assert isinstance(content, Content)
        key = (content.is_text, lineage_of(content) if content.is_text else content.digest)
        groups.setdefault(key, {})[dot] = content
    return list(groups.values())


def main_content(facts: EntryFacts) -> Content | None:
    """Return the content that counts: of versions side by side, the one that keeps the name."""
    main = sides(facts)[0]
    content = None if main is None else facts["content"][main]
    return content if isinstance(content, Content) else None


def sides(facts: EntryFacts) -> tuple[Dot | None, tuple[Dot, ...]]:
    """Return the content that keeps the name, and those shown beside it, by falling rank.

    Texts of one lineage merge and are one version. Of a text that stands twice with no
    edit to tell them apart, one is enough.
    """
    contents = contents_of(facts)
    if len(contents) <= 1:
        return next(iter(contents), None), ()
    groups = version_groups(contents)
    edited = {_home(dot, edit, contents) for dot, edit in facts.get("edits", NO_DOTS).items()}
    main, shown = _first(groups[0]), {groups[0][_first(groups[0])].digest}
    others: list[Dot] = []
    for group in groups[1:]:
        dot = _first(group)
        if group[dot].digest not in shown or not edited.isdisjoint(group):
            shown.add(group[dot].digest)
            others.append(dot)
    return main, tuple(others)


def version_of(facts: EntryFacts, dot: Dot | None) -> tuple[Dots, Dots]:
    """Return the contents and edits that make up one version: the main's or a side's.

    Edits made on a content of another version are left out. Those on a content that is
    there no more may belong to any text; a document takes only those that fit.
    """
    contents = contents_of(facts)
    groups = version_groups(contents)
    edits = facts.get("edits", NO_DOTS)
    if not groups:
        return NO_DOTS, edits
    chosen = next((group for group in groups if dot in group), groups[0])
    if not chosen[_first(chosen)].is_text:
        return chosen, NO_DOTS
    others = {other for group in groups if group is not chosen for other in group}
    return chosen, {d: e for d, e in edits.items() if _home(d, e, contents) not in others}


def content_version(facts: EntryFacts, dot: Dot | None = None) -> bytes:
    """Return 16 bytes that are equal if and only if the content state is equal.

    It covers the contents and edits of the main version, or of the side version of `dot`.
    """
    if dot is None and len(facts.get("content", NO_DOTS)) == 1:
        contents, edits = facts["content"], facts.get("edits", NO_DOTS)
        if edits and not _is_text(contents):
            edits = NO_DOTS
    else:
        contents, edits = version_of(facts, dot)
    held = [
        [d.writer, d.n, content.digest]
        for d, content in sorted(contents.items(), key=itemgetter(0))
        if isinstance(content, Content)
    ]
    changes = [[d.writer, d.n] for d in sorted(edits)]
    return blake3(dagcbor.encode_checked([held, changes])).digest()[:VERSION_SIZE]


def _is_text(contents: Dots) -> bool:
    return any(isinstance(content, Content) and content.is_text for content in contents.values())


def side_id(entry: EntryId, writer: Writer, shown: Container[EntryId] = ()) -> EntryId:
    """Return the id of what a writer left beside a file: its slot, if that is not shown itself."""
    slot = slot_of(entry, writer)
    return slot if slot not in shown else _derived(b"beside" + slot, shown)


def overtaken_in(slot: EntryId, facts: EntryFacts) -> EntryId | None:
    """Return the file whose versions may have overtaken what a slot holds; see `is_overtaken`."""
    held = None if is_folder(facts) else marked(slot, facts)
    return None if held is None else held.original


def is_overtaken(slot: EntryId, facts: EntryFacts, original: EntryFacts) -> bool:
    """Say whether a slot holds what its writer replaced, while versions stand side by side.

    It is not shown then: what that writer made of it is. `original` are the facts of the file
    that `overtaken_in` names.
    """
    held = marked(slot, facts)
    if held is None or not sides(original)[1]:
        return False
    return any(
        dot.writer == held.dot.writer and dot.n > held.dot.n for dot in contents_of(original)
    )


def device_by_number(writer: Writer) -> str:
    """Return a name for a device that nobody named."""
    return f"device {writer.hex()[:4]}"


def side_name(name: str, device: str) -> str:
    """Return the name of a version that another device left beside: "note (Mina's laptop).md"."""
    clean = "".join("-" if c in "/\\\0" or not c.isprintable() else c for c in device).strip()
    return _marked(name, clean[:MAX_MARK] or "another device")


# --- where entries lie -----------------------------------------------------------


def cut_of_cycle(start: EntryId, parent_of: ParentOf) -> EntryId | None:
    """Return which member is cut of the cycle of moves that start leads into, None without.

    It is the one whose place has the largest dot.
    """
    path: dict[EntryId, Dot] = {}
    entry = start
    while entry not in path:
        step = parent_of(entry)
        if step is None:
            return None
        path[entry], entry = step
    members = list(path)
    cycle = members[members.index(entry) :]
    return max(cycle, key=lambda member: (path[member].rank, member))


def encoded_parents(entries: Mapping[EntryId, EntryFacts]) -> dict[EntryId, EntryId | None]:
    """Return for each entry in which folder its row lies in the encoded tree.

    That is the folder of its winning place; None (loose) when it has no place, when that
    folder is not there, and for the entry at which a cycle of moves is cut.
    """
    places = {entry: winner(facts.get("place", NO_DOTS)) for entry, facts in entries.items()}
    folders = {entry for entry, facts in entries.items() if is_folder(facts)}
    folders.discard(TOP)

    def parent_of(entry: EntryId) -> tuple[Dot, EntryId] | None:
        place = places[entry] if entry in folders else None
        return None if place is None else (place[0], EntryId(place[1].parent))

    cut = _cuts(folders, parent_of)
    return {
        entry: EntryId(place[1].parent)
        if place and entry not in cut and (place[1].parent == TOP or place[1].parent in folders)
        else None
        for entry, place in places.items()
    }


def _cuts(folders: Iterable[EntryId], parent_of: ParentOf) -> set[EntryId]:
    """Return all entries at which cycles are cut, following each step but once."""
    cut: set[EntryId] = set()
    ended: set[EntryId] = {TOP}
    for start in folders:
        path: set[EntryId] = set()
        entry: EntryId | None = start
        while entry is not None and entry not in ended and entry not in path:
            path.add(entry)
            step = parent_of(entry)
            entry = None if step is None else step[1]
        member = cut_of_cycle(start, parent_of) if entry in path else None
        if member is not None:
            cut.add(member)
        ended |= path
    return cut


# --- names in one folder -----------------------------------------------------------


def labels(
    children: Iterable[tuple[EntryId, str, Dot]], taken: Collection[str] = ()
) -> dict[EntryId, str]:
    """Return the shown names of one folder's (id, name, creating dot) children.

    Of names that would collide on some disk the smallest dot keeps it, the others get
    " (2)", " (3)" and so on. No suffixed name collides with anything that is there.
    `taken` are collision keys that are given away already.
    """
    ordered = sorted(children, key=lambda child: (child[2].rank, child[0]))
    given = set(taken)
    shown: dict[EntryId, str] = {}
    late: list[tuple[EntryId, str, str]] = []
    for entry, name, _ in ordered:
        key = collision_key(name)
        if key in given:
            late.append((entry, name, key))
        else:
            given.add(key)
            shown[entry] = name
    numbers: dict[str, int] = {}
    for entry, name, key in late:
        number = numbers.get(key, 1)
        while (
            wanted := collision_key(marked := _marked(name, str(number := number + 1)))
        ) in given:
            pass
        numbers[key] = number
        given.add(wanted)
        shown[entry] = marked
    return shown


def _marked(name: str, mark: str) -> str:
    """Return name with a mark before its extension, cut short when it would get too long."""
    stem, dot, extension = name.rpartition(".")
    if not stem or not extension.isalnum() or len(extension) > MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    tail = f" ({mark}){dot}{extension}"
    room = MAX_NAME - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore") + tail


# --- nodes ---------------------------------------------------------------------------


def node_of(entry: EntryId, facts: EntryFacts, parent: EntryId, name: str) -> Node:
    """Return the node of one entry, shown under that name."""
    kind = kind_of(facts)
    main = None if kind is EntryKind.FOLDER else sides(facts)[0]
    content = None if main is None else facts["content"][main]
    meta = latest_meta(facts)
    return Node(
        id=entry,
        kind=kind,
        parent=parent,
        name=name,
        size=content.size if isinstance(content, Content) else 0,
        version=b"" if kind is EntryKind.FOLDER else content_version(facts),
        mtime_ns=meta.mtime_ns,
        executable=meta.executable,
        is_text=isinstance(content, Content) and content.is_text,
        dot=changed_by(facts),
    )


def side_nodes(
    node: Node, facts: EntryFacts, device_name: DeviceName, shown: Container[EntryId] = ()
) -> list[Node]:
    """Return the versions shown beside a file, each named after the device that wrote it.

    `shown` are the entries that are shown themselves: no version bears the id of one.
    """
    beside: list[Node] = []
    for dot in sides(facts)[1] if node.kind is not EntryKind.FOLDER else ():
        content = facts["content"][dot]
        assert isinstance(content, Content)
        side = replace(
            node,
            id=side_id(node.id, dot.writer, shown),
            name=side_name(node.name, device_name(dot.writer)),
            size=content.size,
            version=content_version(facts, dot),
            is_text=content.is_text,
            dot=dot,
            side_of=(node.id, dot),
        )
        beside.append(side)
    return beside


def revived_node(parent: EntryId, name: str, dot: Dot, taken: Container[EntryId] = ()) -> Node:
    """Return a folder that is not there, brought back for what survived in it."""
    return Node(
        id=_derived(b"revived" + parent + name.encode(), taken),
        kind=EntryKind.FOLDER,
        parent=parent,
        name=name,
        size=0,
        version=b"",
        mtime_ns=0,
        executable=False,
        is_text=False,
        dot=dot,
    )


def latest_meta(facts: EntryFacts) -> Meta:
    """Return the meta of the largest dot, or one that says nothing."""
    metas = facts.get("meta", NO_DOTS)
    meta = metas[last(metas)] if metas else _NO_META
    assert isinstance(meta, Meta)
    return meta


_NO_META = Meta(0, executable=False)


def _derived(seed: bytes, taken: Container[EntryId]) -> EntryId:
    """Return an id made of the seed. Someone may have taken it on purpose: then the next."""
    digest = blake3(seed).digest()
    while (derived := EntryId(digest[:ENTRY_SIZE])) in taken or derived == TOP:
        digest = blake3(digest).digest()
    return derived


def last(dots: Dots) -> Dot:
    """Return the largest of at least one dot; mostly there is one only."""
    return next(iter(dots)) if len(dots) == 1 else max(dots, key=_rank)


def _rank(dot: Dot) -> tuple[int, bytes]:
    return (dot[1], dot[0])


def _first(dots: Iterable[Dot]) -> Dot:
    return next(iter(dots))


def _home(dot: Dot, edit: Value, contents: Dots) -> Dot:
    """Return on which content an edit stands: the one put with it, else the one it changed."""
    assert isinstance(edit, Edit)
    return dot if dot in contents else edit.base
