"""What the window stands on: the app, the way to it, a clock, and what codes look like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtGui import QImage

from app.facade import App
from ui.jobs import Runner

Clock = Callable[[], float]


class Codes(Protocol):
    """Draws codes, and reads them from pictures. Loaded after the first paint."""

    def draw(self, text: str) -> tuple[str, ...]:
        """Return a QR code: rows of '1' and '0', without the quiet zone."""
        ...

    def read(self, image: QImage) -> str:
        """Return what a QR code in a picture says, empty when there is none."""
        ...


class Aside(Protocol):
    """Does plain work on another thread while the app's loop goes on."""

    def __call__(self, work: Callable[[], object], /) -> Awaitable[object]:
        """Return what work returns."""
        ...


@dataclass(frozen=True, slots=True)
class Below:
    """Handed to every view-model."""

    app: App
    runner: Runner
    now: Clock
    """Unix seconds."""
    aside: Aside
    codes: Codes
