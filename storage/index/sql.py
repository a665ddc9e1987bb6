"""The part of DB-API that storage uses, so that sqlite3 and sqlcipher3 serve alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

SqlValue = None | int | float | str | bytes
"""What a column may hold."""

Row = tuple[Any, ...]


class Cursor(Protocol):
    """What a statement answered."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def fetchmany(self, size: int | None = ...) -> list[Any]:
        """Return some of the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    @property
    def rowcount(self) -> int:
        """How many rows a change touched."""
        ...

    @property
    def lastrowid(self) -> int | None:
        """The number of the row that was inserted last."""
        ...


class Connection(Protocol):
    """An open database. Whoever opened it decides when to commit."""

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ..., /) -> Cursor:
        """Do one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[SqlValue]], /) -> Cursor:
        """Do one statement for each row of parameters."""
        ...

    def commit(self) -> None:
        """Make what was done since BEGIN last."""
        ...

    def rollback(self) -> None:
        """Undo what was done since BEGIN."""
        ...

    def close(self) -> None:
        """Let go of the database; what was not committed is undone."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether something waits for a commit."""
        ...
