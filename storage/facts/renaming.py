"""Commits under other dots: what they did, and in what order, stays exactly as it was.

A run is the end of a writer's line, from some number on. It gets a new writer, whose
numbers begin at 1; all that names its dots is renamed with it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from storage.facts.change import Add, Drop, Operation, Put
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.values import Edit, Value


@dataclass(frozen=True, slots=True)
class Run:
    """The end of a line, and who writes it again."""

    first: int
    again: Writer


@dataclass(frozen=True, slots=True)
class Renaming:
    """New names for the dots of some runs; all other dots keep theirs."""

    runs: Mapping[Writer, Run]

    def dot(self, dot: Dot) -> Dot:
        """Return a dot's new name."""
        run = self.runs.get(dot.writer)
        if run is None or dot.n < run.first:
            return dot
        return Dot(run.again, dot.n - run.first + 1)

    def seen(self, seen: Seen) -> Seen:
        """Return what had been seen, by the new names."""
        counts: dict[Writer, int] = {}
        for writer, n in seen.items():
            run = self.runs.get(writer)
            if run is None or n < run.first:
                counts[writer] = n
            else:
                counts[writer] = run.first - 1
                counts[run.again] = n - run.first + 1
        return Seen(counts)

    def operations(self, operations: Iterable[Operation]) -> tuple[Operation, ...]:
        """Return operations with the dots in their values renamed."""
        return tuple(self._operation(operation) for operation in operations)

    def _operation(self, operation: Operation) -> Operation:
        match operation:
            case Put(entry, attribute, value):
                return Put(entry, attribute, self._value(value))
            case Add(entry, attribute, value):
                return Add(entry, attribute, self._value(value))
            case Drop():
                return operation

    def _value(self, value: Value) -> Value:
        return replace(value, base=self.dot(value.base)) if isinstance(value, Edit) else value
