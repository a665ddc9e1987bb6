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
        self._inside = False

    @contextmanager
    def at(self, path: Path) -> Generator[Place]:
        """Enter a directory below the root, or stay in it. Raises OSError as `enter` does."""
        assert not self._inside, "one door at a time"
        if self._place is None or path != self._path:
            self.close()
            self._place = self._folder.enter(path)
            self._path = path
        place, self._inside = self._place, True
        try:
            yield place
        finally:
            self._inside = False
            if self._is_left():  # closed meanwhile
                self.close()

    def _is_left(self) -> bool:
        return self._path is None

    def close(self) -> None:
        """Leave the directory; who is inside may finish there, but nobody else enters by it."""
        self._path = None
        if not self._inside and self._place is not None:
            place, self._place = self._place, None
            place.__exit__(None, None, None)
