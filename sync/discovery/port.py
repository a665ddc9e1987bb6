"""The port of discovery: say that we are there, and hear of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync.discovery.peers import Sighting


@dataclass(frozen=True, slots=True)
class Lost:
    """A service is there no more. Says nothing about open conversations."""

    instance: str


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """This machine has other addresses than before."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Nothing can be found now, because of the error with that code. Empty: it can again."""

    code: str


Found = Sighting | Lost | NetworkChanged | Trouble
Tags = Callable[[int, str], tuple[bytes, ...]]
"""Returns the tags to show in an epoch, for an instance name."""


class Discovery(Protocol):
    """Finds devices on this network."""

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Show that we listen on port, and tell what is found, until cancelled."""
        ...

    def refresh(self) -> None:
        """Whom we know changed, or the machine woke: show and look anew."""
        ...
