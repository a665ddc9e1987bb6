"""Many values, some at a time: in lists, or asked of a database that takes so many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

AT_ONCE = 500
"""So many values stand in one statement: a database takes no end of them."""
MARKS = "(…)"
"""Stands in a statement where the values are to come."""
_T = TypeVar("_T")


class Asked(Protocol):
    """The part of a database that answers."""

    def execute(self, sql: str, parameters: Sequence[Any], /) -> Iterable[Any]:
        """Do one statement."""
        ...


def batches(values: Iterable[_T], size: int = AT_ONCE) -> Iterator[list[_T]]:
    """Yield values in lists of so many; the last may be shorter."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def rows_among(
    database: Asked, statement: str, values: Iterable[Any], *others: object
) -> Iterator[tuple[Any, ...]]:
    """Yield what a statement answers whose first `IN (…)` lists the values; then come others."""
    for batch in batches(values):
        marks = f"({', '.join('?' * len(batch))})"
        yield from list(database.execute(statement.replace(MARKS, marks), (*batch, *others)))
