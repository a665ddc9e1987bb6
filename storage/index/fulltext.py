"""Finding names and words: FTS5 in an encrypted file of its own, which may lag behind.

Letters of scripts without spaces (Chinese, Japanese, Thai …) are indexed one by one, so that
two of them find a word; everything else is split as Unicode says, without its accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.index.sealed_db import GuardedConnection, IndexDamaged, SqlError, open_guarded

FOUND_FROM, FOUND_TO = "\x02", "\x03"
_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5("
    "name, body, tokenize = 'unicode61 remove_diacritics 2')"
)
_ROWS = "CREATE TABLE IF NOT EXISTS ids (id INTEGER PRIMARY KEY, entry BLOB NOT NULL UNIQUE)"
_SPACELESS = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff])"
)
_GLUE = "\u200b"
"""Stands around letters that are words of their own, and is taken out of snippets again."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that matches, with some words around the find."""

    entry: EntryId
    snippet: str
    """The found words stand between U+0002 and U+0003."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be found of one entry; a body of None means: forget it."""

    entry: EntryId
    name: str
    body: str | None


class FullText:
    """The search index of one space."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._connection, self.is_new = _open(path, key)
        """Nobody has noted yet that all is to be indexed."""

    def begun(self) -> None:
        """Remember that all there is was noted as to be indexed: what is done from now on lasts."""
        self._connection.execute("PRAGMA user_version = 1")
        self.is_new = False

    def make_anew(self) -> None:
        """Throw the file away and begin an empty one: it holds nothing of its own."""
        self.close()
        _throw_away(self._path)
        self._connection, self.is_new = _open(self._path, self._key)

    def put(self, pages: Iterable[Page]) -> None:
        """Index pages anew, in one transaction."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            for page in pages:
                self._put(page)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(AtollError):
                connection.execute("ROLLBACK")
            raise

    def find(self, words: str, limit: int) -> list[Found]:
        """Return entries that hold all words, the last one as a beginning; names count most."""
        query = _query(words)
        if not query:
            return []
        rows = self._connection.execute(
            "SELECT ids.entry, snippet(words, -1, ?, ?, '…', 12) FROM words "
            "JOIN ids ON ids.id = words.rowid WHERE words MATCH ? "
            "ORDER BY bm25(words, 10.0, 1.0) LIMIT ?",
            (FOUND_FROM, FOUND_TO, query, limit),
        ).fetchall()
        return [Found(EntryId(bytes(entry)), _joined(str(snippet))) for entry, snippet in rows]

    def close(self) -> None:
        """Let go of the file."""
        with suppress(SqlError):
            self._connection.close()

    def _put(self, page: Page) -> None:
        self._forget(page.entry)
        if page.body is not None:
            row = self._connection.execute("INSERT INTO ids(entry) VALUES (?)", (page.entry,))
            self._connection.execute(
                "INSERT INTO words(rowid, name, body) VALUES (?, ?, ?)",
                (row.lastrowid, split(page.name), split(page.body)),
            )

    def _forget(self, entry: EntryId) -> None:
        row = self._connection.execute("SELECT id FROM ids WHERE entry = ?", (entry,)).fetchone()
        if row is not None:
            self._connection.execute("DELETE FROM words WHERE rowid = ?", row)
            self._connection.execute("DELETE FROM ids WHERE id = ?", row)


def split(text: str) -> str:
    """Return text with letters of scripts without spaces set apart."""
    if text.isascii():
        return text
    return _SPACELESS.sub(f"{_GLUE}\\1{_GLUE}", text)


def _joined(snippet: str) -> str:
    return snippet.replace(_GLUE, "").replace(f"{FOUND_TO}{FOUND_FROM}", "")


def _query(words: str) -> str:
    """Return an FTS5 query that no input can break: every word quoted, the last a prefix."""
    parts: Sequence[str] = split(unicodedata.normalize("NFC", words)).replace(_GLUE, " ").split()
    quoted = ['"' + part.replace('"', '""').replace("\0", "") + '"' for part in parts]
    quoted = [part for part in quoted if any(c.isalnum() for c in part)]
    return " ".join(quoted) + "*" if quoted else ""


def _open(path: Path, key: bytes) -> tuple[GuardedConnection, bool]:
    """Open the index, and say whether nobody began to fill it; one that is none is thrown away."""
    try:
        return _made(path, key)
    except IndexDamaged:
        _throw_away(path)
        return _made(path, key)


def _throw_away(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _made(path: Path, key: bytes) -> tuple[GuardedConnection, bool]:
    connection = open_guarded(path, key, durable=False)
    try:
        known = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(_TABLE)
        connection.execute(_ROWS)
    except AtollError:
        connection.close()
        raise
    return connection, not known
