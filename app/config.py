"""How an app is to run: what a person chose when starting it."""

from __future__ import annotations

from dataclasses import dataclass

from app.places import Places

ANY_ADDRESS = ""
"""Listen on every address of this device."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is decided before the start."""

    places: Places
    network: bool = True
    """Meet other devices. A single command in a terminal mostly does not."""
    discovery: bool = True
    """Look for devices on the network, and let those who know us find us."""
    listen: str = ANY_ADDRESS
    port: int | None = None
    """Where to listen; None: where it listened last, 0: what the system chooses."""
    watch: bool = True
    """Keep the plain folders in step as they change. A single command looks once instead."""
