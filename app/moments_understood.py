"""From what was typed for a moment to what had been seen at it, and to words that say so.

A wall time chooses the records that say, by their own writers' clocks, that they were made
up to it, with all that they build on. Nothing else hangs on a clock: docs/decisions/0026.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from app.errors import BadUsage, NoSuchVersion
from app.history import name_of
from app.moments_typed import ByClock, ByVersion, Edge, Now, read_moment
from app.moments_values import MomentInfo
from app.views import device_of
from app.words import local
from storage.facts.dots import Seen
from storage.records.history import after
from storage.vault import Vault

SHORT = 10


@dataclass(frozen=True, slots=True)
class Meant:
    """A moment that was understood."""

    seen: Seen
    info: MomentInfo
    short: str
    """What a step of the history says of it."""


def understood(vault: Vault, typed: str, now: float, edge: Edge = Edge.LAST) -> Meant:
    """Return what is meant by what was typed.

    Raises:
        NoSuchVersion: there is no such record.
        BadUsage: it names no moment, or more than one.
    """
    found = read_moment(typed, now, edge)
    match found:
        case Now():
            return Meant(vault.seen, _info(vault, vault.seen, "now"), "now")
        case ByVersion():
            return _by_version(vault, found, edge)
        case ByClock(at):
            seen = vault.made_by(at)
            when = clock_words(at if edge is Edge.LAST else at + 1)
            words = f"{'up to' if edge is Edge.LAST else 'before'} {when}"
            ahead = sum(seen.values()) - vault.count_made_by(at)
            info = _info(vault, seen, f"{words}, by each device's clock")
            return Meant(seen, replace(info, ahead=ahead, at=at), words)
        case _:
            assert_never(found)


def _by_version(vault: Vault, found: ByVersion, edge: Edge) -> Meant:
    steps = vault.steps_named(found.beginning)
    if not steps:
        raise NoSuchVersion(found.beginning, vault.name)
    if len(steps) > 1:
        raise BadUsage(f"several versions begin with {found.beginning}; type more of it")
    (step,) = steps
    before = found.before or edge is Edge.FIRST
    words = f"{'just before' if before else 'right after'} version {name_of(step)[:SHORT]}"
    said = f"{words} ({step.words}, {device_of(vault, step)})"
    seen = step.seen if before else after(step)
    info = replace(_info(vault, seen, said), record=name_of(step))
    return Meant(seen, info, words)


def _info(vault: Vault, seen: Seen, words: str) -> MomentInfo:
    steps = sum(seen.values())
    return MomentInfo(words, steps, sum(vault.seen.values()) - steps)


def clock_words(at: int) -> str:
    """Return a second as a wall clock here shows it, with nothing left to guess."""
    moment = local(at)
    return f"{moment:%A} {moment.day} {moment:%B %Y %H:%M:%S}"
