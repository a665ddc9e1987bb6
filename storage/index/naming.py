"""What folders show: names that collide, versions side by side, folders brought back.

Most folders need none of it and are left alone; the others are shown anew by the pure rules
of storage.facts.view, one folder at a time. What is shown elsewhere or under another name for
that is noted in `reshown`: no record speaks of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Writer
from storage.facts.names import collision_key
from storage.facts.node import Node
from storage.facts.state import EntryFacts
from storage.facts.values import EntryKind
from storage.facts.view import (
    DeviceName,
    created_by,
    kept_path,
    labels,
    node_of,
    revived_node,
    side_nodes,
    stored_name,
    touched_by,
)
from storage.facts.whole import Revival
from storage.index.line import (
    COLUMNS,
    HIDDEN,
    ODD_NAME,
    ODD_ORPHAN,
    ODD_SIDES,
    Line,
    line_from,
)
from storage.index.sql import Connection
from storage.tree.rows import decode_own_row

_MANY = 64


class Naming:
    """Keeps the columns parent and shown, and the tables side and revived, as the view says."""

    def __init__(
        self, connection: Connection, device_name: DeviceName, reshown: set[EntryId]
    ) -> None:
        self._connection = connection
        self._device_name = device_name
        self._reshown = reshown

    def settle(
        self, lines: Sequence[Line], removed: Sequence[EntryId], places: set[EntryId]
    ) -> None:
        """Bring the view up to date after lines were written and others removed."""
        made = self._made()
        self._connection.executemany(
            "DELETE FROM side WHERE entry = ?", [(line,) for line in removed]
        )
        affected = set(places) | {line.parent for line in lines}
        if self._is_reviving():
            orphans, around = self._revive()
            affected |= around
            moved = {line.id for line in orphans}
            lines = [*(line for line in lines if line.id not in moved), *orphans]
        affected.discard(HIDDEN)
        for parent in affected:
            if self._is_odd(parent, lines):
                self._show(parent)
        self._reshown.update(entry for entry, _ in made ^ self._made())

    def _made(self) -> set[tuple[EntryId, tuple[EntryId, str]]]:
        """Return where all is shown that the view made itself, and under which names."""
        rows = self._connection.execute(
            "SELECT id, parent, shown FROM side UNION ALL SELECT id, parent, shown FROM revived"
        ).fetchall()
        return {(EntryId(bytes(i)), (EntryId(bytes(p)), str(shown))) for i, p, shown in rows}

    def show_sides(self) -> None:
        """Name all versions side by side again: devices are called something else now."""
        made = self._made()
        rows = self._connection.execute("SELECT DISTINCT parent FROM side").fetchall()
        for row in rows:
            self._show(EntryId(bytes(row[0])))
        self._reshown.update(entry for entry, _ in made ^ self._made())

    def _is_reviving(self) -> bool:
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE odd <> 0 AND odd & ?) "
            "OR EXISTS (SELECT 1 FROM revived)",
            (ODD_ORPHAN,),
        ).fetchone()
        return bool(row[0])

    def _revive(self) -> tuple[list[Line], set[EntryId]]:
        """Give orphans the folders of their kept paths; return them, and the folders around."""
        orphans = [
            line_from(row)
            for row in self._connection.execute(
                f"SELECT {COLUMNS} FROM entry WHERE odd <> 0 AND odd & ? ORDER BY id",  # noqa: S608
                (ODD_ORPHAN,),
            ).fetchall()
        ]
        taken = Taken(self._connection)
        revival = Revival(settled_folders(folder_rows(self._connection)), taken)
        affected: set[EntryId] = set()
        for line in orphans:
            facts = decode_own_row(line.facts)
            parent = revival.folder(kept_path(facts)[:-1], touched_by(facts))
            affected |= {line.parent, parent}
            if line.parent != parent:
                self._reshown.add(line.id)
            line.parent = parent
            self._connection.execute("UPDATE entry SET parent = ? WHERE id = ?", (parent, line.id))
        rows = self._connection.execute("SELECT parent FROM revived").fetchall()
        affected |= {EntryId(bytes(row[0])) for row in rows}
        self._connection.execute("DELETE FROM revived")
        self._connection.executemany(
            "INSERT INTO revived(id, parent, name, shown, writer, n) VALUES (?, ?, ?, ?, ?, ?)",
            [(n.id, n.parent, n.name, n.name, *n.dot) for n in revival.made.values()],
        )
        return orphans, affected | {node.parent for node in revival.made.values()}

    def _is_odd(self, parent: EntryId, lines: Sequence[Line]) -> bool:
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE parent = ?1 AND odd <> 0 AND odd & ?2) "
            "OR EXISTS (SELECT 1 FROM side WHERE parent = ?1) "
            "OR EXISTS (SELECT 1 FROM revived WHERE parent = ?1)",
            (parent, ODD_NAME | ODD_SIDES),
        ).fetchone()
        if row[0]:
            return True
        keys = Counter(line.folded for line in lines if line.parent == parent)
        if keys and max(keys.values()) > 1:
            return True
        which, names = "", []
        if len(keys) <= _MANY:  # of more it is quicker to look at the whole folder
            names = list(keys)
            which = f"AND folded IN ({', '.join('?' * len(names))})"
        row = self._connection.execute(
            f"SELECT 1 FROM entry WHERE parent = ? {which} "  # noqa: S608
            "GROUP BY folded HAVING count(*) > 1 LIMIT 1",
            (parent, *names),
        ).fetchone()
        return row is not None

    def _show(self, parent: EntryId) -> None:
        """Name everything in one folder: entries first, then what is revived, then sides."""
        found = [
            line_from(row)
            for row in self._connection.execute(
                f"SELECT {COLUMNS} FROM entry WHERE parent = ?",  # noqa: S608
                (parent,),
            ).fetchall()
        ]
        facts = {line.id: decode_own_row(line.facts) for line in found}
        shown = labels((e, stored_name(f), created_by(f)) for e, f in facts.items())
        self._reshown.update(line.id for line in found if shown[line.id] != line.shown)
        self._connection.executemany(
            "UPDATE entry SET shown = ?, odd = ? WHERE id = ?",
            [
                (shown[line.id], _odd_name(line, shown[line.id]), line.id)
                for line in found
                if shown[line.id] != line.shown or _odd_name(line, shown[line.id]) != line.odd
            ],
        )
        given = {collision_key(name) for name in shown.values()}
        self._show_revived(parent, given)
        nodes = [node_of(line.id, facts[line.id], parent, shown[line.id]) for line in found]
        taken = OwnShown(self._connection)
        sides = [side for node in nodes for side in self._sides(node, facts[node.id], taken)]
        names = labels([(side.id, side.name, side.dot) for side in sides], given)
        self._connection.execute("DELETE FROM side WHERE parent = ?", (parent,))
        self._connection.executemany(
            "DELETE FROM side WHERE entry = ?", [(line.id,) for line in found]
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO side(id, entry, writer, n, parent, shown) VALUES (?,?,?,?,?,?)",
            [
                (side.id, side.side_of[0], *side.side_of[1], parent, names[side.id])
                for side in sides
                if side.side_of is not None
            ],
        )

    def _show_revived(self, parent: EntryId, given: set[str]) -> None:
        rows = self._connection.execute(
            "SELECT id, name, writer, n FROM revived WHERE parent = ?", (parent,)
        ).fetchall()
        names = labels(
            [(EntryId(bytes(i)), str(name), Dot(Writer(bytes(w)), n)) for i, name, w, n in rows],
            given,
        )
        given.update(collision_key(name) for name in names.values())
        self._connection.executemany(
            "UPDATE revived SET shown = ? WHERE id = ?", [(n, entry) for entry, n in names.items()]
        )

    def _sides(self, node: Node, facts: EntryFacts, taken: OwnShown) -> Iterable[Node]:
        return side_nodes(node, facts, self._device_name, taken)


class Taken:
    """The ids that entries have, looked up one by one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, bytes):
            return False
        row = self._connection.execute("SELECT 1 FROM entry WHERE id = ?", (entry,)).fetchone()
        return row is not None


class OwnShown:
    """The ids of entries that are shown themselves, looked up one by one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, bytes):
            return False
        statement = "SELECT 1 FROM entry WHERE id = ? AND parent <> x''"
        return self._connection.execute(statement, (entry,)).fetchone() is not None


def folder_rows(connection: Connection) -> list[tuple[EntryId, EntryId, bytes]]:
    """Return the id, parent and row of each folder that is shown where its place says."""
    rows = connection.execute(
        "SELECT id, parent, facts FROM entry WHERE kind = ? AND parent <> ? AND NOT odd & ?",
        (int(EntryKind.FOLDER), HIDDEN, ODD_ORPHAN),
    ).fetchall()
    return [(EntryId(bytes(i)), EntryId(bytes(p)), bytes(facts)) for i, p, facts in rows]


def settled_folders(
    rows: Iterable[tuple[EntryId, EntryId, bytes]],
) -> dict[tuple[EntryId, str], EntryId]:
    """Return the folders that hang on the top, by parent and folded name, oldest first."""
    inside: dict[EntryId, list[tuple[tuple[int, bytes], EntryId, str]]] = {}
    for entry, parent, fragment in rows:
        facts = decode_own_row(fragment)
        inside.setdefault(parent, []).append(
            (created_by(facts).rank, entry, collision_key(stored_name(facts)))
        )
    found: dict[tuple[EntryId, str], EntryId] = {}
    todo = [TOP]
    while todo:
        parent = todo.pop()
        for _, entry, key in sorted(inside.get(parent, [])):
            found.setdefault((parent, key), entry)
            todo.append(entry)
    return found


def _odd_name(line: Line, shown: str) -> int:
    return line.odd | ODD_NAME if shown != line.name else line.odd & ~ODD_NAME


def revived(entry: EntryId, parent: EntryId, shown: str, dot: Dot) -> Node:
    """Return the node of a folder that only the view brought back."""
    return replace(revived_node(parent, shown, dot), id=entry)
