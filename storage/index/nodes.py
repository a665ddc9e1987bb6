"""The encoded tree, kept up to date: leaf links cached by folder, resealed where rows changed."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from storage.crypto.link import Link, link_from
from storage.crypto.sealed import seal
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Seen
from storage.index.catalog import Catalog
from storage.index.line import LOOSE
from storage.index.schema import get_meta, set_meta
from storage.index.sql import Connection
from storage.tree.encode import (
    INDEX,
    ROOT,
    fold_index,
    is_cut,
    leaf_groups,
    root_plain,
    seal_leaf,
)

_END = b"\xff" * 17
"""After every entry id."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """Under what the nodes of a space are sealed now."""

    secret: bytes
    epoch: int


class Nodes:
    """Recomputes the root after changes, touching only the paths that changed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._connection: Connection = catalog.connection
        self._keep: Callable[[bytes], None] | None = None

    def root(self, sealing: Sealing, seen: Seen) -> Link:
        """Reseal what is dirty and return the root's link."""
        dirty = self._catalog.dirty
        depths = _Depths(self._connection)
        queue = [(-depths.of(folder), folder) for folder in dirty]
        heapq.heapify(queue)
        queued = {folder for _, folder in queue}
        while queue:
            _, folder = heapq.heappop(queue)
            queued.discard(folder)
            above = self._reseal(folder, dirty.pop(folder), sealing)
            if above is None:
                continue
            dirty.setdefault(above, set()).add(folder)
            if above not in queued:
                queued.add(above)
                heapq.heappush(queue, (-depths.of(above), above))
        return self._seal(sealing, ROOT, self._root_plain(sealing, seen))

    def write_all(self, sealing: Sealing, seen: Seen, keep: Callable[[bytes], None]) -> Link:
        """Hand every node of the present tree to keep, and return the root's link."""
        self._keep = keep
        try:
            self.mark_all()
            return self.root(sealing, seen)
        finally:
            self._keep = None

    def mark_all(self) -> None:
        """Let the next root seal every node anew."""
        rows = self._connection.execute("SELECT folder, id FROM entry").fetchall()
        for folder, entry in rows:
            folder_rows = self._catalog.dirty.setdefault(EntryId(bytes(folder)), set())
            folder_rows.add(EntryId(bytes(entry)))

    def _reseal(self, folder: EntryId, entries: set[EntryId], sealing: Sealing) -> EntryId | None:
        """Recompute a folder's link; return the folder above when its row must change too."""
        for low, high in self._segments(folder, entries):
            self._reseal_segment(folder, low, high, sealing)
        leaves = [
            (EntryId(bytes(first)), link_from(bytes(link)))
            for first, link in self._connection.execute(
                "SELECT first, link FROM leaf WHERE folder = ? ORDER BY first", (folder,)
            ).fetchall()
        ]
        link = fold_index(leaves, lambda plain: self._seal(sealing, INDEX, plain))
        found = None if link is None else link.to_bytes()
        if folder in {TOP, LOOSE}:
            set_meta(self._connection, _meta_name(folder), found or b"")
            return None
        row = self._connection.execute(
            "SELECT folder, child FROM entry WHERE id = ?", (folder,)
        ).fetchone()
        if row is None or (row[1] == found and self._keep is None):
            return None
        self._connection.execute("UPDATE entry SET child = ? WHERE id = ?", (found, folder))
        return EntryId(bytes(row[0]))

    def _segments(self, folder: EntryId, entries: set[EntryId]) -> list[tuple[bytes, bytes]]:
        """Return the (low, high] ranges between cuts that hold the entries, apart and sorted."""
        segments: list[tuple[bytes, bytes]] = []
        for entry in sorted(entries):
            if segments and entry < segments[-1][1]:
                continue
            if segments and entry == segments[-1][1]:  # a new cut: what is after it lost its leaf
                segments[-1] = (segments[-1][0], self._end_after(folder, entry))
                continue
            low = self._connection.execute(
                "SELECT max(id) FROM entry WHERE folder = ? AND cut = 1 AND id < ?", (folder, entry)
            ).fetchone()[0]
            segments.append((bytes(low or b""), self._end_after(folder, entry)))
        return segments

    def _end_after(self, folder: EntryId, entry: EntryId) -> bytes:
        """Return the next cut; of an entry that is a cut, or was one, the next after it."""
        beyond = ">" if is_cut(entry, 0) else ">="
        end = self._connection.execute(
            f"SELECT min(id) FROM entry WHERE folder = ? AND cut = 1 AND id {beyond} ?",  # noqa: S608
            (folder, entry),
        ).fetchone()[0]
        return _END if end is None else bytes(end)

    def _reseal_segment(self, folder: EntryId, low: bytes, high: bytes, sealing: Sealing) -> None:
        def sealed(kind: bytes, plain: bytes) -> Link:
            return self._seal(sealing, kind, plain)

        where = (folder, low, high)
        self._connection.execute(
            "DELETE FROM leaf WHERE folder = ? AND first > ? AND first <= ?", where
        )
        rows = {
            EntryId(bytes(entry)): (bytes(facts), None if child is None else bytes(child))
            for entry, facts, child in self._connection.execute(
                "SELECT id, facts, child FROM entry WHERE folder = ? AND id > ? AND id <= ? "
                "ORDER BY id",
                where,
            ).fetchall()
        }
        self._connection.executemany(
            "INSERT INTO leaf(folder, first, link) VALUES (?, ?, ?)",
            [
                (folder, group[0], seal_leaf([(e, *rows[e]) for e in group], sealed).to_bytes())
                for group in leaf_groups(list(rows))
            ],
        )

    def _root_plain(self, sealing: Sealing, seen: Seen) -> bytes:
        top, loose = (
            link_from(raw) if (raw := get_meta(self._connection, _meta_name(folder))) else None
            for folder in (TOP, LOOSE)
        )
        return root_plain(sealing.epoch, seen, top, loose)

    def _seal(self, sealing: Sealing, kind: bytes, plain: bytes) -> Link:
        link, sealed = seal(sealing.secret, kind, plain)
        if self._keep is not None:
            self._keep(sealed)
        return link


class _Depths:
    """How deep folders lie in the encoded tree: the deepest are resealed first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[EntryId, int] = {TOP: 0, LOOSE: 0}

    def of(self, folder: EntryId) -> int:
        """Return 0 for the top and the loose ones."""
        chain: list[EntryId] = []
        while folder not in self._known:
            chain.append(folder)
            row = self._connection.execute(
                "SELECT folder FROM entry WHERE id = ?", (folder,)
            ).fetchone()
            folder = LOOSE if row is None else EntryId(bytes(row[0]))
        depth = self._known[folder]
        for below in reversed(chain):
            depth += 1
            self._known[below] = depth
        return depth if chain else self._known[folder]


def _meta_name(folder: EntryId) -> str:
    return "top" if folder == TOP else "loose"
