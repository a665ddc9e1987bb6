"""What is agreed to lie under a name, on a disk that may know the name by another spelling."""

from __future__ import annotations

from app.folder.agreed import Agreed, Row
from app.folder.names import disk_key
from app.folder.port import Place, Ways
from storage.facts.change import EntryId


def row_at(agreed: Agreed, place: Place, parent: EntryId, disk: str, ways: Ways) -> Row | None:
    """Return the row of what a disk has under a name in an open directory, however spelled."""
    row = agreed.at(parent, disk)
    if row is not None or not (ways.folds_case or ways.folds_forms):
        return row
    try:
        stat, key = place.stat(disk), disk_key(disk, ways)
        for row in agreed.children(parent):
            if disk_key(row.disk, ways) == key:
                there = place.stat(row.disk)
                if (there.device, there.inode) == (stat.device, stat.inode):
                    return row
    except FileNotFoundError:
        return None
    return None
