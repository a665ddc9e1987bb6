"""Dots and what has been seen of them: how two devices tell before from side by side.

A writer is one device in one incarnation, 8 bytes. A dot names one commit of one
writer. `Seen` is a version vector: everything up to n of that writer is included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import pairwise
from typing import NamedTuple, NewType

from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError

Writer = NewType("Writer", bytes)
WRITER_SIZE = 8
MAX_NUMBER = 2**53 - 1


class Dot(NamedTuple):
    """The n-th commit of a writer, from 1, without gaps."""

    writer: Writer
    n: int

    @property
    def rank(self) -> tuple[int, bytes]:
        """The order in which the view prefers dots side by side: (n, writer)."""
        return (self.n, self.writer)


class Order(Enum):
    """How one state stands to another."""

    SAME = "same"
    BEFORE = "before"
    AFTER = "after"
    BESIDE = "side by side"


class Seen(Mapping[Writer, int]):
    """How many commits of each writer are included. Frozen; a writer with none is not listed."""

    __slots__ = ("_counts",)

    def __init__(self, counts: Mapping[Writer, int] | Iterable[tuple[Writer, int]] = ()) -> None:
        known: dict[Writer, int] = dict(counts)
        self._counts = {writer: n for writer, n in sorted(known.items()) if n}

    def __getitem__(self, writer: Writer) -> int:
        return self._counts[writer]

    def __iter__(self) -> Iterator[Writer]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self._counts == other._counts

    def __hash__(self) -> int:
        return hash(tuple(self._counts.items()))

    def __repr__(self) -> str:
        inside = ", ".join(f"{writer.hex()[:6]}:{n}" for writer, n in self._counts.items())
        return f"Seen({inside})"

    def of(self, writer: Writer) -> int:
        """Return how many commits of writer are included, 0 for a stranger."""
        return self._counts.get(writer, 0)

    def includes(self, dot: Dot) -> bool:
        """Say whether that commit is included."""
        return dot.n <= self._counts.get(dot.writer, 0)

    def covers(self, other: Seen) -> bool:
        """Say whether all that other includes is included here."""
        return all(n <= self._counts.get(writer, 0) for writer, n in other._counts.items())

    def join(self, other: Seen) -> Seen:
        """Return the smallest vector that includes both."""
        merged = dict(self._counts)
        for writer, n in other._counts.items():
            if n > merged.get(writer, 0):
                merged[writer] = n
        return Seen(merged)

    def with_dot(self, dot: Dot) -> Seen:
        """Return this vector with one more commit included."""
        return Seen({**self._counts, dot.writer: max(dot.n, self.of(dot.writer))})

    def compare(self, other: Seen) -> Order:
        """Say how this stands to other."""
        match (self.covers(other), other.covers(self)):
            case (True, True):
                return Order.SAME
            case (True, False):
                return Order.AFTER
            case (False, True):
                return Order.BEFORE
            case _:
                return Order.BESIDE

    def to_cbor(self) -> list[list[object]]:
        """Return [[writer, n], ...] sorted by writer."""
        return [[writer, n] for writer, n in self._counts.items()]


def seen_from_cbor(value: object) -> Seen:
    """Return the Seen that `Seen.to_cbor` wrote.

    Raises:
        DecodeError: not sorted, twice the same writer, or out of bounds.
    """
    if not is_list(value):
        raise DecodeError("seen is not a list")
    pairs: list[tuple[Writer, int]] = []
    for pair in value:
        match items_of(pair):
            case [bytes() as writer, int() as n] if (
                len(writer) == WRITER_SIZE and 0 < n <= MAX_NUMBER and n is not True
            ):
                pairs.append((Writer(writer), n))
            case _:
                raise DecodeError("seen holds something else than [writer, n]")
    if any(a[0] >= b[0] for a, b in pairwise(pairs)):
        raise DecodeError("seen is not sorted")
    return Seen(pairs)
