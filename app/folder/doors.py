"""Doors: the directory entered last stays open, for most files lie beside the one before."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from app.folder.port import Folder, Path, Place


class Doors:
    """Enters directories; `close` when done, and whenever a directory may have moved."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._place: Place | None = None

    @contextmanager
    def at(self, path: Path) -> Generator[Place]:
        """Enter a directory below the root, or stay in it. Raises OSError as `enter` does."""
        if self._place is None or path != self._path:
            self.close()
            self._place = self._folder.enter(path)
            self._path = path
        yield self._place

    def close(self) -> None:
        """Leave the directory."""
        place, self._place, self._path = self._place, None, None
        if place is not None:
            place.__exit__(None, None, None)
