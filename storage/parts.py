"""Cutting a long change into parts that fit a record each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from storage.facts.change import Drop, Operation
from storage.facts.values import Edit, Fact, Keep, Place

MAX_WEIGHT = 800 * 1024
"""Bytes of operations that one record holds at most, estimated from above."""


def split(operations: Sequence[Operation], most: int) -> Iterator[tuple[Operation, ...]]:
    """Cut a long list so that each part fits one record; what is said of one entry stays together.

    So a power cut between two records leaves no file without its content.
    """
    part: list[Operation] = []
    weight = 0
    for _, group in groupby(operations, key=lambda operation: operation.entry):
        its = list(group)
        heavy = sum(map(_weight, its))
        if part and (len(part) + len(its) > most or weight + heavy > MAX_WEIGHT):
            yield tuple(part)
            part, weight = [], 0
        part += its
        weight += heavy
    if part:
        yield tuple(part)


def _weight(operation: Operation) -> int:
    """Return about how many bytes an operation takes in a record, rather too many."""
    if isinstance(operation, Drop):
        return 48
    match operation.value:
        case Place(_, name):
            return 96 + 4 * len(name)
        case Keep(path):
            return 64 + sum(4 * len(name) + 6 for name in path)
        case Edit(_, bytes() as update):
            return 96 + len(update)
        case Fact(str() | bytes() as scalar):
            return 128 + 4 * len(scalar)
        case _:
            return 320
