"""Operations: what one commit does to the facts, against the state its writer had seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from storage.facts.values import Value

EntryId = NewType("EntryId", bytes)
ENTRY_SIZE = 16
TOP = EntryId(bytes(ENTRY_SIZE))
"""The id of the space's own top folder. It always exists and has no place."""


@dataclass(frozen=True, slots=True)
class Put:
    """Replace what the writer has seen of this attribute."""

    entry: EntryId
    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class Add:
    """Add a value and keep the others."""

    entry: EntryId
    attribute: str
    value: Value


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove what the writer has seen of this attribute; with None, of the whole entry."""

    entry: EntryId
    attribute: str | None = None


Operation = Put | Add | Drop
