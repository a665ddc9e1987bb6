"""A discovery without a network, for tests and for those who want none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from storage.ports import Entropy
from sync.discovery.peers import Sighting
from sync.discovery.port import Found, Lost, Tags


class NoDiscovery:
    """Finds nobody, and shows nothing."""

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Do nothing, until cancelled."""
        del port, tags, tell
        await asyncio.Event().wait()

    def refresh(self) -> None:
        """Do nothing."""


@dataclass
class Air:
    """What all devices of one test see."""

    shown: dict[str, Sighting] = field(default_factory=dict[str, Sighting])
    listeners: dict[str, Callable[[Found], None]] = field(
        default_factory=dict[str, Callable[[Found], None]]
    )

    def show(self, sighting: Sighting) -> None:
        """Let everyone see a service."""
        self.shown[sighting.instance] = sighting
        for name, tell in self.listeners.items():
            if name != sighting.instance:
                tell(sighting)

    def hide(self, instance: str) -> None:
        """Let it vanish."""
        if self.shown.pop(instance, None) is not None:
            for tell in self.listeners.values():
                tell(Lost(instance))


class FakeDiscovery:
    """Finds those who are in the same Air."""

    def __init__(self, air: Air, host: str, entropy: Entropy) -> None:
        self._air = air
        self._host = host
        self._instance = entropy.take(8).hex()
        self._again = asyncio.Event()

    async def run(self, port: int, tags: Tags, tell: Callable[[Found], None]) -> None:
        """Show that we listen on port, and tell what is found, until cancelled."""
        name = self._instance
        try:
            while True:
                self._again.clear()
                self._air.listeners[name] = tell
                self._air.show(Sighting(name, ((self._host, port),), 0, frozenset(tags(0, name))))
                for sighting in tuple(self._air.shown.values()):
                    if sighting.instance != name:
                        tell(sighting)
                await self._again.wait()
        finally:
            self._air.listeners.pop(name, None)
            self._air.hide(name)

    def refresh(self) -> None:
        """Show and look anew."""
        self._again.set()
