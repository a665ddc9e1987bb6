"""Finding by words: the search index of a vault, which follows what is committed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from storage.core import Core
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.index.fulltext import Found, FullText, Page
from storage.index.line import HIDDEN
from storage.index.sealed_db import IndexDamaged
from storage.opened import Opened

MAX_INDEXED = 256 * 1024
"""Bytes of a text that are indexed for search."""
_Made = TypeVar("_Made")


class Finding(Opened):
    """The door to the search index."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._full_text: FullText | None = None

    def search(self, words: str, limit: int = 50) -> list[Found]:
        """Return entries that hold all words. What is not indexed yet is not found."""
        return self._with_index(lambda index: index.find(words, limit))

    def index_some(self, limit: int = 200) -> int:
        """Index some entries for search, and return how many are left."""
        connection = self._ready().connection
        self._with_index(lambda _index: None)
        rows = connection.execute("SELECT entry FROM unread LIMIT ?", (limit,)).fetchall()
        entries = [EntryId(bytes(row[0])) for row in rows]
        if entries:
            pages = [self._page(entry) for entry in entries]
            self._with_index(lambda index: index.put(pages))
            self._whole(lambda: self._mark_read(entries))
        row = self._core.connection.execute("SELECT count(*) FROM unread").fetchone()
        return int(row[0])

    def rest(self) -> None:
        """Hold nothing at hand that can be read again, for there is no work for a while."""
        self._close_index()
        with suppress(AtollError):
            self.expect(())
            self._core.connection.rest()

    def _with_index(self, work: Callable[[FullText], _Made]) -> _Made:
        """Use the search index. One that is damaged is made anew: it holds nothing of its own."""
        if self._full_text is None:
            core = self._ready()
            key = core.device.derive(f"search/{core.space.hex()}")
            self._full_text = FullText(core.folder / "search.db", key)
        try:
            if self._full_text.is_new:
                self._begin_index(self._full_text)
            return work(self._full_text)
        except IndexDamaged:
            self._full_text.make_anew()
            self._begin_index(self._full_text)
            return work(self._full_text)

    def _begin_index(self, index: FullText) -> None:
        """Let all be indexed. It counts as begun once the vault remembers that, and not before."""
        self._whole(self._mark_unread)
        index.begun()

    def _mark_unread(self) -> None:
        self._core.connection.execute(
            "INSERT OR IGNORE INTO unread(entry) SELECT id FROM entry WHERE parent <> ?", (HIDDEN,)
        )

    def _mark_read(self, entries: list[EntryId]) -> None:
        self._core.connection.executemany(
            "DELETE FROM unread WHERE entry = ?", [(entry,) for entry in entries]
        )

    def _close_index(self) -> None:
        if self._full_text is not None:
            self._full_text.close()
            self._full_text = None

    def _page(self, entry: EntryId) -> Page:
        node = self.tree().get(entry)
        if node is None:
            return Page(entry, "", None)
        try:
            body = b"".join(self.read(node)) if node.is_text else b""
        except AtollError:
            body = b""
        return Page(entry, node.name, body[:MAX_INDEXED].decode(errors="ignore"))
