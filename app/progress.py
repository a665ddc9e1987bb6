"""Progress of long work: frozen steps, at most ten a second, and a way to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.errors import AtollError

WAITING = "Waiting for"
"""The task of who waits for a device, for as long as that device likes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is. Totals of 0 are not known yet."""

    task: str
    """What is done, in words: 'Reading', 'Fetching', 'Checking'."""
    item: str = ""
    done: int = 0
    total: int = 0
    done_bytes: int = 0
    total_bytes: int = 0


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report to nobody."""
    del progress


class Stopped(AtollError):
    """The person asked to stop. What was done is whole."""

    code = "app.stopped"
