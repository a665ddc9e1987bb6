"""The state of a space in SQLite: facts by entry, the view's columns, and what must be resealed.

Commits load only the entries they touch. The rules are the pure ones of storage.facts;
a law in tests/property says that any history leaves here what it leaves there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storage.batches import rows_among
from storage.facts.change import TOP, EntryId, Operation
from storage.facts.dots import Dot, Seen
from storage.facts.operate import apply_to_entry
from storage.facts.slots import slot_of
from storage.facts.state import NO_FACTS, EntryFacts
from storage.facts.values import Content
from storage.facts.view import (
    DeviceName,
    cut_of_cycle,
    is_overtaken,
    is_shown,
    overtaken_in,
    winner,
)
from storage.index.line import (
    HIDDEN,
    LOOSE,
    ODD_CUT,
    ODD_ORPHAN,
    ODD_SIDES,
    ODD_SLOT,
    Line,
    line_from,
    line_of,
    load_lines,
    plain_content,
    save_lines,
)
from storage.index.naming import Naming
from storage.index.sql import Connection
from storage.index.touch import Touch, touch_of
from storage.tree.rows import decode_own_row

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that a commit removed, as it was."""

    entry: EntryId
    path: tuple[str, ...]
    size: int
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """What one record did to the catalog."""

    facts: dict[EntryId, EntryFacts]
    """What each touched entry's facts are now, {} for one that is gone."""
    gone: tuple[Gone, ...]
    touches: dict[EntryId, Touch]
    """What it was to each."""


class Catalog:
    """Facts and view of a space. The caller begins and commits transactions."""

    def __init__(
        self,
        connection: Connection,
        device_name: DeviceName,
        reshown: set[EntryId] | None = None,
    ) -> None:
        self.connection = connection
        self.reshown = set[EntryId]() if reshown is None else reshown
        """What is shown elsewhere, or under another name, for what records did to others."""
        self._naming = Naming(connection, device_name, self.reshown)
        self.dirty: dict[EntryId, set[EntryId]] = {}
        """By folder of the encoded tree: whose rows changed since the last sealing."""
        self._recent: dict[EntryId, Content | None] = {}
        """What `plain` found last: it is asked for the bytes, then for their token."""

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return the facts of an entry, empty when it is not there."""
        row = self.connection.execute("SELECT facts FROM entry WHERE id = ?", (entry,)).fetchone()
        return {} if row is None else decode_own_row(bytes(row[0]))

    def all_facts(self, besides: Container[EntryId] = ()) -> Iterator[tuple[EntryId, EntryFacts]]:
        """Yield the facts of every entry, shown or not."""
        for entry, facts in self.connection.execute("SELECT id, facts FROM entry").fetchall():
            if (found := EntryId(bytes(entry))) not in besides:
                yield found, decode_own_row(bytes(facts))

    def plain(self, entry: EntryId) -> Content | None:
        """Return the content that is all there is to a file, None when there is more to it."""
        if entry not in self._recent:
            self._recent = self._plain_of([entry])
        return self._recent[entry]

    def expect(self, entries: Sequence[EntryId]) -> list[Content]:
        """Find what `plain` says of each at once, for it will be asked; return what it finds."""
        self._recent = self._plain_of(entries)
        return [content for content in self._recent.values() if content is not None]

    def _plain_of(self, entries: Sequence[EntryId]) -> dict[EntryId, Content | None]:
        found: dict[EntryId, Content | None] = dict.fromkeys(entries)
        rows = rows_among(self.connection, "SELECT id, plain FROM entry WHERE id IN (…)", entries)
        for entry, plain in rows:
            if plain:
                found[EntryId(bytes(entry))] = plain_content(bytes(plain))
        return found

    def lines(self, entries: Iterable[EntryId]) -> dict[EntryId, Line]:
        """Return the rows of those entries that are there."""
        return load_lines(self.connection, entries)

    def apply(self, operations: Sequence[Operation], dot: Dot, seen: Seen) -> Applied:
        """Do what a record says, against what its writer had seen."""
        self._recent = {}
        by_entry: dict[EntryId, list[Operation]] = {}
        for operation in operations:
            by_entry.setdefault(operation.entry, []).append(operation)
        before = self.lines(by_entry)
        after: dict[EntryId, Line | None] = {}
        facts_now: dict[EntryId, EntryFacts] = {}
        for entry, its in by_entry.items():
            old = before.get(entry)
            facts = NO_FACTS if old is None else decode_own_row(old.facts)
            new = facts_now[entry] = apply_to_entry(facts, its, dot, seen)
            after[entry] = line_of(entry, new, old) if new else None
        gone = self._gone(before, after)
        self._place(before, after)
        touches = {
            entry: touch_of(its, before.get(entry), after[entry]) for entry, its in by_entry.items()
        }
        return Applied(facts_now, gone, touches)

    def show_sides(self) -> None:
        """Name versions side by side again: devices are called something else now."""
        self._naming.show_sides()

    def _gone(
        self, before: Mapping[EntryId, Line], after: Mapping[EntryId, Line | None]
    ) -> tuple[Gone, ...]:
        """Return what vanishes from the view, with the paths as they still are."""
        lost = [
            line
            for entry, line in before.items()
            if line.parent != HIDDEN and ((new := after[entry]) is None or new.hidden)
        ]
        paths = PathFinder(self.connection)
        return tuple(Gone(line.id, paths.path(line.id), line.size, line.is_folder) for line in lost)

    def _place(self, before: dict[EntryId, Line], after: dict[EntryId, Line | None]) -> None:
        """Find each touched entry's folder, in the tree and in the view, and write it all."""
        touched = set(after)
        self._pull_in_dependents(before, after)
        moving = Moving(self.connection, after)
        for entry in list(after):
            cut = moving.cut_from(entry)
            if cut is not None and cut not in after:
                loaded = self.lines([cut])
                before |= {found: _copy(line) for found, line in loaded.items()}
                after |= loaded
        for entry, line in after.items():
            if line is not None:
                moving.settle(entry, line)
        self.reshown.update(
            entry
            for entry in after.keys() - touched
            if (line := after[entry]) is not None and line.parent != before[entry].parent
        )
        removed = [entry for entry, line in after.items() if line is None and entry in before]
        self.connection.executemany("DELETE FROM entry WHERE id = ?", [(e,) for e in removed])
        kept = [line for line in after.values() if line is not None]
        self._mark(before, after)
        places = {line.parent for line in before.values()}
        places |= moving.around
        save_lines(self.connection, kept)
        self._naming.settle(kept, removed, places)

    def _pull_in_dependents(
        self, before: dict[EntryId, Line], after: dict[EntryId, Line | None]
    ) -> None:
        """Load entries whose place hangs on a touched one: cut by a cycle, or in such a folder."""
        wanted: set[EntryId] = set()
        odd = "SELECT id FROM entry WHERE odd <> 0 AND odd & ? <> 0"
        wanted.update(
            EntryId(bytes(row[0])) for row in self.connection.execute(odd, (ODD_CUT,)).fetchall()
        )
        for entry, line in after.items():
            if _holds(before.get(entry)) != _holds(line):
                rows = self.connection.execute(
                    "SELECT id FROM entry WHERE folder IN (?, ?) AND raw = ?", (entry, LOOSE, entry)
                )
                wanted.update(EntryId(bytes(row[0])) for row in rows.fetchall())
            wanted |= _slots_of(entry, before.get(entry)) | _slots_of(entry, line)
        loaded = self.lines(wanted - after.keys())
        before |= {entry: _copy(line) for entry, line in loaded.items()}
        after |= loaded

    def _mark(self, before: Mapping[EntryId, Line], after: Mapping[EntryId, Line | None]) -> None:
        for entry, line in after.items():
            old = before.get(entry)
            if old is not None:
                self.dirty.setdefault(old.folder, set()).add(entry)
            if line is not None:
                if old is not None and old.folder != line.folder and not line.is_folder:
                    line.child = None
                self.dirty.setdefault(line.folder, set()).add(entry)


class _Standing(NamedTuple):
    """What others need to know of an entry that they name as their folder."""

    is_folder: bool
    hidden: bool
    raw: EntryId
    """The parent that its winning place names."""
    dot: Dot | None
    """The dot of that place."""


_NOWHERE = _Standing(is_folder=False, hidden=True, raw=LOOSE, dot=None)


class Moving:
    """Where entries lie once the touched ones moved: the new rows first, then the table."""

    def __init__(self, connection: Connection, after: Mapping[EntryId, Line | None]) -> None:
        self._connection = connection
        self._after = after
        self._known: dict[EntryId, _Standing] = {}
        self.around = set[EntryId]()
        """Folders of files whose versions beside are now shown as slots, or the other way round."""

    def cut_from(self, entry: EntryId) -> EntryId | None:
        """Return the member of the cycle that entry runs into whose place is cut, if any."""
        if not self._look(entry).is_folder:
            return None
        return cut_of_cycle(entry, self._parent_of)

    def settle(self, entry: EntryId, line: Line) -> None:
        """Say where the row lies in the encoded tree, and where the view shows it."""
        line.odd &= ~(ODD_CUT | ODD_ORPHAN)
        if line.odd & ODD_SLOT:
            self._settle_slot(line)
        line.hidden |= line.id == TOP
        there = line.raw != LOOSE and line.id != TOP and self._is_there(line.raw)
        if there and line.is_folder and self.cut_from(entry) == entry:
            line.folder, line.parent = LOOSE, TOP
            line.odd |= ODD_CUT
        else:
            line.folder = line.raw if there else LOOSE
            if there and self._is_shown(line.raw):
                line.parent = line.raw
            elif not line.hidden:
                line.odd |= ODD_ORPHAN
        if line.hidden:
            line.parent = HIDDEN

    def _settle_slot(self, line: Line) -> None:
        facts = decode_own_row(line.facts)
        original = overtaken_in(line.id, facts)
        other = None if original is None else self._line(original)
        theirs = None if other is None else decode_own_row(other.facts)
        overtaken = theirs is not None and is_overtaken(line.id, facts, theirs)
        hidden = overtaken or not is_shown(facts)
        if other is not None:
            self.around.add(other.parent)
        line.hidden = hidden

    def _line(self, entry: EntryId) -> Line | None:
        if entry in self._after:
            return self._after[entry]
        return load_lines(self._connection, [entry]).get(entry)

    def _is_there(self, folder: EntryId) -> bool:
        return folder == TOP or self._look(folder).is_folder

    def _is_shown(self, folder: EntryId) -> bool:
        return folder == TOP or not self._look(folder).hidden

    def _parent_of(self, entry: EntryId) -> tuple[Dot, EntryId] | None:
        found = self._look(entry)
        if not found.is_folder or found.dot is None or found.raw in {TOP, LOOSE}:
            return None
        return found.dot, found.raw

    def _look(self, entry: EntryId) -> _Standing:
        known = self._known.get(entry)
        if known is None:
            known = self._known[entry] = _standing(self._line(entry))
        return known


class PathFinder:
    """Paths in the view as the table has it, remembering folders on the way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._paths: dict[EntryId, tuple[str, ...]] = {TOP: ()}

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the path from the top, () for what is not shown."""
        below: list[tuple[EntryId, str]] = []
        while entry not in self._paths:
            row = self._connection.execute(
                "SELECT parent, shown FROM entry WHERE id = ?1 AND parent <> x'' "
                "UNION ALL SELECT parent, shown FROM side WHERE id = ?1 "
                "UNION ALL SELECT parent, shown FROM revived WHERE id = ?1 LIMIT 1",
                (entry,),
            ).fetchone()
            if row is None:
                return ()
            below.append((entry, str(row[1])))
            entry = EntryId(bytes(row[0]))
        path = self._paths[entry]
        for found, name in reversed(below):
            path = self._paths[found] = (*path, name)
        return path


def _standing(line: Line | None) -> _Standing:
    if line is None or not line.is_folder:
        return _NOWHERE
    place = winner(decode_own_row(line.facts).get("place", {}))
    return _Standing(True, line.hidden, line.raw, place[0] if place else None)


def _holds(line: Line | None) -> tuple[bool, bool]:
    """Return whether rows of others can lie in it, and whether the view shows them there."""
    if line is None or not line.is_folder:
        return False, False
    return True, not line.hidden


def _slots_of(entry: EntryId, line: Line | None) -> set[EntryId]:
    """Return the slots of a file with versions beside it: those decide whether they are shown."""
    if line is None or not line.odd & ODD_SIDES:
        return set()
    contents = decode_own_row(line.facts).get("content", {})
    return {slot_of(entry, dot.writer) for dot in contents}


def _copy(line: Line) -> Line:
    return line_from(line.to_row())
