"""A command on its way: what was typed, by name, and whom to ask and tell.

Parameters come through a socket, so each is looked at before it is believed.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.cli.control import Answer
from app.errors import BadUsage
from app.facade import RunningApp
from app.loose import list_in, text_in
from app.progress import Report

MOST = 1_000_000_000
"""A limit above this limits nothing, and no database would take it."""


@dataclass(frozen=True, slots=True)
class Params:
    """What was typed, by name; asking for the wrong kind is a usage error."""

    given: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text that has to be there."""
        value = self.given.get(name)
        if not isinstance(value, str) or not value:
            raise BadUsage(f"{name.replace('_', ' ')} is missing")
        if "\0" in value or not _is_typed(value):
            raise BadUsage(f"{name.replace('_', ' ')} holds what no keyboard types")
        return value

    def maybe(self, name: str) -> str | None:
        """Return a text, or None."""
        return None if self.given.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """Say whether a flag is set."""
        return self.given.get(name) is True

    def number(self, name: str, default: int) -> int:
        """Return a count from 1."""
        value = self.given.get(name, default)
        if not isinstance(value, int) or not 1 <= value <= MOST:
            raise BadUsage(f"{name} has to be a number from 1 to {MOST}")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, maybe empty."""
        value = self.given.get(name)
        if value is None:
            return []
        items = list_in(value)
        if not items and value != []:
            raise BadUsage(f"{name} has to be a list")
        return [text_in(item) for item in items]


def _is_typed(value: str) -> bool:
    """Say whether a text can be a path: half a letter, as JSON can hold it, is in none."""
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Ask:
    """One command on its way."""

    app: RunningApp
    params: Params
    report: Report
    now: float


Doing = Callable[[Ask], Awaitable[Answer]]
