"""What is not kept here is not in the plain folder, and that it is not there says nothing.

No file stands in for it: another program would take that for the real one. Before a file is taken
out it is agreed that it leaves, under a version that no look takes for the one there; so if a kill
comes between, what is missing is forgotten, and never taken for removed. A file that leaves and
is still there is as it was agreed before. Without the mirror's memory nothing is missing at all.
"""

from __future__ import annotations

from collections.abc import Collection

from app.folder.agreed import Row
from app.folder.ground import Ground
from storage.facts.change import EntryId
from storage.facts.node import Node

_LEAVING = b"leaves "


class Absent:
    """Takes out of a plan what is not to be in the folder."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def take_out(
        self,
        there: dict[EntryId, Node],
        rows: dict[EntryId, Row],
        *,
        everything: bool,
        drafts: Collection[EntryId],
    ) -> None:
        """Let a plan see nothing there of what is not kept here; agree that its files leave.

        What is changed here only, a draft, stays.
        """
        unkept = self._ground.space.unkept(None if everything else there)
        if not unkept:
            return
        leaving = [
            row
            for entry in unkept
            if entry in there and (row := rows.get(entry)) is not None and entry not in drafts
        ]
        fresh = [_marked(row) for row in leaving if not row.version.startswith(_LEAVING)]
        if fresh:
            self._ground.agreed.put(fresh)
        for entry in unkept:
            if there.pop(entry, None) is not None and entry in rows:
                rows[entry] = _marked(rows[entry])

    def stays(self, rows: dict[EntryId, Row], found: Collection[EntryId]) -> None:
        """What was to leave and lies here all the same is agreed as it was before."""
        here = [
            row._replace(version=row.version.removeprefix(_LEAVING))
            for row in rows.values()
            if row.version.startswith(_LEAVING) and row.entry in found
        ]
        if here:
            self._ground.agreed.put(here)
            rows.update((row.entry, row) for row in here)


def _marked(row: Row) -> Row:
    if row.version.startswith(_LEAVING):
        return row
    return row._replace(version=_LEAVING + row.version)
