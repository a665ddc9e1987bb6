"""Slots that need nothing of what a signal tells."""

from __future__ import annotations

from collections.abc import Callable


def ignoring(slot: Callable[[], object]) -> Callable[..., None]:
    """Return what calls slot, whatever the signal tells."""

    def call(*_: object) -> None:
        slot()

    return call
