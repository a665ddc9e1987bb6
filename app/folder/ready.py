"""Files that are written and wait to be put in their places, and why one has to wait longer."""

from __future__ import annotations

from dataclasses import dataclass

from app.folder.port import Path, Stat
from storage.facts.change import EntryId
from storage.facts.node import Node


class Deferred(Exception):
    """Something is in the way, or not as agreed: look at it first."""

    def __init__(self, path: Path) -> None:
        super().__init__("not as agreed")
        self.path = path


@dataclass(slots=True)
class Ready:
    """A file written under a name of ours."""

    node: Node
    parent: EntryId
    folder: Path
    temporary: str
    stat: Stat
    digest: bytes
    base: bytes
