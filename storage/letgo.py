"""What this device let go of on purpose: content that it does not miss.

It is a table of the index. Taken away with it, all of it is wanted again, and let go again by
whoever decides what this device keeps. What is let go of as an *older* version is wanted again
by itself once some entry holds it; what is let go of otherwise (a folder of which only the
names are kept) is wanted again only when somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.facts.state import EntryFacts
from storage.index.sql import Connection
from storage.retention import each_held, tops_of_held


class LetGo:
    """The table let_go. The caller begins and commits transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, digests: Iterable[bytes], *, older: bool = False) -> None:
        """Miss these blocks no longer. What was let go of as an older version may be so again."""
        self._connection.executemany(
            "INSERT INTO let_go(digest, older) VALUES (?, ?)"
            " ON CONFLICT(digest) DO UPDATE SET older = min(older, excluded.older)",
            [(digest, int(older)) for digest in digests],
        )

    def take_back(self, digests: Iterable[bytes], *, older_only: bool = False) -> None:
        """Miss these blocks again, if they are not here."""
        only = " AND older = 1" if older_only else ""
        self._connection.executemany(
            f"DELETE FROM let_go WHERE digest = ?{only}",  # noqa: S608 - words of ours
            [(digest,) for digest in digests],
        )

    def take_all_back(self) -> None:
        """Miss again all that was not let go of as an older version, if it is not here."""
        self._connection.execute("DELETE FROM let_go WHERE older = 0")

    def holds(self, digest: bytes, *, older_only: bool = False) -> bool:
        """Say whether a block was let go of."""
        row = self._connection.execute(
            "SELECT older FROM let_go WHERE digest = ?", (digest,)
        ).fetchone()
        return row is not None and (bool(row[0]) or not older_only)

    def any(self) -> bool:
        """Say whether anything was."""
        return bool(self._connection.execute("SELECT EXISTS (SELECT 1 FROM let_go)").fetchone()[0])

    def is_any_waiting(self) -> bool:
        """Say whether anything waits in quarantine to go."""
        run = self._connection.execute
        return bool(run("SELECT EXISTS (SELECT 1 FROM quarantine)").fetchone()[0])


def tops_of(facts: EntryFacts) -> list[bytes]:
    """Return the addresses of the blocks that open what an entry holds."""
    return [top for held in each_held(facts) for top in tops_of_held(held)]
