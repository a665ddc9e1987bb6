"""The tree of another moment: the catalog of now, but for the entries that had other facts.

What most entries were they still are, so only these are worked out anew: those that differ,
those that hang on one of them, and the few that the view shows in an odd way. Everything else
is read from the catalog when somebody looks into its folder. The rules are the pure ones of
storage.facts; a law in tests/property says that any facts show here what they show there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from storage.errors import NotFound, Overtaken
from storage.facts.change import TOP, EntryId
from storage.facts.dots import WRITER_SIZE, Dot, Seen, Writer
from storage.facts.node import Node
from storage.facts.state import NO_FACTS, EntryFacts
from storage.facts.values import EntryKind
from storage.facts.view import created_by, kept_path, labels, side_id, side_nodes, sides, touched_by
from storage.facts.whole import Revival, relabelled
from storage.index.catalog import AT_ONCE, Moving
from storage.index.line import (
    COLUMNS,
    HIDDEN,
    ODD_CUT,
    ODD_ORPHAN,
    ODD_SIDES,
    ODD_SLOT,
    Line,
    line_from,
    line_of,
    load_lines,
)
from storage.index.naming import OwnShown, Taken, folder_rows, settled_folders
from storage.index.sql import Connection
from storage.tree.rows import decode_own_row

_WITHOUT_FACTS = COLUMNS.replace("facts, child", "x'', NULL")
_SHOWN_ODDLY = ODD_CUT | ODD_ORPHAN | ODD_SIDES | ODD_SLOT
_ANY = Dot(Writer(bytes(WRITER_SIZE)), 1)
_Lines = dict[EntryId, Line | None]


class Now(Protocol):
    """The present, which may go on while a moment is looked at."""

    @property
    def connection(self) -> Connection:
        """The catalog's tables."""
        ...

    @property
    def seen(self) -> Seen:
        """What is in them."""
        ...

    @property
    def gave_way(self) -> int:
        """How many records gave way to other lines, ever: their dots may be others' now."""
        ...

    def device_name(self, writer: Writer) -> str:
        """Return what a writer's device is called."""
        ...

    def facts_since(self, seen: Seen) -> Mapping[EntryId, EntryFacts]:
        """Return for all that was named since what facts it had when so much was seen."""
        ...


class TreeThen:
    """Facts, and the folders and files that they show. Read only."""

    def __init__(self, now: Now, changed: Mapping[EntryId, EntryFacts]) -> None:
        """`changed` are the facts of all that has others now, {} for what was not there."""
        self._now = now
        self._gave_way = now.gave_way
        self._settle(changed)

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it was not there."""
        self._keep_up()
        if entry in self._lines:
            line = self._lines[entry]
            return NO_FACTS if line is None else decode_own_row(line.facts)
        return _facts_now(self._now.connection, [entry]).get(entry, NO_FACTS)

    def get(self, entry: EntryId) -> Node | None:
        """Return the node of that id, None when it is not shown, or the top itself."""
        self._keep_up()
        if entry not in self._nodes:
            home = self._home(entry)
            if home is None:
                return None
            self.children(home)
        return self._nodes.get(entry)

    def find(self, path: tuple[str, ...]) -> Node | None:
        """Return the node under the shown names from the top down."""
        node: Node | None = None
        for name in path:
            inside = self.children(TOP if node is None else node.id)
            at = bisect_left(inside, name, key=lambda child: child.name)
            if at == len(inside) or inside[at].name != name:
                return None
            node = inside[at]
        return node

    def children(self, entry: EntryId) -> tuple[Node, ...]:
        """Return what lay in a folder, by name."""
        self._keep_up()
        if entry not in self._children:
            nodes = self._show(entry)
            self._children[entry] = nodes
            self._nodes |= {node.id: node for node in nodes}
        return self._children[entry]

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Walk all paths and nodes, folders before what they hold; not the top itself."""
        todo: list[tuple[tuple[str, ...], Node]] = [
            ((node.name,), node) for node in reversed(self.children(TOP))
        ]
        while todo:
            path, node = todo.pop()
            yield path, node
            if node.kind is EntryKind.FOLDER:
                todo += [((*path, n.name), n) for n in reversed(self.children(node.id))]

    def path(self, entry: EntryId) -> tuple[str, ...]:
        """Return the shown names from the top down, empty for the top.

        Raises:
            NotFound: it was not shown.
        """
        names: list[str] = []
        while entry != TOP:
            node = self.get(entry)
            if node is None:
                raise NotFound("it was not shown")
            names.append(node.name)
            entry = node.parent
        return tuple(reversed(names))

    # -- what is worked out ----------------------------------------------------------------
    def _settle(self, changed: Mapping[EntryId, EntryFacts]) -> None:
        connection = self._now.connection
        self._as_of = self._now.seen
        self._changed = frozenset(changed)
        self._lines = _placed(connection, changed)
        self._own = _Over(self._lines, OwnShown(connection), lambda line: line.parent != HIDDEN)
        made = _revive(connection, self._lines)
        self._inside: dict[EntryId, list[EntryId]] = {}
        for entry, line in self._lines.items():
            if line is not None and line.parent != HIDDEN:
                self._inside.setdefault(line.parent, []).append(entry)
        self._revived: dict[EntryId, list[Node]] = {}
        for node in made:
            self._revived.setdefault(node.parent, []).append(node)
        self._homes = {node.id: node.parent for node in made} | self._homes_of_sides()
        self._nodes: dict[EntryId, Node] = {}
        self._children: dict[EntryId, tuple[Node, ...]] = {}

    def _keep_up(self) -> None:
        """Work all out anew when the present went on: what was is what it was.

        Raises:
            Overtaken: what was gave way to another line, under the numbers that it had.
        """
        seen = self._now.seen
        if seen is self._as_of:
            return
        if self._now.gave_way != self._gave_way:
            raise Overtaken("the history has changed since this was opened; open it again")
        if seen == self._as_of:
            return
        since = self._now.facts_since(self._as_of)
        ours: dict[EntryId, EntryFacts] = {}
        for entry in self._changed:
            line = self._lines[entry]
            ours[entry] = NO_FACTS if line is None else decode_own_row(line.facts)
        self._settle({**since, **ours})

    def _homes_of_sides(self) -> dict[EntryId, EntryId]:
        """Return for each version shown beside a file the folder of both."""
        return {
            side_id(line.id, dot.writer, self._own): line.parent
            for line in self._lines.values()
            if line is not None and line.odd & ODD_SIDES and line.parent != HIDDEN
            for dot in sides(decode_own_row(line.facts))[1]
        }

    def _home(self, entry: EntryId) -> EntryId | None:
        """Return the folder that shows a node."""
        line = self._lines.get(entry)
        if line is not None and line.parent != HIDDEN:
            return line.parent
        if entry not in self._lines:
            row = self._now.connection.execute(
                "SELECT parent FROM entry WHERE id = ? AND parent <> ?", (entry, HIDDEN)
            ).fetchone()
            if row is not None:
                return EntryId(bytes(row[0]))
        return self._homes.get(entry)

    # -- one folder ------------------------------------------------------------------------
    def _show(self, folder: EntryId) -> tuple[Node, ...]:
        """Make the nodes of a folder: entries first, then what is revived, then sides."""
        worked_out = [
            line for entry in self._inside.get(folder, ()) if (line := self._lines[entry])
        ]
        lines = [*self._as_now(folder), *worked_out]
        shown = self._names(lines)
        for line in lines:
            line.shown = shown[line.id]
        nodes = [line.to_node() for line in lines]
        nodes += relabelled(self._revived.get(folder, ()), nodes)
        beside = [
            side
            for line in worked_out
            if line.odd & ODD_SIDES
            for side in side_nodes(
                line.to_node(), decode_own_row(line.facts), self._now.device_name, self._own
            )
        ]
        nodes += relabelled(beside, nodes)
        return tuple(sorted(nodes, key=lambda node: node.name))

    def _as_now(self, folder: EntryId) -> Iterator[Line]:
        """Walk what lies in a folder now and lay there then, just so."""
        rows = self._now.connection.execute(
            f"SELECT {_WITHOUT_FACTS} FROM entry WHERE parent = ?",  # noqa: S608
            (folder,),
        )
        for row in rows:
            if row[0] not in self._lines:
                yield line_from(row)

    def _names(self, lines: Sequence[Line]) -> dict[EntryId, str]:
        """Return the names that entries of one folder are shown under."""
        keys = Counter(line.folded for line in lines)
        if len(keys) == len(lines):
            return {line.id: line.name for line in lines}
        alike = [line for line in lines if keys[line.folded] > 1]
        facts = {line.id: decode_own_row(line.facts) for line in alike if line.facts}
        facts |= _facts_now(
            self._now.connection, [line.id for line in alike if line.id not in facts]
        )
        made = {entry: created_by(its) for entry, its in facts.items()}  # who is alone needs none
        return labels((line.id, line.name, made.get(line.id, _ANY)) for line in lines)


class _Over:
    """Ids of which something holds: asked of what was worked out, else of the catalog."""

    def __init__(
        self, lines: _Lines, elsewhere: Container[EntryId], holds: Callable[[Line], bool]
    ) -> None:
        self._lines = lines
        self._elsewhere = elsewhere
        self._holds = holds

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, bytes):
            return False
        if (found := EntryId(entry)) in self._lines:
            line = self._lines[found]
            return line is not None and self._holds(line)
        return found in self._elsewhere


def _placed(connection: Connection, changed: Mapping[EntryId, EntryFacts]) -> _Lines:
    """Return the rows of all that may lie elsewhere than now, placed but for what is revived."""
    lines: _Lines = {
        entry: line_of(entry, facts, None) if facts else None for entry, facts in changed.items()
    }
    _take_in(
        lines,
        connection.execute(
            f"SELECT {COLUMNS} FROM entry WHERE odd <> 0 AND odd & ?",  # noqa: S608
            (_SHOWN_ODDLY,),
        ),
    )
    held = _holding(connection, changed)
    for entry in changed:
        line = lines[entry]
        if held.get(entry, False) != (line is not None and line.is_folder and not line.hidden):
            inside = f"SELECT {COLUMNS} FROM entry WHERE folder = ?"  # noqa: S608
            _take_in(lines, connection.execute(inside, (entry,)))
    moving = Moving(connection, lines)
    for entry in list(lines):
        cut = moving.cut_from(entry)
        if cut is not None and cut not in lines:
            lines |= load_lines(connection, [cut])
    for entry, line in lines.items():
        if line is not None:
            moving.settle(entry, line)
    return lines


def _take_in(lines: _Lines, rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        line = line_from(row)
        lines.setdefault(line.id, line)


def _holding(connection: Connection, entries: Iterable[EntryId]) -> dict[EntryId, bool]:
    """Say for each of those that are there now whether it is a folder that is shown."""
    found: dict[EntryId, bool] = {}
    for part in _parts(entries):
        rows = connection.execute(
            f"SELECT id, kind, parent FROM entry WHERE id IN ({', '.join('?' * len(part))})",  # noqa: S608
            part,
        )
        for entry, kind, parent in rows:
            found[EntryId(entry)] = kind == EntryKind.FOLDER and parent != HIDDEN
    return found


def _facts_now(connection: Connection, entries: Iterable[EntryId]) -> dict[EntryId, EntryFacts]:
    found: dict[EntryId, EntryFacts] = {}
    for part in _parts(entries):
        rows = connection.execute(
            f"SELECT id, facts FROM entry WHERE id IN ({', '.join('?' * len(part))})",  # noqa: S608
            part,
        )
        found |= {EntryId(entry): decode_own_row(facts) for entry, facts in rows}
    return found


def _parts(entries: Iterable[EntryId]) -> Iterator[list[EntryId]]:
    wanted = list(entries)
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE]


def _revive(connection: Connection, lines: _Lines) -> list[Node]:
    """Give orphans the folders of their kept paths; return those that had to be made."""
    orphans = [line for line in lines.values() if line is not None and line.odd & ODD_ORPHAN]
    if not orphans:
        return []
    as_now = (row for row in folder_rows(connection) if row[0] not in lines)
    anew = (
        (line.id, line.parent, line.facts)
        for line in lines.values()
        if line is not None
        and line.is_folder
        and line.parent != HIDDEN
        and not line.odd & ODD_ORPHAN
    )
    taken = _Over(lines, Taken(connection), lambda _: True)
    revival = Revival(settled_folders((*as_now, *anew)), taken)
    for line in sorted(orphans, key=lambda it: it.id):
        facts = decode_own_row(line.facts)
        line.parent = revival.folder(kept_path(facts)[:-1], touched_by(facts))
    return list(revival.made.values())
