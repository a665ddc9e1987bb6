"""What the window stands on: the app, the way to it, and a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.facade import App
from ui.jobs import Runner

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Below:
    """Handed to every view-model."""

    app: App
    runner: Runner
    now: Clock
    """Unix seconds."""
